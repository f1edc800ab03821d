"""A model in Redis that is built from windows is the one that the live path builds, wherever a window was cut off.

A delivery is a list of what happens next: a window, one that is cut off behind so many steps, a batch as news bring it.
Windows are cut into the smallest slices and parts, so that there is much between two of them.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.read_models import WalletsKeys, checkpoint_of
from contracts.risk_features import DISTINCT_WINDOW_S, RiskKeys
from projectors import redis_slices, redis_writer
from projectors.apply import Outcome, TargetUnreachable
from projectors.events import Batch, Event, decode_events
from projectors.history.messages import Folded
from projectors.redis_slices import Slice
from projectors.risk import packing
from projectors.risk import target as risk_module
from projectors.risk.target import RiskTarget
from projectors.wallets import target as wallets_module
from projectors.wallets import windows
from projectors.wallets.target import WalletsTarget
from runtime.redis_client import connect_redis
from tests.projectors.contract import ContractBroken
from tests.projectors.decided_stories import WISHES, Story, Wish, tell, wishes
from tests.projectors.dumps import dump_wallets
from tests.projectors.places import Place, until
from tests.projectors.plain_models import model_hash, plain_wallets, read_wallets
from tests.risk.test_contract import dump as dump_risk
from tests.support.book import RandomBook

EXAMPLES: Final = 12
FAULTY_STORIES_MAX: Final = 25
PAGE: Final = 30
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
    monkeypatch.setattr(packing, "CALL_FACTS_MAX", 25)


async def pages(events: Sequence[Event]) -> AsyncIterator[list[Event]]:
    for start in range(0, len(events), PAGE):
        yield [*events[start : start + PAGE]]


async def folded(fold: Any, events: Sequence[Event]) -> Folded:
    payload = await fold.fold(None, pages(events))
    return Folded(events[0].position, events[-1].position, events[-1].envelope.recorded_at, payload)


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
                _require(await target.apply(Batch(some, caught_up=True)), Outcome.APPLIED)
            elif verb == "overtaken":
                some = events[at : at + size + FURTHER]
                await _overtake((target, other), events, at, size, steps)
            elif verb == "window":
                _require(await target.apply_window(await folded(target.window_fold, some)), Outcome.APPLIED)
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
        _require(await other.apply_window(later), Outcome.APPLIED)

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
                _require(await target.apply_window(await folded(target.window_fold, some)), Outcome.DUPLICATE)
        case "jump":
            some = events[at + 1 : at + 1 + size]
            if some:
                _require(await target.apply_window(await folded(target.window_fold, some)), Outcome.GAP)
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
            _require(outcome, Outcome.GAP)


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


def _require(got: Outcome | None, wanted: Outcome) -> None:
    if got is not wanted:
        raise ContractBroken(f"expected {wanted}, got {got}")


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


def in_risk(old: str, new: str) -> tuple[Any, str, Any]:
    script = risk_module.APPLY_LUA
    assert old in script, "the script changed: plant the fault anew"
    defaults: dict[str, Any] = risk_module.RiskTarget.__init__.__kwdefaults__ or {}
    return risk_module.RiskTarget.__init__, "__kwdefaults__", {**defaults, "script": script.replace(old, new)}


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


SPAN_S: Final = 5 * DISTINCT_WINDOW_S
STORY_EVENTS: Final = 400


def recent_story() -> list[Event]:
    """Events of the last days, up to now: by the clock that Redis goes by as well."""
    now = datetime.now(UTC).replace(microsecond=0)
    step = timedelta(seconds=SPAN_S / STORY_EVENTS)
    book = RandomBook(seed=5, recorded_at=lambda position: now - (STORY_EVENTS + 20 - position) * step)
    book.write(STORY_EVENTS)
    events, stop = decode_events([(line.position, line.body) for line in book.lines], ledger="main")
    assert stop is None
    return events


async def risk_from_windows(place: Place, sizes: Sequence[int]) -> None:
    """Build the risk model as news do, and from windows; what can be read of them is the same."""
    events = recent_story()
    plain, built = RiskKeys(f"windows_{next(_numbers)}"), RiskKeys(f"windows_{next(_numbers)}")
    live, target = RiskTarget(place.servers.redis_url, plain), RiskTarget(place.servers.redis_url, built)
    try:
        for event in events:
            _require(await live.apply(Batch([event], caught_up=True)), Outcome.APPLIED)
        at = 0
        for size in itertools.cycle(sizes):
            if at == len(events):
                break
            window = await folded(target.window_fold, events[at : at + size])
            half = window._replace(payload=window.payload[: len(window.payload) // 2])
            if half.payload:  # the projector is killed between two calls, and goes on from the checkpoint
                _require(await target.apply_window(half), Outcome.APPLIED)
                _require(await target.apply_window(window), Outcome.DUPLICATE)
                at = await target.checkpoint()
            else:
                _require(await target.apply_window(window), Outcome.APPLIED)
                at = window.last
        assert await target.checkpoint() == len(events)
        now_s = int(time.time())
    finally:
        await live.close()
        await target.close()
    expected, found = [_read(await dump_risk(place.redis, keys), now_s) for keys in (plain, built)]
    assert sum(isinstance(held, list) for held in expected.values()) > 3, "the story has too little of the last day"
    if found != expected:
        raise ContractBroken("the model is not that of the live path")


def _read(content: dict[str, Any], now_s: int) -> dict[str, Any]:
    """What can be read of the model: nobody asks whom somebody met more than a day ago."""
    since = now_s - DISTINCT_WINDOW_S
    recent = {
        name: held if isinstance(held, dict) else [(other, at) for other, at in held if at > since]
        for name, held in content.items()
    }
    return {name: held for name, held in recent.items() if held}


@pytest.mark.parametrize("sizes", [(STORY_EVENTS * 2,), (1,), (7, 90, 23)])
async def test_risk_from_windows_is_that_of_the_live_path(place: Place, sizes: Sequence[int]) -> None:
    await risk_from_windows(place, sizes)


RISK_FAULTS: Final[dict[str, tuple[Any, str, Any]]] = {
    "counts the meetings of half a day only": (packing, "DISTINCT_WINDOW_S", DISTINCT_WINDOW_S // 2),
    "keeps the first of two meetings": in_risk(
        "met.at, met.members[other] = at, at", "met.at, met.members[other] = at, met.members[other] or at"
    ),
    "forgets a payment that is not concluded yet": in_risk("if not payment.is_concluded then", "if false then"),
    "begins every ring anew": in_risk("held = packed and cmsgpack.unpack(packed) or {}", "held = {}"),
    "adds to what was read, not to what was added": in_risk("local held = hash.rings[field]", "local held"),
}


@pytest.mark.parametrize("fault", RISK_FAULTS)
async def test_a_fault_in_windows_of_risk_is_found(place: Place, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*RISK_FAULTS[fault])
    with pytest.raises(ContractBroken):
        await risk_from_windows(place, (STORY_EVENTS * 2,))


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
    for _ in range(KILLS_MAX):
        process = await asyncio.create_subprocess_exec(sys.executable, *argv, cwd=Path(__file__).parents[2])
        try:
            async with asyncio.timeout(WITHIN_S):
                while await position() <= reached:  # another process moves it
                    await asyncio.sleep(0.005)
            await asyncio.sleep(chance.random() * 0.05)
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
