"""Execution: an accepted payment is given to its rail, and the rail's answers are taken.

The book says that a payment is about to be instructed before anybody outside is told, under a name for the attempt.
From then on it cannot be cancelled, and only three things end the attempt: the rail executed it, refused it, or has
not executed it and never will. "Not known" ends nothing. So there is never a second attempt while the first may still
pay.
"""

from datetime import UTC, datetime, time
from typing import Final, get_args

import msgspec

from contracts.commands.payments import InstructPayment, ParkPayment, RecordRailOutcome, StartPayment
from contracts.events import (
    EventData,
    PaymentAccepted,
    PaymentCancelled,
    PaymentContradicted,
    PaymentInstructed,
    PaymentInstructionLapsed,
    PaymentOutcomeUnknown,
    PaymentParked,
    PaymentRejected,
    PaymentScheduled,
    PaymentSettled,
)
from contracts.ids import instruction_id
from contracts.payment_codes import STATUS_OF
from contracts.rejections import Refused, Rejection
from ledger.domain import limits, payouts, takings
from ledger.domain.payments.gates import next_step, reject, settle
from ledger.domain.payments.life_cycle import PAYMENT, Gate, Payment, become, expect, payment_of
from ledger.domain.state import Moment, State
from ledger.domain.transfers import move_balances

ATTEMPTS_MAX: Final = 3
RAIL_DOES_NOT_ANSWER: Final = "AB06"
NO_REASON: Final = "MS03"


def decide_start(command: StartPayment, state: State, moment: Moment) -> tuple[EventData, ...] | Refused:
    """Take a scheduled payment whose date has come on to its limits and funds."""
    payment = expect(state, command.payment_id, "scheduled")
    if isinstance(payment, Refused):
        return payment
    if payment.requested_execution_date is not None and payment.requested_execution_date > moment.today:
        return Refused(Rejection.PAYMENT_NOT_DUE, f"{payment.payment_id} is for {payment.requested_execution_date}")
    # The gates before the date were passed when it was scheduled; terms that are newer do not close them again.
    return (next_step(msgspec.structs.replace(payment, cleared=get_args(Gate)), state, moment),)


def decide_instruct(command: InstructPayment, state: State, moment: Moment) -> tuple[EventData, ...] | Refused:
    """Say that an accepted payment is about to be given to its rail; after too many lapsed attempts, give up."""
    payment = expect(state, command.payment_id, "accepted")
    if isinstance(payment, Refused):
        return payment
    if payment.attempt >= ATTEMPTS_MAX:
        return (reject(payment, state, RAIL_DOES_NOT_ANSWER, f"{ATTEMPTS_MAX} attempts were not executed in time"),)
    instructed = PaymentInstructed(
        payment_id=payment.payment_id,
        instruction=msgspec.structs.replace(payment, attempt=payment.attempt + 1, instructed_at=moment.now).instruction,
        facts=payment.facts,
        status=STATUS_OF["instructed"],
    )
    return (instructed,)


def decide_outcome(command: RecordRailOutcome, state: State, moment: Moment) -> tuple[EventData, ...] | Refused:
    """Take a rail's answer about an attempt.

    An answer that repeats how the payment, or an earlier attempt, ended is refused as a conflict and changes nothing.
    One that contradicts it is recorded for an operator and books nothing, but for one case: the rail has executed the
    last attempt after all and there is no other one yet. That is booked, so that there never will be.
    """
    payment = payment_of(state, command.payment_id)
    if isinstance(payment, Refused):
        return payment
    attempts = [instruction_id(payment.payment_id, attempt) for attempt in range(1, payment.attempt + 1)]
    if command.instruction_id not in attempts:
        return Refused(
            Rejection.INSTRUCTION_UNKNOWN, f"{command.instruction_id} is not of {payment.payment_id}", "/instruction_id"
        )
    is_current = command.instruction_id == attempts[-1]
    if payment.state == "instructed" and is_current:
        answered = _answered(command, payment, state, moment)
        return answered if isinstance(answered, Refused) else (answered,)
    if not _contradicts(command, payment, is_current=is_current):
        return Refused(
            Rejection.PAYMENT_STATE_CONFLICT,
            f"payment {payment.payment_id} is {payment.state} and does not wait for {command.instruction_id}",
            "/instruction_id",
        )
    contradicted = _contradicted(command, payment)
    if payment.state != "accepted" or not is_current:
        return (contradicted,)
    settled = settle(payment, state, moment.after(1), rail_reference=command.rail_reference)
    return settled if isinstance(settled, Refused) else (contradicted, settled)


def _contradicts(command: RecordRailOutcome, payment: Payment, *, is_current: bool) -> bool:
    """Tell whether the rail said otherwise before.

    Only the last attempt can have settled the payment; all earlier ones were never executed. Not knowing contradicts
    nothing.
    """
    if payment.state == "settled" and is_current:
        return command.outcome in ("rejected", "not_found")
    return command.outcome == "accepted"


