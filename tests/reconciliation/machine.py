"""Random work on statements, and what must be true after every step.

The machine keeps its own, much simpler account of where every line and entry is, read off the events alone; the records
that decisions are made from must say the same.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from contracts import commands as c
from contracts import events as e
from contracts.ids import statement_line_id
from ledger.domain.reconciled import BREAK, MATCHED_ENTRY, STATEMENT, STATEMENT_LINE, Break, Statement, entry_key
from tests.support.ledger import sums
from tests.support.reconciling import BANK, WRITE_OFFS, an_office, line, match, open_break, record, statement

AMOUNTS = (100, 100, 200, 300, -100)
PEOPLE = ("mia", "noor")
picks = st.integers(0, 11)


class ReconciliationMachine(RuleBasedStateMachine):
    """Two statements, some entries, and two people who match, unmatch, open breaks and write off."""

    @initialize()
    def begin(self) -> None:
        self.office = an_office()
        self.entries = [self.office.pay_in(minor) for minor in (*AMOUNTS, 500)]
        self.statements: list[str] = []
        self.closing_minor = 0
        self.take_in()

    @rule()
    def take_in(self) -> None:
        if len(self.statements) < 2:
            closing_minor = self.closing_minor + sum(AMOUNTS)
            header = statement(f"s{len(self.statements)}", self.closing_minor, closing_minor, lines=len(AMOUNTS))
            self.statements.append(self.office.take_in(header, *map(line, AMOUNTS)))
            self.closing_minor = closing_minor

    def lines(self, chosen: list[int]) -> list[str]:
        return [self.office.line_ids[at % len(self.office.line_ids)] for at in chosen]

    def chosen_entries(self, chosen: list[int]) -> list[c.GivenEntry]:
        return [self.entries[at % len(self.entries)] for at in chosen]

    @rule(lines=st.lists(picks, min_size=1, max_size=3), entries=st.lists(picks, min_size=1, max_size=2))
    def match_some(self, lines: list[int], entries: list[int]) -> None:
        self.office.attempt(record(match(*self.lines(lines), entries=self.chosen_entries(entries))))

    @rule(at=picks, twice=st.booleans())
    def match_one(self, at: int, twice: bool) -> None:
        same = match(*self.lines([at]), entries=self.chosen_entries([at]))
        self.office.attempt(record(same, same) if twice else record(same))

    @rule(at=picks)
    def unmatch(self, at: int) -> None:
        self.office.attempt(c.UnmatchLine(line_id=self.lines([at])[0], reason="wrong"))

    @rule(lines=st.lists(picks, max_size=3), entries=st.lists(picks, max_size=2))
    def open_a_break(self, lines: list[int], entries: list[int]) -> None:
        self.office.attempt(open_break(*self.lines(lines), entries=self.chosen_entries(entries)))

    @rule(at=picks, person=st.sampled_from(PEOPLE), step=st.sampled_from(("assign", "propose", "approve", "reject")))
    def work_on_a_break(self, at: int, person: str, step: str) -> None:
        opened = [event.break_id for event in self.office.events if isinstance(event, e.BreakOpened)]
        if not opened:
            return
        break_id = opened[at % len(opened)]
        command: c.Command = {
            "assign": c.AssignBreak(break_id=break_id, assignee=person),
            "propose": c.ProposeWriteOff(break_id=break_id, write_off_account_id=WRITE_OFFS, reason="small"),
            "approve": c.ApproveWriteOff(break_id=break_id),
            "reject": c.RejectWriteOff(break_id=break_id, reason="no"),
        }[step]
        decided = self.office.as_person(person).attempt(command)
        if isinstance(decided, tuple) and isinstance(decided[0], e.WriteOffApproved):
            self.entries.append(c.GivenEntry(position=self.office.position, leg=0))

    @invariant()
    def every_item_is_where_the_events_put_it(self) -> None:
        where = places(self.office.events)
        for line_id in self.office.line_ids:
            kept: Any = self.office.state.record(STATEMENT_LINE, line_id)
            assert (kept.match_id, kept.break_id) == split(where.get(line_id)), line_id
        for entry in self.entries:
            held: Any = self.office.state.record(MATCHED_ENTRY, entry_key(entry))
            home = (None, None) if held is None else (held.match_id, held.break_id)
            assert home == split(where.get(entry_key(entry))), entry

    @invariant()
    def the_counts_are_right(self) -> None:
        where = places(self.office.events)
        for statement_id in self.statements:
            kept = self.office.state.record(STATEMENT, statement_id)
            assert isinstance(kept, Statement)
            homes = [where.get(statement_line_id(statement_id, number)) for number in range(1, len(AMOUNTS) + 1)]
            assert kept.open_lines == homes.count(None)
            assert kept.unmatched_lines == sum(home is None or home.startswith("brk_") for home in homes)

    @invariant()
    def matches_come_to_what_they_say(self) -> None:
        for matched in matches_in(self.office.events):
            lines_minor = sum(self.amount(line_id) for line_id in matched.line_ids)
            entries_minor = sum(self.entry_amount(entry) for entry in matched.entries)
            assert lines_minor - entries_minor == matched.difference_minor
            assert abs(matched.difference_minor) * 20 <= abs(lines_minor)

    def amount(self, line_id: str) -> int:
        return AMOUNTS[int(line_id.partition(":")[2]) - 1]

    def entry_amount(self, entry: c.EntryRef) -> int:
        posting = self.office.state.originals[entry.position].postings[entry.leg]
        assert posting.account_id == BANK
        return posting.amount_minor if posting.side == "debit" else -posting.amount_minor

    @invariant()
    def nobody_approved_their_own_and_the_book_balances(self) -> None:
        for event in self.office.events:
            assert not isinstance(event, e.WriteOffApproved) or event.proposed_by != event.approved_by
        assert set(sums(self.office.lines).values()) <= {0}

    @invariant()
    def a_settled_break_holds_nothing(self) -> None:
        where = places(self.office.events)
        for event in self.office.events:
            if isinstance(event, e.BreakOpened):
                held = self.office.state.record(BREAK, event.break_id)
                assert isinstance(held, Break)
                holds = event.break_id in where.values()
                assert holds == (held.status not in ("resolved", "written_off"))


def split(home: str | None) -> tuple[str | None, str | None]:
    """A home as (match, break)."""
    return (home, None) if home is None or home.startswith("match_") else (None, home)


def places(events: list[e.EventData]) -> dict[str, str]:
    """Where every line and entry is, read off the events: a match, a break, or nowhere."""
    where: dict[str, str] = {}
    for event in events:
        match event:
            case e.MatchesRecorded():
                for item in [item for item, home in where.items() if home in event.resolved_breaks]:
                    del where[item]
                for matched in event.matches:
                    assert not where.keys() & names(matched), "an item is matched while it is somewhere else"
                    where |= dict.fromkeys(names(matched), matched.match_id)
            case e.LineUnmatched():
                for item in [item for item, home in where.items() if home == event.match_id]:
                    del where[item]
            case e.BreakOpened():
                assert not where.keys() & names(event), "an item is in a break while it is somewhere else"
                where |= dict.fromkeys(names(event), event.break_id)
            case e.WriteOffApproved():
                where |= dict.fromkeys(names(event.match), event.match.match_id)
    return where


def names(holder: e.RecordedMatch | e.BreakOpened) -> set[str]:
    """Lines and entries by name."""
    return {*holder.line_ids, *map(entry_key, holder.entries)}


def matches_in(events: list[e.EventData]) -> list[e.RecordedMatch]:
    """Every match with a line that was ever recorded."""
    recorded = [matched for event in events if isinstance(event, e.MatchesRecorded) for matched in event.matches]
    written_off = [event.match for event in events if isinstance(event, e.WriteOffApproved)]
    return recorded + [matched for matched in written_off if matched.line_ids]
