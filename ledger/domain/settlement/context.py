"""Settlement's part of the book."""

from typing import Final

from contracts import events as e
from contracts.commands import CloseSettlement, RetryPayout, SettleClearing
from ledger.domain.contexts import Context
from ledger.domain.payouts import SETTLEMENT, Settlement
from ledger.domain.settlement import clearing, closing, retrying, terms
from ledger.domain.takings import TAKINGS, Takings

CONTEXT: Final = Context(
    deciders={
        terms.AssessedMerchant: terms.decide_define,
        CloseSettlement: closing.decide_close,
        RetryPayout: retrying.decide_retry,
        SettleClearing: clearing.decide_settle,
    },
    evolvers={
        e.MerchantDefined: terms.evolve_defined,
        e.SettlementClosed: closing.evolve_closed,
        e.CutOffPassed: closing.evolve_passed,
        e.PayoutRetryProposed: retrying.evolve_proposed,
        e.PayoutRetried: retrying.evolve_retried,
        e.ClearingSettled: clearing.evolve_settled,
    },
    touches={
        terms.AssessedMerchant: terms.touch_define,
        CloseSettlement: closing.touch_close,
        RetryPayout: retrying.touch_retry,
        SettleClearing: clearing.touch_settle,
    },
    follows={
        CloseSettlement: closing.follow_close,
        RetryPayout: retrying.follow_retry,
        SettleClearing: clearing.follow_settle,
    },
    records={
        terms.MERCHANT: terms.Merchant,
        TAKINGS: Takings,
        SETTLEMENT: Settlement,
        clearing.CLEARING: clearing.Clearing,
        clearing.CLEARED_DAY: clearing.ClearedDay,
    },
)
