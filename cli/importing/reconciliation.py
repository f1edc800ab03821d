"""The end of an import: each account's balance in the book beside the bank's own.

The book is asked for balances at the end of the file's last day, so history that was imported later does not disturb.
An account whose own last day is earlier and that differs is asked again as of that day: another file may have moved it.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Mapping as Map
from datetime import date
from typing import Final

import msgspec

from cli.client import BursarClient
from cli.importing.mapping import Mapping
from cli.importing.tally import BankClosing, Tally, nearest_difference

BALANCES_AT_ONCE_MAX: Final = 8
CAUGHT_UP_WAIT_MS: Final = 10_000  # the longest that the query API waits for a position in one request
REPORT_TOO_LARGE: Final = "report_too_large"
_DEBIT_NORMAL: Final = ("asset", "expense")


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """An account where book and bank disagree; `book_minor` and the nearest of the bank's balances, normal side."""

    account_id: str
    day: date
    book_minor: int
    bank_minor: int
    difference_minor: int


class Reconciled(msgspec.Struct, frozen=True, kw_only=True):
    """How many accounts equal the bank's balance, differ within the tolerance, or beyond it."""

    as_of_date: date
    position: int
    accounts: int
    equal: int
    within_tolerance: int
    beyond_tolerance: int
    tolerance_minor: int
    largest_difference_minor: int
    differences: list[Difference]


class _Balance(msgspec.Struct, frozen=True):
    posted_minor: int


async def reconcile(
    queries: BursarClient, mapping: Mapping, tally: Tally, *, tolerance_minor: int
) -> Reconciled | None:
    """Compare every account of the file; None when the file has none. Raises Unreachable and ApiRefused."""
    last_day = tally.last_day
    if last_day is None:
        return None
    book = await _balances_at(queries, mapping, last_day, tally.position)
    differences = {
        account_id: nearest_difference(book.get(account_id, 0), closing.balances_minor)
        for account_id, closing in tally.closings.items()
    }
    doubtful = {
        account_id: tally.closings[account_id].day
        for account_id, difference in differences.items()
        if difference != 0 and (not book or tally.closings[account_id].day < last_day)
    }
    for account_id, balance_minor in (await _balances_each(queries, doubtful, tally.position)).items():
        book[account_id] = balance_minor
        differences[account_id] = nearest_difference(balance_minor, tally.closings[account_id].balances_minor)
    beyond = [account_id for account_id, difference in differences.items() if abs(difference) > tolerance_minor]
    equal = sum(difference == 0 for difference in differences.values())
    return Reconciled(
        as_of_date=last_day,
        position=tally.position,
        accounts=len(differences),
        equal=equal,
        within_tolerance=len(differences) - equal - len(beyond),
        beyond_tolerance=len(beyond),
        tolerance_minor=tolerance_minor,
        largest_difference_minor=max(map(abs, differences.values())),
        differences=[
            _difference(account_id, tally.closings[account_id], book.get(account_id, 0), differences[account_id])
            for account_id in sorted(beyond)
        ],
    )


def _difference(account_id: str, closing: BankClosing, book_minor: int, difference_minor: int) -> Difference:
    return Difference(
        account_id=account_id,
        day=closing.day,
        book_minor=book_minor,
        bank_minor=book_minor - difference_minor,
        difference_minor=difference_minor,
    )


async def _balances_at(queries: BursarClient, mapping: Mapping, day: date, position: int) -> dict[str, int]:
    """Read all balances of the currency in one report; empty when the book is too large for one."""
    params: dict[str, str | int] = {
        "currency": mapping.account.currency,
        "as_of_date": day.isoformat(),
        "min_position": position,
        "wait_ms": CAUGHT_UP_WAIT_MS,
    }
    answer = await queries.get("/v1/reports/trial-balance", params, accept="text/csv")
    if not answer.ok and answer.problem.code == REPORT_TOO_LARGE:
        return {}
    sign = 1 if mapping.account.account_type in _DEBIT_NORMAL else -1
    rows = csv.DictReader(answer.require().content.decode().splitlines())
    return {row["account_id"]: sign * int(row["balance_minor"]) for row in rows if row["level"] == "account"}


async def _balances_each(queries: BursarClient, days: Map[str, date], position: int) -> dict[str, int]:
    """Read the balance of each account at the end of its own day. Accounts that the book does not have are left out."""
    gate = asyncio.Semaphore(BALANCES_AT_ONCE_MAX)

    async def read(account_id: str, day: date) -> int | None:
        params: dict[str, str | int] = {
            "at_date": day.isoformat(),
            "min_position": position,
            "wait_ms": CAUGHT_UP_WAIT_MS,
        }
        async with gate:
            answer = await queries.get(f"/v1/accounts/{account_id}/balance", params)
        if answer.status == 404:
            return None
        return msgspec.json.decode(answer.require().content, type=_Balance).posted_minor

    balances = await asyncio.gather(*(read(account_id, day) for account_id, day in days.items()))
    return {account_id: minor for account_id, minor in zip(days, balances, strict=True) if minor is not None}
