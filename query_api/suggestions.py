"""What reconciliation suggests, less what was matched since: the list that a person confirms matches from."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from contracts.suggestions import Suggestion, SuggestionLine, SuggestionPage
from query_api.book import BOOK_EMPTY, Pool, fetch_from
from query_api.dating import Dating
from query_api.freshness import BOOK, Fresh, Freshness
from query_api.pages import write_cursor
from query_api.questions import SUGGESTIONS, SuggestionsAsked
from query_api.refusals import ReadRefused, Refusal, SourceDown
from query_api.sources import Source
from runtime.sql_files import load_queries

SUGGESTIONS_EXAMINED_MAX: Final = 2_000  # per page; see read_suggestions_page

_QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "suggestions.sql")
_decode: Final = msgspec.json.Decoder(Suggestion).decode


class Suggestions:
    """The suggestions of one ledger."""

    def __init__(self, pool: Source[Pool], *, freshness: Freshness, dating: Dating) -> None:
        self._pool = pool
        self._freshness = freshness
        self._dating = dating

    async def page(self, asked: SuggestionsAsked, fresh: Fresh) -> SuggestionPage:
        """Read a page, surest first. Raises ReadRefused."""

        async def read() -> SuggestionPage:
            try:
                return await self._read(asked)
            except SourceDown as down:
                raise ReadRefused(Refusal.SOURCE_UNAVAILABLE, str(down)) from down

        return await self._freshness.read(read, fresh, model=BOOK)

    async def _read(self, asked: SuggestionsAsked) -> SuggestionPage:
        rows = await fetch_from(
            self._pool,
            _QUERIES["read_suggestions_page"],
            (asked.account_id, asked.min_score, *asked.before, SUGGESTIONS_EXAMINED_MAX, asked.limit + 1),
        )
        if not rows:
            raise SourceDown(BOOK_EMPTY)
        lines = [_line(row) for row in rows if row["suggestion"] is not None]
        shown = lines[: asked.limit]
        last: tuple[int, str] | None = None
        if len(lines) > asked.limit:
            last = (shown[-1].score_permille, shown[-1].suggestion_id)
        elif rows[0]["examined"] == SUGGESTIONS_EXAMINED_MAX:
            last = (rows[0]["last_score"], rows[0]["last_id"])
        return SuggestionPage(
            suggestions=tuple(shown),
            looked_at=rows[0]["looked_at"],
            next_cursor=None if last is None else write_cursor(last, listing=SUGGESTIONS, filters=asked.filters),
            as_of=self._dating.as_of(rows[0]["head_position"], rows[0]["head_recorded_at"], source="book"),
        )


def _line(row: Any) -> SuggestionLine:
    kept = _decode(row["suggestion"])
    return SuggestionLine(
        **{name: getattr(kept, name) for name in kept.__struct_fields__},
        position=row["position"],
        policy=row["policy"],
        computed_at=row["computed_at"],
    )
