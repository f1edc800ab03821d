"""What is said outside: every event decided about, nothing said that nobody allowed, the document true."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import msgspec
import pytest
from hypothesis import Phase, given, settings
from msgspec.structs import replace

from contracts import events as e
from contracts.envelope import decode_data, decode_envelope
from contracts.events import EVENT_TYPES, EventData
from contracts.json_schemas import schemas
from contracts.public_events.asyncapi import asyncapi_document
from contracts.public_events.cloud_event import CloudEvent, cloud_event_of, decode_cloud_event, encode_cloud_event
from contracts.public_events.kinds import KIND_OF, PUBLIC_KINDS, subject_of_kind
from contracts.public_events.payments import PublicPaymentRejected
from projectors.events import Event, decode_event
from projectors.public_events import payments, translating
from projectors.public_events.said import Said
from projectors.public_events.translating import SAID, UNSAID, public_events_of
from tests.contracts.test_samples import SAMPLES, exact_bytes
from tests.notifications.canaries import BALANCES_FROM, CANARY, events
from tests.support.book import RandomBook

# The fields whose text may be said outside. Whoever adds one here must be sure that no person is in it.
SPEAKABLE_FIELDS = {
    *("account_id", "debit_account_id", "credit_account_id", "debtor_account_id", "creditor_account_id"),
    *("transfer_id", "reversal_id", "hold_id", "payment_id", "end_to_end_id", "currency", "value"),
    "endpoint_id",
}


def leaks_of(event: Event) -> set[str]:
    """Name the fields that the public events of an internal one should not have shown."""
    found: set[str] = set()
    for said in public_events_of(event):
        text = encode_cloud_event(said).decode()
        found |= set(CANARY.findall(text)) - SPEAKABLE_FIELDS
        found |= {f"balance {number}" for number in _integers(msgspec.json.decode(text)) if number >= BALANCES_FROM}
    return found


def _integers(value: Any) -> list[int]:
    match value:
        case dict():
            return [number for inner in value.values() for number in _integers(inner)]
        case list():
            return [number for inner in value for number in _integers(inner)]
        case int():
            return [value]
        case _:
            return []


def test_every_internal_event_is_said_or_kept_inside_on_purpose() -> None:
    """A new event: translate it in projectors/public_events/, or write in UNSAID there why nobody hears of it."""
    undecided = [kind.__name__ for kind in EVENT_TYPES.values() if kind not in SAID and kind not in UNSAID]
    twice = [kind.__name__ for kind in EVENT_TYPES.values() if kind in SAID and kind in UNSAID]
    assert (undecided, twice) == ([], [])
    assert all(reason for reason in UNSAID.values())


def test_every_public_kind_has_a_name_of_its_own() -> None:
    assert len(KIND_OF) == len(PUBLIC_KINDS) == len({subject_of_kind(kind) for kind in PUBLIC_KINDS})


@pytest.mark.parametrize("kind", EVENT_TYPES.values(), ids=lambda kind: kind.__name__)
def test_nothing_is_said_that_nobody_allowed(kind: type[EventData]) -> None:
    @settings(max_examples=30, deadline=None, database=None)
    @given(event=events(kind))
    def check(event: Event) -> None:
        assert leaks_of(event) == set()

    check()


def test_every_public_kind_is_produced_and_fits_its_schema_and_the_document() -> None:
    """Of every event there is a golden sample; a random book has many of the common ones."""
    lines = [(line.position, line.body) for line in RandomBook(seed=5, ledger="main").write(500)]
    lines += [(decode_envelope(body).position, body) for body in map(exact_bytes, SAMPLES)]
    document = asyncapi_document()
    components = {"components": document["components"]}
    validators = {
        kind: jsonschema_rs.validator_for({**message["payload"], **components})
        for kind, message in document["components"]["messages"].items()
    }
    published = schemas()
    shapes = {kind: jsonschema_rs.validator_for(published[f"public.{kind}"]) for kind in PUBLIC_KINDS}
    envelope = jsonschema_rs.validator_for(published["cloud_event"])
    produced = set()
    for position, body in lines:
        for said in public_events_of(decode_event(position, body, ledger="main")):
            message = msgspec.json.decode(encode_cloud_event(said))
            validators[said.type].validate(message)
            shapes[said.type].validate(message["data"])
            envelope.validate(message)
            produced.add(said.type)
    assert produced == set(PUBLIC_KINDS)


def test_an_event_always_becomes_the_same_bytes_and_is_read_back() -> None:
    line = RandomBook(seed=1).write(1)[0]
    event = decode_event(line.position, line.body, ledger="main")
    once, again = public_events_of(event), public_events_of(event)
    bodies = [encode_cloud_event(said) for said in once]
    assert bodies == [encode_cloud_event(said) for said in again]
    read = decode_cloud_event(bodies[0])
    assert (read.id, read.source, read.position, read.type) == (
        "evt_1",
        "urn:bursar:ledger:main",
        1,
        "account.opened.v1",
    )
    assert read.tenantid == "acme"


def test_two_versions_of_one_fact_have_ids_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translating, "SAID", {e.AccountOpened: [*SAID[e.AccountOpened]] * 2})
    line = RandomBook(seed=1).write(1)[0]
    assert [said.id for said in public_events_of(decode_event(1, line.body, ledger="main"))] == ["evt_1", "evt_1_1"]


@pytest.mark.parametrize(
    ("code", "said"), [("AM04", "AM04"), ("AC04", "AC04"), ("FR01", "MS03"), ("LEGL", "MS03"), ("RR04", "MS03")]
)
def test_a_reason_that_would_tip_somebody_off_is_not_said(code: str, said: str) -> None:
    body = next(exact_bytes(path) for path in SAMPLES if path.stem == "payment_rejected.v2")
    sample = decode_data(decode_envelope(body))
    assert isinstance(sample, e.PaymentRejected)
    public = payments.rejected(replace(sample, reason_code=code)).data
    assert isinstance(public, PublicPaymentRejected)
    assert public.reason_code == said


def test_the_document_refers_to_nothing_that_is_not_in_it() -> None:
    document = asyncapi_document()
    for reference in _references(document):
        place: Any = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
    assert set(document["components"]["messages"]) == set(PUBLIC_KINDS)


def _references(value: Any) -> list[str]:
    match value:
        case dict():
            own = [value["$ref"]] if "$ref" in value else []
            return own + [reference for inner in value.values() for reference in _references(inner)]
        case list():
            return [reference for inner in value for reference in _references(inner)]
        case _:
            return []


class TestPlantedLeaks:
    """The canaries die of each of these."""

    @staticmethod
    def _caught(monkeypatch: pytest.MonkeyPatch, kind: type[EventData], translate: Any) -> None:
        monkeypatch.setattr(translating, "SAID", {**SAID, kind: (translate,)})

        @settings(max_examples=60, deadline=None, database=None, phases=[Phase.generate])
        @given(event=events(kind))
        def check(event: Event) -> None:
            assert leaks_of(event) == set()

        with pytest.raises(AssertionError):
            check()

    def test_of_remittance_text(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def leaky(event: e.PaymentInitiated) -> Said:
            said = payments.initiated(event)
            return Said(str(event.remittance_information), said.data)

        self._caught(monkeypatch, e.PaymentInitiated, leaky)

    def test_of_an_unspeakable_reason(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def leaky(event: e.PaymentRejected) -> Said:
            said = payments.rejected(event)
            return Said(said.subject, replace(said.data, reason_code=event.detail))

        self._caught(monkeypatch, e.PaymentRejected, leaky)

    def test_of_a_balance(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from projectors.public_events import transfers

        def leaky(event: e.TransferPosted) -> Said:
            said = transfers.posted(event)
            return Said(said.subject, replace(said.data, postings=event.postings))

        self._caught(monkeypatch, e.TransferPosted, leaky)

    def test_of_who_acted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = cloud_event_of

        def leaky(*args: Any, **kwargs: Any) -> CloudEvent:
            return replace(real(*args, **kwargs), subject="canary principal_address 1")

        monkeypatch.setattr(translating, "cloud_event_of", leaky)
        self._caught(monkeypatch, e.AccountClosed, SAID[e.AccountClosed][0])
