"""Events of every type, filled with values that betray where they came from.

Every text is `canary <field> <noise>`, every balance a number that nothing else uses. Whatever of it turns up in a
public payload says by itself which field leaked.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from hypothesis import reject
from hypothesis import strategies as st
from msgspec import inspect

from contracts.envelope import Actor, Envelope, decode_data
from contracts.events import EVENT_TYPES, TYPE_OF, EventData
from projectors.events import Event

CANARY = re.compile(r"canary (\w+)")
BALANCE_FIELDS = {"posted_minor", "held_minor", "credit_limit_minor", "max_balance_minor"}
BALANCES_FROM = 7_700_000_000_000_000_000
INSTANT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAIN: dict[type[inspect.Type], st.SearchStrategy[Any]] = {
    inspect.BoolType: st.booleans(),
    inspect.DateType: st.sampled_from(["2026-02-28", "2026-12-31"]),
    inspect.DateTimeType: st.just(INSTANT.isoformat()),
    inspect.NoneType: st.none(),
}


def texts(field: str) -> st.SearchStrategy[str]:
    """Texts that name their field."""
    return st.integers(0, 9999).map(lambda noise: f"canary {field} {noise}")


def values(kind: inspect.Type, field: str) -> st.SearchStrategy[Any]:
    """Values of a field's type, as JSON has them."""
    match kind:
        case inspect.Metadata(type=inner):
            return values(inner, field)
        case inspect.StrType():
            return texts(field)
        case inspect.IntType():
            is_balance = field in BALANCE_FIELDS
            return st.integers(BALANCES_FROM, 2**63 - 1) if is_balance else st.integers(0, 10**6)
        case inspect.LiteralType(values=choices):
            return st.sampled_from(choices)
        case inspect.UnionType(types=types):
            return st.one_of(*(values(one, field) for one in types))
        case inspect.VarTupleType(item_type=item) | inspect.ListType(item_type=item):
            return st.lists(values(item, field), min_size=1, max_size=3)
        case inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(values(key, field), values(value, field), min_size=1, max_size=2)
        case inspect.StructType(fields=fields):
            return st.fixed_dictionaries({part.encode_name: values(part.type, part.encode_name) for part in fields})
        case _:
            return PLAIN[type(kind)]  # a KeyError: teach the canaries this type


@st.composite
def events(draw: st.DrawFn, kind: type[EventData] | None = None) -> Event:
    """An event of one type, or of any."""
    chosen = kind or draw(st.sampled_from(list(EVENT_TYPES.values())))
    name, version = TYPE_OF.get(chosen) or next(key for key, value in EVENT_TYPES.items() if value is chosen)
    data = draw(values(inspect.type_info(chosen), "data"))
    envelope = Envelope(
        position=draw(st.integers(1, 10**9)),
        type=name,
        version=version,
        ledger="main",
        recorded_at=INSTANT,
        occurred_at=INSTANT,
        principal=Actor(
            subject="canary principal_subject 1",
            tenant="acme",
            device="canary principal_device 1",
            address="canary principal_address 1",
        ),
        key="canary idempotency_key 1",
        trace=draw(
            st.sampled_from([None, "canary trace 1", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"])
        ),
        data=msgspec.Raw(msgspec.json.encode(data)),
    )
    try:
        return Event(envelope.position, envelope, _decoded(chosen, data, envelope))
    except ValueError:  # fields that contradict each other, as no book has them
        reject()


def _decoded(kind: type[EventData], data: Any, envelope: Envelope) -> EventData:
    """Decode as the program does; texts that a pattern forbids are put in afterwards, unchecked."""
    try:
        return decode_data(envelope)
    except msgspec.ValidationError:
        return _built(inspect.type_info(kind), data)  # type: ignore[no-any-return]


def _built(kind: inspect.Type, value: Any) -> Any:
    match kind:
        case inspect.Metadata(type=inner):
            return _built(inner, value)
        case inspect.StructType(cls=cls, fields=fields) if isinstance(value, dict):
            return cls(**{part.name: _built(part.type, value[part.encode_name]) for part in fields})
        case inspect.UnionType(types=types):
            whole = [one for one in types if not isinstance(one, inspect.NoneType)]
            return None if value is None else _built(whole[0], value)
        case inspect.VarTupleType(item_type=item):
            return tuple(_built(item, part) for part in value)
        case inspect.DateType():
            return date.fromisoformat(value)
        case inspect.DateTimeType():
            return datetime.fromisoformat(value)
        case _:
            return value
