"""Faults of connection and server: an answer that was given is in the book once; one that was not, at most once."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from cli.devstack import Servers, running_servers
from contracts import commands as c
from ledger.domain.book import DECIDERS
from ledger.sequencer import sequencer as sequencer_module
from ledger.sequencer.queue import Accepted, Outcome, SubmissionQueue, Unavailable
from runtime.postgres import connect
from tests.conftest import migrate_book
from tests.ledger.scenarios import open_a_bank
from tests.ledger.test_planted_faults import exchange
from tests.support.ledger import move
from tests.support.sequencing import (
    Asking,
    Connect,
    DsnOf,
    accepted,
    balances_of,
    events_of,
    keys_booked,
    looking,
    new_key,
    sequencing,
)
from tests.support.tcp_proxy import Proxy, proxying

SILENCE_S_MAX = 0.5  # instead of the ten seconds that a silent connection gets in production
RECOVERED_WITHIN_S = 8.0
CALLERS = 20
LOAD_S = 1.2


@pytest.fixture
async def proxy(servers: Servers) -> AsyncIterator[Proxy]:
    async with proxying("127.0.0.1", servers.ports["postgres"]) as proxy:
        yield proxy


def through(proxy: Proxy, dsn_of: DsnOf) -> Connect:
    dsn = re.sub(r"(?<=127\.0\.0\.1:)\d+", str(proxy.port), dsn_of("bursar_writer"))
    return lambda: connect(dsn, application_name="tests")


@pytest.mark.parametrize("delivered", [True, False], ids=["after COMMIT was sent", "before COMMIT was sent"])
async def test_a_connection_cut_at_commit_has_one_effect_and_one_answer(
    book_database: DsnOf, proxy: Proxy, delivered: bool
) -> None:
    async with sequencing(book_database, connecting=through(proxy, book_database)) as sequencer:
        await open_a_bank(sequencer)
        key = new_key()
        proxy.cut_at_commit(delivered=delivered)

        outcome = accepted(await sequencer.ask(move("alice", "bob", 5), key=key))
        again = await sequencer.ask(move("alice", "bob", 5), key=key)

    assert proxy.cuts == 1
    events = await events_of(book_database)
    assert events[outcome.position - 1] == outcome.answer == again.answer
    assert Counter(await keys_booked(book_database))[key] == 1
    assert await balances_of(book_database, "bob") == [(5, 0)]


async def test_cuts_at_every_third_commit_under_load_lose_and_double_nothing(
    book_database: DsnOf, proxy: Proxy
) -> None:
    queue = SubmissionQueue(plenty_min=2)
    async with sequencing(book_database, queue=queue, connecting=through(proxy, book_database)) as sequencer:
        await open_a_bank(sequencer)
        keys: list[str] = []
        for round_number in range(12):
            if round_number % 3 == 2:
                proxy.cut_at_commit(delivered=round_number % 2 == 0)
            pairs = [(move("alice", "bob", 1), new_key()) for _ in range(10)]
            keys += [key for _, key in pairs]
            await asyncio.gather(*[sequencer.send([pair]) for pair in pairs])

    assert proxy.cuts == 4
    booked = Counter(await keys_booked(book_database))
    assert [booked[key] for key in keys] == [1] * len(keys)
    assert await balances_of(book_database, "bob") == [(len(keys), 0)]


@pytest.mark.parametrize("at", [b"COMMIT;", b"COPY ", None], ids=["while committing", "while writing", "while loading"])
async def test_a_connection_that_falls_silent_is_given_up_in_bounded_time(
    book_database: DsnOf, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, at: bytes | None
) -> None:
    """Nothing is refused and nothing is closed: bytes just stop. New connections work."""
    monkeypatch.setattr(sequencer_module, "SILENCE_S_MAX", SILENCE_S_MAX)
    async with sequencing(book_database, connecting=through(proxy, book_database)) as sequencer:
        await open_a_bank(sequencer)
        await sequencer.do(move("alice", "bob", 1))  # both connections are open now
        proxy.fall_silent(at=at)

        try:
            async with asyncio.timeout(RECOVERED_WITHIN_S):
                outcomes = await sequencer.send([move("alice", "bob", 1)])
        except TimeoutError:
            await proxy.close()  # let the test end
            pytest.fail(f"no answer {RECOVERED_WITHIN_S} s after the connection fell silent")

    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert await balances_of(book_database, "bob") == [(2, 0)]


async def test_a_terminated_session_is_replaced(book_database: DsnOf) -> None:
    async with sequencing(book_database) as sequencer:
        await open_a_bank(sequencer)
        async with looking(book_database, "postgres") as admin:
            await admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'bursar_writer'"
                " AND datname = current_database()"
            )

        await sequencer.do(move("alice", "bob", 1))

    assert await balances_of(book_database, "bob") == [(1, 0)]


async def test_a_command_that_the_database_refuses_does_not_fail_its_neighbours(
    book_database: DsnOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decision that is wrong about one account (planted) meets the constraints; the others go through."""
    real = DECIDERS[c.PostTransfer]

    def wrong_about_mallory(command: Any, state: Any, moment: Any) -> Any:
        if command.postings[0].account_id != "mallory":
            return real(command, state, moment)
        account = state.account("mallory")
        state.accounts["mallory"] = type(account)(account.terms, "open", 10**6, 0)
        return real(command, state, moment)

    exchange(monkeypatch, DECIDERS, c.PostTransfer, wrong_about_mallory)
    async with sequencing(book_database) as sequencer:
        await open_a_bank(sequencer)
        await sequencer.do(c.OpenAccount(account_id="mallory", currency="EUR", account_type="liability"))

        futures = [
            sequencer.send([move("mallory" if n == 7 else "alice", "bob", 10)]) for n in range(20)
        ]  # fmt: skip
        results = await asyncio.gather(*futures, return_exceptions=True)

    assert [n for n, result in enumerate(results) if isinstance(result, Unavailable)] == [7]
    assert not results[7].may_have_happened  # type: ignore[union-attr]
    assert await balances_of(book_database, "mallory", "bob") == [(0, 0), (190, 0)]
    await events_of(book_database)


