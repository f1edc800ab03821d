"""A version that is built from windows is the version that the live path builds, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.read_models import LAKE_WRITE_ORDER
from projectors.apply import Outcome, TargetUnreachable
from projectors.events import Batch, Event, decode_events
from projectors.history import windows as windows_module
from projectors.history import workers as workers_module
from projectors.history.messages import Folded
from projectors.history.windows import window_bounds
from projectors.history.workers import Workers
from projectors.lake import history
from projectors.lake import target as lake_module
from projectors.lake.fold import Gathered, accounts_table, entries_table, opened_accounts, payments_table, things_table
from projectors.lake.sealing import vacuum
from projectors.lake.tables import add_files
from projectors.lake.target import LakeTarget
from projectors.stores.lake import drop_tables
from projectors.stores.lake_digest import LakeSide, compare_lakes
from runtime.clock import SystemClock
from tests.projectors.building import building, is_running, lake_target, workers_of
from tests.projectors.places import Place, until
from tests.support.book import RandomBook
from tests.support.book_store import store_raw_event

EVENTS = 330
TABLES = {"entries": entries_table, "accounts": accounts_table, "payments": payments_table, "things": things_table}
STORY = RandomBook(seed=9)
STORY.write(300)
STORY_EVENTS, _ = decode_events([(line.position, line.body) for line in STORY.lines], ledger="main")


@given(
    after=st.integers(0, 50_000),
    head=st.integers(0, 200_000),
    largest=st.integers(1, 50_000),
    workers=st.integers(1, 8),
)
def test_windows_follow_on_one_another_and_leave_little(after: int, head: int, largest: int, workers: int) -> None:
    reached = after
    largest = max(largest, (head - after) // 500)
    for first, last in window_bounds(after, head, largest=largest, workers=workers):
        assert first == reached + 1
        assert first <= last <= min(head, first + largest - 1)
        reached = last
    assert head - reached < min(largest, windows_module.SMALLEST_EVENTS) or head < after


@given(cuts=st.sets(st.integers(1, len(STORY_EVENTS) - 1), max_size=20))
@settings(max_examples=30, deadline=None)
def test_what_is_gathered_by_pages_is_the_tables_of_all_events(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), len(STORY_EVENTS)]
    gathered = Gathered()
    for start, end in itertools.pairwise(edges):
        gathered.take(STORY_EVENTS[start:end])
    facts = opened_accounts(STORY_EVENTS)
    assert gathered.touched_accounts() <= facts.keys()
    for name, rows in gathered.tables(facts):
        assert rows.equals(TABLES[name](STORY_EVENTS, facts))


async def told(place: Place, events: int = EVENTS) -> RandomBook:
    book = RandomBook(seed=9, ledger=place.ledger)
    await place.record(book.write(events))
    return book


async def live(place: Place, book: RandomBook, folder: Path) -> None:
    """Build the lake as news do."""
    events, _ = decode_events([(line.position, line.body) for line in book.lines], ledger=place.ledger)
    outcome = await lake_target(place.book, folder, 1).apply(Batch(events, caught_up=True))
    assert outcome is Outcome.APPLIED


def require_equal(place: Place, book: RandomBook, built: Path) -> None:
    """Both have every event, and the same rows."""
    found = compare_lakes(LakeSide(1, place.lake_dir), LakeSide(2, built))
    assert found.differences == ()
    assert found.position == book.position
    assert found.of_serving.counts == found.of_candidate.counts
    assert found.of_serving.counts["entries"] > 0
    for name in LAKE_WRITE_ORDER:  # as large as the windows: nothing was rewritten row by row
        assert DeltaTable(built / name).version() > 0


def ends_of_windows(folder: Path) -> list[int]:
    """The last position of each file of entries that a worker wrote, in order."""
    files = (folder / "entries").glob(f"{history.FILE_PREFIX}_*.parquet")
    return sorted(pc.max(pq.read_table(file).column("position")).as_py() for file in files)


BUILT_WITHIN_S = 60.0  # workers are processes, and have to start first


async def reaches(progress: Any, position: int) -> None:
    async def there() -> bool:
        return bool(progress.position >= position)

    await until(there, f"position {position}", within_s=BUILT_WITHIN_S)


def workers_for(place: Place, count: int = 2) -> Workers:
    return Workers(place.reader_dsn, place.ledger, count=count)


async def test_windows_of_any_size_give_the_rows_of_the_live_path(place: Place, tmp_path: Path) -> None:
    book = await told(place)
    await live(place, book, place.lake_dir)
    workers = workers_for(place)
    async with workers.engaged():  # so that they are started once
        for window_events in (37, 250, book.position):
            folder = tmp_path / f"built_{window_events}"
            async with building(place.book, lake_target(place.book, folder, window_events), workers) as progress:
                await reaches(progress, book.position)
                assert progress.applied_count == book.position
            require_equal(place, book, folder)
            assert len(ends_of_windows(folder)) >= book.position // window_events, "windows were not used"
            assert not any((folder / history.PENDING).iterdir())
        assert len(workers_of(os.getpid())) == 2
    await no_workers()


async def no_workers() -> None:
    async def none() -> bool:
        return workers_of(os.getpid()) == []

    await until(none, "the workers are gone", within_s=2.0)


async def test_a_version_that_serves_goes_the_way_of_news(place: Place, tmp_path: Path) -> None:
    book = await told(place, 100)
    target = lake_target(place.book, tmp_path / "built", 10)
    async with building(place.book, target, workers_for(place), is_serving=True) as progress:
        await reaches(progress, book.position)
        assert workers_of(os.getpid()) == []
    assert ends_of_windows(tmp_path / "built") == []


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_worker_that_ends_or_hangs_costs_nothing_but_time(
    place: Place, tmp_path: Path, end: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers_module, "WINDOW_WITHIN_S", 10.0)  # within which a process has to start, too
    book = await told(place)
    await live(place, book, place.lake_dir)
    async with building(place.book, lake_target(place.book, tmp_path / "built", 30), workers_for(place)) as progress:
        await reaches(progress, 1)
        os.kill(workers_of(os.getpid())[0], end)
        await reaches(progress, book.position)
    assert ends_of_windows(tmp_path / "built")[-1] > 200, "windows do not go on behind the one that failed"
    require_equal(place, book, tmp_path / "built")
    await no_workers()


async def test_a_process_that_is_killed_leaves_no_worker_and_is_continued(place: Place, tmp_path: Path) -> None:
    book = await told(place, 700)
    await live(place, book, place.lake_dir)
    target = lake_target(place.book, tmp_path / "built", 40)
    argv = ("-m", "tests.projectors.building", place.reader_dsn, place.ledger, str(tmp_path / "built"), "25")
    process = await asyncio.create_subprocess_exec(sys.executable, *argv, cwd=Path(__file__).parents[2])

    async def is_begun() -> bool:
        return await target.checkpoint() > 0

    await until(is_begun, "something is built")
    left = workers_of(process.pid)
    process.kill()
    await process.wait()
    assert left

    async def none() -> bool:
        return not any(map(is_running, left))

    await until(none, "no worker is left", within_s=5.0)
    assert await target.checkpoint() < book.position, "it was too quick to be killed on the way"
    async with building(place.book, target, workers_for(place)) as progress:
        await reaches(progress, book.position)
    require_equal(place, book, tmp_path / "built")


async def test_stopping_is_quick_and_leaves_nothing_half_applied(place: Place, tmp_path: Path) -> None:
    book = await told(place)
    await live(place, book, place.lake_dir)
    target = lake_target(place.book, tmp_path / "built", 30)
    async with building(place.book, target, workers_for(place)) as progress:
        await reaches(progress, 1)
        asked_at = SystemClock().monotonic()
    assert SystemClock().monotonic() - asked_at < 2.0
    await no_workers()
    assert await target.checkpoint() < book.position
    async with building(place.book, target, workers_for(place)) as progress:
        await reaches(progress, book.position)
    require_equal(place, book, tmp_path / "built")


async def test_an_event_that_cannot_be_read_stops_the_version_right_before_it(place: Place, tmp_path: Path) -> None:
    book = await told(place)
    await store_raw_event(place.connection, book.position + 1, b'{"position":1,"type":"never_heard_of"}')
    target = lake_target(place.book, tmp_path / "built", 200)
    async with building(place.book, target, workers_for(place)) as progress:

        async def stands_still() -> bool:
            return progress.failure() is not None

        await until(stands_still, "it stands still")
        category, position, _ = progress.failure() or ("", 0, "")
    assert (category, position) == ("undecodable", book.position + 1)
    assert await target.checkpoint() == book.position


async def pages(events: list[Event]) -> AsyncIterator[list[Event]]:
    for start in range(0, len(events), 30):
        yield events[start : start + 30]


async def window(place: Place, folder: Path, events: list[Event]) -> Folded:
    payload = await history.LakeFold(folder).fold(place.book, pages(events))
    return Folded(events[0].position, events[-1].position, events[-1].envelope.recorded_at, payload)


async def cut_and_continued(place: Place, book: RandomBook, folder: Path, tables: int) -> None:
    """Cut the projector off behind so many tables of a window, and go on with windows that end elsewhere."""
    events, _ = decode_events([(line.position, line.body) for line in book.lines], ledger=place.ledger)
    target: LakeTarget = lake_target(place.book, folder, 1)
    commit, left = add_files, tables

    def cut_off(*args: Any, **named: Any) -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            raise DeltaError("cut off")
        return commit(*args, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lake_module, "add_files", cut_off)
        with pytest.raises(TargetUnreachable, match="cut off"):
            await target.apply_window(await window(place, folder, events[:150]))
    for start, end in ((0, 120), (120, 240), (240, len(events))):
        folded = await window(place, folder, events[start:end])
        assert await target.checkpoint() == start
        assert await target.apply_window(folded) is Outcome.APPLIED
        assert await target.apply_window(folded) is Outcome.DUPLICATE
    ahead = await window(place, folder, events[240:])
    assert await target.apply_window(ahead._replace(first=ahead.last + 2, last=ahead.last + 9)) is Outcome.GAP


@pytest.mark.parametrize("tables", range(len(LAKE_WRITE_ORDER)))
async def test_a_window_cut_off_between_two_tables_is_continued(place: Place, tmp_path: Path, tables: int) -> None:
    book = await told(place)
    await live(place, book, place.lake_dir)
    await cut_and_continued(place, book, tmp_path / "built", tables)
    require_equal(place, book, tmp_path / "built")


_write = history.LakeFold._write
FAULTS: dict[str, tuple[Any, str, Any]] = {
    "writes again what one table has": (lake_module, "without_known", lambda file, name, after: file),
    "forgets what one table lacks": (lake_module, "without_known", lambda file, name, after: None),
    "takes the facts of another account": (
        history.LakeFold,
        "_write",
        lambda self, gathered, facts: _write(self, gathered, dict.fromkeys(facts, next(iter(facts.values())))),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_planted_fault_makes_the_versions_differ(
    place: Place, tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = await told(place)
    await live(place, book, place.lake_dir)
    monkeypatch.setattr(*FAULTS[fault])
    await cut_and_continued(place, book, tmp_path / "built", 2)
    with pytest.raises(AssertionError):
        require_equal(place, book, tmp_path / "built")


async def test_files_that_nobody_fetched_are_deleted_after_a_while(place: Place, tmp_path: Path) -> None:
    book = await told(place, 100)
    events, _ = decode_events([(line.position, line.body) for line in book.lines], ledger=place.ledger)
    await window(place, tmp_path, events)
    waiting = len(list((tmp_path / history.PENDING).iterdir()))
    now = SystemClock().now().timestamp()
    assert history.sweep(tmp_path, now=now) == 0
    assert history.sweep(tmp_path, now=now + history.WAITING_S + 1) == waiting > 0
    await window(place, tmp_path, events)
    assert drop_tables(tmp_path) == waiting
    assert list(tmp_path.iterdir()) == []


async def test_a_file_that_was_moved_in_and_never_committed_is_vacuumed(place: Place) -> None:
    book = await told(place, 100)
    await live(place, book, place.lake_dir)
    entries = place.lake_dir / "entries"
    [kept] = entries.glob("*.parquet")
    old = SystemClock().now().timestamp() - 3600
    for name in (kept.name, f"{history.FILE_PREFIX}_lost.parquet"):
        (entries / name).write_bytes(kept.read_bytes())
        os.utime(entries / name, (old, old))
    assert vacuum(entries) == 1
    assert [*entries.glob("*.parquet")] == [kept]
