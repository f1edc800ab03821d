"""Every way in which the bank can be wrong, over real sockets: what the rail concludes, and what the bank has done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from cli.simulators.misbehaviour import OUT_OF, PROFILES, Kind, treatment_of
from contracts.iso20022.pacs import CreditTransferInstruction
from projectors.rails.rail import Accepted, NotFound, Pending, RailAnswer, Rejected, Unknown
from projectors.rails.sct_inst import SctInst
from tests.rails.counterparties import POLL_S, Counterparty, iban_ending, instruction, rail_to, simulated

UNKNOWN, PENDING, ACCEPTED = Unknown, Pending, Accepted

# First answer to a sending; what an inquiry then says; whether the bank has executed it in the end.
EXPECTED: dict[Kind, tuple[type, type, bool]] = {
    Kind.LATE: (UNKNOWN, ACCEPTED, True),
    Kind.PENDING: (PENDING, PENDING, True),
    Kind.DAWDLING: (UNKNOWN, PENDING, True),
    Kind.SILENT: (UNKNOWN, ACCEPTED, True),
    Kind.LOST: (UNKNOWN, NotFound, False),
    Kind.UNAVAILABLE: (UNKNOWN, NotFound, False),
    Kind.TWICE: (ACCEPTED, ACCEPTED, True),
    Kind.MALFORMED: (UNKNOWN, ACCEPTED, True),
    Kind.EMPTY: (UNKNOWN, ACCEPTED, True),
    Kind.CONTRADICTORY: (UNKNOWN, ACCEPTED, True),
    Kind.WRONG_IDS: (UNKNOWN, Rejected, False),
    Kind.DRIP: (UNKNOWN, ACCEPTED, True),
    Kind.FLOOD: (UNKNOWN, ACCEPTED, True),
}


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.PROMPT])
async def test_a_wrong_answer_concludes_nothing_and_an_inquiry_tells(kind: Kind, tmp_path: Path) -> None:
    first, inquired, is_executed = EXPECTED[kind]
    async with (
        simulated("bank", tmp_path, "--misbehave", f"always-{kind}", "--pending-s", "3") as bank,
        rail_to(bank) as rail,
    ):
        one = instruction(kind.value)
        answer = await rail.send(one)
        assert type(answer) is first, answer
        assert type(await rail.inquire(one)) is inquired

        if inquired is NotFound:
            assert await rail.send(one) == await rail.inquire(one)
            is_executed = True
        if inquired is Pending:
            await settled(rail, one)
        audit = await bank.audit()
        assert [line["end_to_end_id"] for line in audit["executed"]] == [one.end_to_end_id] * is_executed
        assert audit["violations"] == []


async def settled(rail: SctInst, one: CreditTransferInstruction) -> RailAnswer:
    """Ask until it is decided; the test's own time limit ends a wait without end."""
    answer: RailAnswer = Pending()
    while isinstance(answer, Pending):
        answer = await rail.inquire(one)
        await asyncio.sleep(POLL_S)
    return answer


@pytest.fixture(scope="module")
async def honest(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Counterparty]:
    async with simulated("bank", tmp_path_factory.mktemp("honest")) as bank:
        yield bank


async def test_a_prompt_bank_executes_and_says_so(honest: Counterparty) -> None:
    async with rail_to(honest) as rail:
        assert isinstance(await rail.send(instruction("plain")), Accepted)


async def test_sending_again_is_one_payment_with_one_answer(honest: Counterparty) -> None:
    one = instruction("again")
    async with rail_to(honest) as rail:
        answers = [await rail.send(one) for _ in range(3)]
    audit = await honest.audit()
    assert len(set(answers)) == 1
    assert sum(line["instruction_id"] == one.instruction_id for line in audit["executed"]) == 1
    assert audit["repeated_instructions"][one.instruction_id] == 3


async def test_the_same_id_with_another_amount_is_refused_and_counted(honest: Counterparty) -> None:
    one = instruction("other-amount")
    async with rail_to(honest) as rail:
        await rail.send(one)
        assert isinstance(await rail.send(replace(one, amount_minor=99)), Unknown)
        assert isinstance(await rail.inquire(one), Accepted)
    assert {"instruction_id": one.instruction_id, "rule": "same instruction id with another content"} in (
        await honest.audit()
    )["violations"]


async def test_what_is_older_than_the_time_limit_is_not_sent(honest: Counterparty) -> None:
    async with rail_to(honest) as rail:
        answer = await rail.send(instruction("old", age_s=10.1))
    assert isinstance(answer, Unknown)
    assert not answer.sent


async def test_the_bank_refuses_what_arrives_after_the_time_limit(tmp_path: Path) -> None:
    async with simulated("bank", tmp_path, "--time-limit-s", "2", "--margin-s", "0") as bank, rail_to(bank) as rail:
        one = instruction("stale", age_s=3)
        assert await rail.send(one) == Rejected("AB06")
        assert await rail.inquire(one) == Rejected("AB06")
        assert (await bank.audit())["executed"] == []


async def test_what_never_came_is_final_when_the_bank_would_refuse_it(honest: Counterparty) -> None:
    async with rail_to(honest) as rail:
        assert await rail.inquire(instruction("never-now")) == NotFound(is_final=False)
        assert await rail.inquire(instruction("never-late", age_s=24)) == NotFound(is_final=False)
        assert await rail.inquire(instruction("never-old", age_s=26)) == NotFound(is_final=True)


@pytest.mark.parametrize(("ending", "reason"), [("9904", "AC04"), ("9906", "AC06"), ("9914", "AM14")])
async def test_a_refusal_has_the_reason_code(honest: Counterparty, ending: str, reason: str) -> None:
    async with rail_to(honest) as rail:
        one = instruction(f"refused-{ending}", creditor_iban=iban_ending(ending))
        assert await rail.send(one) == Rejected(reason)
        assert await rail.inquire(one) == Rejected(reason)


async def test_wrong_check_digits_are_refused(honest: Counterparty) -> None:
    async with rail_to(honest) as rail:
        assert await rail.send(instruction("digits", creditor_iban="DE00370400440532013000")) == Rejected("AC01")


async def test_what_cannot_be_written_is_refused_here(honest: Counterparty) -> None:
    async with rail_to(honest) as rail:
        assert await rail.send(instruction("text", creditor_name="a\x00b")) == Rejected("FF01")


def test_the_treatment_is_a_function_of_seed_and_id() -> None:
    names = [f"pay-{number}" for number in range(3000)]
    first = [treatment_of(7, "hostile", name) for name in names]
    assert first == [treatment_of(7, "hostile", name) for name in names]
    assert first != [treatment_of(8, "hostile", name) for name in names]
    assert set(first) == set(Kind)
    assert 0.28 < sum(kind is not Kind.PROMPT for kind in first) / len(first) < 0.38
    assert all(sum(shares.values()) <= OUT_OF for shares in PROFILES.values())
