"""Payments: from initiation to a final ISO 20022 status.

Today one kind: a book transfer between two accounts of this ledger, received and settled (or rejected) in one commit.
The payment exists either way: a payment that cannot be booked is RJCT with a reason, not a refused command.
"""

from collections.abc import Mapping
from typing import Final

from contracts.commands import InitiatePayment, Posting
from contracts.events import EventData, PaymentInitiated, PaymentRejected, PaymentSettled, PaymentStatus
from contracts.ids import payment_id, transfer_id
from contracts.money import AmountOutOfRange, WrongScale, minor_of
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Context, Touched
from ledger.domain.postings import book_postings, effective_on
from ledger.domain.state import Moment, State
from ledger.domain.transfers import move_balances

# The life cycle: status x event -> status.
PAYMENT_TRANSITIONS: Final[Mapping[tuple[PaymentStatus | None, type[EventData]], PaymentStatus]] = {
    (None, PaymentInitiated): "RCVD",
    ("RCVD", PaymentSettled): "ACSC",
    ("RCVD", PaymentRejected): "RJCT",
}

# Why a booking was refused -> ISO 20022 external status reason, for (debtor's, creditor's) account.
REASON_CODES: Final[Mapping[Rejection, tuple[str, str]]] = {
    Rejection.ACCOUNT_NOT_FOUND: ("AC02", "AC03"),  # invalid debtor / creditor account number
    Rejection.ACCOUNT_CLOSED: ("AC05", "AC07"),  # closed debtor / creditor account
    Rejection.ACCOUNT_FROZEN: ("AC06", "AC06"),  # blocked account
    Rejection.CURRENCY_MISMATCH: ("AM03", "AM03"),  # not allowed currency
    Rejection.INSUFFICIENT_FUNDS: ("AM04", "AM04"),  # insufficient funds
    Rejection.BALANCE_LIMIT_EXCEEDED: ("AM14", "AM14"),  # amount exceeds agreed limit
    Rejection.BALANCE_OUT_OF_RANGE: ("AM12", "AM12"),  # invalid amount
    Rejection.SAME_ACCOUNT: ("AG01", "AG01"),  # transaction forbidden
    Rejection.PERIOD_CLOSED: ("AG01", "AG01"),
}
FORBIDDEN_BETWEEN: Final = "AG01"


def decide_payment(
    command: InitiatePayment, state: State, moment: Moment
) -> tuple[PaymentInitiated, PaymentSettled | PaymentRejected] | Refused:
    """Receive a payment and settle or reject it at once.

    Refuses only what is no payment at all (unknown currency, scale).
    """
    amount_minor = _amount_of(command, state)
    if isinstance(amount_minor, Refused):
        return amount_minor
    initiated = PaymentInitiated(
        payment_id=payment_id(moment.position),
        debtor_account_id=command.debtor_account_id,
        creditor_account_id=command.creditor_account_id,
        instructed_amount=command.instructed_amount,
        amount_minor=amount_minor,
        end_to_end_id=command.end_to_end_id,
        remittance_information=command.remittance_information,
        metadata=command.metadata,
        status=PAYMENT_TRANSITIONS[None, PaymentInitiated],
    )
    return initiated, _settle(initiated, state, moment)


def _amount_of(command: InitiatePayment, state: State) -> int | Refused:
    amount = command.instructed_amount
    scale = state.scale_of(amount.currency)
    if scale is None:
        return Refused(Rejection.CURRENCY_UNKNOWN, f"{amount.currency} is not known", "/instructed_amount/currency")
    try:
        return minor_of(amount.value, scale=scale)
    except WrongScale as wrong:
        return Refused(Rejection.WRONG_SCALE, f"{amount.currency}: {wrong}", "/instructed_amount/value")
    except AmountOutOfRange as wrong:
        return Refused(Rejection.AMOUNT_OUT_OF_RANGE, str(wrong), "/instructed_amount/value")


def _settle(initiated: PaymentInitiated, state: State, moment: Moment) -> PaymentSettled | PaymentRejected:
    if initiated.debtor_account_id == initiated.creditor_account_id:
        return _rejected(initiated, FORBIDDEN_BETWEEN, "debtor and creditor are the same account")
    postings = _postings_of(initiated, state)
    if postings is None:
        return _rejected(initiated, FORBIDDEN_BETWEEN, "a payment needs two accounts with the same normal side")
    posted = book_postings(postings, state=state)
    if isinstance(posted, Refused):
        of_debtor, of_creditor = REASON_CODES[posted.rejection]
        at_creditor = posted.pointer is not None and posted.pointer.startswith("/postings/1")
        return _rejected(initiated, of_creditor if at_creditor else of_debtor, posted.detail)
    effective = effective_on(None, state=state, moment=moment)
    if isinstance(effective, Refused):
        return _rejected(initiated, REASON_CODES[effective.rejection][0], effective.detail)
    return PaymentSettled(
        payment_id=initiated.payment_id,
        transfer_id=transfer_id(moment.position + 1),
        end_to_end_id=initiated.end_to_end_id,
        postings=posted,
        effective_date=effective,
        status=PAYMENT_TRANSITIONS["RCVD", PaymentSettled],
    )


def _postings_of(initiated: PaymentInitiated, state: State) -> tuple[Posting, Posting] | None:
    """Debtor's posting first. Money leaves a credit-normal account by a debit, a debit-normal one by a credit."""
    debtor = state.account(initiated.debtor_account_id)
    creditor = state.account(initiated.creditor_account_id)
    signs = {account.terms.normal_sign for account in (debtor, creditor) if account is not None}
    if len(signs) > 1:
        return None
    leaves_by_credit = signs == {1}
    currency = initiated.instructed_amount.currency
    return (
        Posting(
            account_id=initiated.debtor_account_id,
            side="credit" if leaves_by_credit else "debit",
            amount_minor=initiated.amount_minor,
            currency=currency,
        ),
        Posting(
            account_id=initiated.creditor_account_id,
            side="debit" if leaves_by_credit else "credit",
            amount_minor=initiated.amount_minor,
            currency=currency,
        ),
    )


def _rejected(initiated: PaymentInitiated, reason_code: str, detail: str) -> PaymentRejected:
    return PaymentRejected(
        payment_id=initiated.payment_id,
        end_to_end_id=initiated.end_to_end_id,
        status=PAYMENT_TRANSITIONS["RCVD", PaymentRejected],
        reason_code=reason_code,
        detail=detail,
    )


def evolve_initiated(state: State, event: PaymentInitiated, position: int) -> None:
    """A payment in flight within one commit leaves no state behind."""


def evolve_settled(state: State, event: PaymentSettled, position: int) -> None:
    """Move the balances of the payment."""
    move_balances(state, event.postings)


def evolve_rejected(state: State, event: PaymentRejected, position: int) -> None:
    """A rejected payment moves nothing."""


def _touch_payment(command: InitiatePayment, touched: Touched) -> None:
    touched.accounts.update((command.debtor_account_id, command.creditor_account_id))
    touched.currencies.add(command.instructed_amount.currency)


CONTEXT: Final = Context(
    deciders={InitiatePayment: decide_payment},
    evolvers={
        PaymentInitiated: evolve_initiated,
        PaymentSettled: evolve_settled,
        PaymentRejected: evolve_rejected,
    },
    touches={InitiatePayment: _touch_payment},
)
