"""What a worker makes of each result, of a performer that fails, hangs or dies, and of a wish to stop."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from projectors.reactors.desk import NotParked, OperatorDesk
from projectors.reactors.metrics import ReactorMetrics
from projectors.reactors.registry import REACTORS, find_builder
from projectors.reactors.store import TaskStore
from projectors.reactors.tasks import Again, Done, LeaseLost, Park, Result, Retry, Turn
from projectors.reactors.worker import Bounds, Worker
from runtime.clock import SystemClock
from runtime.shutdown import Shutdown
from runtime.trace import current_trace
from tests.projectors.places import until
from tests.reactors.post import Post
from tests.reactors.world import Table, worker_of


@pytest.mark.parametrize(
    ("result", "state"),
    [(Done({"a": 1}), "done"), (Park("no rail takes it"), "parked"), (Again(why="busy"), "waiting")],
)
async def test_each_result_is_kept(table: Table, result: Result, state: str) -> None:
    async def perform(turn: Turn) -> Result:
        return result

    post = Post(table, perform)
    await post.put("a")
    assert await post.once() == 1

    row = await post.row()
    assert (row["state"], row["lease_token"], row["attempts"]) == (state, None, 1)
    assert row["later"] == isinstance(result, Again)


async def test_a_task_is_parked_after_its_attempts_and_its_line_waits_while_others_go_on(table: Table) -> None:
    async def perform(turn: Turn) -> Result:
        return Again(why="busy", after_s=0.0) if turn.position == 1 else Done()

    post = Post(table, perform, Retry(attempts_max=3))
    await post.put("a", "a", "b")
    while await post.once():
        pass

    assert await table.states(post.name) == {(1, 0): "parked", (2, 0): "waiting", (3, 0): "done"}
    assert (await post.row())["last_error"] == "given up after 3 attempts; busy"
    assert [turn.position for turn in post.turns].count(1) == 3


async def test_a_long_line_behind_a_parked_task_hides_nobody(table: Table) -> None:
    async def perform(turn: Turn) -> Result:
        return Park("planted") if turn.position == 1 else Done()

    post = Post(table, perform)
    post.store = TaskStore(table.pool, look_at=10)
    post.worker = worker_of(post.store, post.reactor)
    await post.put(*["a"] * 40, "b", "c", "b")
    while await post.once():
        pass

    states = await table.states(post.name)
    assert [states[at, 0] for at in (41, 42, 43)] == ["done"] * 3
    assert set(states.values()) == {"parked", "waiting", "done"}


async def test_an_operator_resumes_or_skips_in_order_and_it_is_recorded(table: Table) -> None:
    mended = False

    async def perform(turn: Turn) -> Result:
        return Done() if mended or turn.position > 2 else Park("planted")

    post = Post(table, perform)
    await post.put("a", "b", "a", "b")
    await post.once()
    async with table.pool.acquire() as connection:
        desk = OperatorDesk(connection, operator="ann")
        parked = await desk.parked(post.name)
        assert [(one.position, one.behind, one.last_error) for one in parked] == [(1, 1, "planted"), (2, 1, "planted")]
        assert post.name in {line.reactor for line in await desk.reactors()}
        mended = True
        await desk.resume(post.name, 1, 0, reason="rail is back")
        await desk.skip(post.name, 2, 0, reason="paid by hand")
        for refused in (desk.resume(post.name, 1, 0), desk.skip(post.name, 99, 0, reason="x")):
            with pytest.raises(NotParked):
                await refused
        with pytest.raises(ValueError, match="why"):
            await desk.skip(post.name, 1, 0, reason=" ")
    while await post.once():
        pass

    assert await table.states(post.name) == {(1, 0): "done", (2, 0): "skipped", (3, 0): "done", (4, 0): "done"}
    kept = await table.owner.fetch("SELECT * FROM reactions.interventions WHERE reactor = $1", post.name)
    assert [(row["operator"], row["action"], row["position"], row["reason"]) for row in kept] == [
        ("ann", "resume", 1, "rail is back"),
        ("ann", "skip", 2, "paid by hand"),
    ]


async def test_a_bug_in_a_performer_is_tried_again_and_its_text_stays_out_of_the_table(table: Table) -> None:
    async def perform(turn: Turn) -> Result:
        if turn.attempts == 1:
            raise RuntimeError("Jane Doe, DE89370400440532013000")
        return Done()

    post = Post(table, perform, Retry(base_s=0.0))
    await post.put("a")
    await post.once()
    assert (await post.row())["last_error"] == "failed: RuntimeError"
    await post.once()
    assert (await post.row())["state"] == "done"


async def test_an_attempt_never_outlives_its_lease(table: Table) -> None:
    async def perform(turn: Turn) -> Result:
        await asyncio.Event().wait()
        return Done()

    post = Post(table, perform)
    await post.put("a")
    quick = Worker(
        post.store, [post.reactor], metrics=ReactorMetrics(CollectorRegistry()), clock=SystemClock(),
        chance=lambda: 0.5, bounds=Bounds(lease_s=0.5),
    )  # fmt: skip
    assert await quick.run_once() == 1
    assert (await post.row())["last_error"] == "no result within 0.2 s"


async def test_a_process_that_dies_at_a_task_each_time_parks_it_in_the_end(table: Table) -> None:
    async def perform(turn: Turn) -> Result:
        return Done()

    post = Post(table, perform, Retry(attempts_max=3))
    await post.put("a")
    for _ in range(3):
        assert len(await post.store.claim([post.name], 5, 60.0)) == 1  # and dies
        await table.time_passes()
    await post.once()

    assert post.turns == []
    assert (await post.row())["state"] == "parked"


async def test_what_may_have_been_sent_is_known_to_the_next_attempt(table: Table) -> None:
    sent: list[str] = []

    async def perform(turn: Turn) -> Result:
        if turn.resumed:
            return Done({"asked about": turn.intent})
        await turn.begin("pacs.008 of task 1")
        sent.append("pacs.008")
        raise asyncio.CancelledError  # the process stops right after sending

    post = Post(table, perform)
    await post.put("a")
    with pytest.raises(asyncio.CancelledError):
        await post.once()
    assert await post.once() == 1  # it was handed back: no lease to wait for

    assert sent == ["pacs.008"]
    assert (await post.row())["answer"] == '{"asked about":"pacs.008 of task 1"}'


async def test_an_intent_that_came_to_nothing_is_taken_back(table: Table) -> None:
    async def perform(turn: Turn) -> Result:
        if turn.attempts == 1:
            await turn.begin("first")
            await turn.retract()
            return Again(why="refused the connection", after_s=0.0)
        return Done({"resumed": turn.resumed})

    post = Post(table, perform)
    await post.put("a")
    await post.once()
    await post.once()
    assert (await post.row())["answer"] == '{"resumed":false}'


async def test_without_the_lease_nothing_may_be_begun(table: Table) -> None:
    async def perform(turn: Turn) -> Result:
        return Done()

    post = Post(table, perform)
    await post.put("a")
    (turn,) = await post.store.claim([post.name], 1, 60.0)
    await table.time_passes()
    with pytest.raises(LeaseLost):
        await turn.begin("too late")


async def test_the_story_of_the_event_goes_on(table: Table) -> None:
    seen: list[str] = []

    async def perform(turn: Turn) -> Result:
        trace = current_trace.get()
        assert trace is not None
        seen.append(trace.trace_id)
        return Done()

    post = Post(table, perform)
    await post.put("a")
    await post.once()
    assert seen == [f"{1:032x}"]


async def test_stopping_lets_what_runs_finish_and_takes_nothing_new(table: Table) -> None:
    going, may_end = asyncio.Event(), asyncio.Event()

    async def perform(turn: Turn) -> Result:
        going.set()
        await may_end.wait()
        return Done()

    post = Post(table, perform)
    await post.put("a", "a", "b")
    shutdown = Shutdown()
    running = asyncio.create_task(post.worker.run(shutdown))
    await going.wait()
    shutdown.request("test")
    may_end.set()
    await running

    assert set((await table.states(post.name)).items()) >= {((1, 0), "done"), ((2, 0), "waiting")}
    assert (await post.row(2))["attempts"] == 0


async def test_a_worker_is_woken_by_new_tasks(table: Table) -> None:
    async def perform(turn: Turn) -> Result:
        return Done()

    post = Post(table, perform)
    shutdown = Shutdown()
    running = asyncio.create_task(post.worker.run(shutdown))
    await post.put("a", "b")
    post.worker.wake()

    async def done() -> bool:
        return set((await table.states(post.name)).values()) == {"done"}

    await until(done, "both are done")
    shutdown.request("test")
    await running


@given(
    attempts=st.integers(1, 10_000),
    chance=st.floats(0, 1, exclude_max=True),
    retry=st.builds(
        Retry,
        base_s=st.floats(0.01, 10),
        factor=st.floats(1, 4),
        cap_s=st.floats(0.01, 1000),
        jitter=st.floats(0, 1),
    ),
)
def test_a_pause_is_bounded_and_spread(attempts: int, chance: float, retry: Retry) -> None:
    pause_s = retry.pause_s(attempts, lambda: chance)
    longest = min(retry.cap_s, retry.base_s * retry.factor ** min(attempts - 1, 64))
    assert longest * (1 - retry.jitter) <= pause_s * 1.000001
    assert pause_s <= longest


def test_every_registered_name_leads_somewhere() -> None:
    assert all(callable(find_builder(name)) for name in REACTORS)
    with pytest.raises(AttributeError):
        find_builder("projectors.reactors.registry:nowhere")
