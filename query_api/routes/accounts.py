"""Accounts: list, one, balance, statement, holds."""

from datetime import date

from litestar import get
from msgspec import structs

from contracts.read_models import WALLETS
from contracts.views import AccountPage, AccountView, BalanceView, HoldPage, HoldView, StatementView
from query_api.pages import read_cursor
from query_api.parameters import (
    AboutAccount,
    AboutAccounts,
    AboutBalance,
    AboutHold,
    AboutHolds,
    AboutStatement,
    AnyRequest,
    question_of,
)
from query_api.questions import (
    ACCOUNTS,
    BEFORE_ALL,
    HOLDS,
    PERIOD,
    STATEMENT,
    AccountsAsked,
    PeriodAsked,
    StatementAsked,
)
from query_api.refusals import ReadRefused, Refusal
from query_api.routes.describing import described
from query_api.routes.parts import parts_of

SCOPE = "accounts:read"
MODEL = WALLETS


@get("/accounts", opt=described(AboutAccounts, AccountPage, Refusal.CURSOR_INVALID))
async def list_accounts(request: AnyRequest) -> AccountPage:
    """List accounts by id, filtered by prefix, currency, type and status."""
    asked = question_of(request, AboutAccounts)
    listing = AccountsAsked(
        prefix=asked.prefix,
        currency=asked.currency,
        account_type=asked.account_type,
        status=asked.status,
        limit=asked.limit,
    )
    if asked.cursor is not None:
        after = read_cursor(asked.cursor, str, listing=ACCOUNTS, filters=listing.filters)
        listing = structs.replace(listing, after=after)
    return await parts_of(request).reads.accounts(listing, asked.fresh)


@get("/accounts/{account_id:str}", opt=described(AboutAccount, AccountView, Refusal.ACCOUNT_NOT_FOUND))
async def read_account(request: AnyRequest) -> AccountView:
    """Read an account with its terms and its balance."""
    asked = question_of(request, AboutAccount)
    return await parts_of(request).reads.account(asked.account_id, asked.fresh)


@get(
    "/accounts/{account_id:str}/balance",
    opt=described(AboutBalance, BalanceView, Refusal.ACCOUNT_NOT_FOUND, Refusal.CONTRADICTING_PARAMETERS),
)
async def read_balance(request: AnyRequest) -> BalanceView:
    """Read a balance: now, at the end of a past day, or after a past event.

    Now comes from the read model, or from PostgreSQL while Redis is down: `as_of.source` says which.
    """
    asked = question_of(request, AboutBalance)
    if asked.at_date is None and asked.at_position is None:
        return await parts_of(request).reads.balance(asked.account_id, asked.fresh)
    if asked.at_position is None:
        assert asked.at_date is not None
        return await parts_of(request).reads.balance_at_date(asked.account_id, asked.at_date, asked.fresh)
    if asked.at_date is not None:
        raise ReadRefused(
            Refusal.CONTRADICTING_PARAMETERS, "at_date and at_position exclude each other", parameter="at_date"
        )
    return await parts_of(request).reads.balance_at_position(asked.account_id, asked.at_position, asked.fresh)


@get(
    "/accounts/{account_id:str}/statement",
    opt=described(
        AboutStatement,
        StatementView,
        Refusal.ACCOUNT_NOT_FOUND,
        Refusal.CURSOR_INVALID,
        Refusal.CONTRADICTING_PARAMETERS,
        Refusal.TOO_BUSY,
        Refusal.QUERY_TIMEOUT,
    ),
)
async def read_statement(request: AnyRequest) -> StatementView:
    """Read an account's entries: the newest first, or those of a period with its opening and closing balance."""
    asked = question_of(request, AboutStatement)
    if asked.first_day is not None or asked.last_day is not None:
        return await parts_of(request).reads.period(_period_of(asked), asked.fresh)
    before = BEFORE_ALL
    if asked.cursor is not None:
        before = read_cursor(asked.cursor, tuple[int, int], listing=STATEMENT, filters=(asked.account_id,))
    return await parts_of(request).reads.statement(
        StatementAsked(account_id=asked.account_id, limit=asked.limit, before=before), asked.fresh
    )


@get(
    "/accounts/{account_id:str}/holds",
    opt=described(AboutHolds, HoldPage, Refusal.ACCOUNT_NOT_FOUND, Refusal.CURSOR_INVALID),
)
async def list_holds(request: AnyRequest) -> HoldPage:
    """List the open holds that touch an account, oldest first."""
    asked = question_of(request, AboutHolds)
    after = 0
    if asked.cursor is not None:
        after = read_cursor(asked.cursor, int, listing=HOLDS, filters=(asked.account_id,))
    return await parts_of(request).reads.holds(asked.account_id, limit=asked.limit, after=after, fresh=asked.fresh)


@get("/holds/{hold_id:str}", opt=described(AboutHold, HoldView, Refusal.HOLD_NOT_FOUND))
async def read_hold(request: AnyRequest) -> HoldView:
    """Read a hold, open or ended, with the events of its life."""
    asked = question_of(request, AboutHold)
    return await parts_of(request).reads.hold(asked.hold_id, asked.fresh)


ROUTES = (list_accounts, read_account, read_balance, read_statement, list_holds, read_hold)


def _period_of(asked: AboutStatement) -> PeriodAsked:
    if asked.first_day is not None and asked.last_day is not None and asked.last_day < asked.first_day:
        raise ReadRefused(
            Refusal.CONTRADICTING_PARAMETERS,
            f"`to` ({asked.last_day}) is before `from` ({asked.first_day})",
            parameter="to",
        )
    period = PeriodAsked(
        account_id=asked.account_id, first_day=asked.first_day, last_day=asked.last_day, limit=asked.limit
    )
    if asked.cursor is None:
        return period
    position, day, entry, leg = read_cursor(
        asked.cursor, tuple[int, date, int, int], listing=PERIOD, filters=period.filters
    )
    return structs.replace(period, after=(day, entry, leg), position=position)
