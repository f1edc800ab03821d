"""Which changes of a published schema break somebody, and that lint says so."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct, defstruct

from cli.published import complaints
from contracts.compatibility import Role, breaches_of, role_of
from contracts.json_schemas import schema_of, schemas

Field = tuple[str, Any] | tuple[str, Any, Any]


class Part(Struct):
    account_id: str
    amount_minor: int


class RetypedPart(Struct):
    account_id: str
    amount_minor: str


OLD: list[Field] = [
    ("payment_id", str),
    ("status", Literal["RCVD", "ACSC"]),
    ("amount_minor", Annotated[int, Meta(ge=1)]),
    ("parts", tuple[Part, ...]),
    ("note", str | None, None),
    ("labels", dict[str, str], {}),
]


def changed(*fields: Field, without: str = "") -> dict[str, Any]:
    """The schema of OLD with fields exchanged, added or left out."""
    names = {field[0] for field in fields} | {without}
    kept = [field for field in OLD if field[0] not in names]
    return schema_of(defstruct("Message", sorted([*kept, *fields], key=len)))


BREAKS: dict[str, tuple[dict[str, Any], set[Role], str]] = {
    "a field is gone": (changed(without="payment_id"), {"command", "event", "public"}, "/payment_id"),
    "an optional field is gone": (changed(without="note"), {"command", "event", "public"}, "/note"),
    "a field is newly required": (changed(("rail", str)), {"command", "event", "public"}, "/rail"),
    "an optional one became required": (changed(("note", str | None)), {"command", "event", "public"}, "/note"),
    "a field is retyped": (changed(("payment_id", int)), {"command", "event", "public"}, "/payment_id"),
    "a field may be null now": (changed(("payment_id", str | None)), {"event", "public"}, "/payment_id"),
    "a field may no longer be null": (changed(("note", str, "")), {"command", "event", "public"}, "/note"),
    "a value is gone": (changed(("status", Literal["RCVD"])), {"command", "event", "public"}, "/status"),
    "a value is new": (changed(("status", Literal["RCVD", "ACSC", "RJCT"])), {"public"}, "/status"),
    "a bound is tighter": (changed(("amount_minor", Annotated[int, Meta(ge=10)])), {"command"}, "/amount_minor"),
    "a bound is new": (changed(("amount_minor", Annotated[int, Meta(ge=1, le=9)])), {"command"}, "/amount_minor"),
    "a pattern is new": (changed(("payment_id", Annotated[str, Meta(pattern="^p")])), {"command"}, "/payment_id"),
    "a part is retyped": (changed(("parts", tuple[RetypedPart, ...])), {"command", "event", "public"}, "/parts/*"),
    "a map's values are retyped": (
        changed(("labels", dict[str, int], {})),
        {"command", "event", "public"},
        "/labels/*",
    ),
    "an always present one is optional": (changed(("payment_id", str, "")), {"public"}, "/payment_id"),
    "a new optional field": (changed(("rail", str | None, None)), set(), ""),
    "a looser bound": (changed(("amount_minor", Annotated[int, Meta(ge=0)])), set(), ""),
    "nothing": (changed(), set(), ""),
}


@pytest.mark.parametrize("change", BREAKS)
@pytest.mark.parametrize("role", ["command", "event", "public"])
def test_a_change_breaks_those_it_must(change: str, role: Role) -> None:
    new, broken, pointer = BREAKS[change]
    breaches = breaches_of(changed(), new, role=role)
    assert bool(breaches) == (role in broken), breaches
    assert all(breach.pointer.startswith(pointer) for breach in breaches)


def test_every_published_schema_agrees_with_itself() -> None:
    for name, schema in schemas().items():
        assert breaches_of(schema, schema, role=role_of(name)) == []


def test_the_check_says_what_to_do() -> None:
    published = {
        "public.payment.settled.v1": changed(),
        "event.payment_settled.v1": changed(),
        "command.pay": changed(),
    }
    current = {**published, "public.payment.settled.v1": changed(without="note")}
    del current["command.pay"]
    said = complaints(published, current)
    assert said[0].startswith("command.pay: it is gone; clients send the old shape")
    assert said[1].startswith("public.payment.settled.v1/note: the field is gone; other systems read the old shape")
    assert "new kind with the next version" in said[1]
    assert len(said) == 2


def test_nothing_published_nothing_to_complain_about() -> None:
    assert complaints({}, schemas()) == []
