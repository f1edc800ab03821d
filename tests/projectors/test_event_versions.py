"""Every version of an event that ever existed still folds in every model, and reading in one pass reads the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import msgspec
import pytest

from contracts import envelope as reading
from contracts import events as e
from contracts.envelope import Origin, UnknownEvent, decode_data, decode_envelope, encode_actor, encode_event
from contracts.envelope import decode_event as decode_in_one_pass
from contracts.events import EVENT_TYPES
from contracts.read_models import WalletsKeys
from contracts.upcasters import UPCASTERS
from projectors.desk import fold as desk_fold
from projectors.events import Event, decode_event
from projectors.lake.fold import accounts_table, entries_table, payments_table
from projectors.public_events.translating import public_events_of
from projectors.risk.facts import facts_of
from projectors.wallets import fold as wallets_fold
from projectors.wallets.changes import packed
from tests.contracts.test_samples import SAMPLES, exact_bytes, name_of

KEYS: Final = WalletsKeys("main")


class AnyAccount(dict[str, e.AccountOpened]):
    """Facts about whichever account a sample names."""

    def __missing__(self, account_id: str) -> e.AccountOpened:
        return e.AccountOpened(
            account_id=account_id,
            currency="EUR",
            scale=2,
            account_type="liability",
            normal_side="credit",
            overdraft="forbidden",
            credit_limit_minor=0,
            max_balance_minor=None,
            metadata=None,
        )


def _desk(event: Event) -> Any:
    things = desk_fold.fold([event]).items()
    return [(key, thing.score, thing.fields, thing.indexes, thing.steps) for key, thing in things]


def _lake(event: Event) -> Any:
    return [rows([event], AnyAccount()).to_pylist() for rows in (entries_table, accounts_table, payments_table)]


MODELS: Final[Mapping[str, Callable[[Event], Any]]] = {
    "wallets": lambda event: packed(wallets_fold.fold([event]), KEYS),
    "desk": _desk,
    "risk": lambda event: list(facts_of([event])),
    "lake": _lake,
    "public events": public_events_of,
}


def read(body: bytes) -> Event:
    return decode_event(decode_envelope(body).position, body, ledger=decode_envelope(body).ledger)


def as_written_today(event: Event) -> Event:
    """The same event, had today's program written it."""
    heading = event.envelope
    origin = Origin(
        ledger=heading.ledger,
        actor_json=encode_actor(heading.principal),
        key=heading.key,
        trace=heading.trace,
        occurred_at=heading.occurred_at,
    )
    return read(encode_event(event.data, position=event.position, recorded_at=heading.recorded_at, origin=origin))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_version_folds_in_every_model_as_if_it_were_written_today(path: Any) -> None:
    event = read(exact_bytes(path))
    today = as_written_today(event)
    for name, fold in MODELS.items():
        assert fold(event) == fold(today), name


def test_a_model_that_forgets_a_version_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here: the upcaster of version 1 loses the postings of a settlement."""
    path = next(path for path in SAMPLES if path.stem == "payment_settled.v1")
    whole = read(exact_bytes(path))
    older, upcast = UPCASTERS["payment_settled", 1]

    def lossy(*old: Any) -> Any:
        return msgspec.structs.replace(upcast(*old), postings=())

    monkeypatch.setitem(reading._older, ("payment_settled", 1), (msgspec.json.Decoder(older), lossy))
    lost = read(exact_bytes(path))
    assert {name for name, fold in MODELS.items() if fold(lost) != fold(whole)} >= {"wallets", "lake"}


def unread_versions(today: Mapping[tuple[str, int], Any], older: Mapping[tuple[str, int], Any]) -> list[str]:
    """Name the versions below today's that nobody makes today's of, and the upcasters of versions that never were."""
    newest = dict(today)
    expected = {(name, below) for name, version in newest for below in range(1, version)}
    return sorted(f"{name}.v{version}" for name, version in expected ^ older.keys())


def test_every_version_below_todays_has_its_upcaster() -> None:
    assert unread_versions(EVENT_TYPES, UPCASTERS) == []


def test_a_new_version_without_an_upcaster_is_found() -> None:
    newer = {name: kind for name, kind in EVENT_TYPES.items() if name[0] != "hold_placed"} | {("hold_placed", 2): None}
    assert unread_versions(newer, UPCASTERS) == ["hold_placed.v1"]
    assert unread_versions(EVENT_TYPES, {**UPCASTERS, ("hold_placed", 1): None}) == ["hold_placed.v1"]


DAMAGES: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "as it is": lambda body: body,
    "with white space": lambda body: msgspec.json.format(body, indent=2),
    "in another order": lambda body: msgspec.json.encode(dict(reversed(msgspec.json.decode(body).items()))),
    "of an unknown version": lambda body: body.replace(b'"version":', b'"version":9', 1),
    "of an unknown type": lambda body: body.replace(b'"type":"', b'"type":"un', 1),
    "with another type at its end": lambda body: body[:-1] + b',"type":"period_closed"}',
    "without an end": lambda body: body[:-1],
    "with a body that is none": lambda body: body[: body.index(b'"data":')] + b'"data":17}',
    "empty": lambda body: b"",
}


def _answer(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except (msgspec.MsgspecError, UnknownEvent) as error:
        return type(error), str(error)


def _in_two_passes(body: bytes) -> Any:
    envelope = decode_envelope(body)
    return msgspec.to_builtins({**msgspec.structs.asdict(envelope), "data": decode_data(envelope)}), name_and_kind(
        decode_data(envelope)
    )


def _in_one_pass(body: bytes) -> Any:
    heading, data = decode_in_one_pass(body)
    return msgspec.to_builtins({**msgspec.structs.asdict(heading), "data": data}), name_and_kind(data)


def name_and_kind(data: Any) -> str:
    return type(data).__qualname__


@pytest.mark.parametrize("damage", DAMAGES)
def test_one_pass_gives_the_answer_or_the_error_of_two(damage: str) -> None:
    for path in SAMPLES:
        body = DAMAGES[damage](exact_bytes(path))
        assert _answer(partial(_in_one_pass, body)) == _answer(partial(_in_two_passes, body)), name_of(path)
