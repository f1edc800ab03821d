"""Reconciliation is not said outside: it is work of the institution's own people on its own bank accounts."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from projectors.public_events.said import Translations, Unsaid

_OUR_BANK: Final = "statements of the institution's own accounts and the work on them concern nobody outside"

SAID: Final[Translations] = {}
UNSAID: Final[Unsaid] = {
    e.StatementImported: _OUR_BANK,
    e.StatementLinesImported: _OUR_BANK,
    e.MatchesRecorded: _OUR_BANK,
    e.LineUnmatched: _OUR_BANK,
    e.BreakOpened: _OUR_BANK,
    e.BreakAssigned: _OUR_BANK,
    e.WriteOffProposed: _OUR_BANK,
    e.WriteOffApproved: _OUR_BANK,
    e.WriteOffRejected: _OUR_BANK,
    e.ReconciliationClosed: _OUR_BANK,
}
