"""Suggestions, kept for a person: what a run found and did not match, in the place of what the run before found."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

import asyncpg
import msgspec

from contracts.commands import GivenEntry, ProposedMatch
from contracts.commands.reconciliation import DIFFERENCE_PERMILLE_MAX, MATCH_ITEMS_MAX
from contracts.suggestions import Acceptance, SuggestedEntry, SuggestedLine, Suggestion
from projectors.reconciliation.matching.outcome import Match
from projectors.reconciliation.matching.rules import PERMILLE, MatchingPolicy
from projectors.reconciliation.open_items import QUERIES, OpenItems

SUGGESTIONS_KEPT_MAX: Final = 10_000  # of one account: nobody looks at more; the best are kept
ID_CHARS: Final = 24  # of a digest
POLICY_CHARS: Final = 16


def policy_digest(policy: MatchingPolicy) -> str:
    """Name a set of rules by its content."""
    return sha256(msgspec.json.encode(policy)).hexdigest()[:POLICY_CHARS]


def proposed(match: Match) -> ProposedMatch:
    """Write a match as the command that records it has it."""
    return ProposedMatch(
        line_ids=match.line_ids,
        entries=tuple(GivenEntry(position=key.position, leg=key.leg) for key in match.entries),
        rule=match.rule,
        score_permille=match.score_permille,
        difference_minor=match.difference_minor,
    )


def suggestions_of(items: OpenItems, found: Iterable[Match]) -> list[Suggestion]:
    """Describe what was found, surest first, at most SUGGESTIONS_KEPT_MAX."""
    lines = {line.line_id: line for line in items.lines}
    entries = {entry.key: entry for entry in items.entries}
    best = sorted(found, key=lambda match: -match.score_permille)[:SUGGESTIONS_KEPT_MAX]
    return [
        Suggestion(
            suggestion_id=_id_of(items.account_id, match),
            account_id=items.account_id,
            rule=match.rule,
            score_permille=match.score_permille,
            currency=match.currency,
            difference_minor=match.difference_minor,
            lines=tuple(
                SuggestedLine(line_id=name, booked_on=lines[name].booked_on, amount_minor=lines[name].amount_minor)
                for name in match.line_ids
            ),
            entries=tuple(
                SuggestedEntry(
                    position=key.position,
                    leg=key.leg,
                    effective_on=entries[key].effective_on,
                    amount_minor=entries[key].amount_minor,
                )
                for key in match.entries
            ),
            accept=_acceptance(items.account_id, match, sum(lines[name].amount_minor for name in match.line_ids)),
        )
        for match in best
    ]


async def keep_suggestions(
    pool: asyncpg.Pool[asyncpg.Record], items: OpenItems, policy: MatchingPolicy, suggestions: Iterable[Suggestion]
) -> bool:
    """Put suggestions in the place of the account's older ones, in one commit; False when a later run was quicker.

    ``pool`` connects as bursar_reactor. Raises what asyncpg raises.
    """
    rows = [
        (
            one.suggestion_id,
            one.account_id,
            one.score_permille,
            [line.line_id for line in one.lines],
            [f"{entry.position}.{entry.leg}" for entry in one.entries],
            msgspec.json.encode(one).decode(),
        )
        for one in suggestions
    ]
    async with pool.acquire() as connection, connection.transaction():
        # Its row is locked until the commit, so that two runs cannot mix.
        run = (items.account_id, items.position, policy_digest(policy))
        if await connection.fetchval(QUERIES["begin_suggestions"], *run) is None:
            return False
        await connection.execute(QUERIES["delete_suggestions"], items.account_id)
        await connection.executemany(QUERIES["insert_suggestion"], rows)
    return True


def _id_of(account_id: str, match: Match) -> str:
    named = msgspec.json.encode((account_id, match.line_ids, match.entries))
    return f"sug_{sha256(named).hexdigest()[:ID_CHARS]}"


def _acceptance(account_id: str, match: Match, lines_minor: int) -> Acceptance | None:
    """Write the command that accepts a match; None for one that the book would refuse."""
    too_many = max(len(match.line_ids), len(match.entries)) > MATCH_ITEMS_MAX
    too_different = abs(match.difference_minor) * PERMILLE > abs(lines_minor) * DIFFERENCE_PERMILLE_MAX
    if too_many or too_different:
        return None
    return Acceptance(account_id=account_id, matches=(proposed(match),))
