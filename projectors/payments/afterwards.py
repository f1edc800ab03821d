"""What a rail is asked about a payment that has settled: to refund a part of it, to ask for it back.

Both are named after the payment and the wish, so that the rail knows a repetition. A refund moves money and is treated
as an instruction is: sent at most until the rail has answered anything, asked about ever after. A recall moves nothing,
so it is simply asked again; if the bank agrees, the money comes as a return, by a message of its own.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from contracts.card_processor import CardInstruction
from contracts.ids import afterwards_id, uetr_of
from contracts.iso20022.recalls import RecallRequest
from contracts.payment_codes import RailName
from projectors.payments.instructions import Institution
from projectors.payments.saga import (
    Ask,
    GiveUp,
    Recalling,
    Record,
    Refunding,
    SendAgain,
    next_move,
    next_recall_move,
)
from projectors.payments.telling import NOT_CONFIGURED_S, first_answer, settled, tell
from projectors.rails.rail import Rail, RecallingRail
from projectors.reactors.commands import CommandClient
from projectors.reactors.tasks import Again, Park, Result, Turn

Rails = Mapping[RailName, Rail[Any]]
Now = Callable[[], datetime]


async def ask_for_refund(turn: Turn, *, commands: CommandClient, rails: Rails, now: Now) -> Result:
    """Have the processor give back a part of a charge, and tell the book how that ended."""
    wish = msgspec.convert(turn.payload, Refunding)
    rail = rails.get(wish.rail)
    if rail is None:
        return Again(why=f"the rail {wish.rail} is not configured here", after_s=NOT_CONFIGURED_S)
    instruction = CardInstruction(
        instruction_id=wish.instruction_id,
        kind="refund",
        amount_minor=wish.amount_minor,
        currency=wish.currency,
        charge=wish.original_instruction_id,
    )
    answer = await (rail.inquire(instruction) if turn.resumed else first_answer(turn, instruction, rail))
    move = next_move(answer, rail=wish.rail, waited=now() - wish.requested_at, attempts=turn.attempts)
    if not isinstance(move, Record):
        return await _later(turn, move)
    outcome = "accepted" if move.outcome == "accepted" else "rejected"
    body = {"instruction_id": wish.instruction_id, "outcome": outcome, "reason_code": move.reason_code}
    return settled(await tell(commands, turn, wish.payment_id, "refund-outcome", body, outcome))


async def ask_for_recall(
    turn: Turn, *, commands: CommandClient, rails: Rails, now: Now, ledger: str, institution: Institution
) -> Result:
    """Ask the creditor's bank to give a payment back, and tell the book what it says."""
    wish = msgspec.convert(turn.payload, Recalling)
    rail = rails.get(wish.rail)
    if not isinstance(rail, RecallingRail):
        return Again(why=f"the rail {wish.rail} is not configured here", after_s=NOT_CONFIGURED_S)
    recall = wish.recall
    request = RecallRequest(
        recall_id=afterwards_id(wish.payment_id, recall.recall_id),
        created_at=recall.requested_at,
        from_bic=institution.bic or None,
        original_instruction_id=recall.instruction_id,
        original_end_to_end_id=wish.end_to_end_id,
        original_uetr=uetr_of(ledger, wish.payment_id),
        amount_minor=wish.amount_minor,
        currency=wish.currency,
        scale=recall.scale,
        settled_on=recall.instructed_at.astimezone(UTC).date(),
        reason_code=wish.reason_code,
    )
    answer = await rail.recall(request)
    move = next_recall_move(answer, waited=now() - recall.requested_at, attempts=turn.attempts)
    if not isinstance(move, Record):
        return await _later(turn, move)
    said = "accepted" if move.outcome == "accepted" else "refused"
    body = {"recall_id": recall.recall_id, "answer": said, "reason_code": move.reason_code}
    return settled(await tell(commands, turn, wish.payment_id, "recall-answer", body, said))


async def _later(turn: Turn, move: Ask | SendAgain | GiveUp) -> Result:
    match move:
        case SendAgain():
            if turn.resumed:
                await turn.retract()
            return Again(why="the rail has not received it", after_s=move.after_s)
        case Ask():
            return Again(why="the other side has not said what became of it", after_s=move.after_s)
        case GiveUp():
            return Park(move.why)
