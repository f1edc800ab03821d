"""What every read model must withstand, as one story that a target either survives or not.

The story is told to the real targets and to targets with a planted fault; a fault that survives it would mean that the
story proves nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from projectors.apply import Outcome, Target, TargetUnreachable
from projectors.events import Batch, Event

Sabotage = Callable[[bool], Awaitable[None]]


class ContractBroken(AssertionError):
    """The target did what no read model may do."""


async def withstand(
    target: Target, events: Sequence[Event], *, read: Callable[[], Awaitable[Any]], expected: Any, sabotage: Sabotage
) -> None:
    """Deliver the events with repetition, a jump, and a store that fails in the middle; compare the end.

    ``sabotage(True)`` makes the store refuse the end of a batch, ``sabotage(False)`` repairs it. Raises ContractBroken.
    """
    third = len(events) // 3
    first, second, last = events[:third], events[third : 2 * third], events[2 * third :]
    await _expect(target, first, Outcome.APPLIED)
    await _expect(target, first, Outcome.DUPLICATE)
    await _expect(target, last, Outcome.GAP)
    await sabotage(True)
    try:
        await target.apply(Batch(list(second), caught_up=True))
    except TargetUnreachable:
        pass
    else:
        raise ContractBroken("the store failed and the target said nothing")
    await sabotage(False)
    await _expect(target, second, Outcome.APPLIED)
    await _expect(target, second, Outcome.DUPLICATE)
    await _expect(target, last, Outcome.APPLIED)
    if await target.checkpoint() != events[-1].position:
        raise ContractBroken("the checkpoint is not at the last event")
    if await read() != expected:
        raise ContractBroken("the model is not what the events add up to")


async def _expect(target: Target, events: Sequence[Event], outcome: Outcome) -> None:
    got = await target.apply(Batch(list(events), caught_up=True))
    if got is not outcome:
        raise ContractBroken(f"expected {outcome.value}, got {got.value}")
