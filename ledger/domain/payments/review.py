"""People decide: on payments held for review, and on payments that are stuck.

Where money could be lost or a sanction broken, two people have to agree: the first one's word is kept as a vote, the
second one's, of another subject and to the same effect, decides (four eyes). Whoever initiated a payment decides
nothing about it.
"""

from typing import Final

import msgspec

from contracts.commands.payments import ResolvePayment, ReviewPayment
from contracts.events import (
    EventData,
    PaymentHeldForReview,
    PaymentResolutionProposed,
    PaymentResumed,
    PaymentReviewed,
)
from contracts.payment_codes import STATUS_OF
from contracts.rejections import Refused, Rejection
from ledger.domain.payments.gates import SCREENING_HIT, next_step, reject, settle
from ledger.domain.payments.life_cycle import PAYMENT, Payment, Vote, become, expect
from ledger.domain.state import Moment, State

RESOLVERS_WANTED: Final = {"retry": 1, "fail": 2, "force_settle": 2}
REJECTED_AFTER_REVIEW: Final = "FR01"
REJECTED_FOR_SANCTIONS: Final = "RR04"
FAILED_BY_OPERATOR: Final = "MS03"


def decide_review(command: ReviewPayment, state: State, moment: Moment) -> tuple[EventData, ...] | Refused:
    """Release a held payment to its next gate, or reject it, once enough people say so."""
    payment = expect(state, command.payment_id, "in_review")
    if isinstance(payment, Refused):
        return payment
    refused = _four_eyes(payment, command.decision, moment)
    if refused is not None:
        return refused
    decided = len(payment.votes) + 1 >= payment.reviewers_wanted
    reviewed = PaymentReviewed(
        payment_id=payment.payment_id,
        reviewer=moment.subject,
        decision=command.decision,
        reason=command.reason,
        decided=decided,
        facts=payment.facts,
        status=STATUS_OF["cleared"] if decided else payment.status,
    )
    if not decided:
        return (reviewed,)
    cleared = msgspec.structs.replace(payment, state="cleared", cleared=(*payment.cleared, "review"), votes=())
    if command.decision == "release":
        return reviewed, next_step(cleared, state, moment.after(1))
    code = REJECTED_FOR_SANCTIONS if SCREENING_HIT in payment.causes else REJECTED_AFTER_REVIEW
    return reviewed, reject(cleared, state, code, "a reviewer rejected the payment")


def decide_resolve(command: ResolvePayment, state: State, moment: Moment) -> tuple[EventData, ...] | Refused:
    """Ask the rail again, or end a stuck payment as the rail said it ended."""
    payment = expect(state, command.payment_id, "instructed")
    if isinstance(payment, Refused):
        return payment
    if payment.parked is None and not payment.unknown:
        return Refused(
            Rejection.PAYMENT_STATE_CONFLICT,
            f"{payment.payment_id} still waits for its rail's first answer",
            "/payment_id",
        )
    refused = _four_eyes(payment, command.action, moment)
    if refused is not None:
        return refused
    if len(payment.votes) + 1 < RESOLVERS_WANTED[command.action]:
        proposed = PaymentResolutionProposed(
            payment_id=payment.payment_id,
            proposer=moment.subject,
            action=command.action,
            reason=command.reason,
            facts=payment.facts,
            status=payment.status,
        )
        return (proposed,)
    resumed = PaymentResumed(
        payment_id=payment.payment_id,
        action=command.action,
        reason=command.reason,
        instruction=payment.instruction,
        facts=payment.facts,
        status=payment.status,
    )
    if command.action == "retry":
        return (resumed,)
    if command.action == "fail":
        return resumed, reject(payment, state, FAILED_BY_OPERATOR, f"failed by operators: {command.reason}")
    settled = settle(payment, state, moment.after(1), reason=command.reason)
    return settled if isinstance(settled, Refused) else (resumed, settled)


def _four_eyes(payment: Payment, choice: str, moment: Moment) -> Refused | None:
    """Refuse the initiator, the same person twice, and a second opinion that differs from the first."""
    if moment.subject == payment.initiated_by:
        return Refused(Rejection.FOUR_EYES_REQUIRED, "whoever initiated a payment decides nothing about it")
    for vote in payment.votes:
        if vote.subject == moment.subject:
            return Refused(Rejection.FOUR_EYES_REQUIRED, "a second person has to agree")
        if vote.choice != choice:
            return Refused(Rejection.REVIEWERS_DISAGREE, f"the first decision was {vote.choice}; agree, or ask them")
    return None


def evolve_held(state: State, event: PaymentHeldForReview, position: int) -> None:
    """Wait for reviewers."""
    become(state, event, "in_review")


def evolve_reviewed(state: State, event: PaymentReviewed, position: int) -> None:
    """Keep a vote, or open the gate."""
    payment = state.record(PAYMENT, event.payment_id)
    assert isinstance(payment, Payment)
    if event.decided:
        become(state, event, "cleared", cleared=(*payment.cleared, "review"), votes=())
    else:
        become(state, event, "in_review", votes=(*payment.votes, Vote(event.reviewer, event.decision)))


def evolve_proposed(state: State, event: PaymentResolutionProposed, position: int) -> None:
    """Keep a vote."""
    payment = state.record(PAYMENT, event.payment_id)
    assert isinstance(payment, Payment)
    become(state, event, "instructed", votes=(*payment.votes, Vote(event.proposer, event.action)))


def evolve_resumed(state: State, event: PaymentResumed, position: int) -> None:
    """Begin anew with the rail."""
    become(state, event, "instructed", votes=(), parked=None, unknown=False)
