"""Questions about the past that the lake answers: balances at a date, statements of a period.

Each is one job in a lake thread: all its queries see the same position.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Final

from contracts.views import BalanceView, StatementEntry, StatementView
from query_api.dating import Dating
from query_api.lake import Lake, LakeCursor
from query_api.pages import write_cursor
from query_api.questions import PERIOD, PeriodAsked
from query_api.refusals import ReadRefused, Refusal
from query_api.reports import date_cursor, require_position
from runtime.sql_files import load_queries

_QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "lake.sql")


class History:
    """The lake of one ledger as a source of balances and statements. Methods raise SourceDown and ReadRefused."""

    def __init__(self, lake: Lake, *, dating: Dating) -> None:
        self._lake = lake
        self._dating = dating

    async def balance(self, account_id: str, *, position: int | None = None, day: date | None = None) -> BalanceView:
        """Sum an account's entries up to a position (default: the newest) that took effect by the end of `day`."""

        def job(cursor: LakeCursor) -> BalanceView:
            pinned = _pin(cursor, position)
            found = cursor.query(
                _QUERIES["read_posted_balance"],
                {"account_id": account_id, "as_of_position": pinned, "as_of_date": day},
            ).to_pylist()
            if not found:
                raise _no_account(account_id, pinned)
            return BalanceView(
                account_id=account_id,
                currency=found[0]["currency"],
                scale=found[0]["scale"],
                normal_side=found[0]["normal_side"],
                posted_minor=int(found[0]["posted_minor"]),
                held_minor=None,
                available_minor=None,
                at_date=day,
                as_of=date_cursor(cursor, pinned, self._dating),
            )

        return await self._lake.run(job)

    async def period(self, asked: PeriodAsked) -> StatementView:
        """Read a page of a period, with the opening and closing balance of the whole period."""

        def job(cursor: LakeCursor) -> StatementView:
            pinned = _pin(cursor, asked.position)
            found = cursor.query(
                _QUERIES["read_account"], {"account_id": asked.account_id, "as_of_position": pinned}
            ).to_pylist()
            if not found:
                raise _no_account(asked.account_id, pinned)
            sign = 1 if found[0]["normal_side"] == "debit" else -1
            bounds = {
                "account_id": asked.account_id,
                "as_of_position": pinned,
                "from": asked.first_day,
                "to": asked.last_day,
            }
            [balances] = cursor.query(_QUERIES["read_period_balances"], bounds).to_pylist()
            after_date, after_position, after_leg = asked.after or (None, None, None)
            rows = cursor.query(
                _QUERIES["read_period_entries"],
                {
                    **bounds,
                    "opening_minor": int(balances["opening_minor"]),
                    "after_date": after_date,
                    "after_position": after_position,
                    "after_leg": after_leg,
                    "rows_max": asked.limit + 1,
                },
            ).to_pylist()
            return StatementView(
                account_id=asked.account_id,
                currency=found[0]["currency"],
                scale=found[0]["scale"],
                period_from=asked.first_day,
                period_to=asked.last_day,
                opening_minor=sign * int(balances["opening_minor"]),
                closing_minor=sign * int(balances["closing_minor"]),
                entries=tuple(_entry(row, sign) for row in rows[: asked.limit]),
                next_cursor=_next_cursor(rows, asked, pinned),
                as_of=date_cursor(cursor, pinned, self._dating),
            )

        return await self._lake.run(job)


def _pin(cursor: LakeCursor, position: int | None) -> int:
    if position is None:
        return cursor.position
    require_position(cursor, position)
    return position


def _entry(row: dict[str, Any], sign: int) -> StatementEntry:
    return StatementEntry(
        position=row["position"],
        leg=row["leg"],
        id=row["transfer_id"],
        type=row["event_type"],
        side="debit" if row["amount_minor"] > 0 else "credit",
        amount_minor=abs(row["amount_minor"]),
        balance_minor=sign * int(row["balance_minor"]),
        effective_date=row["effective_date"],
        recorded_at=row["recorded_at"],
        reference=row["reference"],
    )


def _next_cursor(rows: list[dict[str, Any]], asked: PeriodAsked, pinned: int) -> str | None:
    if len(rows) <= asked.limit:
        return None
    last = rows[asked.limit - 1]
    key = (pinned, last["effective_date"], last["position"], last["leg"])
    return write_cursor(key, listing=PERIOD, filters=asked.filters)


def _no_account(account_id: str, position: int) -> ReadRefused:
    return ReadRefused(
        Refusal.ACCOUNT_NOT_FOUND, f"there is no account {account_id} as of position {position}", position=position
    )
