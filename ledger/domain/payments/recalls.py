"""Recalls: the creditor's bank is asked, once, to give a settled payment back. Only a return moves money."""

from contracts.commands.payments import RecallPayment, RecordRecallAnswer
from contracts.events import PaymentRecallAnswered, PaymentRecallRequested
from contracts.events.given_back import Recall
from contracts.ids import recall_id
from contracts.rejections import Refused, Rejection
from ledger.domain.payments.life_cycle import become, expect
from ledger.domain.state import Moment, State


def decide_recall(command: RecallPayment, state: State, moment: Moment) -> PaymentRecallRequested | Refused:
    """Ask for an instant credit transfer back, while something of it is left."""
    payment = expect(state, command.payment_id, "settled")
    if isinstance(payment, Refused):
        return payment
    if payment.rail != "sct_inst" or payment.recalled or payment.left_minor == 0:
        return Refused(
            Rejection.RECALL_NOT_POSSIBLE, f"{payment.payment_id} cannot be recalled, or was already", "/payment_id"
        )
    executed = payment.instruction
    return PaymentRecallRequested(
        payment_id=payment.payment_id,
        reason=command.reason,
        reason_code=command.reason_code,
        recall=Recall(
            recall_id=recall_id(moment.position),
            instruction_id=executed.instruction_id,
            instructed_at=executed.instructed_at,
            scale=executed.scale,
            requested_at=moment.now,
        ),
        facts=payment.facts,
        status=payment.status,
    )


def decide_recall_answer(command: RecordRecallAnswer, state: State, moment: Moment) -> PaymentRecallAnswered | Refused:
    """Take the answer of the creditor's bank. The first one counts; a return comes whatever it was."""
    payment = expect(state, command.payment_id, "settled")
    if isinstance(payment, Refused):
        return payment
    if payment.recall_id is None or command.recall_id != payment.recall_id:
        return Refused(
            Rejection.INSTRUCTION_UNKNOWN, f"{command.recall_id} is no recall of {payment.payment_id}", "/recall_id"
        )
    if payment.recall_answer is not None:
        return Refused(
            Rejection.PAYMENT_STATE_CONFLICT,
            f"recall {command.recall_id} was {payment.recall_answer} already",
            "/recall_id",
        )
    return PaymentRecallAnswered(
        payment_id=payment.payment_id,
        recall_id=command.recall_id,
        answer=command.answer,
        reason_code=command.reason_code,
        facts=payment.facts,
        status=payment.status,
    )


def evolve_recalled(state: State, event: PaymentRecallRequested, position: int) -> None:
    """Know that it was recalled, and under which name."""
    named = None if event.recall is None else event.recall.recall_id
    become(state, event, "settled", recalled=True, recall_id=named)


def evolve_recall_answered(state: State, event: PaymentRecallAnswered, position: int) -> None:
    """Know the answer."""
    become(state, event, "settled", recall_answer=event.answer)
