"""A cut-off has come: what a merchant took is reckoned, fee, reserve and net are booked, and the payout begins.

All of it is one commit. A settlement holds what was booked before its own position and after the one before it, so
every position is in exactly one settlement or in the open period, however late the timer comes. Where less than the
minimum could be paid out nothing is booked at all: the period goes on until a later cut-off.
"""

from datetime import timedelta
from typing import Final

import msgspec
from msgspec import Struct

from contracts.commands import Posting, Side
from contracts.commands.merchants import CloseSettlement
from contracts.commands.payments import CurrencyAmount
from contracts.cut_offs import next_cut_off
from contracts.events import CutOffPassed, EventData, PaymentInitiated, SettlementClosed
from contracts.events.merchants import KindSum, SettlementFigures
from contracts.ids import payment_id, settlement_id, transfer_id
from contracts.money import text_of
from contracts.payment_codes import STATUS_OF
from contracts.rejections import Refused, Rejection
from ledger.domain import limits
from ledger.domain.contexts import Touched
from ledger.domain.payments.gates import next_step
from ledger.domain.payments.initiation import payment_from
from ledger.domain.payments.terms import RAIL, rail_of
from ledger.domain.payouts import SETTLEMENT, Settlement
from ledger.domain.postings import book_postings, effective_on
from ledger.domain.settlement.terms import MERCHANT, Merchant, Reserve, merchant_of
from ledger.domain.state import Account, Moment, State
from ledger.domain.takings import TAKINGS, Takings, takings_of
from ledger.domain.transfers import move_balances

PER_MILLE: Final = 1_000


class PayoutWish(Struct, frozen=True, kw_only=True):
    """A payout to begin: ``number`` is 1 for a settlement's first."""

    settlement_id: str
    amount_minor: int
    number: int


def decide_close(command: CloseSettlement, state: State, moment: Moment) -> tuple[EventData, ...] | Refused:
    """Close a merchant's period at its cut-off, once it has come, and begin to pay it out."""
    merchant = merchant_of(state, command.merchant_id)
    if isinstance(merchant, Refused):
        return merchant
    if command.cut_off_at != merchant.due_at or moment.now < command.cut_off_at:
        return Refused(
            Rejection.CUT_OFF_NOT_DUE,
            f"{command.merchant_id}'s next cut-off is {merchant.due_at}, and it is {moment.now}",
            "/cut_off_at",
        )
    figures = reckon(merchant, state, moment)
    next_at = next_cut_off(merchant.terms.schedule, moment.now)
    if figures.net_minor < merchant.terms.minimum_payout_minor:
        passed = CutOffPassed(
            merchant_id=command.merchant_id, cut_off_at=command.cut_off_at, next_cut_off_at=next_at, figures=figures
        )
        return (passed,)
    closed = _closed(command, merchant, figures, state, moment)
    if isinstance(closed, Refused):
        return closed
    closed = msgspec.structs.replace(closed, next_cut_off_at=next_at)
    after = State(state)
    evolve_closed(after, closed, moment.position)
    wish = PayoutWish(settlement_id=closed.settlement_id, amount_minor=figures.net_minor, number=1)
    payout = begin_payout(wish, merchant, after, moment.after(1))
    return payout if isinstance(payout, Refused) else (closed, *payout)


