"""A reaction that cannot be planned: its line waits for it, all others go on, and order holds when it is resumed."""

from __future__ import annotations

import msgspec
import pytest

from contracts.projection_views import ParkedView
from projectors.apply import Outcome
from projectors.book import Book
from projectors.events import Batch, Event, decode_event
from projectors.reactors.desk import OperatorDesk
from projectors.reactors.inbox import Inbox
from projectors.reactors.late import planning_late
from projectors.reactors.store import TaskStore
from projectors.reactors.tasks import Done, Reactor, Result, Task, Turn, always
from runtime.postgres import create_pool
from tests.projections.stage import Stage
from tests.reactors.world import worker_of

EVENTS = 12
BAD = 5


def _line_of(event: Event) -> str:
    return "odd" if event.position % 2 else "even"


async def test_what_cannot_be_planned_waits_in_its_line_and_goes_on_in_order(stage: Stage) -> None:
    lines = stage.book.write(EVENTS)[:EVENTS]
    await stage.record(lines)
    is_broken = True
    performed: dict[str, list[int]] = {"odd": [], "even": []}

    def react(event: Event) -> list[Task]:
        if event.position == BAD and is_broken:
            raise KeyError("planted")
        return [Task(kind="do", key=_line_of(event))]

    async def perform(turn: Turn) -> Result:
        performed[turn.key].append(turn.position)
        return Done()

    plain = Reactor(name="planted", prepare=always(react), perform=perform, begins="at_zero", line_of=_line_of)
    pool = await create_pool(stage.dsn_of("bursar_reactor"), application_name="tests", size_max=3)
    try:
        book, store = Book(pool, ledger=stage.ledger), TaskStore(pool)
        reactor = planning_late(plain, book)
        inbox, worker = Inbox(reactor, store, book, wake=lambda: None), worker_of(store, reactor)
        assert await inbox.checkpoint() == 0
        events = [decode_event(line.position, line.body, ledger=stage.ledger) for line in lines]
        assert await inbox.apply(Batch(events, caught_up=True)) is Outcome.APPLIED
        while await worker.run_once():
            pass
        assert performed == {"odd": [1, 3], "even": [2, 4, 6, 8, 10, 12]}

        answer = await stage.client.get("/v1/projections/parked")
        parked = msgspec.json.decode(answer.content, type=ParkedView)
        [task] = parked.tasks
        assert (task.reactor, task.position, task.kind, task.key, task.behind) == ("planted", BAD, "react", "odd", 3)
        assert parked.total == 1
        assert "KeyError" in (task.last_error or "")

        is_broken = False
        async with pool.acquire() as connection:
            await OperatorDesk(connection, operator="olga").resume("planted", BAD, 0)
        while await worker.run_once():
            pass
        assert performed["odd"] == [1, 3, 5, 7, 9, 11]
    finally:
        await pool.close()


async def test_without_a_line_the_reactor_stops_at_the_event(stage: Stage) -> None:
    [line] = stage.book.write(1)[:1]
    await stage.record([line])

    def react(event: Event) -> list[Task]:
        raise KeyError("planted")

    async def perform(turn: Turn) -> Result:
        return Done()

    pool = await create_pool(stage.dsn_of("bursar_reactor"), application_name="tests", size_max=3)
    try:
        reactor = Reactor(name="unnamed", prepare=always(react), perform=perform, begins="at_zero")
        inbox = Inbox(reactor, TaskStore(pool), Book(pool, ledger=stage.ledger), wake=lambda: None)
        await inbox.checkpoint()
        with pytest.raises(KeyError):  # the projection stands still there and says so
            await inbox.apply(Batch([decode_event(1, line.body, ledger=stage.ledger)], caught_up=True))
        assert await inbox.checkpoint() == 0
    finally:
        await pool.close()
