"""SIGTERM under load: what was taken is decided and answered, what was not is refused, the process leaves cleanly."""

from __future__ import annotations

import asyncio
import itertools
import signal
from collections import Counter

import httpx2

from tests.command_api.conftest import OpenDoor
from tests.command_api.door import Door, item, move, new_key

CLIENTS = 16
LOAD_S = 1.0
STOPPED_WITHIN_S = 20.0


class Load:
    """Clients that send until nobody listens any more. `answers`: what became of each key."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.answers: dict[str, int | str] = {}

    async def run(self, client: int) -> None:
        """Send one command after another."""
        for number in itertools.count():
            key = f"load-{client}-{number}"
            try:
                answer = await self._door.post("/v1/transfers", move("a", "b"), key=key)
            except httpx2.TransportError as fault:
                self.answers[key] = type(fault).__name__
                return
            self.answers[key] = answer.status_code
            if answer.status_code != 201:
                return

    def accepted(self) -> set[str]:
        """Keys that were answered with a receipt."""
        return {key for key, answer in self.answers.items() if answer == 201}


async def test_a_graceful_stop_loses_nothing_and_leaves_nothing_unanswered(own_door: OpenDoor) -> None:
    """Every command in the book was answered, every answer is in the book, and no client had to wonder."""
    async with own_door() as door:
        await door.open_accounts("a", "b")
        load = Load(door)
        clients = [asyncio.create_task(load.run(client)) for client in range(CLIENTS)]
        await asyncio.sleep(LOAD_S)
        door.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOPPED_WITHIN_S):
            await asyncio.gather(*clients)
            assert await door.process.wait() == 0
        booked = [event["key"] for event in await door.events_of_keys(*load.answers)]
        assert len(booked) == len(set(booked)) > CLIENTS
        assert set(booked) == load.accepted(), Counter(load.answers.values())
        assert 503 not in load.answers.values(), "a request that was let in was turned away"


async def test_a_large_batch_in_flight_is_finished(own_door: OpenDoor) -> None:
    """It was taken, so it is answered, whole."""
    async with own_door() as door:
        await door.open_accounts("a", "b")
        items = [item("post_transfer", move("a", "b")) for _ in range(8_000)]
        sending = asyncio.create_task(door.post("/v1/batches", {"commands": items}))
        while len(await door.events()) < 10:  # ends once the batch is being booked
            await asyncio.sleep(0.01)
        door.process.send_signal(signal.SIGTERM)
        answer = await sending
        assert (answer.status_code, answer.json()["accepted"]) == (200, len(items))
        assert await door.process.wait() == 0
        assert len(await door.events()) == 2 + len(items)


async def test_a_second_process_takes_over_where_the_first_stopped(own_door: OpenDoor) -> None:
    """Keys, balances and positions are in the book, not in the process."""
    key = new_key()
    async with own_door() as door:
        await door.open_accounts("a", "b")
        first = await door.post("/v1/transfers", move("a", "b", 5), key=key)
        assert await door.stop() == 0
    async with own_door() as door:
        again = await door.post("/v1/transfers", move("a", "b", 5), key=key)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotency-replayed"] == "true"
        event = await door.accepted("/v1/transfers", move("a", "b", 2))
        assert event["position"] == first.json()["position"] + 1
        assert event["data"]["postings"][1]["posted_minor"] == 7
