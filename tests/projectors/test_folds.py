"""Whatever way the same events come, every model is the plain fold over them: splits, repetitions, gaps, kills.

One property for every model, on a real Valkey and real Delta tables. A delivery is drawn like a story: a list of what
happens next. Each planted fault must break the same property within a few stories.
"""

from __future__ import annotations

import inspect
import random
import types
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings

import projectors.lake.target as lake_module
from projectors.desk import target as desk_module
from projectors.risk import target as risk_module
from projectors.wallets import changes as changes_module
from projectors.wallets import target as wallets_module
from tests.projectors.contract import ContractBroken
from tests.projectors.decided_stories import WISHES, Story, Wish, tell, wishes
from tests.projectors.deliveries import (
    CHECKPOINT_MOVES,
    REDIS_MODELS,
    VERBS,
    Model,
    Step,
    deliveries,
    lake,
    wallets,
    withstands,
)
from tests.projectors.places import Place

REDIS_EXAMPLES: Final = 12
LAKE_EXAMPLES: Final = 4
FAULTY_STORIES_MAX: Final = 25
DUPLICATE_CHECK: Final = "if last <= position then return 'duplicate' end\n"
GAP_CHECK: Final = "if first ~= position + 1 then return 'gap' end\n"

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
OWN_POSITION: Final = "    if hash.position >= fact.position then return true end\n"

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
HOLD_ENDS: Final = """        self.open_holds.pop(hold_id, None)
        self.ended_holds.append(hold_id)
"""
FOLD_FAULTS: Final = {
    "a hold of the batch itself is not taken off its lists": (
        HOLD_ENDS,
        "        if self.open_holds.pop(hold_id, None) is None:\n            self.ended_holds.append(hold_id)\n",
    ),
    "the first balance of a batch wins": (ALL_BALANCES, "self.balances = FirstWins()"),
    "one line of a batch is kept": ("-2 * STATEMENT_LINES_MAX", "-2 * 1"),
    "a hold that ended still counts": ('self.counts["holds_open"] -= 1', "pass"),
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
