"""Messages that rails send by themselves: signed (Standard Webhooks), perhaps twice, late, or in another order.

There is no bearer token here; the signature says who speaks. The message id is the idempotency key of what the message
asks for, so a repetition finds the first one's outcome. Order is the life cycle's affair: an outcome that the payment
does not wait for any more changes nothing and is answered all the same, so that the sender stops repeating it.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
import structlog
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from command_api.desk import AnyRequest, Desk, unavailable_response
from contracts.card_processor import CardEvent, reason_of
from contracts.commands import (
    Command,
    RecordRailOutcome,
    RecordRecallAnswer,
    RecordRefundOutcome,
    ReturnPayment,
)
from contracts.iso20022 import pacs, recalls
from contracts.iso20022.bank_messages import read_message
from contracts.rejections import Rejection
from ledger.sequencer.queue import Declined, Unavailable
from runtime.auth import Principal
from runtime.clock import SystemClock
from runtime.http.framework import ProblemException
from runtime.http.problems import problem_of
from runtime.webhooks import WebhookRefused, verify

SCT_INST: Final = "sct_inst"
CARD_PSP: Final = "card_psp"
RAILS_TENANT: Final = "rails"
XML: Final = pacs.MEDIA_TYPE
CHARGED_BACK: Final = "MD06"  # refund requested by the cardholder

log = structlog.get_logger(__name__)


class RailSecrets(msgspec.Struct, frozen=True):
    """The secrets with which each rail signs its messages; several while one rotates. None for a rail: it may not."""

    by_rail: dict[str, tuple[str, ...]]


class _Coded(msgspec.Struct):
    code: str


@post("/rails/{rail:str}/messages", status_code=200)
async def receive_message(
    rail: FromPath[str], request: AnyRequest, desk: NamedDependency[Desk], signing: NamedDependency[RailSecrets]
) -> Response[Any]:
    """Take a rail's message: outcomes of instructions and refunds, answers to recalls, returns, charge-backs."""
    body = await request.body()
    verified = verify(dict(request.headers), body, secrets=signing.by_rail.get(rail, ()), now=SystemClock().now())
    if isinstance(verified, WebhookRefused):
        raise ProblemException(problem_of(401, verified.detail, code=verified.code))
    principal = Principal(subject=f"rail:{rail}", tenant=RAILS_TENANT)
    for step, command in enumerate(_commands_of(rail, body)):
        key = f"{rail}:{verified.message_id}:{step}"
        if isinstance(command, ReturnPayment):
            key += f":{int(verified.sent_at.timestamp())}"  # refused while it overtakes the settlement; known by its id
        try:
            outcome = await desk.submit(command, key=key, principal=principal)
        except Unavailable as unavailable:
            return unavailable_response(unavailable)
        if isinstance(outcome, Declined) and isinstance(command, ReturnPayment) and _comes_too_early(outcome):
            early = "the payment has not settled yet, or a refund of it is on its way; send the return again"
            return unavailable_response(Unavailable(early, may_have_happened=False))
    return Response({"taken": True}, media_type="application/json")


def _comes_too_early(declined: Declined) -> bool:
    return msgspec.json.decode(declined.answer, type=_Coded).code == Rejection.PAYMENT_STATE_CONFLICT


def _commands_of(rail: str, body: bytes) -> list[Command]:
    """What a message asks for. Raises ProblemException 400 for one that cannot be read."""
    try:
        read = _card_commands(msgspec.json.decode(body, type=CardEvent)) if rail == CARD_PSP else _bank_commands(body)
        return [msgspec.convert(msgspec.to_builtins(command), type(command)) for command in read]
    except (msgspec.MsgspecError, UnicodeDecodeError, pacs.WrongMessage) as wrong:
        raise ProblemException(
            problem_of(400, f"the message cannot be read: {wrong}", code="message_invalid")
        ) from wrong


def _card_commands(event: CardEvent) -> list[Command]:
    movement = event.data
    payment_id = _payment_of(movement.reference)
    match event.type:
        case "charge.succeeded" | "payout.paid":
            return [_outcome(payment_id, movement.reference, "accepted", reference=movement.id)]
        case "charge.failed" | "payout.failed":
            return [_outcome(payment_id, movement.reference, "rejected", reason=reason_of(movement.failure_code))]
        case "refund.paid" | "refund.failed":
            refund = RecordRefundOutcome(
                payment_id=payment_id,
                instruction_id=movement.reference,
                outcome="accepted" if event.type == "refund.paid" else "rejected",
                reason_code=None if event.type == "refund.paid" else reason_of(movement.failure_code),
            )
            return [refund]
        case "charge.disputed":
            back = ReturnPayment(
                payment_id=payment_id,
                return_id=f"{movement.id}:dispute",
                amount_minor=movement.amount_minor,
                reason_code=CHARGED_BACK,
            )
            # The dispute may overtake the success it takes back; a charge that is disputed has succeeded.
            return [_outcome(payment_id, movement.reference, "accepted", reference=movement.id), back]


def _bank_commands(body: bytes) -> list[Command]:
    message = read_message(body)
    return [command for part in message for command in _bank_part(part)]


def _bank_part(part: object) -> Iterable[Command]:
    match part:
        case pacs.StatusReport(status="ACCC" | "ACSC"):
            yield _outcome(
                _payment_of(part.original_instruction_id), part.original_instruction_id, "accepted",
                reference=part.message_id,
            )  # fmt: skip
        case pacs.StatusReport(status="RJCT"):
            yield _outcome(
                _payment_of(part.original_instruction_id), part.original_instruction_id, "rejected",
                reason=part.reason_code,
            )  # fmt: skip
        case pacs.PaymentReturn():
            yield ReturnPayment(
                payment_id=_payment_of(part.original_instruction_id),
                return_id=part.return_id,
                amount_minor=part.returned_minor,
                reason_code=part.reason_code,
            )
        case recalls.RecallAnswer(status="ACCR" | "RJCR"):
            yield RecordRecallAnswer(
                payment_id=_payment_of(part.recall_id),
                recall_id=part.recall_id.rpartition(".")[2],
                answer="accepted" if part.status == "ACCR" else "refused",
                reason_code=part.reason_code,
            )
        case _:
            log.info("message_without_effect", kind=type(part).__name__)


def _outcome(
    payment_id: str, instruction: str, outcome: Any, *, reason: str | None = None, reference: str | None = None
) -> RecordRailOutcome:
    return RecordRailOutcome(
        payment_id=payment_id,
        instruction_id=instruction,
        outcome=outcome,
        reason_code=reason,
        rail_reference=reference,
    )


def _payment_of(instruction: str) -> str:
    """The payment that an instruction id names: ``pay_44`` of ``pay_44.1``."""
    return instruction.rpartition(".")[0]


HANDLERS: Final = [receive_message]
