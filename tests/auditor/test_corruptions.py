"""The auditor finds every one of a thousand single values changed in the copies, and nothing in sound ones."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from contracts.audits import AuditDifference
from tests.auditor.corruptions import lake_corrupted, redis_corrupted, stream_corrupted
from tests.auditor.surroundings import Audited

IN_REDIS, IN_LAKE, IN_STREAM = 600, 250, 150
ROUNDS_MAX = 40


@pytest.fixture(scope="module")
def chance() -> random.Random:
    """Chance of a seed that a failure shows."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed of the corruptions: {seed}")
    return random.Random(seed)


def missed(planted: dict[str, str], found: Iterable[AuditDifference]) -> list[str]:
    """What was changed and not found."""
    subjects = {difference.subject for difference in found}
    return [f"{thing}: {what}" for thing, what in planted.items() if thing not in subjects]


async def test_nothing_is_found_in_sound_copies(audited: Audited) -> None:
    assert await audited.differences() == []


async def test_every_value_changed_in_redis_is_found(audited: Audited, chance: random.Random) -> None:
    planted = 0
    for _ in range(ROUNDS_MAX):
        async with redis_corrupted(audited, chance, IN_REDIS - planted) as done:
            found = await audited.differences()
            assert missed(done, found) == []
            assert {difference.side for difference in found} == {"redis"}
        planted += len(done)
        if planted == IN_REDIS:
            break
    assert planted == IN_REDIS
    assert await audited.differences() == []


async def test_every_value_changed_in_the_lake_is_found(audited: Audited, chance: random.Random) -> None:
    async with lake_corrupted(audited, chance, IN_LAKE) as done:
        found = await audited.differences()
        assert missed(done, found) == []
        assert {difference.side for difference in found} == {"lake"}
    assert await audited.differences() == []


async def test_every_byte_changed_in_the_stream_is_found(audited: Audited, chance: random.Random) -> None:
    async with stream_corrupted(audited, chance, IN_STREAM) as done:
        found = await audited.differences()
        assert {difference.subject for difference in found} == done.keys()
        assert {difference.side for difference in found} == {"stream"}
    assert await audited.differences() == []
