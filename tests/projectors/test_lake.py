"""The lake on disk: every entry once, whatever way the events come, and few files."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import msgspec
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.read_models import ENTRIES_COLUMNS, LAKE_TXN_APP
from projectors.apply import Outcome, TargetUnreachable
from projectors.events import Batch, Event, decode_event
from projectors.lake.directory import AccountDirectory, UnknownAccount
from projectors.lake.fold import accounts_table, entries_table, opened_accounts, payments_table, things_table
from projectors.lake.sealing import MIDDLE_FILES_MAX, SMALL_FILES_MAX, LakeFile, live_files, plan_merge, seal, vacuum
from projectors.lake.target import LakeTarget
from runtime.clock import SystemClock
from tests.projectors.places import Place
from tests.support.book import Line, RandomBook

BOOK = RandomBook(seed=5)
LINES = BOOK.write(300)
Order = list[tuple[str, Literal["ascending", "descending"]]]
ORDER: Order = [("position", "ascending"), ("leg", "ascending")]


def events_of(lines: Sequence[Line], *, ledger: str = "main") -> list[Event]:
    return [decode_event(line.position, line.body, ledger=ledger) for line in lines]


EVENTS = events_of(LINES)
FACTS = opened_accounts(EVENTS)


def read(path: Path) -> pa.Table:
    return DeltaTable(path).to_pyarrow_table()


def lake_of(place: Place) -> LakeTarget:
    return LakeTarget(place.lake_dir, AccountDirectory(place.book), clock=SystemClock())


async def fill(place: Place, *, batches: int) -> tuple[LakeTarget, list[Event]]:
    """Record a book and apply all of it in that many batches."""
    book = RandomBook(seed=5, ledger=place.ledger)
    lines = book.write(300)
    await place.record(lines)
    events = events_of(lines, ledger=place.ledger)
    target = lake_of(place)
    size = -(-len(events) // batches)
    for start in range(0, len(events), size):
        assert await target.apply(Batch(events[start : start + size], caught_up=True)) is Outcome.APPLIED
    return target, events


@given(cuts=st.sets(st.integers(1, len(LINES) - 1), max_size=30))
@settings(max_examples=30, deadline=None)
def test_any_split_gives_the_same_rows(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(EVENTS)]
    parts = [EVENTS[start:end] for start, end in itertools.pairwise(edges)]
    thing_order: Order = [("position", "ascending"), ("ordinal", "ascending")]
    for fold_rows, order in (
        *((entries_table, ORDER), (accounts_table, ORDER[:1])),
        *((payments_table, ORDER[:1]), (things_table, thing_order)),
    ):
        pieces = pa.concat_tables([fold_rows(part, FACTS) for part in parts])
        assert pieces.sort_by(order).equals(fold_rows(EVENTS, FACTS).sort_by(order))


def test_the_rows_are_the_entries_of_the_book() -> None:
    expected = {
        (row.position, BOOK.accounts[name].account_no, row.amount_minor)
        for line in LINES
        for row in line.entries
        for name in BOOK.accounts
        if BOOK.accounts[name].account_no == row.account_no and row.amount_minor
    }
    rows = entries_table(EVENTS, FACTS).to_pylist()
    assert {(r["position"], BOOK.accounts[r["account_id"]].account_no, r["amount_minor"]) for r in rows} == expected
    assert {r["account_type"] for r in rows} == {"equity", "liability"}
    assert {(r["currency"], r["scale"]) for r in rows} == {("EUR", 2), ("JPY", 0)}
    assert any(r["reverses"] for r in rows)


async def test_applying_moves_rows_and_checkpoint_together(place: Place) -> None:
    target, events = await fill(place, batches=7)
    assert await target.checkpoint() == len(events)
    entries = read(place.lake_dir / "entries")
    assert entries.column_names == [column.name for column in ENTRIES_COLUMNS]
    assert entries.sort_by(ORDER).equals(
        entries_table(events, opened_accounts(events)).sort_by(ORDER).cast(entries.schema)
    )
    assert DeltaTable(place.lake_dir / "accounts").transaction_version(LAKE_TXN_APP) == len(events)
    sums = entries.group_by("currency").aggregate([("amount_minor", "sum")]).column("amount_minor_sum").to_pylist()
    assert set(sums) == {0}


async def test_a_batch_that_is_not_the_next_one_changes_nothing(place: Place) -> None:
    target, events = await fill(place, batches=3)
    before = DeltaTable(place.lake_dir / "entries").version()
    assert await target.apply(Batch(events[10:20], caught_up=True)) is Outcome.DUPLICATE
    ahead = [msgspec.structs.replace(event, position=event.position + 1000) for event in events[:5]]
    assert await target.apply(Batch(ahead, caught_up=True)) is Outcome.GAP
    assert DeltaTable(place.lake_dir / "entries").version() == before


async def test_of_two_writers_one_is_told_that_it_was_late(place: Place) -> None:
    """Both read the same checkpoint; Delta lets one commit move it."""
    target, events = await fill(place, batches=2)
    rival = lake_of(place)
    more = RandomBook(seed=5, ledger=place.ledger)
    lines = more.write(360)[len(events) :]
    await place.record(lines)
    batch = Batch(events_of(lines, ledger=place.ledger), caught_up=True)
    outcomes = await asyncio.gather(*(writer.apply(batch) for writer in (target, rival)))
    assert sorted(outcome.value for outcome in outcomes) == ["applied", "duplicate"]
    assert (
        read(place.lake_dir / "entries").group_by(["position", "leg"]).aggregate([]).num_rows
        == read(place.lake_dir / "entries").num_rows
    )


@pytest.mark.parametrize("lost", ["entries", "accounts"])
async def test_a_deleted_table_is_refilled_and_the_other_left_alone(place: Place, lost: str) -> None:
    target, events = await fill(place, batches=2)
    before = {name: read(place.lake_dir / name).num_rows for name in ("entries", "accounts")}
    shutil.rmtree(place.lake_dir / lost)
    assert await target.checkpoint() == 0
    assert await target.apply(Batch(events, caught_up=False)) is Outcome.APPLIED
    assert {name: read(place.lake_dir / name).num_rows for name in ("entries", "accounts")} == before
    assert await target.checkpoint() == len(events)


async def test_a_crash_between_the_two_commits_books_nothing_twice(place: Place) -> None:
    """Accounts have a batch that entries do not have; the next one begins with it and goes further."""
    target, events = await fill(place, batches=2)
    shutil.copytree(place.lake_dir / "entries", place.lake_dir / "saved")
    book = RandomBook(seed=5, ledger=place.ledger)
    lines = book.write(500)[len(events) :]
    await place.record(lines)
    more = events_of(lines, ledger=place.ledger)
    await target.apply(Batch(more[:100], caught_up=True))
    shutil.rmtree(place.lake_dir / "entries")
    (place.lake_dir / "saved").rename(place.lake_dir / "entries")
    assert await target.checkpoint() == len(events)
    assert await target.apply(Batch(more, caught_up=True)) is Outcome.APPLIED
    everything = [*events, *more]
    facts = opened_accounts(everything)
    assert any(type(event.data).__name__.startswith("Account") for event in more[:100]), "nothing to book twice"
    assert read(place.lake_dir / "accounts").num_rows == accounts_table(everything, facts).num_rows
    assert read(place.lake_dir / "entries").num_rows == entries_table(everything, facts).num_rows


async def test_an_unreadable_table_is_refused_with_the_remedy(place: Place) -> None:
    target, _ = await fill(place, batches=1)
    for file in (place.lake_dir / "entries" / "_delta_log").iterdir():
        file.write_text("no json")
    with pytest.raises(TargetUnreachable, match="bursar rebuild lake"):
        await target.checkpoint()


async def test_an_account_that_the_book_does_not_know_stops_the_model(place: Place) -> None:
    book = RandomBook(seed=5, ledger=place.ledger)
    events = events_of(book.write(40), ledger=place.ledger)
    with pytest.raises(UnknownAccount, match="customers:c1:eur"):
        await lake_of(place).apply(Batch([event for event in events if event.position > 20], caught_up=True))


async def test_sealing_keeps_every_row_and_the_checkpoint_and_few_files(place: Place) -> None:
    target, events = await fill(place, batches=60)
    path = place.lake_dir / "entries"
    before = read(path).sort_by(ORDER)
    assert len(live_files(DeltaTable(path))) > SMALL_FILES_MAX
    assert seal(path, "entries", clock=SystemClock()) > SMALL_FILES_MAX
    assert len(live_files(DeltaTable(path))) == 1
    assert read(path).sort_by(ORDER).equals(before)
    assert await target.checkpoint() == len(events)
    rows = read(path)
    assert rows.equals(rows.sort_by([("account_id", "ascending"), *ORDER]))
    assert seal(path, "entries", clock=SystemClock()) == 0
    assert vacuum(path) == 0, "files that a reader may still use must stay"


async def test_a_flush_during_sealing_loses_nothing(place: Place) -> None:
    target, events = await fill(place, batches=60)
    more = RandomBook(seed=5, ledger=place.ledger)
    lines = more.write(340)[len(events) :]
    await place.record(lines)
    batch = Batch(events_of(lines, ledger=place.ledger), caught_up=True)
    path = place.lake_dir / "entries"
    merged, outcome = await asyncio.gather(
        asyncio.to_thread(seal, path, "entries", clock=SystemClock()), target.apply(batch)
    )
    assert merged > SMALL_FILES_MAX
    assert outcome is Outcome.APPLIED
    everything = [*events, *batch.events]
    assert read(path).num_rows == entries_table(everything, opened_accounts(everything)).num_rows


@given(
    sizes=st.lists(st.integers(1, 400_000), min_size=1, max_size=300),
)
def test_flushing_and_sealing_for_long_keeps_files_few(sizes: list[int]) -> None:
    files: list[LakeFile] = []
    for number, rows in enumerate(sizes):
        files.append(LakeFile(f"f{number}", rows, rows, number))
        while merging := plan_merge(files):
            assert len(merging) > 1
            files = [file for file in files if file not in merging]
            rows = sum(file.rows for file in merging)
            files.append(LakeFile(f"m{number}", rows, rows, merging[0].first_position))
            files.sort(key=lambda file: file.first_position)
    sealed = sum(sizes) // 400_000 + 1
    assert len(files) <= SMALL_FILES_MAX + MIDDLE_FILES_MAX + sealed


async def test_a_lake_of_before_payments_were_kept_is_filled_by_itself(place: Place) -> None:
    """The table that is missing puts the checkpoint at 0; what the other tables have is not written twice."""
    target, events = await fill(place, batches=4)
    before = {name: read(place.lake_dir / name) for name in ("accounts", "payments", "entries")}
    shutil.rmtree(place.lake_dir / "payments")
    assert await target.checkpoint() == 0
    for start in range(0, len(events), 70):
        assert await target.apply(Batch(events[start : start + 70], caught_up=False)) is Outcome.APPLIED
    assert await target.checkpoint() == len(events)
    for name, rows in before.items():
        assert rows.num_rows > 0
        assert read(place.lake_dir / name).sort_by("position").equals(rows.sort_by("position"))


async def test_payments_are_sealed_by_payment(place: Place) -> None:
    target, events = await fill(place, batches=60)
    path = place.lake_dir / "payments"
    rows = read(path)
    assert seal(path, "payments", clock=SystemClock()) > 0
    assert read(path).equals(rows.sort_by([("payment_id", "ascending"), ("position", "ascending")]))
    assert await target.checkpoint() == len(events)


def test_a_things_row_says_what_its_event_said_and_nothing_sealed() -> None:
    rows = things_table(EVENTS, FACTS).to_pylist()
    holds = [event for event in EVENTS if event.envelope.type.startswith("hold_")]
    assert holds
    assert {row["position"] for row in rows if row["kind"] == "hold"} == {event.position for event in holds}
    assert "sealed." not in str(rows)


def test_a_payments_row_says_what_its_event_said() -> None:
    rows = payments_table(EVENTS, FACTS).to_pylist()
    told = [event for event in EVENTS if event.envelope.type.startswith("payment_")]
    assert sorted(row["position"] for row in rows) == [event.position for event in told]
    by_position = {row["position"]: row for row in rows}
    for event in told:
        row = by_position[event.position]
        assert (row["type"], row["status"]) == (event.envelope.type, event.data.status)  # type: ignore[attr-defined]
        assert (row["fee_minor"] is None) == (row["type"] != "payment_initiated")
        assert (row["reason_code"] is None) == (row["type"] != "payment_rejected")
