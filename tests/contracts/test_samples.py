"""Golden samples: one event of every type, as the book keeps it for ever.

The files are indented for readers; without the white space each holds the exact bytes of an event. They are never
regenerated: a program that cannot read them, or would write them otherwise, cannot read its own history.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import msgspec
import pytest

from contracts.envelope import HASH_OF_NOTHING, Origin, UnknownEvent, chain, decode_data, decode_envelope, encode_event
from contracts.events import EVENT_TYPES, TYPE_OF
from contracts.json_schemas import schemas
from contracts.upcasters import UPCASTERS

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))
SUMS = Path(__file__).parent / "samples" / "SHA256SUMS"


def exact_bytes(path: Path) -> bytes:
    return msgspec.json.format(path.read_bytes(), indent=-1)


def name_of(path: Path) -> tuple[str, int]:
    name, _, version = path.stem.rpartition(".v")
    return name, int(version)


def is_written_today(path: Path) -> bool:
    return name_of(path) in EVENT_TYPES


def test_there_is_one_sample_of_every_event_ever_written() -> None:
    ever = EVENT_TYPES.keys() | UPCASTERS.keys()
    assert {path.stem for path in SAMPLES} == {f"{name}.v{version}" for name, version in ever}


@pytest.mark.parametrize("path", [path for path in SAMPLES if is_written_today(path)], ids=lambda path: path.stem)
def test_a_sample_is_read_and_written_again_byte_for_byte(path: Path) -> None:
    body = exact_bytes(path)
    envelope = decode_envelope(body)
    principal = bytes(msgspec.json.decode(body, type=dict[str, msgspec.Raw])["principal"])
    origin = Origin(
        ledger=envelope.ledger,
        actor_json=principal,
        key=envelope.key,
        trace=envelope.trace,
        occurred_at=envelope.occurred_at,
    )

    again = encode_event(
        decode_data(envelope), position=envelope.position, recorded_at=envelope.recorded_at, origin=origin
    )

    assert again == body
    assert path.stem == f"{envelope.type}.v{envelope.version}"


@pytest.mark.parametrize("path", [path for path in SAMPLES if not is_written_today(path)], ids=lambda path: path.stem)
def test_an_older_sample_is_read_as_todays_event_with_what_it_said(path: Path) -> None:
    envelope = decode_envelope(exact_bytes(path))
    said = msgspec.json.decode(envelope.data)

    data = decode_data(envelope)

    assert TYPE_OF[type(data)][0] == envelope.type
    now = msgspec.to_builtins(data)
    assert {name: now[name] for name in said} == msgspec.to_builtins(msgspec.convert(said, UPCASTERS[name_of(path)][0]))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_fits_its_published_schema(path: Path) -> None:
    event: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    published = schemas()

    jsonschema_rs.validate(published["envelope"], event)
    jsonschema_rs.validate(published[f"event.{path.stem}"], event["data"])


MAPS: Final = ("metadata", "features")  # where a new key is content


def with_one_more_field_everywhere(value: Any) -> Any:
    match value:
        case dict():
            inner = {k: v if k in MAPS else with_one_more_field_everywhere(v) for k, v in value.items()}
            return {**inner, "tomorrow": "x"}
        case list():
            return [with_one_more_field_everywhere(inner) for inner in value]
        case _:
            return value


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_reader_ignores_fields_that_a_later_writer_added_at_any_depth(path: Path) -> None:
    later = with_one_more_field_everywhere(msgspec.json.decode(path.read_bytes()))

    assert decode_data(decode_envelope(msgspec.json.encode(later))) == decode_data(decode_envelope(exact_bytes(path)))


def test_an_event_of_an_unknown_version_stops_the_reader() -> None:
    event = msgspec.json.decode(SAMPLES[0].read_bytes())
    event["version"] = 99

    with pytest.raises(UnknownEvent, match=r"\.v99 at position"):
        decode_data(decode_envelope(msgspec.json.encode(event)))


def test_the_chain_is_sha256_of_the_previous_hash_and_the_exact_bytes() -> None:
    previous = HASH_OF_NOTHING
    for path in SAMPLES:
        body = exact_bytes(path)
        assert chain(previous, body) == sha256(previous + body).digest()
        previous = chain(previous, body)


def test_no_byte_of_a_sample_ever_changes() -> None:
    """Every stored hash depends on these bytes. A new event adds a line to the list; no line of it changes."""
    listed = dict(line.split()[::-1] for line in SUMS.read_text("ascii").splitlines())

    assert {path.name: sha256(exact_bytes(path)).hexdigest() for path in SAMPLES} == listed
