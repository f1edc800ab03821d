"""The scorer over a real Valkey: figures in, a decision out, and a decision also when Redis is slow, dead or behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from cli.devstack import Servers, running_servers
from command_api.risk.lag import HeadWatch
from command_api.risk.reading import FAILURES_MAX, READ_DEADLINE_S, FeaturesUnavailable, Read, RedisFigures
from command_api.risk.scorer import RiskMetrics, Scorer
from command_api.risk.shelf import ActivePolicy, Shelf
from contracts.risk import PaymentFact, RiskAssessment, RiskContext
from contracts.risk_features import RiskKeys
from projectors.risk.target import RiskTarget
from runtime.clock import FixedClock, SystemClock
from runtime.postgres import create_pool
from runtime.shutdown import Shutdown
from tests.projectors.places import Place, until
from tests.risk.histories import BEGIN_S, context_of, initiated, moment
from tests.support.book import RandomBook
from tests.support.tcp_proxy import proxying

WITHIN_S = 5.0  # far above the deadline, because the machine may be shared; far below forever
PAYMENT = context_of("alice", "shop", "phone", "EUR", 2_500)


class Door:
    """A scorer over one ledger's keys."""

    def __init__(self, url: str, keys: RiskKeys, folder: Path, *, deadline_s: float = READ_DEADLINE_S) -> None:
        self.clock = FixedClock(moment(BEGIN_S + 60))
        self.registry = CollectorRegistry()
        self.source = RedisFigures(url, keys, deadline_s=deadline_s)
        active = ActivePolicy(Shelf(folder), clock=self.clock)
        self.head: int | None = None
        metrics = RiskMetrics(self.registry)
        self.scorer = Scorer(self.source, active, clock=self.clock, metrics=metrics, head=lambda: self.head)

    async def assess(self, context: RiskContext = PAYMENT) -> RiskAssessment:
        return await self.scorer.assess(context)

    async def recovered(self) -> RiskAssessment:
        """Assess until Redis answers again, which must be soon."""
        give_up_at = time.monotonic() + 10.0
        while (found := await self.assess()).degraded:
            assert time.monotonic() < give_up_at, "still degraded"
            await asyncio.sleep(0.02)
        return found


@pytest.fixture
async def door(
    servers: Servers, new_keys: Callable[[], RiskKeys], tmp_path: Path
) -> AsyncIterator[tuple[Door, RiskTarget]]:
    keys = new_keys()
    made, target = Door(servers.redis_url, keys, tmp_path, deadline_s=5.0), RiskTarget(servers.redis_url, keys)
    yield made, target
    await made.source.close()
    await target.close()


def settled_before(times: int) -> list[PaymentFact]:
    """A customer who paid the shop from the phone that many times."""
    facts: list[PaymentFact] = []
    for number in range(times):
        position = 2 * number + 1
        facts.append(initiated(position, BEGIN_S, ("alice", "shop", "phone", "EUR"), 2_000))
        facts.append(PaymentFact(position=position + 1, kind="settled", payment_id=f"pay_{position}", at=BEGIN_S))
    return facts


async def test_somebody_unknown_is_new_and_somebody_known_is_not(door: tuple[Door, RiskTarget]) -> None:
    made, target = door
    unknown = await made.assess()
    assert not unknown.degraded
    assert unknown.reasons == ("NEW_PAYEE", "NEW_DEVICE")
    await target.apply_facts(settled_before(6), first=1, last=12, recorded_at=moment(BEGIN_S))
    known = await made.assess()
    assert (known.decision, known.score, known.reasons) == ("allow", 0, ())
    assert known.features["customer_payments_1h"] == 7
    assert known.features["typical_payments"] == 6


async def test_the_same_inputs_give_the_same_assessment(door: tuple[Door, RiskTarget]) -> None:
    made, target = door
    await target.apply_facts(settled_before(3), first=1, last=6, recorded_at=moment(BEGIN_S))
    assert await made.assess() == await made.assess()


async def test_a_model_far_behind_the_book_is_not_relied_on(door: tuple[Door, RiskTarget]) -> None:
    made, _ = door
    made.head = 2_000
    assert not (await made.assess()).degraded
    made.head = 2_001
    found = await made.assess()
    assert (found.decision, found.degraded, found.reasons) == ("challenge", True, ("FEATURES_BEHIND",))


async def test_a_model_that_is_being_emptied_is_not_relied_on(servers: Servers, door: tuple[Door, RiskTarget]) -> None:
    from runtime.redis_client import connect_redis

    made, target = door
    client = await connect_redis(servers.redis_url)
    await client.hset(target._keys.checkpoint, "fence", "rebuild")
    assert (await made.assess()).reasons == ("FEATURES_UNAVAILABLE",)
    await client.delete(target._keys.checkpoint)
    await client.aclose()
    assert not (await made.assess()).degraded


