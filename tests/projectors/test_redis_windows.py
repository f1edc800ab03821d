"""A model in Redis that is built from windows is the one that the live path builds, wherever a window was cut off.

A delivery is a list of what happens next: a window, one that is cut off behind so many steps, a batch as news bring it.
Windows are cut into the smallest slices and parts, so that there is much between two of them.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.read_models import WalletsKeys, checkpoint_of
from projectors import redis_slices, redis_writer
from projectors.apply import Outcome, TargetUnreachable
from projectors.events import Batch, Event, decode_events
from projectors.history.messages import Folded
from projectors.redis_slices import Slice
from projectors.wallets import target as wallets_module
from projectors.wallets import windows
from projectors.wallets.target import WalletsTarget
from runtime.redis_client import connect_redis
from tests.projectors.contract import ContractBroken
from tests.projectors.decided_stories import WISHES, Story, Wish, tell, wishes
from tests.projectors.dumps import dump_wallets
from tests.projectors.folding import folded, require
from tests.projectors.places import Place, until
from tests.projectors.plain_models import model_hash, plain_wallets, read_wallets
from tests.support.book import RandomBook

EXAMPLES: Final = 12
FAULTY_STORIES_MAX: Final = 25
KILLS_MAX: Final = 3
WITHIN_S: Final = 20.0
FURTHER: Final = 30  # events that the window of another projector has more
VERBS: Final = ("window", "cut", "cut", "batch", "again", "jump", "lost", "overtaken")
OFTEN: Final = (*VERBS, "overtaken", "overtaken", "overtaken")
Step = tuple[str, int, int]  # what, of how many events, cut off behind how many steps
deliveries = st.lists(
    st.tuples(st.sampled_from(VERBS), st.integers(1, 60), st.integers(0, 60)), min_size=3, max_size=10
)
quickly: Final[dict[str, Any]] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}
_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_slices, "PARTS_MAX", 12)
    monkeypatch.setattr(windows, "LOOKS_AT_ONCE", 2)


class Cut:
    """A model that is out of reach behind so many steps of a window; ``between``: what happens then instead."""

    def __init__(self, model: Any, steps: int, between: Callable[[], Awaitable[Any]] | None = None) -> None:
        self._model, self._left, self._between = model, steps, between

    async def begin_window(self, *arguments: Any) -> Outcome:
        outcome: Outcome = await self._model.begin_window(*arguments)
        return outcome

    async def write(self, slices: Sequence[Slice], stand: Any) -> bool:
        now, later = slices[: self._left], slices[self._left :]
        self._left -= len(now)
        if not await self._model.write(now, stand):
            return False
        if not later:
            return True
        await self._stop()
        return bool(await self._model.write(later, stand))

    async def apply(self, *arguments: Any) -> Outcome:
        self._left -= 1
        if self._left < 0:
            await self._stop()
        outcome: Outcome = await self._model.apply(*arguments)
        return outcome

    async def _stop(self) -> None:
        if self._between is None:
            raise TargetUnreachable("cut off")
        between, self._between, self._left = self._between, None, 10**9
        await between()


Make = Callable[[str, WalletsKeys], WalletsTarget]


async def withstands(url: str, story: Story, delivery: list[Step], make: Make = WalletsTarget) -> None:
    """Deliver the story, and compare the model with the plain fold. Raises ContractBroken."""
    keys, events, at = WalletsKeys(f"windows_{next(_numbers)}"), story.events, 0
    target, other = make(url, keys), make(url, keys)
    try:
        for verb, size, steps in itertools.chain.from_iterable([*delivery, ("window", 9, 0)] for _ in events):
            if at == len(events):
                break
            some = events[at : at + size]
            if verb == "batch":
                require(await target.apply(Batch(some, caught_up=True)), Outcome.APPLIED)
            elif verb == "overtaken":
                some = events[at : at + size + FURTHER]
                await _overtake((target, other), events, at, size, steps)
            elif verb == "window":
                require(await target.apply_window(await folded(target.window_fold, some)), Outcome.APPLIED)
            else:
                at -= len(some)
                await _go_wrong(verb, (target, other), events, at + len(some), size, steps)
            at += len(some)
            if await target.checkpoint() != at:
                raise ContractBroken(f"after {verb!r} the checkpoint is {await target.checkpoint()}, not {at}")
    finally:
        await target.close()
        await other.close()
    client = await connect_redis(url)
    try:
        try:
            found = model_hash(await read_wallets(client, keys))
        except (msgspec.ValidationError, KeyError) as half:
            raise ContractBroken("a thing of the model cannot be read") from half
        left = (await client.hgetall(keys.checkpoint)).keys()
    finally:
        await client.aclose()
    if found != model_hash(plain_wallets(story)):
        raise ContractBroken("the model is not what the events add up to")
    if left != {b"position", b"recorded_at"}:
        raise ContractBroken(f"the checkpoint has {left}")


async def _overtake(
    targets: tuple[WalletsTarget, WalletsTarget], events: list[Event], at: int, size: int, steps: int
) -> None:
    """Have another projector apply a longer window while one is on its way."""
    target, other = targets
    window = await folded(target.window_fold, events[at : at + size])
    later = await folded(other.window_fold, events[at : at + size + FURTHER])

    async def overtake() -> None:
        require(await other.apply_window(later), Outcome.APPLIED)

    cut = Cut(target._model, min(steps, _steps_of(window) - 1), overtake)
    if await _through(target, window, cut) not in (Outcome.GAP, Outcome.DUPLICATE):
        raise ContractBroken("a window that was overtaken was applied")


async def _go_wrong(
    verb: str, targets: tuple[WalletsTarget, WalletsTarget], events: list[Event], at: int, size: int, steps: int
) -> None:
    """Do what must not move the model."""
    target, other = targets
    match verb:
        case "again":
            some = events[max(0, at - size) : at]
            if some:
                require(await target.apply_window(await folded(target.window_fold, some)), Outcome.DUPLICATE)
        case "jump":
            some = events[at + 1 : at + 1 + size]
            if some:
                require(await target.apply_window(await folded(target.window_fold, some)), Outcome.GAP)
        case "cut":
            window = await folded(target.window_fold, events[at : at + size])
            if await _through(target, window, Cut(target._model, min(steps, _steps_of(window) - 1))) is not None:
                raise ContractBroken("a window that was cut off was applied")
        case "lost":
            window = await folded(target.window_fold, events[at : at + size])
            later = await folded(other.window_fold, events[at : at + size + FURTHER])

            async def begin() -> None:
                await _through(other, later, Cut(other._model, steps))

            steps = min(steps, _steps_of(window) - 1)
            outcome = await _through(target, window, Cut(target._model, steps, begin))
            require(outcome, Outcome.GAP)


def _steps_of(window: Folded) -> int:
    return len(window.payload.slices) + len(window.payload.parts) + 1


async def _through(target: WalletsTarget, window: Folded, cut: Any) -> Outcome | None:
    """Apply a window through something; None when it was cut off."""
    model, target._model = target._model, cut
    try:
        return await target.apply_window(window)
    except TargetUnreachable:
        return None
    finally:
        target._model = model


@settings(max_examples=EXAMPLES, **quickly)
@given(asked=wishes, delivery=deliveries)
async def test_wallets_from_windows_are_the_plain_fold(place: Place, asked: list[Wish], delivery: list[Step]) -> None:
    await withstands(place.servers.redis_url, tell(asked), delivery)


def fixed_examples() -> Iterator[tuple[list[Wish], list[Step]]]:
    """Stories and deliveries of the same kind, always the same, and long: simple ones hide faults."""
    chance = random.Random(20_261_130)
    for _ in range(FAULTY_STORIES_MAX):
        asked = [
            (chance.randrange(len(WISHES)), chance.randrange(4), chance.randrange(4), chance.randint(1, 400))
            for _ in range(60)
        ]
        yield asked, [(chance.choice(OFTEN), chance.randint(1, 40), chance.randint(0, 20)) for _ in range(8)]


def in_script(name: str, old: str, new: str) -> tuple[Any, str, Any]:
    script: str = getattr(wallets_module, name)
    assert old in script, "the script changed: plant the fault anew"
    return wallets_module, name, script.replace(old, new)


def _all_but_one(commands: Any) -> Iterator[Slice]:
    slices = [*redis_slices.slices_of(commands)]
    yield from slices[:1] + slices[2:]


def _not_looking(connection: Any, stand: Any) -> bool:
    _stands(connection, stand)
    return True


_stands = redis_writer._stands
PART_ENDS: Final = "if ARGV[7] then return 'applied' end -- the rest of the window follows\n"
COUNTING: Final = "-- From here on nothing can fail.\n"
FAULTS: Final[dict[str, tuple[Any, str, Any]]] = {
    "skips a slice": (windows, "slices_of", _all_but_one),
    "writes a slice without looking whose turn it is": (redis_writer, "_stands", _not_looking),
    "moves the checkpoint with the first part": in_script("APPLY_LUA", PART_ENDS, ""),
    "does not ask whose turn it is": in_script("APPLY_LUA", "ARGV[6] ~= checkpoint[4]", "false"),
    "never says that a window is through": in_script("APPLY_LUA", "last >= tonumber(checkpoint[3])", "false"),
    "leaves out the parts": (windows, "_parts", lambda changes: ()),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_fault_in_windows_of_wallets_is_found(
    place: Place, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(*FAULTS[fault])

    def make(url: str, keys: WalletsKeys) -> WalletsTarget:
        return WalletsTarget(url, keys, script=wallets_module.APPLY_LUA)

    async def tell_all() -> None:
        for asked, delivery in fixed_examples():
            await withstands(place.servers.redis_url, tell(asked), delivery, make)

    with pytest.raises(ContractBroken):
        await tell_all()


async def test_a_process_that_is_killed_again_and_again_is_continued(place: Place) -> None:
    """By SIGKILL, anywhere: what is on its way to Redis then may still arrive."""
    book = RandomBook(seed=11, ledger=place.ledger)
    await place.record(book.write(1_500))
    keys, plain = WalletsKeys(place.ledger), WalletsKeys(f"windows_{next(_numbers)}")
    live = WalletsTarget(place.servers.redis_url, plain)
    events, _ = decode_events([(line.position, line.body) for line in book.lines], ledger=place.ledger)
    for start in range(0, len(events), 7):
        await live.apply(Batch(events[start : start + 7], caught_up=True))
    await live.close()
    argv = ("-m", "tests.projectors.redis_building", place.reader_dsn, place.servers.redis_url, place.ledger)

    async def position() -> int:
        return checkpoint_of(await place.redis.hgetall(keys.checkpoint)).position

    chance, kills, reached = random.Random(4), 0, 0
    for turn in range(KILLS_MAX):
        if reached == book.position:
            break
        process = await asyncio.create_subprocess_exec(sys.executable, *argv, cwd=Path(__file__).parents[2])
        try:
            async with asyncio.timeout(WITHIN_S):
                while await position() <= reached:  # another process moves it
                    await asyncio.sleep(0.005)
            await asyncio.sleep(turn % 2 * chance.random() * 0.05)  # at once, or a little later
        finally:
            process.kill()
            await process.wait()
        reached = await position()
        kills += reached < book.position
    assert kills, "it was too quick to be killed on the way"
    process = await asyncio.create_subprocess_exec(sys.executable, *argv, cwd=Path(__file__).parents[2])
    try:

        async def is_level() -> bool:
            return await position() == book.position

        await until(is_level, "the model is level")
    finally:
        process.kill()
        await process.wait()
    assert await dump_wallets(place.redis, keys) == await dump_wallets(place.redis, plain)
