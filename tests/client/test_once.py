"""Connections that break before or behind the server: every transfer happens once, whatever the client saw."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from bursar_client import NO_RETRIES, AsyncClient, Client, RetryPolicy, calls, errors, models
from bursar_client.call import Call

from tests.support.tcp_proxy import Proxy, proxying

TRANSFERS = 12
POST = b"POST /v1/transfers"
PATIENCE = RetryPolicy(first_s=0.01, within_s=60.0)
pytestmark = pytest.mark.timeout(300)  # whichever comes first starts the stack, on a machine that may be busy


@pytest.fixture
async def proxy(addresses: dict[str, Any]) -> AsyncIterator[Proxy]:
    """In front of the command API."""
    command_api = urlsplit(addresses["commands_url"])
    assert command_api.hostname
    assert command_api.port
    async with proxying(command_api.hostname, command_api.port) as running:
        yield running


@pytest.fixture
def behind(proxy: Proxy, addresses: dict[str, Any]) -> dict[str, Any]:
    """What a client is made with that sends its commands through the proxy."""
    return {**addresses, "commands_url": f"http://127.0.0.1:{proxy.port}", "read_your_writes": True}


def transfer(name: str) -> Call[models.Receipt]:
    """One minor unit from the bank to a customer of this test's own."""
    sides = (("debit", f"bank:{name}"), ("credit", f"customers:{name}"))
    return calls.post_transfer(
        postings=[
            models.Posting(account_id=account_id, side=side, amount_minor=1, currency="EUR")  # type: ignore[arg-type]
            for side, account_id in sides
        ]
    )


async def open_accounts(client: AsyncClient, name: str) -> None:
    await client.open_account(account_id=f"bank:{name}", currency="EUR", account_type="asset")
    await client.open_account(account_id=f"customers:{name}", currency="EUR", account_type="liability")


async def entries_of(client: AsyncClient, name: str) -> int:
    return len([entry async for entry in client.read_statement.all(f"customers:{name}")])


async def test_the_client_for_event_loops_pays_once(proxy: Proxy, behind: dict[str, Any]) -> None:
    async with AsyncClient(**behind, retries=PATIENCE) as client:
        await open_accounts(client, "once:async")
        attempts = []
        for number in range(TRANSFERS):
            if number % 3:
                proxy.cut(at=POST, delivered=number % 3 == 1)
            attempts.append((await client.send(transfer("once:async"))).attempts)
        assert proxy.cuts == attempts.count(2) == TRANSFERS * 2 // 3
        assert (await client.read_balance("customers:once:async")).posted_minor == TRANSFERS
        assert await entries_of(client, "once:async") == TRANSFERS


async def test_the_client_for_threads_pays_once(proxy: Proxy, behind: dict[str, Any]) -> None:
    async with AsyncClient(**behind) as opener:
        await open_accounts(opener, "once:sync")
        with Client(**behind, retries=PATIENCE) as client:
            for number in range(TRANSFERS):
                if number % 3:
                    proxy.cut(at=POST, delivered=number % 3 == 1)
                await asyncio.to_thread(client.run, transfer("once:sync"))
            opener.positions.observe(client.positions.highest)
        assert proxy.cuts == TRANSFERS * 2 // 3
        assert await entries_of(opener, "once:sync") == TRANSFERS


async def test_a_new_key_would_pay_twice_and_the_same_call_does_not(proxy: Proxy, behind: dict[str, Any]) -> None:
    """The cut answers belong to transfers that happened: without the key the tests above would fail."""
    async with AsyncClient(**behind, retries=NO_RETRIES) as client:
        await open_accounts(client, "twice")
        proxy.cut(at=POST, delivered=True)
        with pytest.raises(errors.NoAnswer) as lost:
            await client.run(transfer("twice"))
        assert lost.value.may_have_happened
        again = await client.send(lost.value.call)
        assert again.replayed
        assert await entries_of(client, "twice") == 1
        await client.send(transfer("twice"))  # as a client would that makes a key for each attempt
        assert await entries_of(client, "twice") == 2


async def test_a_closed_door_cannot_have_taken_anything(addresses: dict[str, Any]) -> None:
    nowhere = {**addresses, "commands_url": "http://127.0.0.1:1"}
    async with AsyncClient(**nowhere, retries=RetryPolicy(attempts_max=2, first_s=0.01)) as client:
        with pytest.raises(errors.NoAnswer) as refused:
            await client.run(transfer("nowhere"))
    assert (refused.value.attempts, refused.value.may_have_happened) == (2, False)