async def test_a_slow_redis_costs_the_deadline_and_asks_the_policy(servers: Servers, tmp_path: Path) -> None:
    """Behind a proxy that passes nothing on any more: the policy decides, and soon again the figures."""
    address, port = servers.redis_url.rpartition("@")[2].split("/")[0].split(":")
    async with proxying(address, int(port)) as proxy:
        url = servers.redis_url.replace(f":{port}/", f":{proxy.port}/")
        made = Door(url, RiskKeys("risk_slow"), tmp_path, deadline_s=0.1)
        await made.recovered()
        proxy.fall_silent()
        began = time.perf_counter()
        small = await made.assess()
        assert time.perf_counter() - began < WITHIN_S
        assert (small.degraded, small.decision, small.reasons) == (True, "challenge", ("FEATURES_UNAVAILABLE",))
        proxy.fall_silent()  # the connection that was opened meanwhile, if any
        await made.recovered()  # later connections pass
        await made.source.close()


async def test_a_stopped_valkey_never_allows_and_comes_back(tmp_path: Path) -> None:
    async with running_servers(tmp_path / "stack") as own:
        made = Door(own.redis_url, RiskKeys("risk_stopped"), tmp_path / "rules", deadline_s=0.5)
        assert not (await made.assess()).degraded
        await own.stop_one("valkey")
        for amount, expected in ((100, "challenge"), (49_999, "challenge"), (50_000, "review"), (10**9, "review")) * 3:
            began = time.perf_counter()
            found = await made.assess(context_of("alice", "shop", "", "EUR", amount))
            assert time.perf_counter() - began < WITHIN_S
            assert (found.degraded, found.decision) == (True, expected)
        await own.start_one("valkey")
        assert (await made.recovered()).decision == "allow"
        await made.source.close()
        counted = made.registry.get_sample_value(
            "command_api_risk_assessments_total", {"decision": "review", "degraded": "true"}
        )
        assert counted == 6


async def test_a_dead_redis_is_left_alone_after_some_failures(tmp_path: Path) -> None:
    """From then on an assessment does not even try, for a moment."""
    source = RedisFigures("redis://127.0.0.1:1/0", RiskKeys("risk_dead"))
    said: list[str] = []
    for _ in range(FAILURES_MAX + 2):
        with pytest.raises(FeaturesUnavailable) as unavailable:
            await source.read(PAYMENT, now_s=BEGIN_S)
        said.append(str(unavailable.value))
    assert "does not answer" in said[0] or "did not answer" in said[0]
    assert "left alone" in said[-1]
    await source.close()


async def test_a_broken_rule_is_counted_and_not_silent(tmp_path: Path) -> None:
    """With figures given by hand, so that only the rule can be at fault."""
    from command_api.risk.memory import RiskMemory
    from command_api.risk.shelf import Wish
    from tests.risk.rules import HEAD, rule

    class Known:
        async def read(self, context: RiskContext, *, now_s: int) -> Read:
            return Read(RiskMemory().figures(context, now_s=now_s), 0, None)

    text = HEAD + rule("amount_minor / (customer_failed_1h + 0) > 1")
    shelf, clock, registry = Shelf(tmp_path), SystemClock(), CollectorRegistry()
    shelf.activate(Wish(ruleset=text.encode(), model=None, by="ops", why="a test"), at=clock.now())
    scorer = Scorer(Known(), ActivePolicy(shelf, clock=clock), clock=clock, metrics=RiskMetrics(registry))
    found = await scorer.assess(PAYMENT)
    assert (found.decision, found.reasons[0]) == ("review", "RULE_FAILED")
    assert registry.get_sample_value("command_api_risk_rule_failures_total", {"rule": "one"}) == 1


async def test_a_stall_of_this_process_is_not_taken_for_a_slow_redis(
    servers: Servers, new_keys: Callable[[], RiskKeys]
) -> None:
    """The answer came while the event loop stood still beyond the deadline; it counts."""
    source = RedisFigures(servers.redis_url, new_keys(), deadline_s=0.25)
    await source.read(PAYMENT, now_s=BEGIN_S)
    reading = asyncio.create_task(source.read(PAYMENT, now_s=BEGIN_S))
    for _ in range(10):  # the question is sent
        await asyncio.sleep(0)
    time.sleep(0.5)  # noqa: ASYNC251 - the stall
    assert (await reading).position == 0
    await source.close()


async def test_the_head_of_the_book_is_known_at_the_door(place: Place) -> None:
    pool = await create_pool(place.reader_dsn, application_name="tests", size_max=1)
    watch, shutdown = HeadWatch(pool, ledger=place.ledger), Shutdown()
    assert watch.position is None
    lines = RandomBook(seed=1, ledger=place.ledger).write(5)
    await place.record(lines)
    running = asyncio.create_task(watch.run(shutdown))

    async def level() -> bool:
        return watch.position == lines[-1].position

    await until(level, "the head is known")
    shutdown.request("the test is over")
    await running
    await pool.close()
