"""Whether a changed schema breaks somebody: an old and a new JSON Schema in, what breaks out.

Whom a change hurts depends on who writes and who reads, and the name of a schema says that:

    schema           written by       read by             must not
    --------------   --------------   -----------------   ------------------------------------------------------
    command.*        clients          Bursar              refuse what it took: lose or need a field, narrow one
    event.*          Bursar, before   Bursar, for ever    need or retype a field: history would be unreadable
    public.*         Bursar           other systems       lose, retype, widen or need a field

A new optional field is harmless everywhere. For whatever is not, the remedy is a new version beside the old one.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

Schema = Mapping[str, Any]
Role = Literal["command", "event", "public"]

_LOWER_BOUNDS: Final = ("minimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS: Final = ("maximum", "maxLength", "maxItems", "maxProperties")
_ANYTHING: Final = "anything"


class Breach(NamedTuple):
    """One change that breaks somebody: where, as a JSON pointer into the message, and what changed."""

    pointer: str
    change: str


def role_of(name: str) -> Role:
    """Say who writes and reads what a schema of this name describes; both envelopes are read by others."""
    for role in ("command", "event"):
        if name.startswith(f"{role}."):
            return role
    return "public"


def breaches_of(old: Schema, new: Schema, *, role: Role) -> list[Breach]:
    """Return everything in ``new`` that breaks a reader or a writer of ``old``; nothing when they may be exchanged."""
    return list(_Comparison(old, new, role).of(old, new, ""))


class _Comparison:
    """Two schemas with their own definitions, walked side by side."""

    def __init__(self, old: Schema, new: Schema, role: Role) -> None:
        self._old_definitions = old.get("$defs", {})
        self._new_definitions = new.get("$defs", {})
        self._role = role

    def of(self, old: Schema, new: Schema, pointer: str) -> Iterator[Breach]:
        """Yield the breaches at and below one place."""
        before = {_kind_of(part): part for part in _alternatives(old, self._old_definitions)}
        after = {_kind_of(part): part for part in _alternatives(new, self._new_definitions)}
        if before.keys() != after.keys() and not (self._role == "command" and before.keys() < after.keys()):
            yield Breach(pointer, f"the type was {_listed(before)} and is {_listed(after)}")
            return
        for kind, part in before.items():
            yield from self._of_one(part, after[kind], pointer)

    def _of_one(self, old: Schema, new: Schema, pointer: str) -> Iterator[Breach]:
        yield from self._of_values(old, new, pointer)
        if self._role == "command":
            yield from _of_bounds(old, new, pointer)
        yield from self._of_fields(old, new, pointer)
        for keyword, step in (("items", "*"), ("additionalProperties", "*")):
            if isinstance(old.get(keyword), Mapping) and isinstance(new.get(keyword), Mapping):
                yield from self.of(old[keyword], new[keyword], f"{pointer}/{step}")

    def _of_values(self, old: Schema, new: Schema, pointer: str) -> Iterator[Breach]:
        if "enum" not in old or "enum" not in new:
            return
        gone = sorted(set(map(str, old["enum"])) - set(map(str, new["enum"])))
        added = sorted(set(map(str, new["enum"])) - set(map(str, old["enum"])))
        if gone:
            yield Breach(pointer, f"the value {', '.join(gone)} is gone")
        if added and self._role == "public":
            yield Breach(pointer, f"the value {', '.join(added)} is new, which readers do not expect")

    def _of_fields(self, old: Schema, new: Schema, pointer: str) -> Iterator[Breach]:
        before, after = old.get("properties", {}), new.get("properties", {})
        needed_before, needed = set(old.get("required", ())), set(new.get("required", ()))
        for name in before:
            if name not in after:
                yield Breach(f"{pointer}/{name}", "the field is gone")
            else:
                yield from self.of(before[name], after[name], f"{pointer}/{name}")
                if name in needed_before - needed and self._role == "public":
                    yield Breach(f"{pointer}/{name}", "the field was always there and no longer is")
        for name in sorted(needed - needed_before):
            yield Breach(f"{pointer}/{name}", "the field is newly required")


def _alternatives(schema: Schema, definitions: Schema) -> list[Schema]:
    """Resolve a reference and spread a union."""
    if "$ref" in schema:
        return _alternatives(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return [part for choice in schema["anyOf"] for part in _alternatives(choice, definitions)]
    return [schema]


def _kind_of(schema: Schema) -> str:
    """Name what a value must be, so that two alternatives can be matched."""
    if "enum" in schema:
        return "one of a list" if all(isinstance(value, str) for value in schema["enum"]) else "null or one of a list"
    if "type" not in schema:
        return _ANYTHING
    tag = schema.get("properties", {}).get("type", {}).get("enum")
    parts = (str(schema["type"]), schema.get("format"), tag[0] if tag else None)
    return " ".join(part for part in parts if part)


def _of_bounds(old: Schema, new: Schema, pointer: str) -> Iterator[Breach]:
    """Yield what a client may no longer send."""
    for keyword in _LOWER_BOUNDS:
        if keyword in new and (keyword not in old or new[keyword] > old[keyword]):
            yield Breach(pointer, f"{keyword} was {old.get(keyword)} and is {new[keyword]}")
    for keyword in _UPPER_BOUNDS:
        if keyword in new and (keyword not in old or new[keyword] < old[keyword]):
            yield Breach(pointer, f"{keyword} was {old.get(keyword)} and is {new[keyword]}")
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield Breach(pointer, f"the pattern was {old.get('pattern')} and is {new['pattern']}")


def _listed(kinds: Mapping[str, Schema]) -> str:
    return " or ".join(sorted(kinds)) or "nothing"
