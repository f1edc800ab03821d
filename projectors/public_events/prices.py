"""Fees, rates and quotes are not said outside: who may know them asks, and a payment's own fee is in its event."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from projectors.public_events.said import Translations, Unsaid

_PRICES: Final = "prices and positions are the institution's own; who pays a price sees it in the answer"

SAID: Final[Translations] = {}
UNSAID: Final[Unsaid] = {
    e.FeesDefined: _PRICES,
    e.FxDefined: _PRICES,
    e.RatePublished: _PRICES,
    e.QuoteGiven: _PRICES,
    e.PositionsRevalued: _PRICES,
}
