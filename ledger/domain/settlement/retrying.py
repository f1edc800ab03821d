"""What came back of a settlement is paid again, to the merchant's newest details, when two people agree (four eyes)."""

from typing import Final

import msgspec

from contracts.commands.merchants import RetryPayout
from contracts.events import EventData, PayoutRetried, PayoutRetryProposed
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Touched
from ledger.domain.four_eyes import Proposal, second_opinion
from ledger.domain.payouts import SETTLEMENT, Settlement, settlement_of
from ledger.domain.settlement.closing import PayoutWish, begin_payout, follow_merchant
from ledger.domain.settlement.terms import MERCHANT, Merchant
from ledger.domain.state import Moment, State

RETRY: Final = "retry"  # the only choice there is: whoever disagrees says nothing


def decide_retry(command: RetryPayout, state: State, moment: Moment) -> tuple[EventData, ...] | Refused:
    """Keep the first one's word; begin another payout of what is unpaid at the second one's."""
    settlement = settlement_of(state, command.settlement_id)
    if settlement is None:
        return Refused(
            Rejection.SETTLEMENT_NOT_FOUND, f"settlement {command.settlement_id} does not exist", "/settlement_id"
        )
    why_not = _why_not(settlement)
    if why_not is not None:
        return Refused(Rejection.SETTLEMENT_STATE_CONFLICT, f"{settlement.settlement_id} {why_not}", "/settlement_id")
    before = None if settlement.proposer is None else Proposal(settlement.proposer, RETRY)
    agreed = second_opinion(before, RETRY, subject=moment.subject)
    if isinstance(agreed, Refused):
        return agreed
    if agreed is None:
        proposed = PayoutRetryProposed(
            settlement_id=settlement.settlement_id,
            proposer=moment.subject,
            reason=command.reason,
            amount_minor=settlement.unpaid_minor,
        )
        return (proposed,)
    merchant = state.record(MERCHANT, settlement.merchant_id)
    assert isinstance(merchant, Merchant)
    retried = PayoutRetried(
        settlement_id=settlement.settlement_id, reason=command.reason, amount_minor=settlement.unpaid_minor
    )
    wish = PayoutWish(
        settlement_id=settlement.settlement_id,
        amount_minor=settlement.unpaid_minor,
        number=settlement.payouts + 1,
    )
    payout = begin_payout(wish, merchant, state, moment.after(1))
    return payout if isinstance(payout, Refused) else (retried, *payout)


def _why_not(settlement: Settlement) -> str | None:
    if settlement.contradicted:
        return "has a payout that its rail says it has executed after all"
    if settlement.payout_id is not None:
        return f"is being paid by {settlement.payout_id}"
    return None if settlement.unpaid_minor > 0 else "has nothing on the payable account that is unpaid"


def evolve_proposed(state: State, event: PayoutRetryProposed, position: int) -> None:
    """Keep the first one's word."""
    _put_proposer(state, event.settlement_id, event.proposer)


def evolve_retried(state: State, event: PayoutRetried, position: int) -> None:
    """The payout follows; the proposal has served."""
    _put_proposer(state, event.settlement_id, None)


def _put_proposer(state: State, settlement_id: str, proposer: str | None) -> None:
    settlement = settlement_of(state, settlement_id)
    assert settlement is not None
    state.records[SETTLEMENT, settlement_id] = msgspec.structs.replace(settlement, proposer=proposer)


def touch_retry(command: RetryPayout, touched: Touched) -> None:
    """The settlement."""
    touched.records.add((SETTLEMENT, command.settlement_id))


def follow_retry(command: RetryPayout, state: State, touched: Touched) -> None:
    """Its merchant, and what the merchant's terms name."""
    settlement = settlement_of(state, command.settlement_id)
    if settlement is not None:
        touched.records.add((MERCHANT, settlement.merchant_id))
        follow_merchant(settlement.merchant_id, state, touched)
