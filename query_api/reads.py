"""The questions of the query API, each with who answers it, and who does when that one cannot.

Now: Redis, then the book. In the past: the book at a position (its events carry the balances they left), the lake at a
date. Redis not knowing an account proves nothing, the account may be newer than the model: the book has the last word.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import TypeVar

import msgspec

from contracts.ids import position_of
from contracts.read_models import (
    LAKE,
    STATEMENT_LINES_MAX,
    WALLETS,
    AccountState,
    Checkpoint,
    StatementLine,
    account_of,
    hold_of,
    statement_score,
    totals_of,
)
from contracts.views import (
    AccountLine,
    AccountPage,
    AccountView,
    AsOf,
    BalanceView,
    EventView,
    HoldLine,
    HoldPage,
    HoldView,
    StatementEntry,
    StatementView,
    TotalsView,
    TransferView,
)
from query_api.book import Book
from query_api.dating import Dating
from query_api.freshness import BOOK, Dated, Fresh, Freshness
from query_api.history import History
from query_api.metrics import QueryMetrics
from query_api.pages import write_cursor
from query_api.questions import (
    ACCOUNTS,
    BEFORE_ALL,
    HOLDS,
    STATEMENT,
    AccountsAsked,
    PeriodAsked,
    StatementAsked,
)
from query_api.redis_model import Page
from query_api.refusals import ReadRefused, Refusal, SourceDown
from query_api.wallets import Wallets

ACCOUNTS_EXAMINED_MAX = 1_000  # per page, when filters apply: what one script call may look at

_AFTER_ALL_IDS = "\x7f"  # above every character of an id

V = TypeVar("V", bound=Dated)
S = TypeVar("S", bound=msgspec.Struct)


class Reads:
    """All answers but reports, payments and the desk. Every method raises ReadRefused."""

    def __init__(
        self,
        *,
        wallets: Wallets,
        book: Book,
        history: History,
        freshness: Freshness,
        dating: Dating,
        metrics: QueryMetrics,
    ) -> None:
        self._wallets = wallets
        self._book = book
        self._history = history
        self._freshness = freshness
        self._dating = dating
        self._metrics = metrics
        nothing = Checkpoint()
        self._dated = (nothing, dating.as_of(0, None, source="read_model"))

    async def balance(self, account_id: str, fresh: Fresh) -> BalanceView:
        """Read the balance now."""
        return await self._freshness.read(lambda: self._balance_now(account_id), fresh, model=WALLETS)

    async def balance_at_position(self, account_id: str, position: int, fresh: Fresh) -> BalanceView:
        """Read the balance after the event at `position`. It never changes, so only `position` itself is waited for."""

        async def read() -> BalanceView:
            try:
                return await self._book.read_balance_at_position(account_id, position)
            except SourceDown as down:
                self._metrics.book_failed.inc()
                return await _or_unavailable(lambda: self._history.balance(account_id, position=position), down)

        return await self._freshness.read(read, fresh.exactly(position), model=BOOK)

    async def balance_at_date(self, account_id: str, day: date, fresh: Fresh) -> BalanceView:
        """Read what had taken effect by the end of `day`."""

        async def read() -> BalanceView:
            try:
                return await self._history.balance(account_id, day=day)
            except SourceDown as down:
                self._metrics.lake_failed.inc()
                return await _or_unavailable(lambda: self._book.read_balance_at_date(account_id, day), down)
            except ReadRefused as refused:
                return await self._known_to_book(refused, lambda: self._book.read_balance_at_date(account_id, day))

        return await self._freshness.read(read, fresh, model=LAKE)

    async def account(self, account_id: str, fresh: Fresh) -> AccountView:
        """Read an account."""

        async def read() -> AccountView:
            checkpoint, fields = await self._wallets.read_hash(lambda keys: keys.account(account_id))
            if not fields:
                raise _not_found(Refusal.ACCOUNT_NOT_FOUND, f"account {account_id}", checkpoint)
            state = account_of(account_id, fields)
            return _view(state, AccountView, available_minor=state.available_minor, as_of=self._as_of(checkpoint))

        return await self._now(read, lambda: self._book.read_account(account_id), fresh)

    async def accounts(self, asked: AccountsAsked, fresh: Fresh) -> AccountPage:
        """Read a page of accounts by id."""
        return await self._now(lambda: self._accounts(asked), lambda: self._book.read_accounts(asked), fresh)

    async def statement(self, asked: StatementAsked, fresh: Fresh) -> StatementView:
        """Read an account's entries, newest first: the newest from Redis, older ones from the book."""
        return await self._now(lambda: self._statement(asked), lambda: self._book.read_statement(asked), fresh)

    async def period(self, asked: PeriodAsked, fresh: Fresh) -> StatementView:
        """Read an account's entries of a period with its opening and closing balance."""
        if asked.position is not None:
            fresh = fresh.exactly(asked.position)
        return await self._only(lambda: self._history.period(asked), fresh, model=LAKE)

    async def holds(self, account_id: str, *, limit: int, after: int, fresh: Fresh) -> HoldPage:
        """Read the open holds that touch an account, oldest first, placed after position `after`."""

        async def read() -> HoldPage:
            page = await self._wallets.read_page(
                lambda keys: keys.holds(account_id),
                (f"({after}", "+inf", "BYSCORE", "LIMIT", 0, limit + 1),
                hash_of=lambda keys, hold_id: keys.hold(hold_id),
                beside=lambda keys: keys.account(account_id),
            )
            if not page.beside:
                raise _not_found(Refusal.ACCOUNT_NOT_FOUND, f"account {account_id}", page.checkpoint)
            holds = [_view(hold_of(name, fields), HoldLine) for name, fields in _items(page, limit)]
            last = position_of(holds[-1].hold_id) if len(page.members) > limit else None
            return HoldPage(
                account_id=account_id,
                holds=tuple(holds),
                next_cursor=_cursor(last, HOLDS, account_id),
                as_of=self._as_of(page.checkpoint),
            )

        return await self._only(read, fresh, model=WALLETS)

    async def hold(self, hold_id: str, fresh: Fresh) -> HoldView:
        """Read a hold, open or ended."""

        async def read() -> HoldView:
            checkpoint, fields = await self._wallets.read_hash(lambda keys: keys.hold(hold_id))
            if not fields:
                raise _not_found(Refusal.HOLD_NOT_FOUND, f"hold {hold_id}", checkpoint)
            return _view(hold_of(hold_id, fields), HoldView, as_of=self._as_of(checkpoint))

        return await self._only(read, fresh, model=WALLETS)

    async def totals(self, fresh: Fresh) -> TotalsView:
        """Read the ledger's counters."""

        async def read() -> TotalsView:
            checkpoint, fields = await self._wallets.read_hash(lambda keys: keys.totals)
            return _view(totals_of(fields), TotalsView, as_of=self._as_of(checkpoint))

        return await self._only(read, fresh, model=WALLETS)

    async def event(self, position: int, fresh: Fresh) -> EventView:
        """Read an event with its hash."""
        return await self._only(lambda: self._book.read_event(position), fresh, model=BOOK)

    async def transfer(self, transfer_id: str, fresh: Fresh) -> TransferView:
        """Read the event that booked a transfer, with its hash."""
        return await self._only(lambda: self._book.read_transfer(transfer_id), fresh, model=BOOK)

    async def _balance_now(self, account_id: str) -> BalanceView:
        try:
            checkpoint, fields = await self._wallets.read_balance(account_id)
        except SourceDown as down:
            self._metrics.redis_failed.inc()
            return await _or_unavailable(lambda: self._book.read_balance(account_id), down)
        if fields[0] is None:
            missing = _not_found(Refusal.ACCOUNT_NOT_FOUND, f"account {account_id}", checkpoint)
            return await self._known_to_book(missing, lambda: self._book.read_balance(account_id))
        currency, scale, normal_side, posted, held = fields
        posted_minor, held_minor = int(posted), int(held)
        return BalanceView(
            account_id=account_id,
            currency=currency.decode(),
            scale=int(scale),
            normal_side="debit" if normal_side == b"debit" else "credit",
            posted_minor=posted_minor,
            held_minor=held_minor,
            available_minor=posted_minor - held_minor,
            as_of=self._as_of(checkpoint),
        )

    async def _accounts(self, asked: AccountsAsked) -> AccountPage:
        is_filtered = asked.filters[1:] != (None, None, None)
        examined_max = ACCOUNTS_EXAMINED_MAX if is_filtered else asked.limit + 1
        start = f"({asked.after}" if asked.after else f"[{asked.prefix}" if asked.prefix else "-"
        end = f"[{asked.prefix}{_AFTER_ALL_IDS}" if asked.prefix else "+"
        page = await self._wallets.read_page(
            lambda keys: keys.accounts,
            (start, end, "BYLEX", "LIMIT", 0, examined_max),
            hash_of=lambda keys, account_id: keys.account(account_id),
        )
        found = [account_of(name, fields) for name, fields in _items(page, examined_max)]
        matching = [state for state in found if _matches(state, asked)]
        shown = matching[: asked.limit]
        last = None
        if len(matching) > asked.limit:
            last = shown[-1].account_id
        elif len(page.members) == examined_max:
            last = found[-1].account_id
        return AccountPage(
            accounts=tuple(_view(state, AccountLine, available_minor=state.available_minor) for state in shown),
            next_cursor=_cursor(last, ACCOUNTS, *asked.filters),
            as_of=self._as_of(page.checkpoint),
        )

    async def _statement(self, asked: StatementAsked) -> StatementView:
        is_first = asked.before == BEFORE_ALL
        page = await self._wallets.read_page(
            lambda keys: keys.statement(asked.account_id),
            (
                "+inf" if is_first else f"({statement_score(*asked.before)}",
                "-inf", "BYSCORE", "REV", "LIMIT", 0, asked.limit + 1,
            ),
            beside=lambda keys: keys.account(asked.account_id),
        )  # fmt: skip
        if not page.beside:
            raise _not_found(Refusal.ACCOUNT_NOT_FOUND, f"account {asked.account_id}", page.checkpoint)
        if not page.members and not is_first:
            return await self._book.read_statement(asked)  # beyond the newest lines, which is all that Redis keeps
        account = account_of(asked.account_id, page.beside)
        shown = [msgspec.json.decode(line, type=StatementLine) for line in page.members[: asked.limit]]
        is_all = is_first and len(page.members) <= asked.limit and len(page.members) < STATEMENT_LINES_MAX
        last = None if is_all else (shown[-1].position, shown[-1].leg)
        return StatementView(
            account_id=asked.account_id,
            currency=account.currency,
            scale=account.scale,
            period_from=None,
            period_to=None,
            opening_minor=None,
            closing_minor=None,
            entries=tuple(_view(line, StatementEntry, balance_minor=line.posted_minor) for line in shown),
            next_cursor=_cursor(last, STATEMENT, asked.account_id),
            as_of=self._as_of(page.checkpoint),
        )

    async def _now(self, read: Callable[[], Awaitable[V]], from_book: Callable[[], Awaitable[V]], fresh: Fresh) -> V:
        """Read from Redis; from the book when Redis is down or does not know what is asked."""

        async def attempt() -> V:
            try:
                return await read()
            except SourceDown as down:
                self._metrics.redis_failed.inc()
                return await _or_unavailable(from_book, down)
            except ReadRefused as refused:
                return await self._known_to_book(refused, from_book)

        return await self._freshness.read(attempt, fresh, model=WALLETS)

    async def _only(self, read: Callable[[], Awaitable[V]], fresh: Fresh, *, model: str) -> V:
        """Read from the one source that can answer."""

        async def attempt() -> V:
            try:
                return await read()
            except SourceDown as down:
                raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(down)) from down

        return await self._freshness.read(attempt, fresh, model=model)

    async def _known_to_book(self, refused: ReadRefused, from_book: Callable[[], Awaitable[V]]) -> V:
        """Ask the book for an account that a read model does not know; let the refusal stand if the book is away."""
        if refused.refusal is not Refusal.ACCOUNT_NOT_FOUND:
            raise refused
        try:
            return await from_book()
        except SourceDown:
            raise refused from None

    def _as_of(self, checkpoint: Checkpoint) -> AsOf:
        if checkpoint is not self._dated[0]:  # answers of one call to Redis share their checkpoint
            as_of = self._dating.as_of(checkpoint.position, checkpoint.recorded_at, source="read_model")
            self._dated = (checkpoint, as_of)
        return self._dated[1]


