"""What a payment reserves and books: the payer's account goes down, the payee's up, the fee on top; all or nothing.

Money leaves an account on the side that makes it smaller: a customer's wallet (credit-normal) by a debit, a bank
account of ours (debit-normal) by a credit. On a rail the other account is the rail's clearing account, whatever its
normal side.
"""

from collections.abc import Mapping
from typing import Final

from contracts.commands import Posting, Side
from contracts.events import AccountBalance, PostedPosting
from contracts.rejections import Refused, Rejection
from ledger.domain.fx.positions import trade_postings
from ledger.domain.payments.life_cycle import Payment
from ledger.domain.postings import NO_HELD_CHANGE, beyond_terms, book_postings, usable
from ledger.domain.state import State

# Why a booking was refused -> ISO 20022 external status reason, for (payer's, payee's) account.
REASON_CODES: Final[Mapping[Rejection, tuple[str, str]]] = {
    Rejection.ACCOUNT_NOT_FOUND: ("AC02", "AC03"),
    Rejection.ACCOUNT_CLOSED: ("AC05", "AC07"),
    Rejection.ACCOUNT_FROZEN: ("AC06", "AC06"),
    Rejection.CURRENCY_MISMATCH: ("AM03", "AM03"),
    Rejection.INSUFFICIENT_FUNDS: ("AM04", "AM04"),
    Rejection.BALANCE_LIMIT_EXCEEDED: ("AM14", "AM14"),
    Rejection.BALANCE_OUT_OF_RANGE: ("AM12", "AM12"),
    Rejection.SAME_ACCOUNT: ("AG01", "AG01"),
    Rejection.PERIOD_CLOSED: ("AG01", "AG01"),
    Rejection.POSTINGS_UNBALANCED: ("AG01", "AG01"),
    Rejection.QUOTE_EXPIRED: ("TM01", "TM01"),
}
OWN_ACCOUNT: Final = "MS03"  # an account of the institution cannot take its part; that is no reason of the client's


def reason_of(refused: Refused) -> str:
    """The reason code of a refused booking: the payer's posting is the first, the payee's the second."""
    of_payer, of_payee = REASON_CODES[refused.rejection]
    match (refused.pointer or "").split("/"):
        case ["", "postings", "1", *_]:
            return of_payee
        case ["", "postings", at, *_] if at != "0":
            return OWN_ACCOUNT
        case _:
            return of_payer


def total_minor(payment: Payment) -> int:
    """What the payer's account is debited: the amount and the fee."""
    return payment.amount_minor + payment.fee_minor


def hold_funds(payment: Payment, state: State) -> tuple[int, tuple[AccountBalance, ...]] | Refused:
    """Reserve a payment's total on the payer's account. Nothing is reserved where the payer is outside."""
    if payment.payer == payment.payee:
        return Refused(Rejection.SAME_ACCOUNT, "debtor and creditor are the same account")
    if payment.debtor_account_id is None:
        return _room_for(payment, state) or (0, ())
    account = usable(payment.payer, payment.currency, state=state, pointer="/postings/0")
    if isinstance(account, Refused):
        return account
    clearing = usable(payment.payee, payment.currency, state=state, pointer="/postings/1")
    if isinstance(clearing, Refused):
        return clearing
    if payment.fee_account_id is not None:
        fees = usable(payment.fee_account_id, payment.currency, state=state, pointer="/postings/3")
        if isinstance(fees, Refused):
            return fees
    held_minor = total_minor(payment)
    after_minor = account.held_minor + held_minor
    refused = beyond_terms(account, posted_minor=account.posted_minor, held_minor=after_minor)
    if refused is not None:
        return refused
    balance = AccountBalance(
        account_id=payment.payer, currency=payment.currency, posted_minor=account.posted_minor, held_minor=after_minor
    )
    return held_minor, (balance,)


def _room_for(payment: Payment, state: State) -> Refused | None:
    """Refuse what would not fit on the payee's account, before somebody outside is charged for it."""
    account = usable(payment.payee, payment.currency, state=state, pointer="/postings/1")
    if isinstance(account, Refused):
        return account
    posted_minor = account.posted_minor + payment.amount_minor
    return beyond_terms(account, posted_minor=posted_minor, held_minor=account.held_minor)


def free_funds(payment: Payment, state: State) -> tuple[AccountBalance, ...]:
    """Give back what a payment reserves."""
    if payment.held_minor == 0:
        return ()
    account = state.account(payment.payer)
    assert account is not None
    return (
        AccountBalance(
            account_id=payment.payer,
            currency=payment.currency,
            posted_minor=account.posted_minor,
            held_minor=account.held_minor - payment.held_minor,
        ),
    )


