"""Read your writes: min_position waits, wakes at the announcement, and says how far it is when time is up."""

from __future__ import annotations

import asyncio
import time

from cli.devstack import Servers
from query_api.freshness import POLL_S
from tests.query_api.windows import Window, connected

BALANCE = "/accounts/customers:alice:eur/balance"


async def test_a_position_already_reached_is_answered_at_once(window: Window) -> None:
    """No wait at all."""
    began = time.monotonic()
    body = await window.get(BALANCE, min_position=19, wait_ms=10_000)
    assert body["as_of"]["position"] == 19
    assert time.monotonic() - began < 1


async def test_a_position_not_reached_in_time_is_a_503_that_says_how_far(own_window: Window) -> None:
    """With Retry-After and the position; nothing stale is passed off as fresh."""
    await own_window.write_book()
    await own_window.write_wallets(to=10)
    answer = await own_window.ask(BALANCE, min_position=11, wait_ms=50)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["position"]) == (503, "position_not_reached", 10)
    assert answer.headers["retry-after"] == "1"
    assert problem["retryable"] is True


async def test_stale_ok_answers_with_what_there_is(own_window: Window) -> None:
    """After the wait, marked with its true position."""
    await own_window.write_wallets(to=10)
    body = await own_window.get(BALANCE, min_position=11, wait_ms=50, stale_ok="true")
    assert (body["as_of"]["position"], body["posted_minor"]) == (10, 680_00)


async def test_an_announcement_wakes_the_waiter(servers: Servers, own_window: Window) -> None:
    """Long before the slow poll would look again: the poll is stretched so that only the push can explain it."""
    await own_window.write_wallets(to=10)
    async with connected(servers) as nats:
        waits_s = []
        for position in range(11, 17):
            waiting = asyncio.create_task(own_window.get(BALANCE, min_position=position, wait_ms=5_000))
            await asyncio.sleep(0.02)
            assert not waiting.done()
            await own_window.write_wallets(to=position)
            began = time.monotonic()
            await own_window.announce(nats, position)
            body = await waiting
            waits_s.append(time.monotonic() - began)
            assert body["as_of"]["position"] == position
    assert sorted(waits_s)[len(waits_s) // 2] < POLL_S / 4


async def test_without_announcements_the_poll_finds_the_position(own_window: Window) -> None:
    """A lost announcement costs at most a poll."""
    await own_window.write_wallets(to=10)
    waiting = asyncio.create_task(own_window.get(BALANCE, min_position=12, wait_ms=5_000))
    await asyncio.sleep(0.02)
    await own_window.write_wallets(to=12)
    body = await waiting
    assert body["as_of"]["position"] == 12


async def test_an_announcement_that_is_not_true_does_not_end_the_wait(servers: Servers, own_window: Window) -> None:
    """The model decides, not the message: a checkpoint may have gone back meanwhile. Rubbish is ignored."""
    await own_window.write_wallets(to=10)
    async with connected(servers) as nats:
        waiting = asyncio.create_task(own_window.refused(BALANCE, min_position=12, wait_ms=400))
        for _ in range(5):
            await own_window.announce(nats, 12)
            await nats.publish(f"ledger.{own_window.bank.ledger}.applied.wallets", b"-1; DROP")
            await asyncio.sleep(0.02)
        problem = await waiting
    assert (problem["code"], problem["position"]) == ("position_not_reached", 10)


async def test_a_report_waits_for_the_lake(own_window: Window) -> None:
    """as_of_position waits for itself; the lake's own position decides."""
    own_window.write_lake(to=8)
    problem = await own_window.refused("/reports/trial-balance", as_of_position=10, wait_ms=50)
    assert (problem["status"], problem["code"], problem["position"]) == (503, "position_not_reached", 8)
    waiting = asyncio.create_task(own_window.get("/reports/trial-balance", min_position=10, wait_ms=5_000))
    await asyncio.sleep(0.02)
    await asyncio.to_thread(own_window.write_lake, to=10)
    assert (await waiting)["as_of"]["position"] == 10


async def test_a_hold_that_is_not_there_yet_is_waited_for(own_window: Window) -> None:
    """With min_position "not found" counts only once the model is that far."""
    await own_window.write_wallets(to=12)
    waiting = asyncio.create_task(own_window.get("/holds/hold_13", min_position=13, wait_ms=5_000))
    await asyncio.sleep(0.02)
    await own_window.write_wallets(to=13)
    assert (await waiting)["status"] == "open"


async def test_an_account_newer_than_the_read_model_is_answered_by_the_book(own_window: Window) -> None:
    """Redis not knowing it proves nothing."""
    await own_window.write_book()
    await own_window.write_wallets(to=2)
    body = await own_window.get(BALANCE)
    assert (body["as_of"]["source"], body["as_of"]["position"], body["posted_minor"]) == ("book", 19, 650_00)
    assert (await own_window.get("/accounts/customers:alice:eur"))["as_of"]["source"] == "book"