def reckon(merchant: Merchant, state: State, moment: Moment) -> SettlementFigures:
    """Reckon the open period of a merchant as it stands; ``net`` may be below zero."""
    account, takings = _account_and_takings(merchant, state)
    counted = takings.counted
    released_minor = sum(reserve.amount_minor for reserve in _released(merchant, moment))
    reserve_minor = counted.payments_minor * merchant.terms.reserve_per_mille // PER_MILLE
    other_minor = (
        account.posted_minor
        - takings.opening_minor
        - counted.payments_minor
        + counted.refunds_minor
        + counted.returns_minor
    )
    carried_minor = account.held_minor
    return SettlementFigures(
        opening_minor=takings.opening_minor,
        payments=KindSum(count=counted.payments_count, amount_minor=counted.payments_minor),
        refunds=KindSum(count=counted.refunds_count, amount_minor=counted.refunds_minor),
        returns=KindSum(count=counted.returns_count, amount_minor=counted.returns_minor),
        other_minor=other_minor,
        released_minor=released_minor,
        fee_minor=counted.fee_minor,
        reserve_minor=reserve_minor,
        carried_minor=carried_minor,
        net_minor=account.posted_minor + released_minor - counted.fee_minor - reserve_minor - carried_minor,
    )


def _account_and_takings(merchant: Merchant, state: State) -> tuple[Account, Takings]:
    account = state.account(merchant.terms.account_id)
    takings = takings_of(state, merchant.terms.account_id)
    assert account is not None
    assert takings is not None
    return account, takings


def _released(merchant: Merchant, moment: Moment) -> tuple[Reserve, ...]:
    return tuple(reserve for reserve in merchant.reserves if reserve.release_at <= moment.now)


def _closed(
    command: CloseSettlement, merchant: Merchant, figures: SettlementFigures, state: State, moment: Moment
) -> SettlementClosed | Refused:
    posted = book_postings(postings_of(merchant, figures), state=state)
    if isinstance(posted, Refused):
        return posted
    effective = effective_on(None, state=state, moment=moment)
    if isinstance(effective, Refused):
        return effective
    terms = merchant.terms
    _, takings = _account_and_takings(merchant, state)
    release_at = moment.now + timedelta(days=terms.reserve_days) if figures.reserve_minor else None
    return SettlementClosed(
        settlement_id=settlement_id(moment.position),
        transfer_id=transfer_id(moment.position),
        merchant_id=terms.merchant_id,
        account_id=terms.account_id,
        currency=terms.currency,
        from_position=takings.from_position,
        to_position=moment.position - 1,
        from_at=takings.from_at,
        cut_off_at=command.cut_off_at,
        next_cut_off_at=command.cut_off_at,
        closed_at=moment.now,
        figures=figures,
        release_at=release_at,
        postings=posted,
        effective_date=effective,
    )


def postings_of(merchant: Merchant, figures: SettlementFigures) -> tuple[Posting, ...]:
    """Released reserves come onto the merchant's account; fee, reserve and net leave it."""
    terms = merchant.terms
    account, reserve = terms.account_id, terms.reserve_account_id
    moves = (
        (reserve, account, figures.released_minor),
        (account, terms.fee_account_id, figures.fee_minor),
        (account, reserve, figures.reserve_minor),
        (account, terms.payable_account_id, figures.net_minor),
    )
    postings: list[Posting] = []
    for payer, payee, amount_minor in moves:
        if amount_minor > 0:
            sides: tuple[tuple[str | None, Side], ...] = ((payer, "debit"), (payee, "credit"))
            for name, side in sides:
                assert name is not None
                postings.append(Posting(account_id=name, side=side, amount_minor=amount_minor, currency=terms.currency))
    return tuple(postings)


def begin_payout(wish: PayoutWish, merchant: Merchant, state: State, moment: Moment) -> tuple[EventData, ...] | Refused:
    """Initiate a payout from the payable account and take it to its first gate. ``state``: with the money there.

    A payout is the institution's own payment, begun by itself: nobody authenticates it. Limits and reviews count.
    """
    terms = merchant.terms
    payable = state.account(terms.payable_account_id)
    assert payable is not None
    initiated = PaymentInitiated(
        payment_id=payment_id(moment.position),
        payment_type="payout",
        rail=terms.payout_rail,
        debtor_account_id=terms.payable_account_id,
        creditor_account_id=None,
        debtor=None,
        creditor=terms.creditor,
        instructed_amount=CurrencyAmount(
            currency=terms.currency, value=text_of(wish.amount_minor, scale=payable.terms.scale)
        ),
        amount_minor=wish.amount_minor,
        fee_minor=0,
        end_to_end_id=f"{wish.settlement_id}.{wish.number}",
        remittance_information=None,
        requested_execution_date=None,
        quote_id=None,
        metadata=None,
        customer_id=payable.terms.customer_id,
        subject=None,
        standing_order_id=None,
        settlement_id=wish.settlement_id,
        assessment=terms.assessment,
        initiated_at=moment.now,
        initiated_by=moment.subject,
        status=STATUS_OF["received"],
    )
    payment = payment_from(initiated, state)
    return payment if isinstance(payment, Refused) else (initiated, next_step(payment, state, moment.after(1)))


