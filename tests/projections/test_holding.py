"""Two versions that are written in batches of any size come to stand at one position, and lose nothing by it."""

from __future__ import annotations

import asyncio
import random

import pytest

from projectors.apply import Outcome
from projectors.events import Batch
from projectors.stores import holding
from projectors.stores.holding import Gate, NotLevel, held
from tests.reactors.world import event_at

EVENTS = 200


class Slow:
    """A target in memory that takes a turn or two of the loop for each batch, and refuses what is not next."""

    def __init__(self, chance: random.Random) -> None:
        self.applied: list[int] = []
        self._chance = chance

    async def checkpoint(self) -> int:
        return self.applied[-1] if self.applied else 0

    async def apply(self, batch: Batch) -> Outcome:
        for _ in range(self._chance.randrange(3)):
            await asyncio.sleep(0)
        if batch.first != await self.checkpoint() + 1:
            return Outcome.GAP
        self.applied += [event.position for event in batch.events]
        return Outcome.APPLIED

    async def close(self) -> None:
        return None


async def _feed(gate: Gate, chance: random.Random) -> None:
    first = 1
    while first <= EVENTS:
        last = min(EVENTS, first + chance.randrange(1, 20))
        events = [event_at(position) for position in range(first, last + 1)]
        assert await gate.apply(Batch(events, caught_up=True)) is Outcome.APPLIED
        first = last + 1
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", range(10))
async def test_both_stand_at_one_position_whenever_they_are_held(seed: int) -> None:
    chance = random.Random(seed)
    targets = Slow(chance), Slow(chance)
    gates = Gate(targets[0]), Gate(targets[1])
    feeding = [asyncio.create_task(_feed(gate, chance)) for gate in gates]
    positions = []
    while not all(task.done() for task in feeding):
        async with held(*gates) as position:
            standing = [len(target.applied) for target in targets]
            for _ in range(chance.randrange(5)):
                await asyncio.sleep(0)
            assert [len(target.applied) for target in targets] == standing == [position, position]
        positions.append(position)
        for _ in range(chance.randrange(5)):
            await asyncio.sleep(0)
    await asyncio.gather(*feeding)
    assert positions == sorted(positions)
    assert [target.applied for target in targets] == [list(range(1, EVENTS + 1))] * 2


async def test_a_version_that_stands_still_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "LEVEL_WITHIN_S", 0.05)
    chance = random.Random(1)
    moving, stopped = Gate(Slow(chance)), Gate(Slow(chance))
    await _feed(moving, chance)
    with pytest.raises(NotLevel, match="200 and 0"):
        async with held(moving, stopped):
            pass
    await _feed(stopped, chance)  # the gates are open again
    assert stopped.position == EVENTS
