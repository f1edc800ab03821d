"""Initiation: from a client's wish, with what the door found out about it, to the first gate.

A payment that cannot be made exists all the same: it is rejected with a reason, not refused as a command. Refused is
only what is no payment at all: an unknown currency, a wrong scale, a rail that nobody defined.
"""

from datetime import timedelta
from typing import Final

from msgspec import Struct

from contracts.assessment import Assessment
from contracts.commands.payments import InitiatePayment
from contracts.events import EventData, PaymentInitiated
from contracts.events.payments import SealedParty
from contracts.ids import payment_id
from contracts.money import AmountOutOfRange, WrongScale, minor_of
from contracts.payment_codes import STATUS_OF, PaymentType, RailName
from contracts.rejections import Refused, Rejection
from ledger.domain import fees, limits, payouts
from ledger.domain.contexts import Touched
from ledger.domain.customers.life_cycle import CUSTOMER
from ledger.domain.fees import Charge
from ledger.domain.fx import positions, quotes
from ledger.domain.payments.gates import DENIED, SCREENING_HIT, next_step
from ledger.domain.payments.life_cycle import PAYMENT, Gate, Payment
from ledger.domain.payments.terms import AUTHENTICATION, PAYEE, RAIL, payee_key, rail_of
from ledger.domain.state import Moment, State
from ledger.domain.takings import TAKINGS

EXECUTION_DAYS_MAX: Final = 366
UNASSESSED: Final = Assessment()
SCREENING_REVIEWERS: Final = 2  # a hit is cleared by two people who agree
RISK_REVIEWERS: Final = 1


class AssessedPayment(Struct, frozen=True, kw_only=True):
    """A client's wish with what the door added: parties and text sealed, names screened, risk scored.

    ``wish`` is in clear and never leaves the process. ``subject``: the data subject of the sealed remittance text.
    """

    wish: InitiatePayment
    debtor: SealedParty | None = None
    creditor: SealedParty | None = None
    remittance_information: str | None = None
    subject: str | None = None
    standing_order_id: str | None = None
    assessment: Assessment = UNASSESSED


def decide_payment(command: AssessedPayment, state: State, moment: Moment) -> tuple[EventData, ...] | Refused:
    """Receive a payment and take it to its first gate; a book payment that meets none is settled in the same commit."""
    initiated = _initiate(command, state, moment)
    if isinstance(initiated, Refused):
        return initiated
    payment = payment_from(initiated, state)
    if isinstance(payment, Refused):
        return payment
    return initiated, next_step(payment, state, moment.after(1))


def _initiate(command: AssessedPayment, state: State, moment: Moment) -> PaymentInitiated | Refused:
    wish = command.wish
    amount_minor = amount_of(wish, state)
    if isinstance(amount_minor, Refused):
        return amount_minor
    charge = _charge_for(wish, amount_minor, state)
    if isinstance(charge, Refused):
        return charge
    wanted = wish.requested_execution_date
    if wanted is not None and wanted > moment.today + timedelta(days=EXECUTION_DAYS_MAX):
        return Refused(
            Rejection.EXECUTION_DATE_TOO_FAR,
            f"{wanted} is more than {EXECUTION_DAYS_MAX} days away",
            "/requested_execution_date",
        )
    refused = _refuse_quote(wish, amount_minor, state, moment)
    if refused is not None:
        return refused
    debtor = None if wish.debtor_account_id is None else state.account(wish.debtor_account_id)
    return PaymentInitiated(
        payment_id=payment_id(moment.position),
        payment_type=wish.payment_type,
        rail=wish.chosen_rail,
        debtor_account_id=wish.debtor_account_id,
        creditor_account_id=wish.creditor_account_id,
        debtor=command.debtor,
        creditor=command.creditor,
        instructed_amount=wish.instructed_amount,
        amount_minor=amount_minor,
        fee_minor=charge.fee_minor,
        end_to_end_id=wish.end_to_end_id,
        remittance_information=command.remittance_information,
        requested_execution_date=wanted,
        quote_id=wish.quote_id,
        metadata=wish.metadata,
        customer_id=None if debtor is None else debtor.terms.customer_id,
        subject=command.subject,
        standing_order_id=command.standing_order_id,
        assessment=command.assessment,
        initiated_at=moment.now,
        initiated_by=moment.subject,
        status=STATUS_OF["received"],
    )


