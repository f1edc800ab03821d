"""What the sequencer promises, as scenarios on a real book: run as they are, and again under planted faults."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec

from contracts import commands as c
from contracts.rejections import Refused, Rejection
from ledger.domain.state import State
from ledger.sequencer.queue import Accepted, Declined, SubmissionQueue
from tests.support.ledger import capture, credit, debit, hold, leg, move, open_account, pay, post, reverse
from tests.support.sequencing import (
    Asking,
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

AT_ONCE = 50
IN_A_WEEK = datetime.now(UTC) + timedelta(days=7)


async def open_a_bank(sequencer: Asking, *, alice: int = 1_000) -> None:
    """World, Alice with money, Bob, and a till that is debit-normal."""
    await sequencer.do(
        open_account("world", account_type="equity", overdraft="unlimited"),
        open_account("alice"),
        open_account("bob"),
        open_account("till", account_type="asset", overdraft="unlimited"),
        move("world", "alice", alice),
    )


async def an_answer_is_the_stored_event(book: DsnOf) -> None:
    """The exact bytes, chained, at the position that is named."""
    async with sequencing(book) as sequencer:
        await open_a_bank(sequencer)
        outcome = accepted(await sequencer.ask(move("alice", "bob", 5)))
        payment = accepted(await sequencer.ask(pay("alice", "bob", "0.07")))

    events = await events_of(book)
    assert len(events) == payment.position, "something was answered that is not in the book"
    assert events[outcome.position - 1] == outcome.answer
    assert events[payment.position - 1] == payment.answer
    assert (payment.first_position, payment.position) == (outcome.position + 1, outcome.position + 2)
    assert sequencer.committed[-1] == payment.position


async def a_repeat_gets_the_first_answer(book: DsnOf) -> None:
    """After the answer, in the same batch, and from another process; for refusals too."""
    async with sequencing(book) as sequencer, sequencing(book) as other:
        await open_a_bank(sequencer)
        for command in (move("alice", "bob", 5), move("alice", "bob", 10**9), c.CloseAccount(account_id="alice")):
            key = new_key()
            first = await sequencer.ask(command, key=key)
            later = await sequencer.ask(command, key=key)
            elsewhere = await other.ask(command, key=key)
            assert (first.replayed, later.replayed, elsewhere.replayed) == (False, True, True)
            assert first.answer == later.answer == elsewhere.answer
        command, key = move("alice", "bob", 7), new_key()
        twins = await sequencer.ask_all([(command, key), (command, key)])
        assert [twin.replayed for twin in twins] == [False, True]
        assert twins[0].answer == twins[1].answer

    assert await balances_of(book, "bob") == [(12, 0)]


async def one_key_sent_fifty_times_at_once_has_one_effect(book: DsnOf) -> None:
    """Through two processes, in submissions of their own."""
    async with sequencing(book) as one, sequencing(book) as other:
        await open_a_bank(one)
        command, key = move("alice", "bob", 5), new_key()

        results = await asyncio.gather(
            *[(one, other)[n % 2].send([(command, key)]) for n in range(AT_ONCE)]
        )  # fmt: skip

    outcomes = outcomes_of(results)
    assert len({outcome.answer for outcome in outcomes}) == 1
    assert sum(not outcome.replayed for outcome in outcomes) == 1
    assert Counter(await keys_booked(book))[key] == 1
    assert await balances_of(book, "bob") == [(5, 0)]


async def one_key_in_the_batch_being_written_and_the_next_has_one_effect(book: DsnOf) -> None:
    """The second submission arrives while the first is on its way to the database."""
    async with sequencing(book, queue=SubmissionQueue(plenty_min=1)) as sequencer:  # decide ahead whatever waits
        await open_a_bank(sequencer)
        futures = []
        wished = [(move("alice", "bob", 1), new_key()) for _ in range(20)]
        for pair in (pair for pair in wished for _ in range(3)):
            futures.append(sequencer.send([pair]))
            await asyncio.sleep(0.001)
        outcomes = outcomes_of(await asyncio.gather(*futures))
        assert faults_of(sequencer) == 0, "the database had to stop what the sequencer let through"

    booked = Counter(await keys_booked(book))
    assert [booked[key] for _, key in wished] == [1] * len(wished)
    assert sum(not outcome.replayed for outcome in outcomes) == len(wished)
    assert await balances_of(book, "bob") == [(len(wished), 0)]


async def concurrent_debits_never_overdraw(book: DsnOf) -> None:
    """64 debits of 30 on 1000, in two processes: exactly 33 fit."""
    async with sequencing(book) as one, sequencing(book) as other:
        await open_a_bank(one, alice=1_000)

        futures = []
        for n in range(64):
            futures.append((one, other)[n % 2].send([move("alice", "bob", 30)]))
            await asyncio.sleep(0.001 * (n % 3))
        outcomes = outcomes_of(await asyncio.gather(*futures))
        assert faults_of(one) == faults_of(other) == 0, "the database had to stop what the sequencer let through"

    assert sum(isinstance(outcome, Accepted) for outcome in outcomes) == 1_000 // 30
    refused = [outcome for outcome in outcomes if isinstance(outcome, Declined)]
    assert {rejection(outcome) for outcome in refused} == {Rejection.INSUFFICIENT_FUNDS}
    assert await balances_of(book, "alice", "bob") == [(1_000 - 990, 0), (990, 0)]


async def what_is_decided_ahead_stands_on_what_is_being_written(book: DsnOf) -> None:
    """One process, a debit every millisecond: each event continues the balance of the one before."""
    async with sequencing(book, queue=SubmissionQueue(plenty_min=1)) as sequencer:  # decide ahead whatever waits
        await open_a_bank(sequencer, alice=1_000)
        futures = []
        for _ in range(64):
            futures.append(sequencer.send([move("alice", "bob", 30)]))
            await asyncio.sleep(0.001)
        outcomes = outcomes_of(await asyncio.gather(*futures))
        assert faults_of(sequencer) == 0, "the database had to stop what the sequencer let through"

    balances = [data_of(o)["postings"][0]["posted_minor"] for o in outcomes if isinstance(o, Accepted)]
    assert balances == list(range(970, 0, -30))


async def of_racing_ends_of_a_hold_one_wins(book: DsnOf) -> None:
    """25 captures and 25 releases in two processes: the money moves once, or comes back once."""
    async with sequencing(book) as one, sequencing(book) as other:
        await open_a_bank(one)
        name = data_of(await one.ask(hold(leg("alice", "bob", 400), until=IN_A_WEEK)))["hold_id"]
        ends = [capture(name), c.ReleaseHold(hold_id=name)] * (AT_ONCE // 2)

        results = await asyncio.gather(*[(one, other)[n // 2 % 2].send([end]) for n, end in enumerate(ends)])

    outcomes = outcomes_of(results)
    (winner,) = [at for at, outcome in enumerate(outcomes) if isinstance(outcome, Accepted)]
    captured = isinstance(ends[winner], c.CaptureHold)
    assert {rejection(o) for o in outcomes if isinstance(o, Declined)} == {
        Rejection.HOLD_ALREADY_CAPTURED if captured else Rejection.HOLD_ALREADY_RELEASED
    }
    assert await balances_of(book, "alice", "bob") == ([(600, 0), (400, 0)] if captured else [(1_000, 0), (0, 0)])


async def an_atomic_group_is_all_or_nothing(book: DsnOf) -> None:
    """One refusal refuses all: no event, no balance, no account; every key remembers."""
    async with sequencing(book) as sequencer:
        await open_a_bank(sequencer)
        events = len(await events_of(book))
        group = [
            (open_account("new"), new_key()),
            (move("alice", "bob", 10), new_key()),
            (move("alice", "bob", 10**9), new_key()),
            (move("alice", "bob", 10), new_key()),
        ]

        outcomes = await sequencer.ask_all(group, atomic=True)
        again = await sequencer.ask_all(group, atomic=True)

        assert [rejection(outcome) for outcome in outcomes] == [
            Rejection.ATOMIC_BATCH_REFUSED,
            Rejection.ATOMIC_BATCH_REFUSED,
            Rejection.INSUFFICIENT_FUNDS,
            Rejection.ATOMIC_BATCH_REFUSED,
        ]
        assert [outcome.answer for outcome in again] == [outcome.answer for outcome in outcomes]
        assert all(outcome.replayed for outcome in again)
        assert len(await events_of(book)) == events
        await sequencer.do(open_account("new"))  # the name is still free: the layer was dropped whole
        together = await sequencer.ask_all(
            [open_account("x"), move("alice", "x", 900), move("x", "bob", 900)], atomic=True
        )

    assert all(isinstance(outcome, Accepted) for outcome in together)
    assert await balances_of(book, "alice", "x", "bob") == [(100, 0), (0, 0), (900, 0)]


async def an_atomic_group_with_a_key_for_two_commands_is_refused_whole(book: DsnOf) -> None:
    """Inside the group, and against a key that was answered before."""
    async with sequencing(book) as sequencer:
        await open_a_bank(sequencer)
        events = len(await events_of(book))
        key = new_key()

        within = await sequencer.ask_all([(move("alice", "bob", 1), key), (move("alice", "bob", 2), key)], atomic=True)
        assert all(isinstance(outcome, Declined) for outcome in within), within
        assert rejection(within[1]) is Rejection.IDEMPOTENCY_KEY_REUSED
        assert len(await events_of(book)) == events

        key = new_key()
        await sequencer.ask(move("alice", "bob", 1), key=key)
        against = await sequencer.ask_all([move("alice", "bob", 5), (move("alice", "bob", 2), key)], atomic=True)
        assert [rejection(o) for o in against] == [Rejection.ATOMIC_BATCH_REFUSED, Rejection.IDEMPOTENCY_KEY_REUSED]

    assert await balances_of(book, "bob") == [(1, 0)]


async def a_key_for_another_command_is_refused(book: DsnOf) -> None:
    """From memory, from the book, and while the first is still being written; the first answer stands."""
    async with sequencing(book) as sequencer, sequencing(book) as other:
        await open_a_bank(sequencer)
        key = new_key()
        first = await sequencer.ask(move("alice", "bob", 1), key=key)
        for process in (sequencer, other):
            assert rejection(await process.ask(move("alice", "bob", 2), key=key)) is Rejection.IDEMPOTENCY_KEY_REUSED
            assert (await process.ask(move("alice", "bob", 1), key=key)).answer == first.answer
        key = new_key()
        pair = await asyncio.gather(*[sequencer.send([(move("alice", "bob", n), key)]) for n in (5, 6)])
        assert rejection(pair[1][0]) is Rejection.IDEMPOTENCY_KEY_REUSED

    assert await balances_of(book, "bob") == [(6, 0)]


async def two_processes_share_one_order(book: DsnOf) -> None:
    """Each decides on what the other wrote: balances, holds, reversals, closed accounts."""
    async with sequencing(book) as one, sequencing(book) as other:
        await open_a_bank(one)
        await other.do(move("alice", "bob", 900))
        assert rejection(await one.ask(move("alice", "bob", 200))) is Rejection.INSUFFICIENT_FUNDS
        booked = data_of(await one.ask(move("alice", "bob", 100)))["transfer_id"]
        await other.do(reverse(booked, debit("bob", 60), credit("alice", 60)))
        assert rejection(await one.ask(reverse(booked, debit("bob", 41), credit("alice", 41)))) is (
            Rejection.REVERSAL_EXCEEDS_ORIGINAL
        )
        await one.do(reverse(booked))
        await one.do(c.FreezeAccount(account_id="bob"))
        assert rejection(await other.ask(move("alice", "bob", 1))) is Rejection.ACCOUNT_FROZEN
        await other.do(c.ClosePeriod(through=datetime.now(UTC).date() - timedelta(days=1)))
        backdated = move("world", "alice", 1, on=datetime.now(UTC).date() - timedelta(days=1))
        assert rejection(await one.ask(backdated)) is Rejection.PERIOD_CLOSED

        assert faults_of(one) == faults_of(other) == 0, "the database had to stop what the sequencer let through"
        assert conflicts_of(one) + conflicts_of(other) > 0

    assert await balances_of(book, "alice", "bob") == [(100, 0), (900, 0)]


async def memory_equals_the_database_after_a_random_run(book: DsnOf) -> None:
    """What the next decision would look at is what the book says."""
    chance = random.Random(7)
    async with sequencing(book) as sequencer:
        await open_a_bank(sequencer, alice=5_000)
        holds: list[str] = []
        transfers: list[str] = []
        for _ in range(12):
            futures = [sequencer.send([_random_command(chance, holds, transfers)]) for _ in range(25)]
            for outcome in outcomes_of(await asyncio.gather(*futures)):
                if isinstance(outcome, Accepted):
                    data = data_of(outcome)
                    transfers += [data["transfer_id"]] if "transfer_id" in data and "reversal_id" not in data else []
                    holds += [data["hold_id"]] if "legs" in data else []
        state = sequencer.sequencer._cache
        await _assert_same(state, book)

    kinds = Counter(msgspec.json.decode(event)["type"] for event in await events_of(book))
    for kind in ("transfer_posted", "hold_placed", "hold_captured", "hold_released", "transfer_reversed"):
        assert kinds[kind] >= 3, kinds


def _random_command(chance: random.Random, holds: list[str], transfers: list[str]) -> c.Command:
    names = chance.sample(["alice", "bob", "till", "world"], 2)
    amount = chance.randint(1, 400)
    match chance.randint(0, 5):
        case 0 if holds:
            return capture(chance.choice(holds), chance.randint(1, amount), final=chance.random() < 0.3)
        case 1 if holds:
            return c.ReleaseHold(hold_id=chance.choice(holds))
        case 2 if transfers:
            return reverse(chance.choice(transfers))
        case 3:
            return hold(leg(names[0], names[1], amount), until=IN_A_WEEK)
        case 4:
            return post(debit(names[0], amount + 1), credit(names[1], amount), credit("world", 1))
        case _:
            return move(names[0], names[1], amount)


async def _assert_same(state: State, book: DsnOf) -> None:
    async with looking(book) as connection:
        accounts = await connection.fetch("SELECT account_id, status, posted_minor, held_minor FROM accounts")
        holds = await connection.fetch("SELECT hold_no, status, legs FROM holds")
        entries = await connection.fetch(
            """SELECT account_id, normal_sign * sum(amount_minor) AS posted, sum(e.held_minor) AS held
                 FROM entries e JOIN accounts USING (account_no) GROUP BY account_id, normal_sign"""
        )
    for row in accounts:
        account = state.accounts[row["account_id"]]
        stored = (row["status"], row["posted_minor"], row["held_minor"])
        assert stored == (account.status, account.posted_minor, account.held_minor), row["account_id"]
    for row in holds:
        hold = state.holds[row["hold_no"]]
        assert row["status"] == hold.status
        assert msgspec.json.decode(row["legs"]) == msgspec.json.decode(msgspec.json.encode(hold.legs))
    for row in entries:
        account = state.accounts[row["account_id"]]
        assert (row["posted"], row["held"]) == (account.posted_minor, account.held_minor), row["account_id"]


def faults_of(sequencer: Asking) -> float:
    """How often a commit failed although nothing was broken."""
    return sum(
        sample.value for metric in sequencer.metrics.faults.collect() for sample in metric.samples
        if sample.name.endswith("_total")
    )  # fmt: skip


def conflicts_of(sequencer: Asking) -> float:
    """How often another process wrote first."""
    (metric,) = sequencer.metrics.conflicts.collect()
    return metric.samples[0].value


def refusal_of(outcome: Declined) -> Refused:
    """The refusal as the client reads it."""
    return msgspec.json.decode(outcome.answer, type=Refused)
