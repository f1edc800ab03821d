"""Whatever way the same events come, every model is the plain fold over them: splits, repetitions, gaps, kills.

One property for every model, on a real Valkey and real Delta tables. A delivery is drawn like a story: a list of what
happens next. Each planted fault must break the same property within a few stories.
"""

from __future__ import annotations

import contextlib
import inspect
import itertools
import random
import types
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from deltalake.exceptions import DeltaError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import projectors.lake.target as lake_module
from contracts.desk import DeskKeys
from contracts.read_models import WalletsKeys
from contracts.risk_features import RiskKeys
from projectors.apply import FoldsAhead, Outcome, TargetUnreachable
from projectors.desk import target as desk_module
from projectors.events import Batch
from projectors.lake.directory import AccountDirectory
from projectors.lake.fold import opened_accounts
from projectors.risk import target as risk_module
from projectors.wallets import changes as changes_module
from projectors.wallets import target as wallets_module
from runtime.clock import SystemClock
from runtime.redis_client import connect_redis
from tests.projectors.contract import ContractBroken
from tests.projectors.decided_stories import WISHES, Story, Wish, tell, wishes
from tests.projectors.desk_stories import dump_desk, plain_desk
from tests.projectors.places import Place
from tests.projectors.plain_models import model_hash, plain_lake, plain_wallets, read_lake, read_wallets
from tests.risk.test_contract import dump as dump_risk

REDIS_EXAMPLES: Final = 12
LAKE_EXAMPLES: Final = 4
FAULTY_STORIES_MAX: Final = 25
CHECKPOINT_MOVES: Final = "redis.call('HSET', KEYS[1], 'position', ARGV[3], 'recorded_at', ARGV[4])\n"
APPLIED: Final = "return 'applied'\n"
DUPLICATE_CHECK: Final = "if last <= position then return 'duplicate' end\n"
GAP_CHECK: Final = "if first ~= position + 1 then return 'gap' end\n"

VERBS: Final = ("next", "ahead", "again", "jump", "overlap", "cut", "kill before", "kill after")
Step = tuple[str, int]
deliveries = st.lists(
    st.tuples(
        st.sampled_from(VERBS),
        st.integers(1, 40),
    ),
    min_size=4,
    max_size=14,
)

_numbers = itertools.count(1)


class RedisModel:
    """A model that one script moves.

    ``loops``: where the script can be cut off between two writes; ``last_cut``: the last place where it can be.
    ``expected`` None: event by event, where the figures have a test of their own (tests/risk/test_figures.py).
    """

    def __init__(
        self,
        redis_url: str,
        make: Callable[..., Any],
        keys: Any,
        script: str,
        *,
        loops: tuple[str, ...],
        last_cut: str,
        read: Callable[[Any, Any], Awaitable[Any]],
        expected: Callable[[Story], Any] | None = None,
    ) -> None:
        self._url, self._make, self._keys, self._script = redis_url, make, keys, script
        self._loops, self._last_cut, self._read, self._expected = loops, last_cut, read, expected

    def open(self) -> Any:
        return self._make(self._url, self._keys, script=self._script)

    async def close(self, target: Any) -> None:
        await target.close()

    async def cut(self, batch: Batch, at: int) -> None:
        """Redis does not roll a script back: what was written before the error stays."""
        last_cut = next(place for place in (self._last_cut, APPLIED) if place in self._script)
        script = self._script.replace(last_cut, f"error('cut off')\n{last_cut}", 1)
        for loop in self._loops:
            assert loop in script, "the script changed: cut it anew"
            script = script.replace(loop, f"{loop}    CUT = CUT - 1\n    if CUT < 0 then error('cut off') end\n")
        target = self._make(self._url, self._keys, script=f"local CUT = {at}\n{script}")
        try:
            with contextlib.suppress(TargetUnreachable):
                await target.apply(batch)
        finally:
            await target.close()

    async def read(self) -> Any:
        return await self._contents(self._keys)

    async def expected(self, story: Story) -> Any:
        if self._expected is not None:
            return self._expected(story)
        keys = type(self._keys)(f"{self._keys.ledger}_plain")
        target = self._make(self._url, keys)
        try:
            for event in story.events:
                await target.apply(Batch([event], caught_up=True))
        finally:
            await target.close()
        return await self._contents(keys)

    async def _contents(self, keys: Any) -> Any:
        client = await connect_redis(self._url)
        try:
            return await self._read(client, keys)
        finally:
            await client.aclose()


