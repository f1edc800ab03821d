"""Settlements are not said outside as such: what other systems need is the payout, which is said as a payment."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from projectors.public_events.said import Translations, Unsaid

SAID: Final[Translations] = {}
_BETWEEN_TWO: Final = "a merchant's terms and takings are between it and the institution; its payout is a payment"
UNSAID: Final[Unsaid] = {
    e.MerchantDefined: _BETWEEN_TWO,
    e.SettlementClosed: _BETWEEN_TWO,
    e.CutOffPassed: _BETWEEN_TWO,
    e.PayoutRetryProposed: "what operators propose is theirs until it is decided",
    e.PayoutRetried: "the payout itself is said, as a payment",
    e.ClearingSettled: "between the institution and its bank or processor",
}
