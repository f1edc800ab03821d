"""Folding a window of a story here, without a worker."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from projectors.apply import Outcome
from projectors.events import Event
from projectors.history.messages import Folded
from tests.projectors.contract import ContractBroken

PAGE: Final = 30


async def pages(events: Sequence[Event]) -> AsyncIterator[list[Event]]:
    for start in range(0, len(events), PAGE):
        yield [*events[start : start + PAGE]]


async def folded(fold: Any, events: Sequence[Event]) -> Folded:
    payload = await fold.fold(None, pages(events))
    return Folded(events[0].position, events[-1].position, events[-1].envelope.recorded_at, payload)


def require(got: Outcome | None, wanted: Outcome) -> None:
    if got is not wanted:
        raise ContractBroken(f"expected {wanted}, got {got}")
