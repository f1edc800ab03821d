"""The contract of a target, kept by the real one and broken by each planted fault."""

from __future__ import annotations

import pytest

from contracts.read_models import WalletsKeys
from projectors.events import Batch, decode_event
from projectors.wallets.target import APPLY_LUA, WalletsTarget
from tests.projectors.contract import ContractBroken, withstand
from tests.projectors.dumps import dump_wallets
from tests.projectors.places import Place
from tests.support.book import RandomBook

CHECKPOINT_MOVES = "redis.call('HSET', KEYS[1], 'position', ARGV[3], 'recorded_at', ARGV[4])\n"
DUPLICATE_CHECK = "if last <= position then return 'duplicate' end\n"
GAP_CHECK = "if first ~= position + 1 then return 'gap' end\n"
DATA_BEGINS = "local changes = cmsgpack.unpack(ARGV[5])\n"

FAULTS = {
    "moves the checkpoint before the data": (
        APPLY_LUA.replace(CHECKPOINT_MOVES, "").replace(DATA_BEGINS, CHECKPOINT_MOVES + DATA_BEGINS)
    ),
    "applies a batch twice": APPLY_LUA.replace(DUPLICATE_CHECK, "").replace(GAP_CHECK, ""),
    "calls a repetition applied": APPLY_LUA.replace(DUPLICATE_CHECK, DUPLICATE_CHECK.replace("duplicate", "applied")),
    "jumps over a gap": APPLY_LUA.replace(GAP_CHECK, ""),
    "forgets the checkpoint": APPLY_LUA.replace(CHECKPOINT_MOVES, ""),
    "swallows a failing store": APPLY_LUA.replace(
        "redis.call(unpack(command))", "redis.pcall(unpack(command))"
    ).replace("redis.call('HINCRBY'", "redis.pcall('HINCRBY'"),
}


async def tell(place: Place, script: str) -> None:
    """Tell the story to a target with this script."""
    book = RandomBook(seed=3, ledger=place.ledger)
    events = [decode_event(line.position, line.body, ledger=place.ledger) for line in book.write(150)]
    reference = WalletsKeys(f"{place.ledger}_whole")
    whole = WalletsTarget(place.servers.redis_url, reference)
    target = WalletsTarget(place.servers.redis_url, place.keys, script=script)
    totals = place.keys.totals

    async def sabotage(active: bool) -> None:
        # The counters are the last data of a batch: a string in their place fails it there.
        if active:
            await place.redis.rename(totals, f"{place.ledger}:hidden")
            await place.redis.set(totals, "sabotage")
        else:
            await place.redis.delete(totals)
            await place.redis.rename(f"{place.ledger}:hidden", totals)

    try:
        for start in range(0, len(events), 60):
            await whole.apply(Batch(events[start : start + 60], caught_up=True))
        await withstand(
            target,
            events,
            read=lambda: dump_wallets(place.redis, place.keys),
            expected=await dump_wallets(place.redis, reference),
            sabotage=sabotage,
        )
    finally:
        await whole.close()
        await target.close()


async def test_the_wallets_model_withstands_repetition_gaps_and_a_failing_store(place: Place) -> None:
    await tell(place, APPLY_LUA)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_does_not_withstand_it(place: Place, fault: str) -> None:
    assert FAULTS[fault] != APPLY_LUA, "the script changed: plant the fault anew"
    with pytest.raises(ContractBroken):
        await tell(place, FAULTS[fault])
