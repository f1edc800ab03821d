"""Two timers at once over a real command API: frozen past the lease, killed, stopped; each hold expires once."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.devstack import Servers
from tests.command_api.door import Door, DsnOf, item, open_door, problem_in
from tests.projectors.places import until
from tests.reactors.processes import Served, serving

HOLDS = 120
LEASE_S = 1.0
LEADS = "timers_leader 1"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


async def place_holds(door: Door, count: int, *, lasting_s: float) -> datetime:
    """Place holds that all end at one moment; gives it."""
    deadline = datetime.now(UTC) + timedelta(seconds=lasting_s)
    leg = {"debit_account_id": "alice", "credit_account_id": "bob", "amount_minor": 1, "currency": "EUR"}
    wishes = [item("place_hold", {"legs": [leg], "expires_at": deadline.isoformat()}) for _ in range(count)]
    answer = await door.post("/v1/batches", {"commands": wishes})
    assert answer.json()["accepted"] == count, answer.text[:300]
    return deadline


async def expiries(door: Door) -> list[dict[str, Any]]:
    events = [msgspec.json.decode(body) for body in await door.events()]
    return [event for event in events if event["type"] == "hold_expired"]


async def until_expired(door: Door, count: int) -> None:
    async def all_are() -> bool:
        return len(await expiries(door)) >= count

    await until(all_are, f"{count} holds have expired", within_s=30)


async def judge(door: Door, count: int) -> None:
    """Each hold expired once, not before its deadline, under the key of its deadline."""
    ended = await expiries(door)
    assert Counter(event["data"]["hold_id"] for event in ended).most_common(1)[0][1] == 1
    assert len(ended) == count
    placed = {
        f"hold_{event['position']}": event["data"]["expires_at"]
        for event in map(msgspec.json.decode, await door.events())
        if event["type"] == "hold_placed"
    }
    for event in ended:
        deadline = placed[event["data"]["hold_id"]]
        assert event["recorded_at"] >= deadline[:19]
        assert event["key"].startswith(f"timer:due_hold:{event['data']['hold_id']}:")
        assert event["principal"]["tenant"] == "bursar"


async def leader_of(left: Served, right: Served) -> tuple[Served, Served]:
    """Wait for one to lead; gives leader and other."""
    found: list[Served] = []

    async def one_leads() -> bool:
        found[:] = [one for one in (left, right) if await one.metric(LEADS)]
        return len(found) == 1

    await until(one_leads, "one of the two leads")
    return (left, right) if found[0] is left else (right, left)


async def test_a_frozen_leader_is_followed_and_does_no_harm_when_it_wakes(
    servers: Servers, book_database: DsnOf, tmp_path: Path
) -> None:
    async with open_door(book_database, tmp_path / "door", nats_url=servers.nats_url) as door:
        await door.open_accounts("alice", "bob")
        async with (
            serving("timers", door, tmp_path / "left", lease_s=LEASE_S) as left,
            serving("timers", door, tmp_path / "right", lease_s=LEASE_S) as right,
        ):
            leader, other = await leader_of(left, right)
            await place_holds(door, HOLDS, lasting_s=1.0)

            async def some_expired() -> bool:
                return len(await expiries(door)) > 0

            await until(some_expired, "the leader has begun")
            leader.freeze()  # in the middle of its work, most likely
            await until_expired(door, HOLDS)
            await until(lambda: other.metric(LEADS), "the other one leads")
            leader.thaw()
            await place_holds(door, HOLDS, lasting_s=0.5)
            await until_expired(door, 2 * HOLDS)
            await until(lambda: leader.metric("timers_leader 0"), "the thawed one knows that it is nobody")
            await judge(door, 2 * HOLDS)
            assert await other.stop() == 0
            await until(lambda: leader.metric(LEADS), "who stops gives the lease up")
            assert await leader.stop() == 0


async def test_timers_killed_in_a_loop_expire_every_hold_once(
    servers: Servers, book_database: DsnOf, tmp_path: Path
) -> None:
    async with open_door(book_database, tmp_path / "door", nats_url=servers.nats_url) as door:
        await door.open_accounts("alice", "bob")
        for round_no in range(4):
            await place_holds(door, HOLDS, lasting_s=0.2)
            async with serving("timers", door, tmp_path / f"round_{round_no}", lease_s=LEASE_S) as timers:
                before = len(await expiries(door))

                async def more(before: int = before) -> bool:
                    return len(await expiries(door)) > before

                await until(more, "some more have expired")
                timers.kill()
        async with serving("timers", door, tmp_path / "last", lease_s=LEASE_S) as timers:
            await until_expired(door, 4 * HOLDS)
            assert await timers.stop() == 0
        await judge(door, 4 * HOLDS)


async def test_only_the_timers_may_say_that_a_deadline_has_come_and_the_book_checks_it(
    servers: Servers, book_database: DsnOf, tmp_path: Path
) -> None:
    async with open_door(book_database, tmp_path / "door", nats_url=servers.nats_url) as door:
        await door.open_accounts("alice", "bob")
        await place_holds(door, 1, lasting_s=60)
        hold = f"hold_{len(await door.events())}"

        clerk = await door.post(f"/v1/holds/{hold}/expire", {}, token=door.token(("holds:write",)))
        problem_in(clerk, status=403, code="missing_scope")
        early = await door.post(f"/v1/holds/{hold}/expire", {})
        assert problem_in(early, status=422, code="hold_deadline_not_passed")["retryable"] is True
        await asyncio.gather(*(door.post("/v1/holds/hold_999/expire", {}) for _ in range(2)))
        assert await expiries(door) == []
