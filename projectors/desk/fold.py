"""Events to netted changes of the desk. Pure: the same events give the same changes, in whatever batches they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET

from contracts.desk import FIELD, INDEXES, STEPS_MAX, DeskStep, thing_score, without_sealed
from projectors.desk.table import HIDDEN, SAID, TABLE, Shown
from projectors.events import Event

STATUS: Final = "status"
STATUS_FIELDS: Final = (STATUS, "state")
NO_PART: Final = "any"  # in an id made of several fields, for one that is null

_json: Final = msgspec.json.Encoder().encode


class ThingChange:
    """What a batch changes about one thing. Fields are JSON by name; ``steps`` are the newest, oldest first."""

    def __init__(self, score: int) -> None:
        self.score = score
        self.fields: dict[str, str] = {}
        self.indexes: dict[str, str] = {}
        self.steps: list[tuple[int, str]] = []


Changes = dict[tuple[str, str], ThingChange]


def fold(events: Iterable[Event], *, rows: Mapping[str, tuple[Shown, ...]] = TABLE) -> Changes:
    """Net the events into one set of changes, by (kind, id)."""
    changes: Changes = {}
    for event in events:
        shown = [row for row in rows.get(event.envelope.type, ()) if _is_about_something(event.data, row)]
        if not shown:
            continue
        body: dict[str, Any] = msgspec.to_builtins(event.data)
        things = [(row, said) for row in shown for said in _things(body, row)]
        for ordinal, (row, said) in enumerate(things):
            _say(changes, event, row, said, ordinal)
    return changes


def _is_about_something(data: Any, row: Shown) -> bool:
    return row.each is not None or not isinstance(row.id, str) or getattr(data, row.id) not in (None, UNSET)


def _things(body: dict[str, Any], row: Shown) -> Iterator[dict[str, Any]]:
    """Give what the event says, once per thing that it is about."""
    if row.each is None:
        yield body
        return
    around = {name: value for name, value in body.items() if name != row.each}
    for item in body[row.each]:
        if isinstance(item, str) and isinstance(row.id, str):
            yield {**around, row.id: item, STATUS: row.status}
        else:
            yield {**around, **item}


def _say(changes: Changes, event: Event, row: Shown, said: dict[str, Any], ordinal: int) -> None:
    identifier = _id_of(said, row.id)
    if identifier is None:
        return
    change = changes.get((row.kind, identifier))
    if change is None:
        change = changes[row.kind, identifier] = ThingChange(thing_score(event.position, ordinal))
    names = said.keys() - HIDDEN if row.fields is None else row.fields
    fields = without_sealed({name: said[name] for name in sorted(names)})
    change.fields |= {f"{FIELD}{name}": _json(value).decode() for name, value in fields.items()}
    change.fields["position"] = str(event.position)
    change.fields["recorded_at"] = _json(event.envelope.recorded_at).decode()[1:-1]
    status = row.status or next((said[name] for name in STATUS_FIELDS if said.get(name)), None)
    indexed = {**fields, STATUS: status}
    change.indexes |= {name: indexed[name] for name in INDEXES if isinstance(indexed.get(name), str)}
    step = DeskStep(
        position=event.position,
        type=event.envelope.type,
        recorded_at=event.envelope.recorded_at,
        actor=event.envelope.principal.subject,
        said=without_sealed({name: said[name] for name in SAID if said.get(name) is not None}),
    )
    change.steps = [*change.steps[1 - STEPS_MAX :], (event.position, _json(step).decode())]


def _id_of(said: dict[str, Any], names: tuple[str, ...] | str) -> str | None:
    if isinstance(names, str):
        found: str | None = said[names]
        return found
    return ":".join(str(said[name] or NO_PART) for name in names)