def _refuse_quote(wish: InitiatePayment, amount_minor: int, state: State, moment: Moment) -> Refused | None:
    if wish.quote_id is None:
        return None
    if wish.requested_execution_date is not None and wish.requested_execution_date > moment.today:
        return Refused(
            Rejection.QUOTE_EXPIRED, f"{wish.quote_id} will not hold on {wish.requested_execution_date}", "/quote_id"
        )
    currency = wish.instructed_amount.currency
    return quotes.refuse_use(state, wish.quote_id, currency=currency, amount_minor=amount_minor, moment=moment)


def _charge_for(wish: InitiatePayment | PaymentInitiated, amount_minor: int, state: State) -> Charge | Refused:
    return fees.charge_for(
        state,
        payment_type=wish.payment_type,
        rail=wish.chosen_rail if isinstance(wish, InitiatePayment) else wish.rail,
        currency=wish.instructed_amount.currency,
        amount_minor=amount_minor,
        payer=wish.debtor_account_id,
    )


def amount_of(wish: InitiatePayment, state: State) -> int | Refused:
    """Give the instructed amount in minor units."""
    amount = wish.instructed_amount
    scale = state.scale_of(amount.currency)
    if scale is None:
        return Refused(Rejection.CURRENCY_UNKNOWN, f"{amount.currency} is not known", "/instructed_amount/currency")
    try:
        return minor_of(amount.value, scale=scale)
    except WrongScale as wrong:
        return Refused(Rejection.WRONG_SCALE, f"{amount.currency}: {wrong}", "/instructed_amount/value")
    except AmountOutOfRange as wrong:
        return Refused(Rejection.AMOUNT_OUT_OF_RANGE, str(wrong), "/instructed_amount/value")


def payment_from(event: PaymentInitiated, state: State) -> Payment | Refused:
    """The payment that an initiation begins. Refused when its rail has no accounts in this currency."""
    currency = event.instructed_amount.currency
    scale = state.scale_of(currency)
    assert scale is not None
    between = _accounts_between(event, state)
    if isinstance(between, Refused):
        return between
    payer, payee, suspense = between
    causes, reviewers_wanted, challenged = _judged(event.assessment)
    outside = event.creditor or event.debtor
    charge = _charge_for(event, event.amount_minor, state)
    assert not isinstance(charge, Refused)
    return Payment(
        payment_id=event.payment_id,
        state="received",
        payment_type=event.payment_type,
        rail=event.rail,
        debtor_account_id=event.debtor_account_id,
        creditor_account_id=event.creditor_account_id,
        payer=payer,
        payee=payee,
        suspense=suspense,
        currency=currency,
        scale=scale,
        amount_minor=event.amount_minor,
        fee_minor=event.fee_minor,
        fee_account_id=charge.fee_account_id,
        end_to_end_id=event.end_to_end_id,
        initiated_at=event.initiated_at,
        initiated_by=event.initiated_by,
        customer_id=event.customer_id,
        payee_id=event.creditor_account_id if outside is None else outside.payee_id,
        subject=event.subject,
        quote_id=event.quote_id,
        requested_execution_date=event.requested_execution_date,
        debtor=event.debtor,
        creditor=event.creditor,
        remittance_information=event.remittance_information,
        causes=causes,
        reviewers_wanted=reviewers_wanted,
        challenged=challenged,
        cleared=_authenticated_elsewhere(event),
        settlement_id=event.settlement_id or None,
    )


def _authenticated_elsewhere(event: PaymentInitiated) -> tuple[Gate, ...]:
    """Our own payout is nobody's to authenticate; a standing order was authorised as a series."""
    return ("authentication",) if event.settlement_id or event.standing_order_id else ()


def charge_of(event: PaymentInitiated, state: State) -> Charge | Refused:
    """What a payment that is about to be initiated costs."""
    return _charge_for(event, event.amount_minor, state)


def _accounts_between(event: PaymentInitiated, state: State) -> tuple[str, str, str | None] | Refused:
    """Payer and payee, one of which is the clearing account unless both are ours, and the rail's suspense account."""
    payer, payee, suspense = event.debtor_account_id, event.creditor_account_id, None
    if event.rail != "book":
        currency = event.instructed_amount.currency
        terms = rail_of(state, event.rail, currency)
        if terms is None:
            return Refused(
                Rejection.RAIL_NOT_DEFINED, f"{event.rail} has no accounts in {currency}", "/instructed_amount/currency"
            )
        payer, payee = payer or terms.clearing_account_id, payee or terms.clearing_account_id
        suspense = terms.suspense_account_id
    assert payer is not None
    assert payee is not None
    return payer, payee, suspense