async def _or_unavailable(read: Callable[[], Awaitable[V]], first: SourceDown) -> V:
    """Ask the last source there is; when it is down too, say why nobody answers."""
    try:
        return await read()
    except SourceDown as second:
        raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, f"{first}; {second}") from second


def _not_found(refusal: Refusal, what: str, checkpoint: Checkpoint) -> ReadRefused:
    detail = f"there is no {what} as of position {checkpoint.position}"
    return ReadRefused(refusal, detail, position=checkpoint.position)


def _items(page: Page, limit: int) -> list[tuple[str, Mapping[bytes, bytes]]]:
    return [(name.decode(), fields) for name, fields in zip(page.members, page.hashes, strict=True)][:limit]


def _matches(state: AccountState, asked: AccountsAsked) -> bool:
    wanted = (asked.currency, asked.account_type, asked.status)
    actual = (state.currency, state.account_type, state.status)
    return all(want is None or want == have for want, have in zip(wanted, actual, strict=True))


def _cursor(key: object, listing: str, *filters: object) -> str | None:
    return None if key is None else write_cursor(key, listing=listing, filters=filters)


def _view(state: msgspec.Struct, kind: type[S], **more: object) -> S:
    """Copy into a view the fields it shares with a read model's struct."""
    shared = {name: getattr(state, name) for name in kind.__struct_fields__ if name not in more}
    return kind(**shared, **more)
