"""Creation and authorisation of standing orders: what a series needs before it pays anything."""

from datetime import date, timedelta

import msgspec
from msgspec import Struct

from contracts.assessment import Assessment
from contracts.commands.standing_orders import (
    AuthoriseStandingOrder,
    CreateStandingOrder,
    Recurrence,
)
from contracts.events import (
    StandingOrderAuthorised,
    StandingOrderCreated,
)
from contracts.events.payments import SealedParty
from contracts.ids import standing_order_id
from contracts.money import AmountOutOfRange, WrongScale, minor_of
from contracts.rejections import Refused, Rejection
from ledger.domain.payments.gates import DENIED, authentication_minutes
from ledger.domain.payments.initiation import (
    EXECUTION_DAYS_MAX,
    UNASSESSED,
    Needs,
    amount_of,
    payment_from,
)
from ledger.domain.postings import usable
from ledger.domain.standing_orders.life_cycle import (
    ONE_DAY,
    expect,
    next_from_today,
    occurrence_after,
    order_from,
    state_with,
)
from ledger.domain.standing_orders.occurrences import payment_of_occurrence
from ledger.domain.state import Moment, State


class AssessedOrder(Struct, frozen=True, kw_only=True):
    """A client's standing order with what the door added, as for one of its payments."""

    command: CreateStandingOrder
    creditor: SealedParty | None = None
    remittance_information: str | None = None
    subject: str | None = None
    assessment: Assessment = UNASSESSED

    @property
    def needs(self) -> Needs:
        """What its decision looks at."""
        command = self.command
        return Needs(
            debtor_account_id=command.debtor_account_id,
            creditor_account_id=command.creditor_account_id,
            payee_id=command.creditor_account_id if self.creditor is None else self.creditor.payee_id,
            currency=command.instructed_amount.currency,
            payment_type=command.payment_type,
            rail=command.payment.chosen_rail,
        )


class ProvenSeries(Struct, frozen=True, kw_only=True):
    """An authorisation of a series with the keyed hash of the payee named, and the token's authentication context."""

    command: AuthoriseStandingOrder
    payee_id: str
    acr: str | None = None


def decide_create(command: AssessedOrder, state: State, moment: Moment) -> StandingOrderCreated | Refused:
    """Take a standing order: active at once, or once it is authorised; never where the risk score forbids it."""
    wish = command.command
    amount_minor = amount_of(wish.payment, state)
    if isinstance(amount_minor, Refused):
        return amount_minor
    first_on = _first_on(wish.recurrence, moment)
    if isinstance(first_on, Refused):
        return first_on
    unusable = _unusable(wish, state)
    if unusable is not None:
        return unusable
    created = _created(command, state, moment, amount_minor=amount_minor, next_on=first_on)
    initiated = payment_of_occurrence(order_from(created), state, moment, occurrence_on=first_on)
    if isinstance(initiated, Refused):
        return initiated
    payment = payment_from(initiated, state)
    if isinstance(payment, Refused):
        return payment
    if any(cause.startswith(DENIED) for cause in payment.causes):
        return msgspec.structs.replace(created, state="declined")
    minutes = authentication_minutes(payment, state)
    if minutes is None:
        return created
    authorise_by = moment.now + timedelta(minutes=minutes)
    return msgspec.structs.replace(created, state="awaiting_authorisation", authorise_by=authorise_by)


def _first_on(recurrence: Recurrence, moment: Moment) -> date | Refused:
    if recurrence.first_on < moment.today:
        return Refused(
            Rejection.STANDING_ORDER_BEGINS_IN_PAST, f"{recurrence.first_on} is over", "/recurrence/first_on"
        )
    if recurrence.first_on > moment.today + timedelta(days=EXECUTION_DAYS_MAX):
        return Refused(
            Rejection.EXECUTION_DATE_TOO_FAR,
            f"{recurrence.first_on} is more than {EXECUTION_DAYS_MAX} days away",
            "/recurrence/first_on",
        )
    first_on = occurrence_after(recurrence, moment.today - ONE_DAY, issued=0)
    if first_on is None:
        return Refused(Rejection.STANDING_ORDER_NEVER_DUE, f"no day until {recurrence.last_on}", "/recurrence/last_on")
    return first_on


def _unusable(wish: CreateStandingOrder, state: State) -> Refused | None:
    """The first account that no payment could use today."""
    if wish.debtor_account_id == wish.creditor_account_id:
        return Refused(Rejection.SAME_ACCOUNT, "debtor and creditor are the same account", "/creditor_account_id")
    for field in ("debtor_account_id", "creditor_account_id"):
        account_id = getattr(wish, field)
        if account_id is not None:
            found = usable(account_id, wish.instructed_amount.currency, state=state, pointer=f"/{field}")
            if isinstance(found, Refused):
                return found
    return None


def _created(
    command: AssessedOrder, state: State, moment: Moment, *, amount_minor: int, next_on: date
) -> StandingOrderCreated:
    wish = command.command
    debtor = state.account(wish.debtor_account_id)
    assert debtor is not None
    return StandingOrderCreated(
        standing_order_id=standing_order_id(moment.position),
        payment_type=wish.payment_type,
        rail=wish.payment.chosen_rail,
        debtor_account_id=wish.debtor_account_id,
        creditor_account_id=wish.creditor_account_id,
        creditor=command.creditor,
        instructed_amount=wish.instructed_amount,
        amount_minor=amount_minor,
        end_to_end_id=wish.end_to_end_id,
        remittance_information=command.remittance_information,
        metadata=wish.metadata,
        recurrence=wish.recurrence,
        customer_id=debtor.terms.customer_id,
        subject=command.subject,
        assessment=command.assessment,
        created_at=moment.now,
        created_by=moment.subject,
        next_on=next_on,
        authorise_by=None,
        state="active",
    )


def decide_authorise(proof: ProvenSeries, state: State, moment: Moment) -> StandingOrderAuthorised | Refused:
    """Take an authorisation that names the series' amount and payee exactly."""
    command = proof.command
    order = expect(state, command.standing_order_id, "awaiting_authorisation")
    if isinstance(order, Refused):
        return order
    if order.authorise_by is not None and order.authorise_by <= moment.now:
        return Refused(Rejection.AUTHORISATION_EXPIRED, f"it had to be authorised by {order.authorise_by}")
    given = (_amount_minor(command, state), command.instructed_amount.currency, proof.payee_id)
    if given != (order.amount_minor, order.instructed_amount.currency, order.payee_id):
        return Refused(Rejection.AUTHORISATION_DIFFERS, "this is not the amount, currency and payee of the series")
    next_on = next_from_today(order, moment)
    return StandingOrderAuthorised(
        standing_order_id=order.standing_order_id,
        instructed_amount=command.instructed_amount,
        payee=proof.payee_id,
        acr=proof.acr,
        next_on=next_on,
        state=state_with(next_on),
    )


def _amount_minor(command: AuthoriseStandingOrder, state: State) -> int | None:
    scale = state.scale_of(command.instructed_amount.currency)
    if scale is None:
        return None
    try:
        return minor_of(command.instructed_amount.value, scale=scale)
    except (WrongScale, AmountOutOfRange):
        return None  # no series has this amount
