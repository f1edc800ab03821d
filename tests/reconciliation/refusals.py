"""What each decision of reconciliation may answer, besides what the booking of a write-off may."""

from __future__ import annotations

from typing import Final

from contracts import commands as c
from contracts.rejections import Rejection as R

_BREAK: Final = {R.BREAK_NOT_FOUND, R.BREAK_CLOSED}
REFUSALS_OF_RECONCILIATION: Final[dict[type[c.Command], set[R]]] = {
    c.ImportStatement: {
        R.ACCOUNT_NOT_FOUND, R.CURRENCY_MISMATCH, R.STATEMENT_ALREADY_IMPORTED, R.STATEMENT_DIFFERS,
        R.STATEMENT_INCOMPLETE, R.STATEMENT_GAP, R.STATEMENT_UNBALANCED,
    },
    c.ImportStatementLines: {R.STATEMENT_NOT_FOUND, R.STATEMENT_PAGE_OUT_OF_ORDER, R.STATEMENT_UNBALANCED},
    c.RecordMatches: {
        R.LINE_NOT_FOUND, R.STATEMENT_INCOMPLETE, R.LINE_ALREADY_MATCHED, R.ENTRY_NOT_FOUND, R.ENTRY_ALREADY_MATCHED,
        R.MATCH_DIFFERENCE_WRONG, R.MATCH_DIFFERENCE_TOO_LARGE,
    },
    c.UnmatchLine: {R.LINE_NOT_FOUND, R.LINE_NOT_MATCHED, R.MATCH_WRITTEN_OFF, R.RECONCILIATION_CLOSED},
    c.OpenBreak: {
        R.ACCOUNT_NOT_FOUND, R.BREAK_ITEMS_WRONG, R.LINE_NOT_FOUND, R.STATEMENT_INCOMPLETE, R.LINE_ALREADY_MATCHED,
        R.ENTRY_NOT_FOUND, R.ENTRY_ALREADY_MATCHED, R.ALREADY_IN_BREAK,
    },
    c.AssignBreak: _BREAK | {R.WRITE_OFF_PROPOSED},
    c.ProposeWriteOff: _BREAK | {
        R.WRITE_OFF_PROPOSED, R.NOTHING_TO_WRITE_OFF, R.SAME_ACCOUNT, R.ACCOUNT_NOT_FOUND, R.CURRENCY_MISMATCH,
    },
    c.ApproveWriteOff: _BREAK | {R.WRITE_OFF_NOT_PROPOSED, R.FOUR_EYES_REQUIRED},
    c.RejectWriteOff: _BREAK | {R.WRITE_OFF_NOT_PROPOSED},
    c.CloseReconciliation: {
        R.STATEMENT_NOT_FOUND, R.STATEMENT_INCOMPLETE, R.RECONCILIATION_CLOSED, R.STATEMENT_LINES_OPEN,
        R.BALANCE_UNEXPLAINED,
    },
}  # fmt: skip
# Reached by tests of their own: a statement that lacks lines, and a day that does not come out.
REACHED_ELSEWHERE: Final = {
    c.ImportStatement: {R.STATEMENT_INCOMPLETE},
    c.ImportStatementLines: {R.STATEMENT_UNBALANCED},
    c.RecordMatches: {R.STATEMENT_INCOMPLETE},
    c.OpenBreak: {R.STATEMENT_INCOMPLETE},
    c.CloseReconciliation: {R.STATEMENT_INCOMPLETE, R.BALANCE_UNEXPLAINED},
}
