"""Matches: lines of a statement and entries of the book that are the same money; each in one match at most.

Whoever proposes a match (the matching job, or a person) has looked for it; here it is only checked: that everything
named exists, belongs to the account and is free, and that the sums differ by what was said, and by little.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from contracts.commands import EntryRef, ProposedMatch, RecordMatches, UnmatchLine
from contracts.commands.reconciliation import DIFFERENCE_PERMILLE_MAX
from contracts.events import EventData, LineUnmatched, MatchesRecorded, RecordedMatch
from contracts.ids import match_id, statement_of_line
from contracts.rejections import Refused, Rejection
from ledger.domain.contexts import Context, Touched
from ledger.domain.reconciled import (
    BREAK,
    MATCH,
    STATEMENT,
    STATEMENT_ACCOUNT,
    STATEMENT_LINE,
    Break,
    Match,
    ReconciledLine,
    Statement,
    StatementAccount,
    entry_key,
    entry_minor,
    entry_of,
    follow_breaks,
    found,
    known,
    put_items,
    touch_items,
)
from ledger.domain.state import Moment, State

PERMILLE: Final = 1000


def free_lines(
    line_ids: Sequence[str], state: State, *, account_id: str, pointer: str, breaks_too: bool = False
) -> int | Refused:
    """Add up lines that are the account's, in complete statements, and in no match (nor, if asked, in a break)."""
    total_minor = 0
    for index, line_id in enumerate(line_ids):
        line = found(state, STATEMENT_LINE, line_id, ReconciledLine)
        at = f"{pointer}/{index}"
        if line is None or line.account_id != account_id:
            return Refused(Rejection.LINE_NOT_FOUND, f"{account_id} has no line {line_id}", at)
        if not known(state, STATEMENT, statement_of_line(line_id), Statement).complete:
            return Refused(Rejection.STATEMENT_INCOMPLETE, f"the statement of {line_id} lacks lines", at)
        if line.match_id is not None:
            return Refused(Rejection.LINE_ALREADY_MATCHED, f"{line_id} is in {line.match_id}", at)
        if breaks_too and line.break_id is not None:
            return Refused(Rejection.ALREADY_IN_BREAK, f"{line_id} is in {line.break_id}", at)
        total_minor += line.amount_minor
    return total_minor


def free_entries(
    entries: Sequence[EntryRef], state: State, *, account_id: str, pointer: str, breaks_too: bool = False
) -> int | Refused:
    """Add up entries that are the account's and in no match (nor, if asked, in a break)."""
    total_minor = 0
    for index, entry in enumerate(entries):
        minor = entry_minor(state, entry, account_id=account_id)
        at = f"{pointer}/{index}"
        if minor is None:
            return Refused(Rejection.ENTRY_NOT_FOUND, f"{account_id} has no entry {entry_key(entry)}", at)
        remembered = entry_of(state, entry)
        if remembered.match_id is not None:
            return Refused(Rejection.ENTRY_ALREADY_MATCHED, f"entry {entry_key(entry)} is in {remembered.match_id}", at)
        if breaks_too and remembered.break_id is not None:
            return Refused(Rejection.ALREADY_IN_BREAK, f"entry {entry_key(entry)} is in {remembered.break_id}", at)
        total_minor += minor
    return total_minor


def decide_record(command: RecordMatches, state: State, moment: Moment) -> MatchesRecorded | Refused:
    """Record matches, all or none."""
    lines_seen: set[str] = set()
    entries_seen: set[str] = set()
    for index, proposed in enumerate(command.matches):
        pointer = f"/matches/{index}"
        refused = _named_twice(proposed, lines_seen, entries_seen, pointer)
        refused = refused or _refusal(proposed, state, account_id=command.account_id, pointer=pointer)
        if refused is not None:
            return refused
    return MatchesRecorded(
        account_id=command.account_id,
        matches=tuple(
            RecordedMatch(
                match_id=match_id(moment.position, index),
                line_ids=proposed.line_ids,
                entries=proposed.entries,
                rule=proposed.rule,
                score_permille=proposed.score_permille,
                difference_minor=proposed.difference_minor,
            )
            for index, proposed in enumerate(command.matches)
        ),
        resolved_breaks=_breaks_of(command.matches, state),
    )


def _named_twice(proposed: ProposedMatch, lines_seen: set[str], entries_seen: set[str], pointer: str) -> Refused | None:
    """Refuse an item that the same command names twice, and remember the others."""
    for index, line_id in enumerate(proposed.line_ids):
        if line_id in lines_seen:
            return Refused(Rejection.LINE_ALREADY_MATCHED, f"{line_id} is named twice", f"{pointer}/line_ids/{index}")
        lines_seen.add(line_id)
    for index, key in enumerate(map(entry_key, proposed.entries)):
        if key in entries_seen:
            return Refused(Rejection.ENTRY_ALREADY_MATCHED, f"entry {key} is named twice", f"{pointer}/entries/{index}")
        entries_seen.add(key)
    return None