class LakeModel:
    """The lake in a folder of its own; what never changes about accounts is known, as after some time it is."""

    def __init__(self, folder: Path, directory: AccountDirectory, module: Any = lake_module) -> None:
        self._folder, self._directory, self._module = folder, directory, module

    def open(self) -> Any:
        return self._module.LakeTarget(self._folder, self._directory, clock=SystemClock())

    async def close(self, target: Any) -> None:
        """Nothing stays open."""

    async def cut(self, batch: Batch, at: int) -> None:
        """Cut the projector off between two tables."""
        commit, left = self._module.append, at % 3

        def append(*args: Any, **named: Any) -> bool:
            nonlocal left
            left -= 1
            if left < 0:
                raise DeltaError("cut off")
            return bool(commit(*args, **named))

        self._module.append = append
        try:
            with contextlib.suppress(TargetUnreachable):
                await self.open().apply(batch)
        finally:
            self._module.append = commit

    async def read(self) -> Any:
        return read_lake(self._folder)

    async def expected(self, story: Story) -> Any:
        return plain_lake(story)


Model = RedisModel | LakeModel


def wallets(url: str, script: str = wallets_module.APPLY_LUA) -> RedisModel:
    return RedisModel(
        url,
        wallets_module.WalletsTarget,
        WalletsKeys(f"folds_{next(_numbers)}"),
        script,
        loops=("for _, command in ipairs(commands) do\n", "for at = 1, #balances, 4 do\n"),
        last_cut="-- From here on nothing can fail.\n",
        read=read_wallets,
        expected=plain_wallets,
    )


def desk(url: str, script: str = desk_module.APPLY_LUA) -> RedisModel:
    return RedisModel(
        url,
        desk_module.DeskTarget,
        DeskKeys(f"folds_{next(_numbers)}"),
        script,
        loops=("for _, thing in ipairs(things) do\n",),
        last_cut=CHECKPOINT_MOVES + APPLIED,
        read=dump_desk,
        expected=lambda story: plain_desk(story.events),
    )


def risk(url: str, script: str = risk_module.APPLY_LUA) -> RedisModel:
    return RedisModel(
        url,
        risk_module.RiskTarget,
        RiskKeys(f"folds_{next(_numbers)}"),
        script,
        loops=("for _, fact in ipairs(facts) do\n",),
        last_cut=CHECKPOINT_MOVES + APPLIED,
        read=_figures,
    )


async def _figures(client: Any, keys: RiskKeys) -> dict[str, str]:
    content = await dump_risk(client, keys)
    del content["checkpoint"]
    return {name: repr(sorted(held.items() if isinstance(held, dict) else held)) for name, held in content.items()}


REDIS_MODELS: Final = {"wallets": wallets, "desk": desk, "risk": risk}


async def lake(place: Place, story: Story, module: Any = lake_module) -> LakeModel:
    directory = AccountDirectory(place.book)
    await directory.facts([], opened_accounts(story.events))
    return LakeModel(place.lake_dir / f"folds_{next(_numbers)}", directory, module)


async def withstands(model: Model, story: Story, delivery: list[Step]) -> None:
    """Deliver the story as told, and compare the model with the plain fold. Raises ContractBroken."""
    expected = model_hash(await model.expected(story))
    events, at = story.events, 0
    target = model.open()
    try:
        for verb, size in itertools.chain.from_iterable([*delivery, ("next", 7)] for _ in events):
            if at == len(events):
                break
            batch = Batch(events[at : at + size], caught_up=verb != "ahead")
            if verb in ("next", "ahead", "kill after"):
                if verb == "ahead" and isinstance(target, FoldsAhead):
                    batch = target.fold(batch)
                _require(await target.apply(batch), Outcome.APPLIED)
                at += len(batch.events)
            elif verb == "again" and at:
                _require(await target.apply(Batch(events[max(0, at - size) : at], caught_up=True)), Outcome.DUPLICATE)
            elif verb == "jump" and at + 1 < len(events):
                _require(await target.apply(Batch(events[at + 1 : at + 1 + size], caught_up=True)), Outcome.GAP)
            elif verb == "overlap" and at:
                _require(await target.apply(Batch(events[at - 1 : at + size], caught_up=True)), Outcome.GAP)
            elif verb == "cut":
                await model.cut(batch, size // 2)
            if verb.startswith("kill"):
                await model.close(target)
                target = model.open()
            if await target.checkpoint() != at:
                raise ContractBroken(f"after {verb!r} the checkpoint is {await target.checkpoint()}, not {at}")
    finally:
        await model.close(target)
    if model_hash(await model.read()) != expected:
        raise ContractBroken("the model is not what the events add up to")


def _require(got: Outcome, wanted: Outcome) -> None:
    if got is not wanted:
        raise ContractBroken(f"expected {wanted.value}, got {got.value}")


quickly = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]}


