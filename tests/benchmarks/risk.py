"""Assessing a payment at the door: full assessments beside bare round trips to the same Redis, in the same run."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from prometheus_client import CollectorRegistry

from command_api.risk.reading import RedisFigures
from command_api.risk.scorer import RiskMetrics, Scorer
from command_api.risk.shelf import ActivePolicy, Shelf
from contracts.risk import PaymentFact, RiskContext
from contracts.risk_features import RiskKeys
from projectors.risk.target import BATCH_EVENTS_MAX, RiskTarget
from runtime.clock import SystemClock
from runtime.redis_client import connect_redis

RATE_PER_S: Final = 200.0
ROUND_S: Final = 4.0
ROUNDS: Final = 3
CPU_CALLS: Final = 500
CUSTOMERS: Final = 500
HISTORY_PAYMENTS: Final = 10_000
HISTORY_STEP_S: Final = 120  # spread over two weeks, so that every ring is full of buckets


async def bench_risk(redis_url: str, folder: Path) -> dict[str, Any]:
    """RATE_PER_S assessments a second (open loop) in rounds with as many bare GETs; processor time of this process."""
    keys, clock = RiskKeys("bench"), SystemClock()
    await _remember(redis_url, keys, now_s=int(clock.now().timestamp()))
    source = RedisFigures(redis_url, keys)
    metrics = RiskMetrics(CollectorRegistry())
    scorer = Scorer(source, ActivePolicy(Shelf(folder), clock=clock), clock=clock, metrics=metrics)
    bare = await connect_redis(redis_url)
    degraded = 0

    async def assess(number: int) -> None:
        nonlocal degraded
        degraded += (await scorer.assess(_context(number))).degraded

    async def get(number: int) -> None:
        await bare.get(f"bench-{number}")

    await asyncio.gather(assess(0), get(0))  # connections and scripts
    ours: list[float] = []
    baseline: list[float] = []
    cpu_us: list[float] = []
    bare_cpu_us: list[float] = []
    for _ in range(ROUNDS):
        for work, seconds, cpu in ((assess, ours, cpu_us), (get, baseline, bare_cpu_us)):
            seconds += await _open_loop(work)
            cpu.append(await _cpu_us(work))
    await source.close()
    await bare.aclose()
    return {
        "rate_per_s": RATE_PER_S,
        "assessments": len(ours),
        "degraded": degraded,
        "p50_ms": _quantile_ms(ours, 0.5),
        "p99_ms": _quantile_ms(ours, 0.99),
        "bare_p50_ms": _quantile_ms(baseline, 0.5),
        "bare_p99_ms": _quantile_ms(baseline, 0.99),
        "ratio_p50": round(_quantile_ms(ours, 0.5) / _quantile_ms(baseline, 0.5), 2),
        "cpu_us": round(statistics.median(cpu_us)),
        "bare_cpu_us": round(statistics.median(bare_cpu_us)),
    }


async def _cpu_us(work: Callable[[int], Awaitable[None]]) -> float:
    """Processor time of one call in this process, one after the other, so that waking up for the next is not in it."""
    began = time.process_time()
    for number in range(CPU_CALLS):
        await work(number)
    return 1e6 * (time.process_time() - began) / CPU_CALLS


async def _open_loop(work: Callable[[int], Awaitable[None]]) -> list[float]:
    """Start one call at each due instant, whether or not earlier ones have ended; give each one's seconds."""
    seconds: list[float] = []

    async def timed(number: int) -> None:
        began = time.perf_counter()
        await work(number)
        seconds.append(time.perf_counter() - began)

    begin = time.perf_counter()
    running: list[asyncio.Task[None]] = []
    for number in range(int(RATE_PER_S * ROUND_S)):
        await asyncio.sleep(max(begin + number / RATE_PER_S - time.perf_counter(), 0))
        running.append(asyncio.create_task(timed(number)))
    await asyncio.gather(*running)
    return seconds


async def _remember(redis_url: str, keys: RiskKeys, *, now_s: int) -> None:
    """Give every customer a history."""
    target = RiskTarget(redis_url, keys)
    at = now_s - HISTORY_PAYMENTS * HISTORY_STEP_S
    facts: list[PaymentFact] = []
    for number in range(HISTORY_PAYMENTS):
        context, position = _context(number), 2 * number + 1
        at += HISTORY_STEP_S
        facts.append(
            PaymentFact(
                position=position,
                kind="initiated",
                payment_id=f"pay_{position}",
                at=at,
                customer_id=context.customer_id,
                payee_id=context.payee_id,
                device_id=context.device_id or "",
                currency=context.currency,
                amount_minor=context.amount_minor,
            )
        )
        facts.append(PaymentFact(position=position + 1, kind="settled", payment_id=f"pay_{position}", at=at))
    for start in range(0, len(facts), BATCH_EVENTS_MAX):
        batch = facts[start : start + BATCH_EVENTS_MAX]
        await target.apply_facts(
            batch, first=batch[0].position, last=batch[-1].position, recorded_at=SystemClock().now()
        )
    await target.close()


def _context(number: int) -> RiskContext:
    customer = number % CUSTOMERS
    return RiskContext(
        customer_id=f"c{customer}",
        account_id=f"customers:c{customer}:eur",
        payee_id=f"payee_{number % 50}",
        device_id=f"device_{customer}",
        amount_minor=1_000 + 37 * (number % 211),
        currency="EUR",
        scale=2,
    )


def _quantile_ms(seconds: list[float], share: float) -> float:
    ordered = sorted(seconds)
    return round(1_000 * ordered[int(share * (len(ordered) - 1))], 2)