def _judged(assessment: Assessment) -> tuple[tuple[str, ...], int, bool]:
    """What an assessment asks for: causes, how many reviewers, whether authentication is wanted."""
    causes: list[str] = []
    reviewers_wanted = 0
    screening, risk = assessment.screening, assessment.risk
    if screening is not None and screening.outcome == "hit":
        causes.append(SCREENING_HIT)
        reviewers_wanted = SCREENING_REVIEWERS
    if risk is not None and risk.decision == "deny":
        causes += [f"{DENIED}{code}" for code in risk.reasons or ("score",)]
    if risk is not None and risk.decision == "review":
        causes += risk.reasons
        reviewers_wanted = max(reviewers_wanted, RISK_REVIEWERS)
    return tuple(causes), reviewers_wanted, risk is not None and risk.decision == "challenge"


def evolve_initiated(state: State, event: PaymentInitiated, position: int) -> None:
    """Begin a payment."""
    payment = payment_from(event, state)
    assert not isinstance(payment, Refused)
    state.records[PAYMENT, event.payment_id] = payment
    if event.quote_id is not None:
        quotes.take_quote(state, event.quote_id, payment_id=event.payment_id)
    payouts.begin(state, payment.settlement_id, payment_id=event.payment_id, amount_minor=event.amount_minor)


class Needs(Struct, frozen=True, kw_only=True):
    """By what a payment that is about to be decided finds the states it looks at."""

    debtor_account_id: str | None
    creditor_account_id: str | None
    payee_id: str | None
    currency: str
    payment_type: PaymentType
    rail: RailName


def needs_of(command: AssessedPayment) -> Needs:
    """What a client's wish looks at."""
    wish = command.wish
    return Needs(
        payment_type=wish.payment_type,
        rail=wish.chosen_rail,
        currency=wish.instructed_amount.currency,
        debtor_account_id=wish.debtor_account_id,
        creditor_account_id=wish.creditor_account_id,
        payee_id=wish.creditor_account_id if command.creditor is None else command.creditor.payee_id,
    )


def touch_payment(command: AssessedPayment, touched: Touched) -> None:
    """What can be named from the wish."""
    quotes.touch_quote(touched, command.wish.quote_id)
    touch_needs(needs_of(command), touched)


def follow_payment(command: AssessedPayment, state: State, touched: Touched) -> None:
    """What can be named once accounts and rails are loaded, and the accounts of a trade."""
    positions.follow_trade(command.wish.quote_id, state, touched)
    follow_needs(needs_of(command), state, touched)


def touch_needs(needs: Needs, touched: Touched) -> None:
    """A payment's accounts, currency, rail and fee schedules, its currency's authentication terms."""
    touched.accounts.update(filter(None, (needs.debtor_account_id, needs.creditor_account_id)))
    touched.currencies.add(needs.currency)
    touched.records.add((AUTHENTICATION, needs.currency))
    fees.touch_schedules(touched, payment_type=needs.payment_type, rail=needs.rail, currency=needs.currency)
    if needs.creditor_account_id is not None:
        touched.records.add((TAKINGS, needs.creditor_account_id))
    if needs.rail != "book":
        touched.records.add((RAIL, f"{needs.rail}:{needs.currency}"))


def follow_needs(needs: Needs, state: State, touched: Touched) -> None:
    """The rail's accounts, the fee's, the limits, the payer's customer, and whether the payee is known."""
    fees.follow_schedules(state, touched, payment_type=needs.payment_type, rail=needs.rail, currency=needs.currency)
    if needs.rail != "book":
        terms = rail_of(state, needs.rail, needs.currency)
        if terms is not None:
            touched.accounts.update((terms.clearing_account_id, terms.suspense_account_id))
    if needs.debtor_account_id is None:
        return
    debtor = state.account(needs.debtor_account_id)
    customer_id = None if debtor is None else debtor.terms.customer_id
    subjects = limits.subjects_of(account_id=needs.debtor_account_id, customer_id=customer_id, payee_id=needs.payee_id)
    touched.records.update((limits.LIMIT, subject) for subject in subjects)
    if customer_id is not None:
        touched.records.add((CUSTOMER, customer_id))
    if state.record(AUTHENTICATION, needs.currency) is not None:
        key = payee_key(customer_id=customer_id, debtor_account_id=needs.debtor_account_id, payee_id=needs.payee_id)
        touched.records.add((PAYEE, key))
