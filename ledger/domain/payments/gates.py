"""The gates of a payment, in order, and the one function that says what it meets next.

    gate             closed when                                                         opened by
    --------------   -----------------------------------------------------------------   ---------------------
    review           a name was found on a list, or the risk score asks for a person     ReviewPayment
    payer            it is a request for payment                                         AuthorisePayment
    authentication   the amount, a new payee or the risk score asks for it               AuthorisePayment
    date             its execution date has not come                                     StartPayment

Behind the last gate limits and funds are looked at, in the commit that books or reserves. A denied score and a
forbidden payment end at once, and so does, at every step, a payment whose payer's customer is not verified.
"""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Final

from contracts import events as e
from contracts.ids import transfer_id
from contracts.payment_codes import SCA_ACR, STATUS_OF
from contracts.rejections import Refused, Rejection
from ledger.domain import limits
from ledger.domain.customers.life_cycle import why_not_paying
from ledger.domain.fx.quotes import has_expired, quote_of
from ledger.domain.payments.booking import book_payment, free_funds, hold_funds, reason_of, same_normal_side
from ledger.domain.payments.life_cycle import Gate, Payment
from ledger.domain.payments.terms import authentication_of, is_known_payee
from ledger.domain.postings import effective_on
from ledger.domain.state import Moment, State

SCREENING_HIT: Final = "screening_hit"
DENIED: Final = "denied:"  # a cause that begins so is a denied risk score
ANSWER_HOURS_MAX: Final = 72  # a request for payment waits so long for its payer
FRAUD_SUSPECTED: Final = "FR01"
AUTHENTICATION_MINUTES: Final = 5  # where only the risk score asks for it
PAYER_NOT_VERIFIED: Final = "RR04"

NextStep = (
    e.PaymentRejected
    | e.PaymentHeldForReview
    | e.PaymentPresented
    | e.PaymentAuthorisationRequested
    | e.PaymentScheduled
    | e.PaymentAccepted
    | e.PaymentSettled
)


def next_step(payment: Payment, state: State, moment: Moment) -> NextStep:
    """What a payment meets next. ``moment.position`` is that of the event to come."""
    not_paying = why_not_paying(state, payment.customer_id)
    if not_paying is not None:
        return reject(payment, state, PAYER_NOT_VERIFIED, not_paying)
    denied = [cause.removeprefix(DENIED) for cause in payment.causes if cause.startswith(DENIED)]
    if denied:
        return reject(payment, state, FRAUD_SUSPECTED, "the payment was declined: " + ", ".join(denied))
    for gate, closed in _GATES:
        if gate not in payment.cleared:
            event = closed(payment, state, moment)
            if event is not None:
                return event
    return _execute(payment, state, moment)


def reject(payment: Payment, state: State, reason_code: str, detail: str) -> e.PaymentRejected:
    """Reject a payment, giving back what it reserves."""
    return e.PaymentRejected(
        payment_id=payment.payment_id,
        end_to_end_id=payment.end_to_end_id,
        reason_code=reason_code,
        detail=detail,
        balances=free_funds(payment, state),
        facts=payment.facts,
        status=STATUS_OF["rejected"],
    )


def binding_of(payment_id: str, amount_minor: int, currency: str, payee_id: str | None) -> str:
    """What an authorisation is bound to (RTS 2018/389, article 5): this payment, amount, currency and payee."""
    return sha256(f"{payment_id}|{amount_minor}|{currency}|{payee_id}".encode()).hexdigest()[:32]


def _review(payment: Payment, state: State, moment: Moment) -> e.PaymentHeldForReview | None:
    if not payment.reviewers_wanted:
        return None
    return e.PaymentHeldForReview(
        payment_id=payment.payment_id,
        causes=payment.causes,
        reviewers_wanted=payment.reviewers_wanted,
        facts=payment.facts,
        status=STATUS_OF["in_review"],
    )


def _payer(payment: Payment, state: State, moment: Moment) -> e.PaymentPresented | None:
    if payment.payment_type != "payment_request":
        return None
    return e.PaymentPresented(
        payment_id=payment.payment_id,
        expires_at=moment.now + timedelta(hours=ANSWER_HOURS_MAX),
        facts=payment.facts,
        status=STATUS_OF["awaiting_payer"],
    )


def _authentication(payment: Payment, state: State, moment: Moment) -> e.PaymentAuthorisationRequested | None:
    minutes = authentication_minutes(payment, state)
    if minutes is None:
        return None
    return e.PaymentAuthorisationRequested(
        payment_id=payment.payment_id,
        binding=binding_of(payment.payment_id, payment.amount_minor, payment.currency, payment.payee_id),
        acr_values=SCA_ACR,
        expires_at=moment.now + timedelta(minutes=minutes),
        facts=payment.facts,
        status=STATUS_OF["awaiting_authorisation"],
    )


