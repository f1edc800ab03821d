"""What a run suggested is kept whole or not at all, and listed by score, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import asyncpg
import pytest
from msgspec.structs import replace

from cli.devstack import Servers
from contracts.suggestions import SuggestedEntry, SuggestedLine, Suggestion
from projectors.reconciliation.matching.items import EntryKey, OpenEntry, OpenLine
from projectors.reconciliation.matching.outcome import Match
from projectors.reconciliation.matching.rules import DEFAULT_POLICY
from projectors.reconciliation.open_items import OpenItems
from projectors.reconciliation.suggestions import keep_suggestions, suggestions_of
from query_api import suggestions as listing
from query_api.refusals import Refusal
from runtime.postgres import create_pool
from tests.query_api.bank import Bank
from tests.query_api.windows import Window, open_window

LIST = "/matches/suggestions"
DAY = date(2026, 3, 1)
BANK, OTHER = "bank:eur", "bank:other"


def run_of(account_id: str = BANK, *, position: int = 7) -> OpenItems:
    """A run on an account, when the book was there."""
    return OpenItems(
        account_id=account_id,
        position=position,
        statement_id="stmt_1",
        through=DAY,
        lines=(),
        entries=(),
        lines_in_breaks=frozenset(),
        entries_in_breaks=frozenset(),
    )


def suggestion(number: int, score_permille: int, *, account_id: str = BANK) -> Suggestion:
    """A suggestion of one line and one entry."""
    return Suggestion(
        suggestion_id=f"sug_{account_id[5:]}{number}",
        account_id=account_id,
        rule="amount_only",
        score_permille=score_permille,
        currency="EUR",
        difference_minor=0,
        lines=(SuggestedLine(line_id=f"stmt_1:{number}", booked_on=DAY, amount_minor=5),),
        entries=(SuggestedEntry(position=number, leg=0, effective_on=DAY, amount_minor=5),),
        accept=None,
    )


class Shelf:
    """A book's suggestions, and a window on them."""

    def __init__(self, window: Window, pool: asyncpg.Pool[Any]) -> None:
        self.window = window
        self.pool = pool

    async def keep(self, kept: Sequence[Suggestion], run: OpenItems | None = None) -> bool:
        """Keep what a run suggested."""
        return await keep_suggestions(self.pool, run or run_of(), DEFAULT_POLICY, kept)

    async def ids(self, **asked: object) -> list[str]:
        """Walk all pages."""
        found: list[str] = []
        page = await self.window.get(LIST, **asked)
        for _ in range(20):
            found += [one["suggestion_id"] for one in page["suggestions"]]
            if page["next_cursor"] is None:
                return found
            page = await self.window.get(LIST, cursor=page["next_cursor"], **asked)
        raise AssertionError("the list does not end")


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Pool[Any]]:
    pool = await create_pool(dsn, application_name="tests", size_max=2)
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture(scope="module")
async def used_shelf(
    servers: Servers, book_template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Shelf]:
    """One for this file."""
    async with (
        servers.database("query_suggestions", template=book_template) as dsn_of,
        open_window(servers, dsn_of, Bank("suggesting"), tmp_path_factory.mktemp("suggesting")) as window,
        connected(dsn_of("bursar_reactor")) as pool,
    ):
        yield Shelf(window, pool)


@pytest.fixture
async def shelf(used_shelf: Shelf) -> Shelf:
    """An empty one."""
    async with connected(used_shelf.window.owner_dsn) as owner:
        await owner.execute("TRUNCATE reactions.suggestions, reactions.suggestion_runs")
    return used_shelf


FIVE = [suggestion(1, 500), suggestion(2, 780), suggestion(3, 500), suggestion(4, 700), suggestion(5, 500)]
SUREST_FIRST = ["sug_eur2", "sug_eur4", "sug_eur5", "sug_eur3", "sug_eur1"]


@pytest.mark.parametrize("examined_max", [2, 3, 2_000])
async def test_pages_of_any_size_join(shelf: Shelf, monkeypatch: pytest.MonkeyPatch, examined_max: int) -> None:
    """Also where a page has to stop because it has looked at enough."""
    await shelf.keep(FIVE)
    monkeypatch.setattr(listing, "SUGGESTIONS_EXAMINED_MAX", examined_max)
    assert await shelf.ids() == SUREST_FIRST
    assert await shelf.ids(limit=1) == SUREST_FIRST
    assert await shelf.ids(limit=2) == SUREST_FIRST