def evolve_closed(state: State, event: SettlementClosed, position: int) -> None:
    """Book, begin a new period behind this position, and owe the merchant the net."""
    merchant = state.record(MERCHANT, event.merchant_id)
    assert isinstance(merchant, Merchant)
    _, takings = _account_and_takings(merchant, state)
    move_balances(state, event.postings)
    account = state.account(event.account_id)
    assert account is not None
    reserves = tuple(reserve for reserve in merchant.reserves if reserve.release_at > event.closed_at)
    if event.release_at is not None:
        reserves += (Reserve(event.settlement_id, event.figures.reserve_minor, event.release_at),)
    state.records[MERCHANT, event.merchant_id] = msgspec.structs.replace(
        merchant, reserves=reserves, due_at=event.next_cut_off_at
    )
    state.records[TAKINGS, event.account_id] = Takings(
        merchant_id=takings.merchant_id,
        fees=takings.fees,
        from_position=position + 1,
        from_at=event.closed_at,
        opening_minor=account.posted_minor,
    )
    net_minor = event.figures.net_minor
    state.records[SETTLEMENT, event.settlement_id] = Settlement(
        settlement_id=event.settlement_id,
        merchant_id=event.merchant_id,
        net_minor=net_minor,
        unpaid_minor=net_minor,
    )


def evolve_passed(state: State, event: CutOffPassed, position: int) -> None:
    """Wait for the next cut-off."""
    merchant = state.record(MERCHANT, event.merchant_id)
    assert isinstance(merchant, Merchant)
    state.records[MERCHANT, event.merchant_id] = msgspec.structs.replace(merchant, due_at=event.next_cut_off_at)


def touch_close(command: CloseSettlement, touched: Touched) -> None:
    """The merchant."""
    touched.records.add((MERCHANT, command.merchant_id))


def follow_close(command: CloseSettlement, state: State, touched: Touched) -> None:
    """Everything that its terms name."""
    follow_merchant(command.merchant_id, state, touched)


def follow_merchant(merchant_id: str, state: State, touched: Touched) -> None:
    """The accounts, takings, rail and limits of a merchant, once it is loaded."""
    merchant = state.record(MERCHANT, merchant_id)
    if not isinstance(merchant, Merchant):
        return
    terms = merchant.terms
    accounts = (terms.account_id, terms.payable_account_id, terms.fee_account_id, terms.reserve_account_id)
    touched.accounts.update(name for name in accounts if name is not None)
    touched.currencies.add(terms.currency)
    touched.records.add((TAKINGS, terms.account_id))
    touched.records.add((RAIL, f"{terms.payout_rail}:{terms.currency}"))
    rail = rail_of(state, terms.payout_rail, terms.currency)
    if rail is not None:
        touched.accounts.update((rail.clearing_account_id, rail.suspense_account_id))
    payable = state.account(terms.payable_account_id)
    subjects = limits.subjects_of(
        account_id=terms.payable_account_id,
        customer_id=None if payable is None else payable.terms.customer_id,
        payee_id=terms.creditor.payee_id,
    )
    touched.records.update((limits.LIMIT, subject) for subject in subjects)
