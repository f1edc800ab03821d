"""However the events come and whenever the process dies: each task is done, each effect happens once, in order."""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from projectors.reactors.store import TaskStore
from tests.reactors.world import Life, Plan, Table, World, live

plans = st.builds(
    Plan, key=st.sampled_from(["a", "b", "c"]), fails=st.integers(0, 2), follow_ups=st.sampled_from([0, 0, 0, 1, 2])
)
books = st.lists(st.lists(plans, max_size=3), min_size=1, max_size=6)
lives = st.lists(
    st.builds(
        Life,
        batch=st.integers(1, 6),
        dies_at=st.integers(1, 25),
        after=st.booleans(),
        at_once=st.integers(1, 4),
        repeats=st.booleans(),
    ),
    max_size=4,
)
looks = st.sampled_from([1, 2, 500])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(book=books, ends=lives, look_at=looks)
@example(book=[[Plan("a"), Plan("a", follow_ups=2)], [Plan("a")]], ends=[Life(dies_at=5, after=True)], look_at=500)
async def test_every_task_is_performed_and_every_effect_happens_once_and_in_order(
    table: Table, book: list[list[Plan]], ends: list[Life], look_at: int
) -> None:
    world = World(book)

    await live(table, world, ends, store_of=lambda pool: TaskStore(pool, look_at=look_at))

    world.judge()
    assert set((await table.states(world.name)).values()) <= {"done"}


async def test_a_process_may_die_at_every_single_statement(table: Table) -> None:
    """Not at random: at each of them, before and after it."""
    book = [[Plan("a"), Plan("b", fails=1)], [Plan("a", follow_ups=2), Plan("a")], [Plan("b")]]
    for after in (False, True):
        for dies_at in range(1, 40):
            world = World(book)
            await live(table, world, [Life(batch=2, dies_at=dies_at, after=after, at_once=2)])
            world.judge()
