"""The reactors as processes: two side by side, killed again and again, stopped in order; each effect happens once."""

from __future__ import annotations

from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.devstack import Servers
from tests.command_api.door import Door, DsnOf, item, open_door
from tests.projectors.places import until
from tests.reactors.processes import Served, serving
from tests.reactors.welcome import GIFTS_MINOR, NAME

CUSTOMERS = 250
KILLS = 5
REACTOR = ("tests.reactors.welcome:build",)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


async def open_customers(door: Door, count: int) -> None:
    """Open accounts, and the one that pays for the gifts."""
    await door.open_accounts("world")
    opening = [
        item("open_account", {"account_id": f"customers:c{n}", "currency": "EUR", "account_type": "liability"})
        for n in range(count)
    ]
    answer = await door.post("/v1/batches", {"commands": opening})
    assert answer.json()["accepted"] == count, answer.text[:300]


async def gifts_of(door: Door) -> list[dict[str, Any]]:
    """The events that reactions caused, in the order of the book."""
    events = [msgspec.json.decode(body) for body in await door.events()]
    return [event for event in events if event["key"].startswith(f"reaction:{NAME}:")]


def judge(gifts: list[dict[str, Any]], customers: int) -> None:
    """Each customer got each gift once, the small one first, in the story of the opening."""
    assert Counter(gift["key"] for gift in gifts) == Counter({gift["key"]: 1 for gift in gifts})
    assert len(gifts) == customers * len(GIFTS_MINOR)
    per_customer: dict[str, list[int]] = {}
    for gift in gifts:
        credit = gift["data"]["postings"][1]
        per_customer.setdefault(credit["account_id"], []).append(credit["amount_minor"])
    assert set(map(tuple, per_customer.values())) == {GIFTS_MINOR}
    assert len(per_customer) == customers


async def test_two_processes_killed_in_a_loop_do_each_of_500_tasks_once(
    servers: Servers, book_database: DsnOf, tmp_path: Path
) -> None:
    async with open_door(book_database, tmp_path / "door", nats_url=servers.nats_url) as door:

        async def given(count: int) -> bool:
            return len(await gifts_of(door)) >= count

        async with AsyncExitStack() as stack:

            async def start(name: str) -> Served:
                folder = tmp_path / name
                return await stack.enter_async_context(
                    serving("reactors", door, folder, nats_url=servers.nats_url, reactors=REACTOR, lease_s=1.5,
                            tasks_at_once=4)
                )  # fmt: skip

            running = [await start("left"), await start("right")]
            await open_customers(door, CUSTOMERS)
            for round_no in range(KILLS):
                await until(lambda: given(round_no * 40 + 1), "gifts are given")  # noqa: B023 - awaited at once
                running[round_no % 2].kill()
                running[round_no % 2] = await start(f"again_{round_no}")
            await until(lambda: given(CUSTOMERS * len(GIFTS_MINOR)), "every gift is given", within_s=90)
            for one in running:
                assert await one.stop() == 0
        judge(await gifts_of(door), CUSTOMERS)
        first = (await gifts_of(door))[0]
        assert first["principal"]["tenant"] == "bursar"
        opening = next(e for e in map(msgspec.json.decode, await door.events()) if e["position"] == 2)
        assert first["trace"].split("-")[1] == opening["trace"].split("-")[1]


async def test_a_stopped_process_hands_back_what_it_had_begun(
    servers: Servers, book_database: DsnOf, tmp_path: Path
) -> None:
    """A lease of a minute would keep the next one waiting; a task that was handed back is taken at once."""
    async with open_door(book_database, tmp_path / "door", nats_url=servers.nats_url) as door:

        async def given(count: int) -> bool:
            return len(await gifts_of(door)) >= count

        kept = {"nats_url": servers.nats_url, "reactors": REACTOR}
        await open_customers(door, CUSTOMERS)
        async with serving("reactors", door, tmp_path / "one", **kept) as one:  # type: ignore[arg-type]
            await until(lambda: given(20), "gifts are given")
            assert await one.stop() == 0
        async with serving("reactors", door, tmp_path / "two", **kept):  # type: ignore[arg-type]
            await until(lambda: given(2 * CUSTOMERS), "every gift is given", within_s=30)
        judge(await gifts_of(door), CUSTOMERS)


async def test_without_a_reactor_the_process_runs_and_is_ready(
    servers: Servers, book_database: DsnOf, tmp_path: Path
) -> None:
    async with (
        open_door(book_database, tmp_path / "door", nats_url=servers.nats_url) as door,
        serving("reactors", door, tmp_path / "bare", nats_url=servers.nats_url) as bare,
    ):
        assert await bare.ready()
        assert await bare.stop() == 0
