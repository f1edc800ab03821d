"""What an event about a payment asks for, and what follows from a rail's answer. Pure.

    event                       task         done when
    -------------------------   ----------   ------------------------------------------------------------------
    PaymentAccepted             instruct     the book says that the payment is about to be given to its rail
    PaymentInstructionLapsed    instruct     the same, for the next attempt
    PaymentInstructed           execute      the book knows the rail's final answer, or an operator is asked
    PaymentResumed (retry)      execute      the same; begins by asking, because the instruction was sent before
    PaymentRefundRequested      refund       the book knows whether the rail has paid the refund
    PaymentRecallRequested      recall       the book knows what the creditor's bank says to the recall

An instruction is sent at most until the rail has answered anything at all about it. From then on, and after every
crash, the rail is asked instead (docs/decisions/0014-ask-before-sending-again.md). An instruction that the rail never
received, asked after its time limit, has lapsed: the rail must refuse it whenever it arrives. Only then is there
another attempt.
"""

from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from contracts import events as e
from contracts.events.given_back import Recall
from contracts.payment_codes import RailName, RecallReason
from projectors.events import Event
from projectors.rails.rail import Accepted, NotFound, RailAnswer, Rejected, Unknown
from projectors.reactors.tasks import Task

INSTRUCT: Final = "instruct"
EXECUTE: Final = "execute"
REFUND: Final = "refund"
RECALL: Final = "recall"

TIME_LIMIT: Final[dict[RailName, timedelta]] = {"sct_inst": timedelta(seconds=10)}
"""After it, an instruction is not sent any more: the rail would refuse it, so it is only asked about."""

PATIENCE: Final[dict[RailName, timedelta]] = {
    "sct_inst": timedelta(minutes=10),
    "card_psp": timedelta(hours=24),
    "file": timedelta(days=5),
}
"""So long a rail may leave us without an answer before an operator is asked."""

RECALL_PATIENCE: Final = timedelta(days=21)
"""So long the creditor's bank may think about a recall: 15 banking business days (SCT Inst rulebook), at the most."""

ASK_FIRST_S: Final = 0.3
ASK_FACTOR: Final = 1.6
ASK_CAP_S: Final[dict[RailName, float]] = {"sct_inst": 5.0, "card_psp": 15.0, "file": 30.0}
RECALL_ASK_CAP_S: Final = 600.0  # the answer comes as a message; asking is for the one that was lost
TOLD_AFTER: Final = 1  # answers without an outcome before the book is told that it is not known


class Refunding(Struct, frozen=True, kw_only=True):
    """The payload of a ``refund`` task."""

    payment_id: str
    instruction_id: str
    original_instruction_id: str
    rail: RailName
    amount_minor: int
    currency: str
    requested_at: datetime


class Recalling(Struct, frozen=True, kw_only=True):
    """The payload of a ``recall`` task."""

    payment_id: str
    recall: Recall
    reason_code: RecallReason
    rail: RailName
    end_to_end_id: str
    amount_minor: int
    currency: str


class Record(Struct, frozen=True, kw_only=True):
    """Tell the book how an attempt ended."""

    outcome: Literal["accepted", "rejected", "not_found"]
    reason_code: str | None = None
    reference: str | None = None


class Ask(Struct, frozen=True, kw_only=True):
    """Ask the rail again after a while; ``tell``: let the book know that the outcome is not known."""

    after_s: float
    tell: bool = False


class SendAgain(Struct, frozen=True, kw_only=True):
    """Send the same instruction under the same id: the rail has never received it and may still execute it."""

    after_s: float


class GiveUp(Struct, frozen=True):
    """Ask an operator."""

    why: str


Move = Record | Ask | SendAgain | GiveUp


def react(event: Event) -> list[Task]:
    """Give the tasks that an event asks for."""
    data = event.data
    match data:
        case e.PaymentAccepted() | e.PaymentInstructionLapsed():
            return [Task(kind=INSTRUCT, key=data.payment_id, payload={"payment_id": data.payment_id})]
        case e.PaymentInstructed() | e.PaymentResumed(action="retry"):
            return [Task(kind=EXECUTE, key=data.payment_id, payload=_execution_of(data))]
        case e.PaymentRefundRequested():
            return [Task(kind=REFUND, key=data.payment_id, payload=msgspec.to_builtins(refunding_of(data)))]
        case e.PaymentRecallRequested(recall=Recall()):
            return [Task(kind=RECALL, key=data.payment_id, payload=msgspec.to_builtins(recalling_of(data)))]
        case _:
            return []


def refunding_of(data: e.PaymentRefundRequested) -> Refunding:
    """Everything that asking for a refund needs."""
    assert data.facts.currency is not None
    return Refunding(
        payment_id=data.payment_id,
        instruction_id=data.instruction_id,
        original_instruction_id=data.original_instruction_id,
        rail=data.facts.rail,
        amount_minor=data.amount_minor,
        currency=data.facts.currency,
        requested_at=data.requested_at,
    )


def recalling_of(data: e.PaymentRecallRequested) -> Recalling:
    """Everything that asking for a payment to be given back needs."""
    assert data.recall is not None
    assert data.reason_code is not None
    assert data.facts.currency is not None
    assert data.facts.amount_minor is not None
    return Recalling(
        payment_id=data.payment_id,
        recall=data.recall,
        reason_code=data.reason_code,
        rail=data.facts.rail,
        end_to_end_id=data.facts.end_to_end_id,
        amount_minor=data.facts.amount_minor,
        currency=data.facts.currency,
    )


def _execution_of(data: e.PaymentInstructed | e.PaymentResumed) -> dict[str, Any]:
    """Everything that executing needs, so that nothing has to be looked up."""
    return {
        "payment_id": data.payment_id,
        "instruction": data.instruction,
        "facts": data.facts,
        "sent_before": isinstance(data, e.PaymentResumed),
    }


def next_move(answer: RailAnswer, *, rail: RailName, waited: timedelta, attempts: int) -> Move:
    """What follows from a rail's answer; ``waited`` since the instruction, ``attempts`` counts this answer."""
    match answer:
        case Accepted(reference=reference):
            return Record(outcome="accepted", reference=reference or None)
        case Rejected(reason_code=code):
            return Record(outcome="rejected", reason_code=code)
        case NotFound(is_final=True):
            return Record(outcome="not_found")
        case _ if waited > PATIENCE[rail]:
            return GiveUp(f"{rail} has not said for {int(waited.total_seconds())} s what became of the instruction")
        case NotFound():
            return SendAgain(after_s=pause_s(rail, attempts))
        case _:
            tell = isinstance(answer, Unknown) and attempts == TOLD_AFTER
            return Ask(after_s=pause_s(rail, attempts), tell=tell)


def next_recall_move(answer: RailAnswer, *, waited: timedelta, attempts: int) -> Move:
    """What follows from an answer to a recall, as `next_move` says it of an instruction."""
    match answer:
        case Accepted():
            return Record(outcome="accepted")
        case Rejected(reason_code=code):
            return Record(outcome="rejected", reason_code=code)
        case _ if waited > RECALL_PATIENCE:
            return GiveUp(f"the creditor's bank has not answered the recall for {waited.days} days")
        case _:
            return Ask(after_s=min(ASK_FIRST_S * ASK_FACTOR ** min(attempts - 1, 32), RECALL_ASK_CAP_S))


def pause_s(rail: RailName, attempts: int) -> float:
    """How long to wait before asking again: growing, and capped."""
    return min(ASK_FIRST_S * ASK_FACTOR ** min(attempts - 1, 32), ASK_CAP_S[rail])
