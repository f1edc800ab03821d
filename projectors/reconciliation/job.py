"""The job: match what is open on an account, tell the book by commands, and keep what is only suggested.

Nothing is remembered here from run to run: suggestions are for people, and no run reads them. A run that is cut short
is simply run again: what it recorded is not open any more, and what it sent without hearing an answer has the same key,
which follows from its content. Every command is judged anew by the book, so a person who was quicker wins, and the job
looks again next time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final, Literal

import asyncpg
import msgspec
from msgspec import Struct

from contracts.commands import GivenEntry, OpenBreak, RecordMatches
from contracts.commands.reconciliation import MATCH_ITEMS_MAX
from projectors.reconciliation.matching.items import EntryKey
from projectors.reconciliation.matching.outcome import Break, Match, Outcome
from projectors.reconciliation.matching.reconcile import reconcile
from projectors.reconciliation.matching.rules import DEFAULT_POLICY, MatchingPolicy
from projectors.reconciliation.open_items import OpenItems, read_open_items
from projectors.reconciliation.suggestions import keep_suggestions, proposed, suggestions_of

MATCHES_PER_PAGE: Final = 200
BREAKS_AT_ONCE_MAX: Final = 8
KEY_CHARS: Final = 32  # of a digest in a key

Sent = Literal["accepted", "refused", "unavailable"]
SendCommand = Callable[[str, bytes, str], Awaitable[Sent]]
"""(path, body, idempotency key): one attempt to have a command decided."""


class CommandsUnavailable(Exception):
    """The command API gives no answer now. What was sent is safe; run the job again."""


class JobReport(Struct, frozen=True, kw_only=True):
    """What one run did on one account. ``refused``: commands for which somebody else was quicker."""

    account_id: str
    lines: int = 0
    entries: int = 0
    matches: int = 0
    breaks: int = 0
    suggestions: int = 0
    refused: int = 0
    exhausted: bool = False


async def reconcile_account(
    pool: asyncpg.Pool[asyncpg.Record],
    send: SendCommand,
    account_id: str,
    *,
    policy: MatchingPolicy = DEFAULT_POLICY,
) -> JobReport:
    """Run once. ``pool`` connects as bursar_reactor. Raises TooMuchOpen, CommandsUnavailable."""
    items = await read_open_items(pool, account_id)
    if items is None:
        return JobReport(account_id=account_id)
    outcome = await asyncio.to_thread(reconcile, items.lines, items.entries, policy)
    sent = [await _accepted(send, *command) for command in match_commands(items, outcome.matches)]
    breaks = await _send_breaks(send, items, outcome)
    await keep_suggestions(pool, items, policy, suggestions_of(items, outcome.suggestions))
    return JobReport(
        account_id=account_id,
        lines=len(items.lines),
        entries=len(items.entries),
        matches=len(outcome.matches),
        breaks=sum(breaks),
        suggestions=len(outcome.suggestions),
        refused=sent.count(False) + breaks.count(False),
        exhausted=outcome.exhausted,
    )


async def _accepted(send: SendCommand, path: str, body: bytes, key: str) -> bool:
    """Send one command; whether the book took it. Raises CommandsUnavailable."""
    sent = await send(path, body, key)
    if sent == "unavailable":
        raise CommandsUnavailable(f"{path} gives no answer now")
    return sent == "accepted"


async def _send_breaks(send: SendCommand, items: OpenItems, outcome: Outcome) -> list[bool]:
    gate = asyncio.Semaphore(BREAKS_AT_ONCE_MAX)

    async def open_one(path: str, body: bytes, key: str) -> bool:
        async with gate:
            return await _accepted(send, path, body, key)

    return await asyncio.gather(*(open_one(*command) for command in break_commands(items, outcome.breaks)))


def match_commands(items: OpenItems, matches: Sequence[Match]) -> Iterator[tuple[str, bytes, str]]:
    """Make the commands that record matches, page by page: path, body, key."""
    fitting = [match for match in matches if max(len(match.line_ids), len(match.entries)) <= MATCH_ITEMS_MAX]
    for page, start in enumerate(range(0, len(fitting), MATCHES_PER_PAGE)):
        command = RecordMatches(
            account_id=items.account_id,
            matches=tuple(map(proposed, fitting[start : start + MATCHES_PER_PAGE])),
        )
        body = msgspec.json.encode(command)
        yield "/v1/matches", body, _key(f"match:{items.statement_id}:{page}", body)


def break_commands(items: OpenItems, breaks: Iterable[Break]) -> Iterator[tuple[str, bytes, str]]:
    """Make the commands that open breaks on what no break holds yet.

    An entry after the last statement's day is not missing there: the bank has not spoken about that day.
    """
    later = {entry.key for entry in items.entries if entry.effective_on > items.through}
    for found in breaks:
        lines = tuple(line_id for line_id in found.line_ids if line_id not in items.lines_in_breaks)
        entries = _given(key for key in found.entries if key not in items.entries_in_breaks and key not in later)
        if not lines and not entries:
            continue
        command = OpenBreak(
            account_id=items.account_id,
            kind=found.kind,
            line_ids=lines,
            entries=entries,
            like_line_id=found.like_line_id,
        )
        body = msgspec.json.encode(command)
        yield "/v1/breaks", body, _key(f"break:{items.statement_id}", body)


def _given(keys: Iterable[EntryKey]) -> tuple[GivenEntry, ...]:
    return tuple(GivenEntry(position=key.position, leg=key.leg) for key in keys)


def _key(name: str, body: bytes) -> str:
    return f"reconcile:{name}:{sha256(body).hexdigest()[:KEY_CHARS]}"
