"""What reconciliation suggests: lines and entries that may be the same money, for a person to confirm.

Suggestions are derived and no facts. They are kept beside the book and replaced whole by each run on an account. To
accept one is the command that records any match; the suggestion carries its body.
"""

from datetime import date, datetime

from msgspec import Struct

from contracts.commands import ProposedMatch
from contracts.commands.reconciliation import EntryRef
from contracts.views import AsOf


class SuggestedLine(Struct, frozen=True, kw_only=True):
    """A line of a statement, signed from our side: money in is positive."""

    line_id: str
    booked_on: date
    amount_minor: int


class SuggestedEntry(EntryRef, frozen=True, kw_only=True):
    """An entry of the reconciled account, debit positive."""

    effective_on: date
    amount_minor: int


class Acceptance(Struct, frozen=True, kw_only=True):
    """The body of `POST /v1/matches` that accepts a suggestion: `record_matches`, as any client may send it."""

    account_id: str
    matches: tuple[ProposedMatch, ...]


class Suggestion(Struct, frozen=True, kw_only=True):
    """A match that a person would have to confirm, by which rule, and how sure that is.

    ``difference_minor``: the lines less the entries. ``accept``: what to send, null where that would be refused,
    because the amounts differ by more than any match may or the items are too many.
    """

    suggestion_id: str
    account_id: str
    rule: str
    score_permille: int
    currency: str
    difference_minor: int
    lines: tuple[SuggestedLine, ...]
    entries: tuple[SuggestedEntry, ...]
    accept: Acceptance | None


class SuggestionLine(Suggestion, frozen=True, kw_only=True):
    """A suggestion as a list shows it.

    ``position``: where the book was when it was computed, at ``computed_at``; ``policy``: digest of the rules.
    """

    position: int
    policy: str
    computed_at: datetime


class SuggestionPage(Struct, frozen=True, kw_only=True):
    """A page of suggestions, surest first. A page may be short and still have a ``next_cursor``: only null ends it.

    ``looked_at``: the oldest of the accounts' last runs; null where none ran. What was matched since, as of ``as_of``,
    is left out.
    """

    suggestions: tuple[SuggestionLine, ...]
    looked_at: datetime | None
    next_cursor: str | None
    as_of: AsOf
