"""Delivering a story to a read model in whatever way a projector may, and judging what the model then holds.

A delivery is a list of what happens next: batches of any size, folded ahead or not, delivered again, out of turn,
overlapping; a projector killed before or after a batch, or cut off in the middle of one.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from deltalake.exceptions import DeltaError
from hypothesis import strategies as st

import projectors.lake.target as lake_module
from contracts.desk import DeskKeys
from contracts.read_models import WalletsKeys
from contracts.risk_features import RiskKeys
from projectors.apply import FoldsAhead, Outcome, TargetUnreachable
from projectors.desk import target as desk_module
from projectors.events import Batch, Event
from projectors.lake.directory import AccountDirectory
from projectors.lake.fold import opened_accounts
from projectors.risk import target as risk_module
from projectors.wallets import target as wallets_module
from runtime.clock import SystemClock
from runtime.redis_client import connect_redis
from tests.projectors.contract import ContractBroken
from tests.projectors.decided_stories import Story
from tests.projectors.desk_stories import dump_desk, plain_desk
from tests.projectors.places import Place
from tests.projectors.plain_models import model_hash, plain_lake, plain_wallets, read_lake, read_wallets
from tests.risk.test_contract import dump as dump_risk

CHECKPOINT_MOVES: Final = "redis.call('HSET', KEYS[1], 'position', ARGV[3], 'recorded_at', ARGV[4])\n"
APPLIED: Final = "return 'applied'\n"
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

CUTS: Final = 8  # a batch is cut behind so many writes for each event, from none to all
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

    async def cut(self, batch: Batch, at: int) -> bool:
        """Cut the script off. Redis does not roll it back: what was written before the error stays."""
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
        return True

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

    async def cut(self, batch: Batch, at: int) -> bool:
        """Cut the projector off between two tables; False when it was through before, as only one was behind."""
        commit, left = self._module.append, at % 3

        def append(*args: Any, **named: Any) -> bool:
            nonlocal left
            left -= 1
            if left < 0:
                raise DeltaError("cut off")
            return bool(commit(*args, **named))

        self._module.append = append
        try:
            await self.open().apply(batch)
        except TargetUnreachable:
            return True
        else:
            return False
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
        loops=("for _, command in ipairs(commands) do\n",),
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
        loops=(
            "for _, fact in ipairs(facts) do\n",
            "for _, hash in ipairs(hashes_in_order) do\n",
            "for _, met in ipairs(sets_in_order) do\n",
            "for _, payment in ipairs(payments_in_order) do\n",
        ),
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
            elif verb == "cut":
                at += 0 if await model.cut(batch, size * (at % CUTS)) else len(batch.events)
            elif misplaced := _misplaced(events, at, verb, size):
                wanted = Outcome.DUPLICATE if verb == "again" else Outcome.GAP
                _require(await target.apply(Batch(misplaced, caught_up=True)), wanted)
            if verb.startswith("kill"):
                await model.close(target)
                target = model.open()
            if await target.checkpoint() != at:
                raise ContractBroken(f"after {verb!r} the checkpoint is {await target.checkpoint()}, not {at}")
    finally:
        await model.close(target)
    if model_hash(await model.read()) != expected:
        raise ContractBroken("the model is not what the events add up to")


def _misplaced(events: list[Event], at: int, verb: str, size: int) -> list[Event]:
    """What is not due now: again, out of turn, or begun too early; [] where there is no such thing."""
    match verb:
        case "again":
            return events[max(0, at - size) : at]
        case "jump":
            return events[at + 1 : at + 1 + size]
        case "overlap" if at:
            return events[at - 1 : at + size]
        case _:
            return []


def _require(got: Outcome, wanted: Outcome) -> None:
    if got is not wanted:
        raise ContractBroken(f"expected {wanted.value}, got {got.value}")
