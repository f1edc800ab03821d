"""Standing orders and payment files are not said outside: each of their payments is, one by one."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from projectors.public_events.said import Translations, Unsaid

_BY_ITS_PAYMENTS: Final = "what comes of it is said by its payments; the order itself is between a customer and us"
_SET_UP: Final = "which number an account is known by is in the payments that name it"

SAID: Final[Translations] = {}
UNSAID: Final[Unsaid] = {
    e.IbanAssigned: _SET_UP,
    e.PaymentFileReceived: _BY_ITS_PAYMENTS,
    e.StandingOrderCreated: _BY_ITS_PAYMENTS,
    e.StandingOrderAuthorised: _BY_ITS_PAYMENTS,
    e.StandingOrderIssued: _BY_ITS_PAYMENTS,
    e.StandingOrderSuspended: _BY_ITS_PAYMENTS,
    e.StandingOrderResumed: _BY_ITS_PAYMENTS,
    e.StandingOrderCancelled: _BY_ITS_PAYMENTS,
}
