"""The terms that payments follow: accounts of each rail, when strong authentication is needed, known payees."""

from typing import Final

from contracts.commands.payments import DefineAuthentication, DefineRail
from contracts.events import AuthenticationDefined, RailDefined
from contracts.rejections import Refused, Rejection
from ledger.domain.payments.life_cycle import Payment
from ledger.domain.postings import usable
from ledger.domain.records import Record
from ledger.domain.state import Moment, State

RAIL: Final = "rail"
AUTHENTICATION: Final = "authentication"
PAYEE: Final = "payee"


class RailTerms(Record, frozen=True, kw_only=True):
    """The accounts of a rail in one currency."""

    clearing_account_id: str
    suspense_account_id: str


class AuthenticationTerms(Record, frozen=True, kw_only=True):
    """When payments in a currency need strong customer authentication; ``minutes``: how long one may wait for it."""

    amount_from_minor: int
    new_payee: bool
    minutes: int


class KnownPayee(Record, frozen=True, kw_only=True):
    """Somebody whom a customer has paid with strong authentication before."""

    position: int


def decide_define_rail(command: DefineRail, state: State, moment: Moment) -> RailDefined | Refused:
    """Define a rail's accounts: two in its currency, without limits, for what a rail has done must be booked."""
    if command.clearing_account_id == command.suspense_account_id:
        return Refused(Rejection.SAME_ACCOUNT, "clearing and suspense are two accounts", "/suspense_account_id")
    for field in ("clearing_account_id", "suspense_account_id"):
        found = usable(getattr(command, field), command.currency, state=state, pointer=f"/{field}")
        if isinstance(found, Refused):
            return found
        if found.terms.floor_minor is not None or found.terms.ceiling_minor is not None:
            return Refused(
                Rejection.OVERDRAFT_TERMS_CONTRADICT,
                f"account {found.terms.account_id} needs overdraft unlimited and no max_balance_minor",
                f"/{field}",
            )
    return RailDefined(
        rail=command.rail,
        currency=command.currency,
        clearing_account_id=command.clearing_account_id,
        suspense_account_id=command.suspense_account_id,
    )


def decide_define_authentication(command: DefineAuthentication, state: State, moment: Moment) -> AuthenticationDefined:
    """Define when a currency's payments need strong authentication."""
    return AuthenticationDefined(
        currency=command.currency,
        amount_from_minor=command.amount_from_minor,
        new_payee=command.new_payee,
        minutes=command.minutes,
    )


def evolve_rail(state: State, event: RailDefined, position: int) -> None:
    """Remember a rail's accounts."""
    state.records[RAIL, f"{event.rail}:{event.currency}"] = RailTerms(
        clearing_account_id=event.clearing_account_id, suspense_account_id=event.suspense_account_id
    )


def evolve_authentication(state: State, event: AuthenticationDefined, position: int) -> None:
    """Remember when authentication is needed."""
    state.records[AUTHENTICATION, event.currency] = AuthenticationTerms(
        amount_from_minor=event.amount_from_minor, new_payee=event.new_payee, minutes=event.minutes
    )


def rail_of(state: State, rail: str, currency: str) -> RailTerms | None:
    """The accounts of a rail in a currency; None when it is not defined."""
    terms = state.record(RAIL, f"{rail}:{currency}")
    assert terms is None or isinstance(terms, RailTerms)
    return terms


def authentication_of(state: State, currency: str) -> AuthenticationTerms | None:
    """When payments in a currency need strong authentication; None: only when their risk asks for it."""
    terms = state.record(AUTHENTICATION, currency)
    assert terms is None or isinstance(terms, AuthenticationTerms)
    return terms


def payee_key(*, customer_id: str | None, debtor_account_id: str | None, payee_id: str | None) -> str:
    """Under what a known payee is remembered: the customer, or the account of one who has none, and the payee."""
    return f"{customer_id or debtor_account_id}>{payee_id}"


def key_of_payee(payment: Payment) -> str:
    """The key of a payment's payee."""
    return payee_key(
        customer_id=payment.customer_id, debtor_account_id=payment.debtor_account_id, payee_id=payment.payee_id
    )


def is_known_payee(state: State, payment: Payment) -> bool:
    """Tell whether the payer has paid this payee with strong authentication before."""
    return state.record(PAYEE, key_of_payee(payment)) is not None


def remember_payee(state: State, payment: Payment, *, position: int) -> None:
    """Remember that the payer has authorised a payment to this payee."""
    key = (PAYEE, key_of_payee(payment))
    if state.record(*key) is None:
        state.records[key] = KnownPayee(position=position)