def _answered(command: RecordRailOutcome, payment: Payment, state: State, moment: Moment) -> EventData | Refused:
    match command.outcome:
        case "accepted":
            return settle(payment, state, moment, rail_reference=command.rail_reference)
        case "rejected":
            code = command.reason_code or NO_REASON
            return reject(payment, state, code, f"{payment.rail} refused the payment")
        case "unknown":
            return PaymentOutcomeUnknown(
                payment_id=payment.payment_id,
                instruction_id=command.instruction_id,
                facts=payment.facts,
                status=payment.status,
            )
        case "not_found":
            return PaymentInstructionLapsed(
                payment_id=payment.payment_id,
                instruction_id=command.instruction_id,
                facts=payment.facts,
                status=STATUS_OF["accepted"],
            )


def _contradicted(command: RecordRailOutcome, payment: Payment) -> PaymentContradicted:
    return PaymentContradicted(
        payment_id=payment.payment_id,
        instruction_id=command.instruction_id,
        outcome=command.outcome,
        reason_code=command.reason_code,
        rail_reference=command.rail_reference,
        facts=payment.facts,
        status=payment.status,
    )


def decide_park(command: ParkPayment, state: State, moment: Moment) -> PaymentParked | Refused:
    """Say that a payment waits for an operator."""
    payment = expect(state, command.payment_id, "instructed")
    if isinstance(payment, Refused):
        return payment
    if payment.parked is not None:
        return Refused(Rejection.PAYMENT_STATE_CONFLICT, f"{payment.payment_id} is parked already", "/payment_id")
    return PaymentParked(
        payment_id=payment.payment_id, reason=command.reason, facts=payment.facts, status=payment.status
    )


def evolve_scheduled(state: State, event: PaymentScheduled, position: int) -> None:
    """Wait for the execution date, which begins at midnight UTC."""
    become(state, event, "scheduled", due_at=datetime.combine(event.execution_date, time(), UTC))


def evolve_accepted(state: State, event: PaymentAccepted, position: int) -> None:
    """Reserve."""
    _count(state, event, event.counted_against, event.accepted_at)
    become(state, event, "accepted", held_minor=event.held_minor, counted_against=event.counted_against, due_at=None)
    move_balances(state, event.balances)


def evolve_instructed(state: State, event: PaymentInstructed, position: int) -> None:
    """Wait for the rail."""
    become(
        state,
        event,
        "instructed",
        unknown=False,
        attempt=event.instruction.attempt,
        instructed_at=event.instruction.instructed_at,
    )


def evolve_unknown(state: State, event: PaymentOutcomeUnknown, position: int) -> None:
    """Know that the outcome is not known."""
    become(state, event, "instructed", unknown=True)


def evolve_lapsed(state: State, event: PaymentInstructionLapsed, position: int) -> None:
    """Be ready for another attempt; what was proposed about this one does not count for the next."""
    become(state, event, "accepted", unknown=False, parked=None, votes=())


def evolve_parked(state: State, event: PaymentParked, position: int) -> None:
    """Wait for an operator."""
    become(state, event, "instructed", parked=event.reason)


def evolve_settled(state: State, event: PaymentSettled, position: int) -> None:
    """End, booked."""
    payment = state.record(PAYMENT, event.payment_id)
    assert isinstance(payment, Payment)
    _count(state, event, event.counted_against, event.settled_at)
    counted_against = payment.counted_against or event.counted_against
    diverted = event.postings[1].account_id != payment.payee
    become(state, event, "settled", held_minor=0, counted_against=counted_against, diverted=diverted)
    move_balances(state, event.postings)
    takings.count_payment(state, payment.payee, event)
    payouts.arrive(state, payment.settlement_id)


def _count(
    state: State, event: PaymentAccepted | PaymentSettled, counted_against: tuple[str, ...], at: datetime
) -> None:
    facts = event.facts
    if counted_against and facts.currency is not None and facts.amount_minor is not None:
        limits.count_use(
            state,
            counted_against,
            payment_id=event.payment_id,
            currency=facts.currency,
            amount_minor=facts.amount_minor,
            at=at,
        )


def evolve_ended(state: State, event: PaymentRejected | PaymentCancelled, position: int) -> None:
    """End without a booking, giving back what was reserved."""
    payment = state.record(PAYMENT, event.payment_id)
    assert isinstance(payment, Payment)
    limits.stop_counting(state, payment.counted_against, payment_id=event.payment_id)
    become(state, event, "rejected" if isinstance(event, PaymentRejected) else "cancelled", held_minor=0)
    move_balances(state, event.balances)
    payouts.fail(state, payment.settlement_id)


def evolve_contradicted(state: State, event: PaymentContradicted, position: int) -> None:
    """Stay as it ended."""
    payment = state.record(PAYMENT, event.payment_id)
    assert isinstance(payment, Payment)
    become(state, event, payment.state)
    if payment.state in ("rejected", "cancelled") and event.outcome == "accepted":
        payouts.contradict(state, payment.settlement_id)