def book_payment(
    payment: Payment, state: State, *, to_suspense: bool = False
) -> tuple[tuple[PostedPosting, ...], tuple[AccountBalance, ...]] | Refused:
    """Book a payment, freeing what it reserves; a rail's answer counts on frozen accounts too.

    ``to_suspense``: the payee's account cannot take it, so the suspense account does.
    """
    postings = _principal(payment, state, to_suspense=to_suspense)
    if payment.fee_account_id is not None:
        taker = _taker_of_fee(payment, state)
        postings += _move(payment.payer, taker, payment.fee_minor, payment.currency, state=state, led_by=payment.payer)
    freed = {payment.payer: -payment.held_minor} if payment.held_minor else {}
    posted = book_postings(postings, state=state, held_change=freed, frozen_too=payment.attempt > 0)
    if isinstance(posted, Refused):
        return posted
    return posted, balances_of(posted, freed)


def _principal(payment: Payment, state: State, *, to_suspense: bool) -> tuple[Posting, ...]:
    """A payment's amount, from payer to payee; at a quote it is exchanged on the way."""
    if payment.quote_id is not None:
        return trade_postings(payment.quote_id, state, payer=payment.payer, payee=payment.payee)
    payee = payment.suspense if to_suspense else payment.payee
    assert payee is not None
    return _move(payment.payer, payee, payment.amount_minor, payment.currency, state=state, led_by=_inside(payment))


def _taker_of_fee(payment: Payment, state: State) -> str:
    """The account for fees; suspense, where a rail has executed the payment and that account was closed meanwhile."""
    assert payment.fee_account_id is not None
    account = state.account(payment.fee_account_id)
    closed = account is None or account.status == "closed"
    return payment.suspense if closed and payment.attempt and payment.suspense else payment.fee_account_id


def book_back(
    payment: Payment,
    state: State,
    *,
    amount_minor: int,
    instead_of_inside: str | None = None,
    held_change: Mapping[str, int] = NO_HELD_CHANGE,
    frozen_too: bool = False,
) -> tuple[PostedPosting, ...] | Refused:
    """Book the way back of a part of a payment.

    ``instead_of_inside``: the account that stands in for the customer's. The rest as for `book_postings`.
    """
    inward = payment.debtor_account_id is None
    payer, payee = where_it_went(payment), payment.payer
    if instead_of_inside is not None:
        payer, payee = (instead_of_inside, payee) if inward else (payer, instead_of_inside)
    postings = _move(payer, payee, amount_minor, payment.currency, state=state, led_by=_inside(payment))
    return book_postings(postings, state=state, held_change=held_change, frozen_too=frozen_too)


def where_it_went(payment: Payment) -> str:
    """The account that the payment was booked on: not the payee's, if that could not take it."""
    return payment.suspense if payment.diverted and payment.suspense is not None else payment.payee


def _inside(payment: Payment) -> str:
    """The customer's account, whose normal side decides the sides of all bookings of a payment.

    Also of those in which suspense stands in for it: the clearing account then moves as it would have moved otherwise.
    """
    return payment.payee if payment.debtor_account_id is None else payment.payer


def _move(
    payer: str, payee: str, amount_minor: int, currency: str, *, state: State, led_by: str
) -> tuple[Posting, ...]:
    """Two postings, the payer's first. ``led_by`` is the account whose normal side decides the sides."""
    leader = state.account(led_by)
    sign = -1 if leader is None else leader.terms.normal_sign
    payer_side: Side = "credit" if sign == 1 else "debit"
    payee_side: Side = "debit" if sign == 1 else "credit"
    return (
        Posting(account_id=payer, side=payer_side, amount_minor=amount_minor, currency=currency),
        Posting(account_id=payee, side=payee_side, amount_minor=amount_minor, currency=currency),
    )


def balances_of(posted: tuple[PostedPosting, ...], freed: Mapping[str, int]) -> tuple[AccountBalance, ...]:
    """The last balances of the accounts on which postings freed what was held."""
    last = {posting.account_id: posting for posting in posted if posting.account_id in freed}
    return tuple(
        AccountBalance(
            account_id=posting.account_id,
            currency=posting.currency,
            posted_minor=posting.posted_minor,
            held_minor=posting.held_minor,
        )
        for posting in last.values()
    )


def same_normal_side(payment: Payment, state: State) -> bool:
    """Tell whether both accounts of a book payment grow on the same side, so that money leaves one for the other."""
    signs = {
        account.terms.normal_sign
        for name in (payment.payer, payment.payee)
        if (account := state.account(name)) is not None
    }
    return len(signs) < 2
