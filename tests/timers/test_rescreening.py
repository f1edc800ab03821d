"""Every customer is screened once a day: page by page, under keys of the day, until everybody was answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from projectors.apply import TargetUnreachable
from projectors.reactors.commands import Answer, Refused, Reply, Unavailable
from projectors.timers.rescreening import DAILY, JOB, PAGE_CUSTOMERS, SCREENED_STATES, Rescreening
from projectors.timers.schedules import ticks_between
from tests.timers.clocks import lease_of

TODAY = datetime(2026, 3, 2, 3, 15, tzinfo=UTC)


class Api:
    """A command API that notes what it was sent."""

    def __init__(self, replies: dict[str, Reply] | None = None) -> None:
        self.sent: list[tuple[str, str]] = []
        self.replies = replies or {}

    async def send(self, path: str, body: dict[str, Any], key: str) -> Reply:
        self.sent.append((path, key))
        return self.replies.get(path.split("/")[3], Answer(position=1, body=b"{}"))


async def customers(owner: Any, *states: str, first: int = 0) -> list[str]:
    names = [f"cust_{number:05}" for number in range(first, first + len(states))]
    rows = [("customer", name, json.dumps({"state": state})) for name, state in zip(names, states, strict=True)]
    await owner.executemany("INSERT INTO records (kind, id, state) VALUES ($1, $2, $3)", rows)
    return names


async def fence_of(pool: Any) -> Any:
    lease = lease_of(pool, "a")
    assert await lease.acquire()
    return lease


async def test_everybody_who_is_or_may_become_a_customer_is_screened_under_a_key_of_the_day(
    pool: Any, owner: Any
) -> None:
    names = await customers(owner, *SCREENED_STATES)
    await customers(owner, "rejected", "offboarded", "erasing", "erased", first=100)
    await owner.execute("INSERT INTO records (kind, id, state) VALUES ('case', 'case_1', '{\"state\": \"verified\"}')")
    api = Api()

    await Rescreening(pool, api.send).run(TODAY, await fence_of(pool))

    instant = "2026-03-02T03:15:00.000000Z"
    assert api.sent == [(f"/v1/customers/{name}/rescreen", f"timer:{JOB}:{name}:{instant}") for name in names]


async def test_more_than_a_page_of_customers_is_screened_each_once(pool: Any, owner: Any) -> None:
    names = await customers(owner, *["verified"] * (PAGE_CUSTOMERS + 3))
    api = Api()

    await Rescreening(pool, api.send).run(TODAY, await fence_of(pool))

    assert sorted(path.split("/")[3] for path, _ in api.sent) == names


async def test_a_customer_who_was_not_answered_fails_the_run_and_one_who_was_refused_does_not(
    pool: Any, owner: Any
) -> None:
    first, second = await customers(owner, "verified", "verified")
    fence = await fence_of(pool)
    refused = Api({first: Refused(status=409, code="customer_state_conflict")})
    await Rescreening(pool, refused.send).run(TODAY, fence)
    assert len(refused.sent) == 2

    silent = Api({second: Unavailable(why="planted")})
    with pytest.raises(TargetUnreachable, match=second):
        await Rescreening(pool, silent.send).run(TODAY, fence)


def test_the_job_ticks_once_every_calendar_day() -> None:
    ticks = ticks_between(DAILY, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC), limit=100)
    assert [tick.date().day for tick in ticks] == list(range(1, 31))
