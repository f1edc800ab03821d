"""The sequencer on a real book: answers, keys, groups, races between callers and between processes."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest

from contracts import commands as c
from contracts.rejections import Rejection
from ledger.sequencer.queue import Accepted, QueueFull, SubmissionQueue, Unavailable
from runtime.clock import FixedClock
from tests.ledger import scenarios
from tests.ledger.scenarios import IN_A_WEEK, open_a_bank, refusal_of
from tests.support.ledger import capture, hold, leg, move, open_account, pay
from tests.support.sequencing import (
    DsnOf,
    accepted,
    balances_of,
    data_of,
    events_of,
    keys_booked,
    looking,
    new_key,
    outcomes_of,
    rejection,
    sequencing,
)

BOTH_AMOUNTS = {"postings[0].amount_minor", "postings[1].amount_minor"}
SCENARIOS = (
    scenarios.an_answer_is_the_stored_event,
    scenarios.a_repeat_gets_the_first_answer,
    scenarios.one_key_sent_fifty_times_at_once_has_one_effect,
    scenarios.one_key_in_the_batch_being_written_and_the_next_has_one_effect,
    scenarios.concurrent_debits_never_overdraw,
    scenarios.what_is_decided_ahead_stands_on_what_is_being_written,
    scenarios.of_racing_ends_of_a_hold_one_wins,
    scenarios.an_atomic_group_is_all_or_nothing,
    scenarios.an_atomic_group_with_a_key_for_two_commands_is_refused_whole,
    scenarios.a_key_for_another_command_is_refused,
    scenarios.two_processes_share_one_order,
    scenarios.memory_equals_the_database_after_a_random_run,
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_scenario(scenario: object, book_database: DsnOf) -> None:
    await scenario(book_database)  # type: ignore[operator]


class TestAKeyUsedForAnotherCommand:
    @pytest.mark.parametrize(
        ("first", "second", "fields"),
        [
            (move("alice", "bob", 5), move("alice", "bob", 6), BOTH_AMOUNTS),
            (move("alice", "bob", 5), move("alice", "till", 5), {"postings[1].account_id"}),
            (move("alice", "bob", 10**9), move("alice", "bob", 5), BOTH_AMOUNTS),
            (pay("alice", "bob", "0.01"), pay("alice", "bob", "0.02"), {"instructed_amount.value"}),
            (hold(leg("alice", "bob", 1), until=IN_A_WEEK), hold(leg("alice", "till", 1), until=IN_A_WEEK),
             {"legs[0].credit_account_id"}),
            (c.FreezeAccount(account_id="bob"), c.FreezeAccount(account_id="bob", reason="fraud"), {"reason"}),
            (c.FreezeAccount(account_id="bob", reason="a"), c.FreezeAccount(account_id="bob", reason="b"), {"reason"}),
            (c.FreezeAccount(account_id="bob"), c.CloseAccount(account_id="bob"), {"command"}),
            (c.FreezeAccount(account_id="bob", reason="fraud"), c.FreezeAccount(account_id="bob"), {"reason"}),
            (open_account("new"), open_account("new", max_balance_minor=5), {"max_balance_minor"}),
        ],
    )  # fmt: skip
    async def test_is_refused_and_told_what_differs(
        self, book_database: DsnOf, first: c.Command, second: c.Command, fields: set[str]
    ) -> None:
        async with sequencing(book_database) as sequencer, sequencing(book_database) as other:
            await open_a_bank(sequencer)
            key = new_key()
            answer = await sequencer.ask(first, key=key)
            events = await events_of(book_database)

            for process in (sequencer, other):
                reused = await process.ask(second, key=key)
                refused = refusal_of(reused)  # type: ignore[arg-type]
                assert refused.rejection is Rejection.IDEMPOTENCY_KEY_REUSED
                assert set(refused.differs_in) == fields
            again = await sequencer.ask(first, key=key)

        assert again.answer == answer.answer
        assert await events_of(book_database) == events

    async def test_belongs_to_its_tenant_alone(self, book_database: DsnOf) -> None:
        async with sequencing(book_database) as sequencer:
            await open_a_bank(sequencer)
            key = new_key()

            one = accepted(await sequencer.ask(move("alice", "bob", 1), key=key, tenant="acme"))
            two = accepted(await sequencer.ask(move("alice", "bob", 2), key=key, tenant="other"))

        assert one.position != two.position


class TestAnAtomicGroup:
    async def test_counts_an_earlier_acceptance_as_done_and_an_earlier_refusal_as_refusing_it(
        self, book_database: DsnOf
    ) -> None:
        async with sequencing(book_database) as sequencer:
            await open_a_bank(sequencer)
            done, refused = (move("alice", "bob", 1), new_key()), (move("alice", "bob", 10**9), new_key())
            await sequencer.ask_all([done, refused])

            with_done = await sequencer.ask_all([done, move("alice", "bob", 2)], atomic=True)
            with_refused = await sequencer.ask_all([move("alice", "bob", 4), refused], atomic=True)

        assert [outcome.replayed for outcome in with_done] == [True, False]
        assert all(isinstance(outcome, Accepted) for outcome in with_done)
        assert [rejection(o) for o in with_refused] == [Rejection.ATOMIC_BATCH_REFUSED, Rejection.INSUFFICIENT_FUNDS]
        assert await balances_of(book_database, "bob") == [(3, 0)]

    async def test_takes_the_same_wish_twice_as_one(self, book_database: DsnOf) -> None:
        async with sequencing(book_database) as sequencer:
            await open_a_bank(sequencer)
            wish = (move("alice", "bob", 1), new_key())

            outcomes = await sequencer.ask_all([wish, move("alice", "bob", 2), wish], atomic=True)

        assert [outcome.replayed for outcome in outcomes] == [False, False, True]
        assert outcomes[0].answer == outcomes[2].answer
        assert await balances_of(book_database, "bob") == [(3, 0)]

    async def test_that_is_refused_leaves_its_neighbours_in_the_batch_alone(self, book_database: DsnOf) -> None:
        async with sequencing(book_database) as sequencer:
            await open_a_bank(sequencer)

            futures = [
                sequencer.send([move("alice", "bob", 1)]),
                sequencer.send([open_account("x"), move("alice", "x", 10**9)], atomic=True),
                sequencer.send([move("alice", "bob", 2)]),
                sequencer.send([hold(leg("alice", "bob", 5), until=IN_A_WEEK), move("bob", "alice", 1)], atomic=True),
            ]
            outcomes = outcomes_of(await asyncio.gather(*futures))

        assert [isinstance(outcome, Accepted) for outcome in outcomes] == [True, False, False, True, True, True]
        assert await balances_of(book_database, "alice", "bob") == [(998, 5), (2, 0)]
        async with looking(book_database) as connection:
            assert await connection.fetchval("SELECT count(*) FROM accounts WHERE account_id = 'x'") == 0


class TestTheQueue:
    async def test_that_is_full_refuses_at_once_and_takes_nothing(self, book_database: DsnOf) -> None:
        queue = SubmissionQueue(commands_max=5)
        async with sequencing(book_database, queue=queue) as sequencer:
            await open_a_bank(sequencer)
            taken = [sequencer.send([move("alice", "bob", 1)]) for _ in range(5)]

            began = time.perf_counter()
            with pytest.raises(QueueFull) as full:
                sequencer.send([(move("alice", "bob", 1), "one-too-many")])
            assert time.perf_counter() - began < 0.1

            assert not full.value.may_have_happened
            assert all(isinstance(o, Accepted) for o in outcomes_of(await asyncio.gather(*taken)))
            await sequencer.do(move("alice", "bob", 1))

        assert "one-too-many" not in await keys_booked(book_database)

    async def test_takes_a_group_that_is_larger_than_itself_when_nothing_waits(self, book_database: DsnOf) -> None:
        async with sequencing(book_database, queue=SubmissionQueue(commands_max=3)) as sequencer:
            await sequencer.do(*[open_account(f"a{n}") for n in range(10)])

    async def test_drops_what_nobody_waits_for_any_more_before_it_is_decided(self, book_database: DsnOf) -> None:
        async with sequencing(book_database) as sequencer:
            await open_a_bank(sequencer)

            late = sequencer.send([(move("alice", "bob", 1), "late")], within_s=-0.001)
            cancelled = sequencer.send([(move("alice", "bob", 1), "cancelled")])
            cancelled.cancel()
            with pytest.raises(Unavailable) as unavailable:
                await late
            await sequencer.do(move("alice", "bob", 1))

        assert not unavailable.value.may_have_happened
        assert not {"late", "cancelled"} & set(await keys_booked(book_database))
        assert await balances_of(book_database, "bob") == [(1, 0)]

    async def test_that_is_closed_decides_what_waits_and_takes_no_more(self, book_database: DsnOf) -> None:
        async with sequencing(book_database) as sequencer:
            await open_a_bank(sequencer)
            waiting = [sequencer.send([move("alice", "bob", 1)]) for _ in range(300)]
            sequencer.queue.close()

            with pytest.raises(Unavailable) as unavailable:
                sequencer.send([move("alice", "bob", 1)])

        assert not unavailable.value.may_have_happened
        assert all(isinstance(future.result()[0], Accepted) for future in waiting)
        assert await balances_of(book_database, "bob") == [(300, 0)]


class TestTime:
    async def test_in_the_book_never_runs_backwards(self, book_database: DsnOf) -> None:
        """A process whose clock is an hour behind writes the newest instant of the book instead."""
        now = datetime.now(UTC)
        async with sequencing(book_database, clock=FixedClock(now)) as ahead:
            await open_a_bank(ahead)
        async with sequencing(book_database, clock=FixedClock(now - timedelta(hours=1))) as behind:
            await behind.do(move("alice", "bob", 1))
            name = data_of(await behind.ask(hold(leg("alice", "bob", 1), until=now + timedelta(seconds=1))))["hold_id"]
            early = await behind.ask(c.ExpireHold(hold_id=name))

        assert rejection(early) is Rejection.HOLD_DEADLINE_NOT_PASSED
        async with looking(book_database) as connection:
            instants = [r["at"] for r in await connection.fetch(
                "SELECT event->>'recorded_at' AS at FROM events ORDER BY position")]  # fmt: skip
        assert instants == sorted(instants)

    async def test_ends_a_hold_at_its_deadline(self, book_database: DsnOf) -> None:
        clock = FixedClock(datetime.now(UTC))
        async with sequencing(book_database, clock=clock) as sequencer:
            await open_a_bank(sequencer)
            until = clock.now() + timedelta(minutes=5)
            name = data_of(await sequencer.ask(hold(leg("alice", "bob", 50), until=until)))["hold_id"]

            clock.advance(300)
            late = await sequencer.ask(capture(name))
            await sequencer.do(c.ExpireHold(hold_id=name))

        assert rejection(late) is Rejection.HOLD_DEADLINE_PASSED
        assert await balances_of(book_database, "alice") == [(1_000, 0)]


async def test_a_restarted_process_goes_on_from_the_book(book_database: DsnOf) -> None:
    """Everything a decision needs is loaded: balances, holds with what was captured, reversals, assets."""
    async with sequencing(book_database) as before:
        await open_a_bank(before)
        await before.do(c.DeclareAsset(currency="POINTS", scale=0))
        name = data_of(await before.ask(hold(leg("alice", "bob", 100), until=IN_A_WEEK)))["hold_id"]
        await before.do(capture(name, 40))

    async with sequencing(book_database) as after:
        await after.do(open_account("points", currency="POINTS"))
        too_much = await after.ask(capture(name, 61))
        await after.do(capture(name, 60))

    assert rejection(too_much) is Rejection.CAPTURE_EXCEEDS_HOLD
    assert await balances_of(book_database, "alice", "bob") == [(900, 0), (100, 0)]


async def test_the_largest_atomic_group_fits_one_transaction(book_database: DsnOf) -> None:
    async with sequencing(book_database) as sequencer:
        await open_a_bank(sequencer, alice=100_000)

        outcomes = await sequencer.ask_all([move("alice", "bob", 1) for _ in range(8_192)], atomic=True)

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert await balances_of(book_database, "alice", "bob") == [(100_000 - 8_192, 0), (8_192, 0)]


async def test_the_first_command_of_an_empty_book_may_be_refused(book_database: DsnOf) -> None:
    """The refusal is kept although no event says when the book began."""
    async with sequencing(book_database) as sequencer:
        key = new_key()
        first = await sequencer.ask(move("alice", "bob", 1), key=key)
        again = await sequencer.ask(move("alice", "bob", 1), key=key)

    assert rejection(first) is Rejection.ACCOUNT_NOT_FOUND
    assert (again.answer, again.replayed) == (first.answer, True)
    assert await events_of(book_database) == []