async def test_a_decision_that_raises_fails_its_own_caller_and_the_sequencer_lives_on(
    book_database: DsnOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault in the code of one decision must not silence the ledger."""

    def broken(command: Any, state: Any, moment: Any) -> Any:
        raise KeyError("planted")

    async with sequencing(book_database) as sequencer:
        await open_a_bank(sequencer)
        exchange(monkeypatch, DECIDERS, c.FreezeAccount, broken)

        future = sequencer.send([c.FreezeAccount(account_id="bob")])
        try:
            async with asyncio.timeout(RECOVERED_WITHIN_S):
                with pytest.raises(Unavailable):
                    await future
        except TimeoutError:
            pytest.fail("the caller was never answered: the sequencer's loop ended")

        await sequencer.do(move("alice", "bob", 1))


@pytest.fixture(scope="module")
async def fragile(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """Servers of this module's own, to be killed."""
    async with running_servers(tmp_path_factory.mktemp("fragile") / "stack") as servers:
        yield servers


async def test_a_killed_server_loses_no_answer_and_doubles_no_wish(fragile: Servers, tmp_path: Path) -> None:
    """PostgreSQL dies twice under load. Accepted: once in the book. Unknown: at most once, and a repeat settles it."""
    async with fragile.database("killed") as dsn_of:
        await migrate_book(dsn_of("bursar_owner"))
        async with sequencing(dsn_of) as sequencer:
            await open_a_bank(sequencer, alice=1_000_000)
            answers: dict[str, Outcome | Unavailable] = {}
            until = time.monotonic() + LOAD_S
            callers = [asyncio.create_task(call_until(sequencer, until, answers)) for _ in range(CALLERS)]
            for _ in range(2):
                await asyncio.sleep(LOAD_S / 4)  # let some load pass before the next kill
                await fragile.kill("postgres")
            await asyncio.gather(*callers)

            booked = Counter(await keys_booked(dsn_of))
            known = {key: answer for key, answer in answers.items() if isinstance(answer, Accepted)}
            assert len(known) > 50
            assert [key for key in known if booked[key] != 1] == []
            assert [key for key in answers if booked[key] > 1] == []
            for key in answers.keys() - known.keys():
                accepted(await sequencer.ask(move("alice", "bob", 1), key=key))

        events = await events_of(dsn_of)
        for answer in known.values():
            assert events[answer.position - 1] == answer.answer
        booked = Counter(await keys_booked(dsn_of))
        assert [key for key in answers if booked[key] != 1] == []
        assert await balances_of(dsn_of, "bob") == [(len(answers), 0)]


async def call_until(sequencer: Asking, until: float, answers: dict[str, Outcome | Unavailable]) -> None:
    while time.monotonic() < until:
        key = new_key()
        try:
            answers[key] = await sequencer.ask(move("alice", "bob", 1), key=key)
        except Unavailable as unavailable:
            answers[key] = unavailable


async def test_a_server_that_stays_away_is_answered_for_in_bounded_time(
    fragile: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The caller hears that the outcome is unknown; afterwards the same key settles it."""
    monkeypatch.setattr(sequencer_module, "WRITE_PAUSE_S", 0.01)
    async with fragile.database("away") as dsn_of:
        await migrate_book(dsn_of("bursar_owner"))
        is_away = False

        async def connecting() -> Any:
            if is_away:
                raise ConnectionRefusedError
            return await connect(dsn_of("bursar_writer"), application_name="tests")

        async with sequencing(dsn_of, connecting=connecting) as sequencer:
            await open_a_bank(sequencer)
            key = new_key()
            is_away = True
            await fragile.kill("postgres")

            with pytest.raises(Unavailable) as unknown:
                await sequencer.ask(move("alice", "bob", 1), key=key)
            is_away = False
            await sequencer.ask(move("alice", "bob", 1), key=key)

        assert unknown.value.may_have_happened
        assert Counter(await keys_booked(dsn_of))[key] == 1


async def test_a_locked_head_delays_and_does_not_double(book_database: DsnOf) -> None:
    """Another writer holds the head for a moment: the batch waits its turn."""
    async with sequencing(book_database) as sequencer:
        await open_a_bank(sequencer)
        async with looking(book_database, "bursar_writer") as rival:
            transaction = rival.transaction()
            await transaction.start()
            await rival.fetch("SELECT * FROM head FOR UPDATE")
            future = sequencer.send([move("alice", "bob", 1)])
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(future), 0.3)
            await transaction.rollback()
            (outcome,) = await future

    assert isinstance(outcome, Accepted)
    assert await balances_of(book_database, "bob") == [(1, 0)]


async def test_a_book_of_another_ledger_is_not_written_to(book_database: DsnOf) -> None:
    async with looking(book_database, "bursar_owner") as connection:
        await connection.execute("UPDATE head SET ledger = 'other'")

    async with sequencing(book_database) as sequencer:
        with pytest.raises(Unavailable):
            await sequencer.ask(c.ClosePeriod(through=datetime.now(UTC).date() - timedelta(days=1)))

    async with looking(book_database) as connection:
        assert await connection.fetchval("SELECT count(*) FROM events") == 0


def test_connection_faults_cover_what_a_dying_server_raises() -> None:
    for fault in (
        ConnectionResetError,
        TimeoutError,
        asyncpg.ConnectionDoesNotExistError,
        asyncpg.AdminShutdownError,
        asyncpg.CrashShutdownError,
        asyncpg.CannotConnectNowError,
    ):
        assert issubclass(fault, sequencer_module.CONNECTION_FAULTS), fault