def _refusal(proposed: ProposedMatch, state: State, *, account_id: str, pointer: str) -> Refused | None:
    lines_minor = free_lines(proposed.line_ids, state, account_id=account_id, pointer=f"{pointer}/line_ids")
    if isinstance(lines_minor, Refused):
        return lines_minor
    entries_minor = free_entries(proposed.entries, state, account_id=account_id, pointer=f"{pointer}/entries")
    if isinstance(entries_minor, Refused):
        return entries_minor
    difference_minor = lines_minor - entries_minor
    at = f"{pointer}/difference_minor"
    if difference_minor != proposed.difference_minor:
        detail = f"lines {lines_minor} less entries {entries_minor} are {difference_minor}"
        return Refused(Rejection.MATCH_DIFFERENCE_WRONG, detail, at)
    if abs(difference_minor) * PERMILLE > abs(lines_minor) * DIFFERENCE_PERMILLE_MAX:
        detail = f"{difference_minor} is more than {DIFFERENCE_PERMILLE_MAX} permille of {lines_minor}"
        return Refused(Rejection.MATCH_DIFFERENCE_TOO_LARGE, detail, at)
    return None


def _breaks_of(matches: Sequence[ProposedMatch], state: State) -> tuple[str, ...]:
    """Name the breaks that hold anything of these matches."""
    held = {
        known(state, STATEMENT_LINE, line_id, ReconciledLine).break_id
        for match in matches
        for line_id in match.line_ids
    }
    held |= {entry_of(state, entry).break_id for match in matches for entry in match.entries}
    return tuple(sorted(break_id for break_id in held if break_id is not None))


def decide_unmatch(command: UnmatchLine, state: State, moment: Moment) -> LineUnmatched | Refused:
    """Undo the match of a line, unless its day is closed or its difference was written off."""
    line = found(state, STATEMENT_LINE, command.line_id, ReconciledLine)
    if line is None:
        return Refused(Rejection.LINE_NOT_FOUND, f"{command.line_id} does not exist", "/line_id")
    if line.match_id is None:
        return Refused(Rejection.LINE_NOT_MATCHED, f"{command.line_id} is in no match", "/line_id")
    match = known(state, MATCH, line.match_id, Match)
    if match.break_id is not None:
        return Refused(
            Rejection.MATCH_WRITTEN_OFF, f"{line.match_id} was made by writing off {match.break_id}", "/line_id"
        )
    account = known(state, STATEMENT_ACCOUNT, line.account_id, StatementAccount)
    days = [known(state, STATEMENT, statement_of_line(one), Statement).closing_on for one in match.line_ids]
    if account.closed_through is not None and min(days) <= account.closed_through:
        return Refused(
            Rejection.RECONCILIATION_CLOSED, f"{line.account_id} is reconciled through {account.closed_through}"
        )
    return LineUnmatched(
        line_id=command.line_id,
        reason=command.reason,
        account_id=line.account_id,
        match_id=line.match_id,
        line_ids=match.line_ids,
        entries=match.entries,
    )


def remember_match(state: State, match: RecordedMatch, *, account_id: str, break_id: str | None = None) -> None:
    """Put a match's items into it."""
    put_items(state, match.line_ids, match.entries, match_id=match.match_id)
    state.records[MATCH, match.match_id] = Match(
        account_id=account_id, line_ids=match.line_ids, entries=match.entries, break_id=break_id
    )


def evolve_recorded(state: State, event: MatchesRecorded, position: int) -> None:
    """Free what the resolved breaks held, then match."""
    for break_id in event.resolved_breaks:
        held = known(state, BREAK, break_id, Break)
        put_items(state, held.line_ids, held.entries)
        state.records[BREAK, break_id] = replace(held, status="resolved")
    for match in event.matches:
        remember_match(state, match, account_id=event.account_id)


def evolve_unmatched(state: State, event: LineUnmatched, position: int) -> None:
    """Open the items again."""
    put_items(state, event.line_ids, event.entries)


def _touch_record(command: RecordMatches, touched: Touched) -> None:
    for match in command.matches:
        touch_items(touched, match.line_ids, match.entries)


def _follow_record(command: RecordMatches, state: State, touched: Touched) -> None:
    for match in command.matches:
        follow_breaks(state, touched, match.line_ids, match.entries)


def _touch_unmatch(command: UnmatchLine, touched: Touched) -> None:
    touch_items(touched, (command.line_id,), ())


def _follow_unmatch(command: UnmatchLine, state: State, touched: Touched) -> None:
    line = found(state, STATEMENT_LINE, command.line_id, ReconciledLine)
    if line is not None:
        touched.records.add((STATEMENT_ACCOUNT, line.account_id))
    if line is not None and line.match_id is not None:
        touched.records.add((MATCH, line.match_id))
        match = found(state, MATCH, line.match_id, Match)
        if match is not None:
            touch_items(touched, match.line_ids, match.entries)


_EVOLVERS: Final[Mapping[type[EventData], Any]] = {MatchesRecorded: evolve_recorded, LineUnmatched: evolve_unmatched}

CONTEXT: Final = Context(
    deciders={RecordMatches: decide_record, UnmatchLine: decide_unmatch},
    evolvers=_EVOLVERS,
    touches={RecordMatches: _touch_record, UnmatchLine: _touch_unmatch},
    follows={RecordMatches: _follow_record, UnmatchLine: _follow_unmatch},
)