@pytest.mark.parametrize("name", REDIS_MODELS)
@settings(max_examples=REDIS_EXAMPLES, **quickly)  # type: ignore[arg-type]
@given(asked=wishes, delivery=deliveries)
async def test_a_model_in_redis_is_the_plain_fold(
    place: Place, name: str, asked: list[Wish], delivery: list[Step]
) -> None:
    await withstands(REDIS_MODELS[name](place.servers.redis_url), tell(asked), delivery)


@settings(max_examples=LAKE_EXAMPLES, **quickly)  # type: ignore[arg-type]
@given(asked=wishes, delivery=deliveries)
async def test_the_lake_is_the_plain_fold(place: Place, asked: list[Wish], delivery: list[Step]) -> None:
    story = tell(asked)
    await withstands(await lake(place, story), story, delivery)


def changed(script: str, old: str, new: str) -> str:
    """A script with a planted fault."""
    assert old in script, "the script changed: plant the fault anew"
    return script.replace(old, new)


def checkpoint_first(script: str, data_begins: str) -> str:
    """A script that moves the checkpoint before the data."""
    return changed(script.replace(CHECKPOINT_MOVES, ""), data_begins, CHECKPOINT_MOVES + data_begins)


def _planted_module(module: types.ModuleType, old: str, new: str) -> types.ModuleType:
    """A copy of a module with a planted fault."""
    faulty = types.ModuleType(module.__name__)
    faulty.__file__ = module.__file__
    exec(changed(inspect.getsource(module), old, new), faulty.__dict__)
    return faulty


WALLETS_LUA, DESK_LUA, RISK_LUA = wallets_module.APPLY_LUA, desk_module.APPLY_LUA, risk_module.APPLY_LUA
COUNTING: Final = """for at = 1, #counters, 2 do
    redis.call('HINCRBY', prefix .. 'totals', counters[at], counters[at + 1])
end
"""
SETTING: Final = "for _, command in ipairs(commands) do\n"
HOLD_LEAVES: Final = "redis.call('ZREM', prefix .. 'holds:' .. account, hold)"
PAYMENT_LEAVES: Final = "redis.call('ZREM', prefix .. 'payments:' .. before, payment)"
THING_LEAVES: Final = "redis.call('ZREM', listed .. before, id)"
OWN_POSITION: Final = "    if tonumber(found[1] or '0') >= fact.position then return end\n"

SCRIPT_FAULTS: Final[dict[tuple[str, str], str]] = {
    **{
        (name, fault): changed(lua, old, new)
        for name, lua in (("wallets", WALLETS_LUA), ("desk", DESK_LUA), ("risk", RISK_LUA))
        for fault, old, new in (
            ("calls a repetition applied", DUPLICATE_CHECK, DUPLICATE_CHECK.replace("duplicate", "applied")),
            ("ignores a gap", GAP_CHECK, ""),
            ("forgets the checkpoint", CHECKPOINT_MOVES, ""),
        )
    },
    ("wallets", "moves the checkpoint first"): checkpoint_first(WALLETS_LUA, "local changes = "),
    ("desk", "moves the checkpoint first"): checkpoint_first(DESK_LUA, "local things, steps_max"),
    ("risk", "moves the checkpoint first"): checkpoint_first(RISK_LUA, "local facts, layout"),
    ("wallets", "counts before what can fail"): changed(
        changed(WALLETS_LUA, COUNTING, ""), SETTING, COUNTING + SETTING
    ),
    ("wallets", "counts a payment where it was"): changed(WALLETS_LUA, "'payments:' .. before, '-1'", "before, '-1'"),
    ("wallets", "lists a payment where it was"): changed(WALLETS_LUA, PAYMENT_LEAVES, ""),
    ("wallets", "lists a hold that ended"): changed(WALLETS_LUA, HOLD_LEAVES, ""),
    ("desk", "leaves a thing on its old list"): changed(DESK_LUA, THING_LEAVES, ""),
    ("desk", "orders a thing by its last event"): changed(DESK_LUA, "'HSETNX'", "'HSET'"),
    ("risk", "counts again what a cut batch counted"): changed(RISK_LUA, OWN_POSITION, ""),
    ("risk", "forgets older buckets"): changed(RISK_LUA, "held[index] > bucket - ring[3]", "false"),
}

