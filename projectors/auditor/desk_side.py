"""What the model ``desk`` must hold of the things that a slice touches. Pure.

A thing's steps name the events it was made of, so its expected document is their fold. Of a thing with more steps than
are kept only what the kept ones said can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from contracts.audits import AuditDifference
from contracts.desk import INDEX, STEPS_MAX, DeskKeys
from contracts.read_models import DESK, Fields
from projectors.auditor.findings import Subject
from projectors.auditor.wallets_side import Members, text_of
from projectors.desk.fold import ThingChange, fold
from projectors.events import Event

Thing = tuple[str, str]  # kind, id


class Read(Protocol):
    """What Redis holds of a thing: its hash, its newest steps, its score on lists by the list's key."""

    @property
    def fields(self) -> Fields:
        """The hash."""
        ...

    @property
    def steps(self) -> Members:
        """Its newest steps by their JSON."""
        ...

    @property
    def lists(self) -> Mapping[str, str | None]:
        """Its score by the list's key, None where it is not listed."""
        ...


def touched_in(events: Iterable[Event]) -> dict[Thing, set[int]]:
    """Name the things that a slice touches, each with the positions of the events that do."""
    touched: dict[Thing, set[int]] = {}
    for event in events:
        for thing in fold([event]):
            touched.setdefault(thing, set()).add(event.position)
    return touched


def subject_of(thing: Thing, *, position: int) -> Subject:
    """Name a thing of the desk."""
    kind, identifier = thing
    return Subject(side="redis", model=DESK, name=f"{kind} {identifier}", position=position)


def lists_of(events: Sequence[Event], thing: Thing, keys: DeskKeys) -> set[str]:
    """Name the lists that a thing is on after its events."""
    change = fold(events).get(thing)
    return set() if change is None else _lists(change, thing[0], keys)


def audit_thing(
    subject: Subject, thing: Thing, found: Read, events: Sequence[Event], keys: DeskKeys
) -> list[AuditDifference]:
    """Compare a thing, its steps and the lists it is on."""
    kind, _ = thing
    change = fold(events).get(thing)
    if change is None:
        return subject.compare_all(found={text_of(name): value for name, value in found.fields.items()}, expected={})
    expected = {"score": str(change.score), **change.fields}
    expected |= {f"{INDEX}{name}": value for name, value in change.indexes.items()}
    fields = {text_of(name): text_of(value) for name, value in found.fields.items()}
    if len(found.steps) >= STEPS_MAX:  # older steps are gone: what only they said is not known here
        fields = {name: value for name, value in fields.items() if name in expected}
    differences = subject.compare_all(found=fields, expected=expected)
    steps = {f"step {position}": step for position, step in change.steps}
    differences += subject.compare_all(found=_steps(found.steps), expected=steps)
    for key in sorted(_lists(change, kind, keys)):
        name = key.removeprefix(keys.prefix)
        differences += subject.compare(f"on {name}", found=found.lists.get(key), expected=str(change.score))
    return differences


def _lists(change: ThingChange, kind: str, keys: DeskKeys) -> set[str]:
    return {keys.things(kind), *(keys.things(kind, name, value) for name, value in change.indexes.items())}


def _steps(members: Members) -> dict[str, str]:
    steps: dict[str, list[str]] = {}
    for member, score in members.items():
        steps.setdefault(f"step {score}", []).append(text_of(member))
    return {name: " ".join(sorted(texts)) for name, texts in steps.items()}
