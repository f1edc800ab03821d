"""Recalls over real sockets: what the rail concludes from a bank that misbehaves, and what the bank has done."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from contracts.iso20022.bank_messages import read_message
from contracts.iso20022.pacs import CreditTransferInstruction, PaymentReturn
from contracts.iso20022.recalls import RecallAnswer, RecallRequest
from projectors.rails.rail import Accepted, Pending, RailAnswer, RecallingRail, Rejected, Unknown
from projectors.rails.sct_inst import SctInst
from tests.rails.counterparties import iban_ending, instruction, rail_to, simulated
from tests.rails.receiver import receiving

POLL_S = 0.02
REFUSING_IBAN = iban_ending("9961")
OPTIONS = ("--pending-s", "0.1")


def recall_of(one: CreditTransferInstruction, *, name: str = "rcl_9") -> RecallRequest:
    return RecallRequest(
        recall_id=f"{one.instruction_id}.{name}",
        created_at=datetime(2026, 11, 30, 9, tzinfo=UTC),
        from_bic="BURSDEFF",
        original_instruction_id=one.instruction_id,
        original_end_to_end_id=one.end_to_end_id,
        original_uetr=one.uetr,
        amount_minor=one.amount_minor,
        currency=one.currency,
        scale=one.scale,
        settled_on=date(2026, 11, 30),
        reason_code="DUPL",
    )


async def answered(rail: SctInst, request: RecallRequest) -> RailAnswer:
    """Ask until it is decided; the test's own time limit ends a wait without end."""
    answer: RailAnswer = Pending()
    while not isinstance(answer, Accepted | Rejected):
        answer = await rail.recall(request)
        await asyncio.sleep(POLL_S)
    return answer


async def test_an_agreed_recall_comes_back_once_and_is_said_by_message(tmp_path: Path) -> None:
    one = instruction("recalled")
    async with (
        receiving() as inbox,
        simulated("bank", tmp_path, *OPTIONS, "--callback-url", inbox.url) as bank,
        rail_to(bank) as rail,
    ):
        inbox.secrets = [(bank.folder / "bank/webhook.secret").read_text()]
        assert isinstance(rail, RecallingRail)
        await rail.send(one)
        assert isinstance(await rail.recall(recall_of(one)), Pending)
        assert isinstance(await answered(rail, recall_of(one)), Accepted)
        messages = [read_message(body)[0] for _, body in await inbox.take(2)]
        again = await answered(rail, recall_of(one, name="rcl_10"))
        audit = await bank.audit()

    returned = next(message for message in messages if isinstance(message, PaymentReturn))
    assert (returned.original_instruction_id, returned.returned_minor) == (one.instruction_id, one.amount_minor)
    assert returned.reason_code == "FOCR"
    answer = next(message for message in messages if isinstance(message, RecallAnswer))
    assert (answer.recall_id, answer.status) == (recall_of(one).recall_id, "ACCR")
    assert again == Rejected("ARDT")
    assert audit["returns"] == [one.instruction_id]


async def test_a_refused_recall_and_one_of_nothing_move_nothing(tmp_path: Path) -> None:
    refused, never_sent = replace(instruction("kept"), creditor_iban=REFUSING_IBAN), instruction("never")
    async with simulated("bank", tmp_path, *OPTIONS) as bank, rail_to(bank) as rail:
        await rail.send(refused)
        assert await answered(rail, recall_of(refused)) == Rejected("CUST")
        assert await answered(rail, recall_of(never_sent)) == Rejected("NOOR")
        other = replace(recall_of(refused), amount_minor=1)
        await rail.recall(other)
        audit = await bank.audit()
    assert audit["returns"] == []
    assert [one["state"] for one in audit["recalls"]] == ["refused", "refused"]
    assert [one["rule"] for one in audit["violations"]] == ["same recall id with another content"]


@pytest.mark.parametrize("seed", range(3))
async def test_a_hostile_bank_that_is_killed_answers_every_recall_once_and_truly(tmp_path: Path, seed: int) -> None:
    ones = [instruction(f"{seed}-{number}") for number in range(25)]
    options = ("--misbehave", "hostile", "--seed", str(seed), "--time-limit-s", "300")
    async with simulated("bank", tmp_path, *OPTIONS, *options) as bank, rail_to(bank) as rail:
        await asyncio.gather(*(rail.send(one) for one in ones))
        asking = [asyncio.create_task(answered(rail, recall_of(one))) for one in ones]
        await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        bank.kill()
        await bank.start()
        answers = await asyncio.gather(*asking)
        audit = await bank.audit()
    agreed = {
        recall_of(one).recall_id for one, answer in zip(ones, answers, strict=True) if isinstance(answer, Accepted)
    }
    assert {one["recall_id"] for one in audit["recalls"] if one["state"] == "accepted"} == agreed
    assert {type(answer) for answer in answers} == {Accepted, Rejected}
    assert audit["violations"] == []


async def test_a_wrong_answer_concludes_nothing(tmp_path: Path) -> None:
    """The bank has not decided; whatever else it seems to say (another's yes, yes and no at once) is no answer."""
    ones = [instruction(f"undecided-{number}") for number in range(30)]
    hostile = ("--misbehave", "hostile", "--pending-s", "60", "--time-limit-s", "300")
    async with simulated("bank", tmp_path, *hostile) as bank, rail_to(bank) as rail:
        said = [
            answer for _ in range(3) for answer in await asyncio.gather(*(rail.recall(recall_of(one)) for one in ones))
        ]
    assert {type(answer) for answer in said} == {Pending, Unknown}
