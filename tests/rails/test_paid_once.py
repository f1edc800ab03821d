"""Whatever is asked in whatever order, with a bank that lies and is killed: nothing is paid twice, and what the rail
says is true. Three clients that are a little wrong show that the check can fail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.iso20022 import pacs
from contracts.iso20022.pacs import CreditTransferInstruction
from projectors.rails.guard import RailLimits
from projectors.rails.rail import Accepted, NotFound, Pending, RailAnswer, Rejected, Unknown
from projectors.rails.sct_inst import SctInst
from tests.rails.counterparties import instruction, rail_to, simulated

LIMITS = RailLimits(answer_within_s=0.4, failures_to_open=100_000, concurrency_max=64)
TIME_LIMIT_S = 300
OPTIONS = ("--pending-s", "0.5", "--time-limit-s", str(TIME_LIMIT_S))
INSTRUCTIONS = 20
STEPS_MAX = 400
POLL_S = 0.02

Said = dict[str, list[RailAnswer]]
Client = Callable[[SctInst, CreditTransferInstruction, Said], Awaitable[None]]


def breaches(said: Said, audit: dict[str, Any]) -> list[str]:
    """Compare what the rail has said about each payment (by end-to-end id) with what the bank has done."""
    executed = {line["end_to_end_id"] for line in audit["executed"]}
    found = [f"{name} was executed {times} times" for name, times in audit["executed_more_than_once"].items()]
    found += [f"{one['instruction_id']}: {one['rule']}" for one in audit["violations"]]
    for name, answers in said.items():
        if any(isinstance(one, Accepted) for one in answers) and name not in executed:
            found.append(f"{name} is said to be accepted and was not executed")
        if any(isinstance(one, Rejected) for one in answers) and name in executed:
            found.append(f"{name} is said to be rejected and was executed")
    return found


async def to_the_end(rail: SctInst, one: CreditTransferInstruction, said: Said) -> None:
    """Be a good client: ask before sending again, and send the same again only if it never arrived."""
    heard = said[one.end_to_end_id]
    for _ in range(STEPS_MAX):
        answer = await (rail.send(one) if heard and heard[-1] == NotFound() else rail.inquire(one))
        heard.append(answer)
        if isinstance(answer, Accepted | Rejected):
            return
        if isinstance(answer, Pending):  # decided by time, not by asking
            await asyncio.sleep(POLL_S)
    raise AssertionError(f"undecided after {STEPS_MAX} steps: {heard[-3:]}")


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    plans=st.lists(
        st.lists(st.sampled_from(["send", "inquire"]), min_size=1, max_size=4),
        min_size=INSTRUCTIONS,
        max_size=INSTRUCTIONS,
    ),
    kill_in=st.sets(st.integers(0, 3), max_size=2),
)
@pytest.mark.slow
def test_nothing_is_paid_twice_and_what_the_rail_says_is_true(
    tmp_path_factory: pytest.TempPathFactory, seed: int, plans: list[list[str]], kill_in: set[int]
) -> None:
    folder = tmp_path_factory.mktemp("bank")
    said, audit = asyncio.run(asked(folder, seed, plans, kill_in))
    assert breaches(said, audit) == []
    assert all(isinstance(answers[-1], Accepted | Rejected) for answers in said.values())


async def asked(folder: Path, seed: int, plans: list[list[str]], kill_in: set[int]) -> tuple[Said, dict[str, Any]]:
    """Ask in rounds, everybody at once; in some rounds the bank is killed and starts again. Then go to the end."""
    ones = [instruction(f"{seed}-{number}") for number in range(len(plans))]
    said: Said = {one.end_to_end_id: [] for one in ones}
    async with (
        simulated("bank", folder, *OPTIONS, "--misbehave", "hostile", "--seed", str(seed)) as bank,
        rail_to(bank, limits=LIMITS, time_limit=timedelta(seconds=TIME_LIMIT_S)) as rail,
    ):

        async def ask(number: int, plan: list[str], turn: int) -> None:
            if turn < len(plan):
                call = rail.send if plan[turn] == "send" else rail.inquire
                said[ones[number].end_to_end_id].append(await call(ones[number]))

        for turn in range(max(len(plan) for plan in plans)):
            asking = [asyncio.create_task(ask(number, plan, turn)) for number, plan in enumerate(plans)]
            if turn in kill_in:
                await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
                bank.kill()
                await bank.start()
            await asyncio.gather(*asking)
        await asyncio.gather(*(to_the_end(rail, one, said) for one in ones))
        return said, await bank.audit()


async def pays_again_under_a_new_id(rail: SctInst, one: CreditTransferInstruction, said: Said) -> None:
    for attempt in range(1, 4):
        answer = await rail.send(replace(one, instruction_id=f"{one.instruction_id[:-1]}{attempt}"))
        said[one.end_to_end_id].append(answer)
        if not isinstance(answer, Unknown):
            return


async def takes_silence_for_a_refusal(rail: SctInst, one: CreditTransferInstruction, said: Said) -> None:
    answer = await rail.send(one)
    said[one.end_to_end_id].append(Rejected("MS03") if isinstance(answer, Unknown) else answer)


async def sends_once(rail: SctInst, one: CreditTransferInstruction, said: Said) -> None:
    said[one.end_to_end_id].append(await rail.send(one))


async def breaches_of(client: Client, folder: Path, *, profile: str, count: int) -> list[str]:
    """Let a client pay at a bank that misbehaves in one way; a planted fault must not depend on which way it met."""
    ones = [instruction(f"planted-{number}") for number in range(count)]
    said: Said = {one.end_to_end_id: [] for one in ones}
    async with (
        simulated("bank", folder, *OPTIONS, "--misbehave", profile) as bank,
        rail_to(bank, limits=LIMITS, time_limit=timedelta(seconds=TIME_LIMIT_S)) as rail,
    ):
        await asyncio.gather(*(client(rail, one, said) for one in ones))
        return breaches(said, await bank.audit())


async def test_sending_once_breaks_nothing(tmp_path: Path) -> None:
    assert await breaches_of(sends_once, tmp_path, profile="hostile", count=120) == []


async def test_planted_a_client_that_pays_again_under_a_new_id_is_caught(tmp_path: Path) -> None:
    found = await breaches_of(pays_again_under_a_new_id, tmp_path, profile="always-silent", count=10)
    assert any("times" in breach for breach in found)


async def test_planted_a_client_that_takes_silence_for_a_refusal_is_caught(tmp_path: Path) -> None:
    found = await breaches_of(takes_silence_for_a_refusal, tmp_path, profile="always-silent", count=10)
    assert any("rejected and was" in breach for breach in found)


async def test_planted_a_rail_that_does_not_compare_ids_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacs, "is_about", lambda report, one: True)
    found = await breaches_of(sends_once, tmp_path, profile="always-wrong-ids", count=10)
    assert any("accepted and was not" in breach for breach in found)