async def test_filters_and_a_cursor_that_belongs_to_them(shelf: Shelf) -> None:
    await shelf.keep(FIVE)
    await shelf.keep([suggestion(9, 600, account_id=OTHER)], run_of(OTHER))
    assert await shelf.ids(account_id=OTHER) == ["sug_other9"]
    assert await shelf.ids(min_score=600) == ["sug_eur2", "sug_eur4", "sug_other9"]
    assert await shelf.ids(account_id=BANK, min_score=700) == ["sug_eur2", "sug_eur4"]
    first = await shelf.window.get(LIST, limit=1)
    for filters in ({"account_id": BANK}, {"min_score": 1}):
        problem = await shelf.window.refused(LIST, cursor=first["next_cursor"], **filters)
        assert problem["code"] == Refusal.CURSOR_INVALID
    assert (await shelf.window.refused(LIST, min_score=1001))["code"] == Refusal.INVALID_PARAMETER


async def test_a_run_replaces_its_accounts_and_an_older_one_nothing(shelf: Shelf) -> None:
    assert await shelf.keep(FIVE)
    assert await shelf.keep([suggestion(9, 600, account_id=OTHER)], run_of(OTHER))
    assert await shelf.keep([FIVE[1]], run_of(position=8))
    assert await shelf.ids() == ["sug_eur2", "sug_other9"]
    assert not await shelf.keep(FIVE, run_of(position=7))
    assert await shelf.ids() == ["sug_eur2", "sug_other9"]
    assert await shelf.keep([], run_of(position=8))
    assert await shelf.ids(account_id=BANK) == []


async def test_a_run_that_fails_half_way_leaves_the_older_suggestions(shelf: Shelf) -> None:
    await shelf.keep(FIVE)
    with pytest.raises(asyncpg.UniqueViolationError):
        await shelf.keep([suggestion(6, 900), suggestion(6, 900)], run_of(position=8))
    assert await shelf.ids() == SUREST_FIRST
    assert await shelf.keep(FIVE[:1], run_of(position=7)), "the failed run left its position"


async def test_whoever_may_not_read_breaks_may_not_read_suggestions(shelf: Shelf) -> None:
    token = shelf.window.token(["accounts:read", "payments:read"])
    answer = await shelf.window.client.get(f"/v1{LIST}", headers={"authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


async def test_whoever_answers_questions_may_change_nothing(shelf: Shelf) -> None:
    await shelf.keep(FIVE)
    async with connected(shelf.window.settings.database_url) as pool:
        assert await pool.fetchval("SELECT count(*) FROM reactions.suggestions") == len(FIVE)
        for statement in ("DELETE FROM reactions.suggestions", "UPDATE reactions.suggestion_runs SET position = 0"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute(statement)


def test_the_best_are_kept_with_what_accepts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to a twentieth of the line may differ; the id follows from lines and entries alone."""
    monkeypatch.setattr("projectors.reconciliation.suggestions.SUGGESTIONS_KEPT_MAX", 2)
    line = OpenLine(line_id="stmt_1:1", booked_on=DAY, amount_minor=1_000, currency="EUR")
    entries = [
        OpenEntry(position=no, leg=0, effective_on=DAY, amount_minor=minor, currency="EUR")
        for no, minor in ((2, 950), (3, 949), (4, 1_000))
    ]
    items = replace(run_of(), lines=(line,), entries=tuple(entries))
    found = [
        Match(
            rule="counterparty_near",
            shape="one_to_one",
            score_permille=score,
            currency="EUR",
            line_ids=(line.line_id,),
            entries=(EntryKey(entry.position, 0),),
            difference_minor=1_000 - entry.amount_minor,
        )
        for entry, score in zip(entries, (450, 440, 400), strict=True)
    ]

    first, second = suggestions_of(items, reversed(found))

    assert (first.score_permille, first.difference_minor, second.score_permille) == (450, 50, 440)
    assert first.accept is not None
    assert first.accept.matches[0].difference_minor == 50
    assert second.accept is None
    [again] = suggestions_of(replace(items, position=9), [replace(found[0], rule="amount_only", score_permille=1)])
    assert again.suggestion_id == first.suggestion_id != second.suggestion_id
