"""Deadline, bulkhead and breaker against counterparties that hang, drip and fail."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from projectors.rails.exchanging import checked_url
from projectors.rails.guard import RailLimits
from projectors.rails.rail import Accepted, RailAnswer, Unknown
from projectors.rails.sct_inst import SctInst
from tests.rails.counterparties import Counterparty, instruction, rail_to, simulated

OPEN_FOR_S = 0.4
BREAKING = RailLimits(answer_within_s=1.0, failures_to_open=3, open_for_s=OPEN_FOR_S)
POLL_S = 0.02


def gauge(registry: CollectorRegistry, name: str) -> float:
    value = registry.get_sample_value(name, {"rail": "sct_inst"})
    assert value is not None
    return value


def was_sent(answer: RailAnswer) -> bool:
    return not isinstance(answer, Unknown) or answer.sent


async def first_sent(rail: SctInst, name: str) -> RailAnswer:
    """Ask until the breaker lets a call through; the test's own time limit ends a wait without end."""
    number = 0
    while not was_sent(answer := await rail.send(instruction(f"{name}-{number}"))):
        number += 1
        await asyncio.sleep(POLL_S)
    return answer


async def test_the_breaker_opens_tries_and_closes(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    async with (
        simulated("bank", tmp_path, "--misbehave", "always-unavailable") as bank,
        rail_to(bank, limits=BREAKING, registry=registry) as rail,
    ):
        assert gauge(registry, "projectors_rail_breaker") == 0
        for number in range(BREAKING.failures_to_open):
            assert was_sent(await rail.send(instruction(f"fails-{number}")))
        assert gauge(registry, "projectors_rail_breaker") == 2
        began = time.perf_counter()
        assert not was_sent(await rail.send(instruction("kept")))
        assert time.perf_counter() - began < OPEN_FOR_S / 2

        assert isinstance(await first_sent(rail, "tries"), Unknown)  # still unavailable: open again
        assert gauge(registry, "projectors_rail_breaker") == 2

        bank.end()
        bank.options = ()
        await bank.start()
        assert isinstance(await first_sent(rail, "closes"), Accepted)
        assert gauge(registry, "projectors_rail_breaker") == 0


async def test_only_one_call_tries_a_circuit_that_was_open(tmp_path: Path) -> None:
    async with (
        simulated("bank", tmp_path, "--delay-ms", "300") as bank,
        rail_to(bank, limits=BREAKING) as rail,
    ):
        bank.kill()
        for number in range(BREAKING.failures_to_open):
            await rail.send(instruction(f"fails-{number}"))
        await bank.start()
        sent: list[RailAnswer] = []
        while not sent:
            answers = await asyncio.gather(*(rail.send(instruction(f"at-once-{number}")) for number in range(8)))
            sent = [answer for answer in answers if was_sent(answer)]
            await asyncio.sleep(POLL_S)
        assert len(sent) == 1
        assert isinstance(sent[0], Accepted)


async def test_a_bank_that_is_not_there_was_sent_nothing(tmp_path: Path) -> None:
    nobody = Counterparty("bank", tmp_path)
    async with rail_to(nobody) as rail:
        answer = await rail.send(instruction("nobody"))
    assert answer == Unknown("not sent: ConnectError", sent=False)


async def test_a_rail_that_hangs_leaves_the_other_within_its_time(tmp_path: Path) -> None:
    """Fault: one bank says nothing at all, or a byte at a time; the other one's customers do not notice."""
    registry = CollectorRegistry()
    hanging = RailLimits(answer_within_s=1.0, concurrency_max=4, waiting_max=4, wait_s=0.2, failures_to_open=1000)
    slow_folder, good_folder = tmp_path / "slow", tmp_path / "good"
    slow_folder.mkdir()
    good_folder.mkdir()
    async with (
        simulated("bank", slow_folder, "--misbehave", "always-drip") as slow_bank,
        simulated("bank", good_folder) as good_bank,
        rail_to(slow_bank, limits=hanging, registry=registry) as slow,
        rail_to(good_bank) as good,
    ):
        began = time.perf_counter()
        hanging_calls = [asyncio.create_task(slow.send(instruction(f"slow-{number}"))) for number in range(60)]
        took = []
        for number in range(20):
            start = time.perf_counter()
            assert isinstance(await good.send(instruction(f"good-{number}")), Accepted)
            took.append(time.perf_counter() - start)
            assert gauge(registry, "projectors_rail_in_flight") <= hanging.concurrency_max
        answers = await asyncio.gather(*hanging_calls)
        assert time.perf_counter() - began < 5
    assert sorted(took)[-2] < 0.5
    assert all(isinstance(answer, Unknown) for answer in answers)
    assert sum(was_sent(answer) for answer in answers) == hanging.concurrency_max
    assert gauge(registry, "projectors_rail_in_flight") == 0


async def test_a_cancelled_call_gives_its_place_back(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    limits = RailLimits(answer_within_s=30, concurrency_max=1, failures_to_open=1000)
    async with (
        simulated("bank", tmp_path, "--misbehave", "always-silent") as bank,
        rail_to(bank, limits=limits, registry=registry) as rail,
    ):
        call = asyncio.create_task(rail.send(instruction("cancelled")))
        while not (await bank.audit())["executed"]:
            await asyncio.sleep(POLL_S)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
        assert gauge(registry, "projectors_rail_in_flight") == 0
        assert isinstance(await rail.inquire(instruction("cancelled")), Accepted)


async def test_the_banks_own_delay_is_measured(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    async with (
        simulated("bank", tmp_path, "--delay-ms", "120") as bank,
        rail_to(bank, registry=registry) as rail,
    ):
        await rail.send(instruction("delayed"))
    assert gauge(registry, "projectors_rail_counterparty_seconds_sum") == 0.12


@pytest.mark.parametrize("url", ["https://bank.example", "http://127.0.0.1:8080", "http://localhost/rail"])
def test_money_goes_over_https_or_loopback(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize(
    "url",
    ["", "bank.example", "http://bank.example", "ftp://bank.example", "https://ann:pw@bank.example", "https://b/?a=1"],
)
def test_money_goes_nowhere_else(url: str) -> None:
    with pytest.raises(ValueError):
        checked_url(url)