def authentication_minutes(payment: Payment, state: State) -> int | None:
    """How long a payment may wait for strong authentication; None when it needs none."""
    if payment.debtor_account_id is None or payment.payment_type == "payment_request":
        return None  # a card is authenticated by its issuer; a request was answered by its payer
    policy = authentication_of(state, payment.currency)
    wanted = payment.challenged
    minutes = AUTHENTICATION_MINUTES
    if policy is not None:
        minutes = policy.minutes
        wanted = wanted or payment.amount_minor >= policy.amount_from_minor
        wanted = wanted or (policy.new_payee and not is_known_payee(state, payment))
    return minutes if wanted else None


def _date(payment: Payment, state: State, moment: Moment) -> e.PaymentScheduled | None:
    wanted = payment.requested_execution_date
    if wanted is None or wanted <= moment.today:
        return None
    return e.PaymentScheduled(
        payment_id=payment.payment_id, execution_date=wanted, facts=payment.facts, status=STATUS_OF["scheduled"]
    )


_GATES: Final[tuple[tuple[Gate, Callable[[Payment, State, Moment], NextStep | None]], ...]] = (
    ("review", _review),
    ("payer", _payer),
    ("authentication", _authentication),
    ("date", _date),
)


def _execute(
    payment: Payment, state: State, moment: Moment
) -> e.PaymentAccepted | e.PaymentSettled | e.PaymentRejected:
    """Look at the limits; then book at once inside the ledger, or reserve for a rail."""
    subjects = limits.subjects_of(
        account_id=payment.debtor_account_id, customer_id=payment.customer_id, payee_id=payment.payee_id
    )
    limited = limits.limited_subjects(subjects, state)
    over = limits.reached(limited, state, currency=payment.currency, amount_minor=payment.amount_minor, now=moment.now)
    if over is not None:
        return reject(payment, state, over.reason_code, over.detail)
    if payment.rail == "book":
        settled = settle(payment, state, moment, counted_against=limited)
        return reject(payment, state, reason_of(settled), settled.detail) if isinstance(settled, Refused) else settled
    held = hold_funds(payment, state)
    if isinstance(held, Refused):
        return reject(payment, state, reason_of(held), held.detail)
    held_minor, balances = held
    return e.PaymentAccepted(
        payment_id=payment.payment_id,
        held_minor=held_minor,
        accepted_at=moment.now,
        counted_against=limited,
        balances=balances,
        facts=payment.facts,
        status=STATUS_OF["accepted"],
    )


def settle(
    payment: Payment,
    state: State,
    moment: Moment,
    *,
    rail_reference: str | None = None,
    reason: str | None = None,
    counted_against: tuple[str, ...] = (),
) -> e.PaymentSettled | Refused:
    """Book a payment, or say why it cannot be booked.

    What a rail has executed is booked on the suspense account where the payee's cannot take it. Where that cannot
    either, the answer is refused and a person has to look: the money has left, so rejecting the payment would lose it.
    """
    if payment.rail == "book":
        if payment.payer == payment.payee:
            return Refused(Rejection.SAME_ACCOUNT, "debtor and creditor are the same account")
        if not same_normal_side(payment, state):
            return Refused(Rejection.POSTINGS_UNBALANCED, "a payment needs two accounts with the same normal side")
        quote = None if payment.quote_id is None else quote_of(state, payment.quote_id)
        if quote is not None and has_expired(quote, moment.now):
            return Refused(Rejection.QUOTE_EXPIRED, f"{quote.quote_id} held until {quote.expires_at:%FT%TZ}")
    booked = book_payment(payment, state)
    if isinstance(booked, Refused) and payment.rail != "book":
        diverted = book_payment(payment, state, to_suspense=True)
        booked = booked if isinstance(diverted, Refused) else diverted
    if isinstance(booked, Refused):
        return booked
    effective = effective_on(None, state=state, moment=moment)
    if isinstance(effective, Refused):
        return effective
    postings, balances = booked
    return e.PaymentSettled(
        payment_id=payment.payment_id,
        transfer_id=transfer_id(moment.position),
        end_to_end_id=payment.end_to_end_id,
        postings=postings,
        balances=balances,
        effective_date=effective,
        rail_reference=rail_reference,
        reason=reason,
        settled_at=moment.now,
        counted_against=counted_against,
        facts=payment.facts,
        status=STATUS_OF["settled"],
    )