ALL_BALANCES: Final = "self.balances: dict[str, tuple[int, int, int]] = {}"
STATUS_MOVES: Final = 'fields["status"], fields["position"] = status, str(position)'
HOLD_ENDS: Final = """        self.open_holds.pop(hold_id, None)
        self.ended_holds.append(hold_id)
"""
FOLD_FAULTS: Final = {
    "a hold of the batch itself is not taken off its lists": (
        HOLD_ENDS,
        "        if self.open_holds.pop(hold_id, None) is None:\n            self.ended_holds.append(hold_id)\n",
    ),
    "the first balance of a batch wins": (ALL_BALANCES, "self.balances = FirstWins()"),
    "one line of a batch is kept": ("maxlen=STATEMENT_LINES_MAX", "maxlen=1"),
    "a change of status is no change": (STATUS_MOVES, 'fields["status"] = status'),
}

LAKE_FAULTS: Final = {
    "ignores a gap": ("return Outcome.GAP", "pass"),
    "calls a repetition applied": ("return Outcome.DUPLICATE\n        if", "return Outcome.APPLIED\n        if"),
    "writes again what one table has": ("if event.position > after]", "]"),
    "looks at one table only": ("checkpoint = min(positions.values())", "checkpoint = positions[ACCOUNTS_TABLE]"),
    "moves the position apart from the rows": (
        "if not append(table, rows, to=batch.last,",
        "append(table, rows, to=positions[name], recorded_at=batch.events[-1].envelope.recorded_at)\n"
        "            if not append(table, rows.slice(0, 0), to=batch.last,",
    ),
}


def fixed_examples() -> Iterator[tuple[list[Wish], list[Step]]]:
    """Stories and deliveries of the same kind as above, always the same, and long: simple ones hide faults."""
    chance = random.Random(20_261_130)
    for _ in range(FAULTY_STORIES_MAX):
        asked = [
            (chance.randrange(len(WISHES)), chance.randrange(4), chance.randrange(4), chance.randint(1, 400))
            for _ in range(80)
        ]
        yield asked, [(chance.choice(VERBS), chance.randint(1, 40)) for _ in range(10)]


async def _breaks(make: Callable[[Story], Awaitable[Model]]) -> bool:
    for asked, delivery in fixed_examples():
        story = tell(asked)
        try:
            await withstands(await make(story), story, delivery)
        except ContractBroken:
            return True
    return False


@pytest.mark.parametrize(("name", "fault"), SCRIPT_FAULTS)
async def test_a_fault_in_a_script_is_found(place: Place, name: str, fault: str) -> None:
    async def make(story: Story) -> Model:
        return REDIS_MODELS[name](place.servers.redis_url, SCRIPT_FAULTS[name, fault])

    assert await _breaks(make)


@pytest.mark.parametrize("fault", FOLD_FAULTS)
async def test_a_fault_in_the_netting_of_a_batch_is_found(
    place: Place, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty: Any = _planted_module(changes_module, *FOLD_FAULTS[fault])
    faulty.FirstWins = FirstWins
    monkeypatch.setattr("projectors.wallets.fold.Changes", faulty.Changes)

    async def make(story: Story) -> Model:
        return wallets(place.servers.redis_url)

    assert await _breaks(make)


class FirstWins(dict[str, Any]):
    def __setitem__(self, name: str, value: Any) -> None:
        self.setdefault(name, value)


@pytest.mark.parametrize("fault", LAKE_FAULTS)
async def test_a_fault_in_the_lake_is_found(place: Place, fault: str) -> None:
    faulty = _planted_module(lake_module, *LAKE_FAULTS[fault])
    assert await _breaks(lambda story: lake(place, story, faulty))
