"""The risk model keeps the contract of every read model, and counts nothing twice after a batch that was cut off."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec import msgpack

from contracts.read_models import WalletsKeys, checkpoint_of
from contracts.risk import PaymentFact
from contracts.risk_features import RINGS, RISK, RiskKeys, risk_subjects
from projectors.apply import Fenced, Outcome
from projectors.events import Batch, Event, decode_event
from projectors.rebuild import drop_keys, rebuild
from projectors.risk.facts import facts_of
from projectors.risk.target import APPLY_LUA, RiskTarget
from projectors.run import Projectors, Settings
from runtime.jetstream import NatsLink
from runtime.metrics import create_registry
from runtime.shutdown import Shutdown
from tests.projectors.contract import ContractBroken, withstand
from tests.projectors.places import Place, until
from tests.risk.histories import BEGIN_S, initiated, moment
from tests.support.book import RandomBook

CHECKPOINT_MOVES = "redis.call('HSET', KEYS[1], 'position', ARGV[3], 'recorded_at', ARGV[4])\n"
DUPLICATE_CHECK = "if last <= position then return 'duplicate' end\n"
GAP_CHECK = "if first ~= position + 1 then return 'gap' end\n"
OWN_POSITION = "    if hash.position >= fact.position then return true end\n"
DATA_BEGINS = "local facts, layout, met_since = unpack(cmsgpack.unpack(ARGV[5]))\n"

FAULTS = {
    "moves the checkpoint before the data": (
        APPLY_LUA.replace(CHECKPOINT_MOVES, "").replace(DATA_BEGINS, CHECKPOINT_MOVES + DATA_BEGINS)
    ),
    "calls a repetition applied": APPLY_LUA.replace(DUPLICATE_CHECK, DUPLICATE_CHECK.replace("duplicate", "applied")),
    "jumps over a gap": APPLY_LUA.replace(GAP_CHECK, ""),
    "forgets the checkpoint": APPLY_LUA.replace(CHECKPOINT_MOVES, ""),
    "counts again what a batch that was cut off had counted": APPLY_LUA.replace(OWN_POSITION, ""),
    "swallows a failing store": APPLY_LUA.replace("redis.call(", "redis.pcall("),
}


def events_of(place: Place, events: int = 240) -> list[Event]:
    lines = RandomBook(seed=3, ledger=place.ledger).write(events)
    return [decode_event(line.position, line.body, ledger=place.ledger) for line in lines]


async def dump(client: Any, keys: RiskKeys) -> dict[str, Any]:
    """Everything the model holds, by name without prefix."""
    content: dict[str, Any] = {}
    async for key in client.scan_iter(match=f"{keys.prefix}*", count=1000):
        name = key.decode().removeprefix(keys.prefix)
        is_hash = await client.type(key) == b"hash"
        content[name] = await (client.hgetall(key) if is_hash else client.zrange(key, 0, -1, withscores=True))
    return content


async def tell(place: Place, script: str) -> None:
    """Tell the story of every read model to a target with this script."""
    events = events_of(place)
    keys, reference = RiskKeys(place.ledger), RiskKeys(f"{place.ledger}_whole")
    whole = RiskTarget(place.servers.redis_url, reference)
    target = RiskTarget(place.servers.redis_url, keys, script=script)
    third = len(events) // 3
    last_payment = [event for event in events[third : 2 * third] if event.envelope.type == "payment_initiated"][-1]
    stands_in_the_way = f"{keys.prefix}payers:{last_payment.data.creditor_account_id}"  # type: ignore[attr-defined]
    kept: list[Any] = []

    async def sabotage(active: bool) -> None:
        # A string where the last payment of the batch needs a sorted set: the rest of the batch is counted by then.
        if active:
            kept[:] = await place.redis.zrange(stands_in_the_way, 0, -1, withscores=True)
            await place.redis.delete(stands_in_the_way)
            await place.redis.set(stands_in_the_way, "sabotage")
        else:
            await place.redis.delete(stands_in_the_way)
            if kept:
                await place.redis.zadd(stands_in_the_way, dict(kept))

    try:
        for start in range(0, len(events), 60):
            await whole.apply(Batch(events[start : start + 60], caught_up=True))
        await withstand(
            target,
            events,
            read=lambda: dump(place.redis, keys),
            expected=await dump(place.redis, reference),
            sabotage=sabotage,
        )
    finally:
        await whole.close()
        await target.close()


async def test_the_risk_model_withstands_repetition_gaps_and_a_failing_store(place: Place) -> None:
    await tell(place, APPLY_LUA)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_does_not_withstand_it(place: Place, fault: str) -> None:
    assert FAULTS[fault] != APPLY_LUA, "the script changed: plant the fault anew"
    with pytest.raises(ContractBroken):
        await tell(place, FAULTS[fault])


async def test_nothing_lives_for_ever_and_a_busy_pair_stays_small(place: Place) -> None:
    keys, client = RiskKeys(place.ledger), place.redis
    target = RiskTarget(place.servers.redis_url, keys)
    facts = [initiated(n, BEGIN_S + 40 * n, ("alice", f"p{n}", "phone", "EUR"), n) for n in range(1, 1_501)]
    await target.apply_facts(facts, first=1, last=1_500, recorded_at=moment(BEGIN_S))
    names = [key async for key in client.scan_iter(match=f"{keys.prefix}*", count=1000)]
    forever = [key for key in names if await client.ttl(key) < 0]
    assert forever == [keys.checkpoint.encode()]
    assert await client.zcard(f"{keys.prefix}payees:alice") <= 1_000
    sizes = {ring.name: ring.slots for ring in RINGS}
    assert await client.hlen(f"{keys.prefix}customer:alice") == 3 + 2 * len(sizes)
    held = {name: len(msgpack.decode(await client.hget(f"{keys.prefix}customer:alice", name))) for name in sizes}
    assert all(held[name] <= 3 * slots for name, slots in sizes.items())
    assert held["m"] == 3 * sizes["m"]
    await target.close()


async def test_a_rebuild_empties_the_model_and_a_fence_stops_the_projector(place: Place) -> None:
    keys = RiskKeys(place.ledger)
    target = RiskTarget(place.servers.redis_url, keys)
    events = events_of(place)
    assert await target.apply(Batch(events[:50], caught_up=False)) is Outcome.APPLIED
    await place.redis.hset(keys.checkpoint, "fence", "rebuild")
    assert await target.apply(Batch(events[50:60], caught_up=False)) is Outcome.FENCED
    with pytest.raises(Fenced, match="bursar rebuild risk"):
        await target.checkpoint()
    assert await drop_keys(place.servers.redis_url, keys, model=RISK) > 0
    assert await dump(place.redis, keys) == {}
    assert await target.checkpoint() == 0
    await target.close()


async def test_the_process_keeps_the_model_level_and_a_rebuild_makes_the_same_again(place: Place) -> None:
    lines = RandomBook(seed=9, ledger=place.ledger).write(150)
    await place.record(lines)
    keys, registry = RiskKeys(place.ledger), create_registry()
    settings = Settings(
        database_url=place.reader_dsn,
        nats_url=place.servers.nats_url,
        redis_url=place.servers.redis_url,
        lake_dir=str(place.lake_dir),
        ledger=place.ledger,
    )
    link = NatsLink(settings.nats_url, name="tests", shutdown=Shutdown(), registry=registry)
    projectors = Projectors(settings, place.book, link, registry=registry)
    running = [asyncio.create_task(task) for task in projectors.tasks().values()]

    async def level() -> bool:
        return checkpoint_of(await place.redis.hgetall(keys.checkpoint)).position == lines[-1].position

    try:
        await until(level, "the risk model is level with the book")
        before = await dump(place.redis, keys)
        assert any(name.startswith("customer:") for name in before)
        assert await rebuild(RISK, settings) == len(before) - 1  # the checkpoint is not counted
        await until(level, "the risk model is level again")
        assert await dump(place.redis, keys) == before
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await projectors.close()
        await link.close()


def test_the_adapter_reads_every_kind_of_payment_event(place: Place) -> None:
    events = events_of(place, 600)
    facts: list[PaymentFact] = list(facts_of(events))
    wanted = {"payment_initiated": "initiated", "payment_settled": "settled", "payment_rejected": "rejected"}
    expected = {event.position: wanted[event.envelope.type] for event in events if event.envelope.type in wanted}
    assert {fact.position: fact.kind for fact in facts} == expected
    assert {"initiated", "settled"} <= set(expected.values())
    assert WalletsKeys(place.ledger).prefix != RiskKeys(place.ledger).prefix


@pytest.mark.parametrize(
    ("customer", "debtor", "creditor", "party", "expected"),
    [
        ("cust_1", "customers:a:eur", "customers:b:eur", None, ("cust_1", "customers:b:eur")),
        (None, "customers:a:eur", "customers:b:eur", None, ("customers:a:eur", "customers:b:eur")),
        ("cust_1", "customers:a:eur", None, "payee_ab", ("cust_1", "payee_ab")),
        (None, None, "customers:a:eur", "payee_ab", ("customers:a:eur", "payee_ab")),
    ],
    ids=["between customers", "between accounts", "to an IBAN", "a top-up"],
)
def test_door_and_projector_agree_on_whom_a_payment_counts_for(
    customer: str | None, debtor: str | None, creditor: str | None, party: str | None, expected: tuple[str, str]
) -> None:
    subjects = risk_subjects(
        customer_id=customer, debtor_account_id=debtor, creditor_account_id=creditor, party_id=party
    )
    assert subjects == expected
