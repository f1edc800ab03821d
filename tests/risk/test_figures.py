"""The risk model says the same in Redis, in memory, and counted plainly, however the events came."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cli.devstack import Servers
from command_api.risk.features import Figures
from command_api.risk.memory import RiskMemory
from command_api.risk.reading import READ_LUA, RedisFigures
from contracts.risk import PaymentFact
from contracts.risk_features import RiskKeys
from projectors.apply import Outcome
from projectors.risk.target import APPLY_LUA, RiskTarget
from tests.risk.histories import BEGIN_S, CURRENCIES, CUSTOMERS, DEVICES, PAYEES, context_of, counted, histories, moment

Keys = Callable[[], RiskKeys]
EXAMPLES = 40
LATER_S = (0, 1, 300, 3_600, 86_400, 7 * 86_400)

QUESTIONS = [
    context_of(customer, payee, device, currency)
    for customer in CUSTOMERS
    for payee in PAYEES
    for device in DEVICES
    for currency in CURRENCIES
]
a_setting = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


async def deliver(target: RiskTarget, facts: Sequence[PaymentFact], ends: Sequence[int]) -> None:
    """Deliver in batches that end at these positions, each of them twice."""
    first = 1
    for end in [*sorted({end for end in ends if end < facts[-1].position}), facts[-1].position]:
        batch = [fact for fact in facts if first <= fact.position <= end]
        for expected in (Outcome.APPLIED, Outcome.DUPLICATE):
            outcome = await target.apply_facts(batch, first=first, last=end, recorded_at=moment(batch[-1].at))
            assert outcome is expected
        first = end + 1


async def answers(url: str, keys: RiskKeys, now_s: int) -> list[Figures]:
    """Ask Redis every question; slowness is not what is tested here."""
    source = RedisFigures(url, keys, deadline_s=10.0)
    try:
        return await figures_at_once(source, now_s)
    finally:
        await source.close()


async def figures_at_once(source: RedisFigures, now_s: int) -> list[Figures]:
    """Ask about all payments at the same time, so that they share a round and each has to get its own answer."""
    reads = await asyncio.gather(*(source.read(question, now_s=now_s) for question in QUESTIONS))
    return [read.figures for read in reads]


@a_setting
@given(histories(), st.lists(st.integers(1, 25), max_size=6), st.sampled_from(LATER_S))
async def test_redis_says_what_counting_the_whole_history_says(
    servers: Servers, new_keys: Keys, facts: list[PaymentFact], ends: list[int], later_s: int
) -> None:
    """Whatever the batches and repetitions."""
    keys, now_s = new_keys(), facts[-1].at + later_s
    target = RiskTarget(servers.redis_url, keys)
    try:
        await deliver(target, facts, ends)
        assert await target.checkpoint() == facts[-1].position
    finally:
        await target.close()
    assert await answers(servers.redis_url, keys, now_s) == [counted(facts, asked, now_s) for asked in QUESTIONS]


@settings(max_examples=300, deadline=None)
@given(histories(), st.sampled_from(LATER_S))
def test_memory_says_what_counting_the_whole_history_says(facts: list[PaymentFact], later_s: int) -> None:
    memory = RiskMemory()
    for fact in facts:
        memory.learn(fact)
    now_s = facts[-1].at + later_s
    assert [memory.figures(asked, now_s=now_s) for asked in QUESTIONS] == [
        counted(facts, asked, now_s) for asked in QUESTIONS
    ]


DUPLICATE_CHECK = "if last <= position then return 'duplicate' end\nif first ~= position + 1 then return 'gap' end\n"
OWN_POSITION = "    if hash.position >= fact.position then return true end\n"
SETTLED = "if fact.kind == 'settled' then"
CAPPED = "math.min(one + held[at + 1], layout.figure_max)"


def in_apply(old: str, new: str) -> tuple[str, str]:
    """The scripts with one place of the first changed."""
    return APPLY_LUA.replace(old, new), READ_LUA


def in_read(old: str, new: str) -> tuple[str, str]:
    """The scripts with one place of the second changed."""
    return APPLY_LUA, READ_LUA.replace(old, new)


FAULTS: dict[str, tuple[str, str]] = {
    "a window is one bucket short": in_read("held[at] <= window[3]", "held[at] < window[3]"),
    "a window is one bucket long": in_read("held[at] <= window[3]", "held[at] <= window[3] + 1"),
    "a repeated batch counts again": (
        APPLY_LUA.replace(DUPLICATE_CHECK, "local again = last <= position\n")
        .replace(OWN_POSITION, "")
        .replace("return 'applied'", "return again and 'duplicate' or 'applied'"),
        READ_LUA,
    ),
    "an old bucket is added to": in_apply("newest > 0 and held[newest] >= bucket", "newest > 0"),
    "a bucket is dropped too early": in_apply("> bucket - ring[3]", "> bucket - ring[3] + 1"),
    "rejections are not counted": in_apply("fact, 0, 1)", "fact, 0, 0)"),
    "a payee is known by an attempt": in_apply(
        SETTLED, f"know('payee', payment.customer, payment.payee, fact) {SETTLED}"
    ),
    "sums of a window do not stop": in_read(CAPPED, "one + held[at + 1]"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_is_found(servers: Servers, new_keys: Keys, fault: str) -> None:
    """The comparison above, with one line of a script changed, fails."""
    apply, read = FAULTS[fault]
    assert (apply, read) != (APPLY_LUA, READ_LUA), "the scripts changed: plant the fault anew"
    differences = 0
    for facts in planted_histories():
        keys, now_s = new_keys(), facts[-1].at
        target = RiskTarget(servers.redis_url, keys, script=apply)
        client: Any = RedisFigures(servers.redis_url, keys, deadline_s=10.0, script=read)
        try:
            await deliver(target, facts, [3, 9])
            found = await figures_at_once(client, now_s)
        finally:
            await target.close()
            await client.close()
        differences += found != [counted(facts, asked, now_s) for asked in QUESTIONS]
    assert differences


def planted_histories() -> list[list[PaymentFact]]:
    """A few histories of the same kind as above, always the same."""
    drawn: list[list[PaymentFact]] = []

    @settings(
        max_examples=25, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(histories())
    def draw(facts: list[PaymentFact]) -> None:
        drawn.append(facts)

    draw()
    assert drawn
    assert all(facts[0].at >= BEGIN_S for facts in drawn)
    return drawn
