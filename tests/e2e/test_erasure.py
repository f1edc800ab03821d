"""Somebody is forgotten, and every copy of the book still verifies: nothing personal was ever in any of them."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec
from redis.asyncio import Redis

from contracts.read_models import WalletsKeys
from contracts.subjects import stream_name
from runtime.jetstream import connect_nats, fetch_range
from runtime.vault import ERASED, Vault, read_ring
from tests.command_api.door import new_key
from tests.command_api.test_customers import PERSON, SECRETS, dump
from tests.e2e.whole import LEDGER, Whole
from tests.support.vault import pool_of

ERASED_WITHIN_MS: Final = 15_000
ASK_AGAIN_S: Final = 0.1


async def says(whole: Whole, who: str, path: str, body: object) -> dict[str, Any]:
    """Send a command as somebody; it must be accepted. Gives its event, with the position."""
    headers = {"authorization": f"Bearer {whole.stack.token(subject=who)}", "idempotency-key": new_key()}
    answer = await whole.commands.post(path, json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    event: dict[str, Any] = answer.json()
    return event


async def until_erased(whole: Whole, customer_id: str, *, after: int) -> int:
    """Wait until the proof is in the book; gives its position."""
    async with asyncio.timeout(ERASED_WITHIN_MS / 1000):
        while True:  # ends at the timeout
            async with pool_of(whole.stack.servers.postgres_dsn, "bursar_reader") as pool:
                rows = await pool.fetch("SELECT position, event FROM events WHERE position > $1", after)
            for row in rows:
                event = msgspec.json.decode(row["event"])
                if event["type"] == "customer_erased" and event["data"]["customer_id"] == customer_id:
                    return int(row["position"])
            await asyncio.sleep(ASK_AGAIN_S)


async def everything_outside_the_book(whole: Whole, *, head: int) -> dict[str, str]:
    """All that stream, Redis, lake and logs hold, by place."""
    servers = whole.stack.servers
    nats = await connect_nats(servers.nats_url, name="tests", on_closed=lambda: None)
    try:
        stream = [body async for batch in fetch_range(nats, stream_name(LEDGER), 1, head) for _, body in batch]
    finally:
        await nats.close()
    async with Redis.from_url(servers.redis_url) as client:
        keys = [key async for key in client.scan_iter(count=1000)]
        held = [await client.dump(key) for key in keys]
    folders = {"lake": servers.lake_dir, "logs": servers.data.logs}
    files = {
        name: [path.read_bytes() for path in folder.rglob("*") if path.is_file()] for name, folder in folders.items()
    }
    parts = {"stream": stream, "redis": [*keys, *held], **files}
    assert WalletsKeys(LEDGER, 1).prefix.split(":")[0].encode() in b"".join(parts["redis"])
    return {name: b"\n".join(found).decode("utf-8", errors="replace") for name, found in parts.items()}


async def test_somebody_is_forgotten_everywhere_and_the_book_still_verifies(whole: Whole) -> None:
    applied = (await says(whole, "front", "/v1/customers", PERSON))["data"]
    path = f"/v1/customers/{applied['customer_id']}/erase"
    await says(whole, "berta", path, {"reason": "request 17"})
    decided = await says(whole, "carl", path, {"reason": "request 17"})
    head = await until_erased(whole, applied["customer_id"], after=decided["position"])

    booked = await whole.ask(f"/v1/events/{head}", min_position=head)
    assert [one["subject"] for one in booked["event"]["data"]["destroyed"]] == decided["data"]["subjects"]
    await whole.until_sound()
    async with pool_of(whole.stack.servers.postgres_dsn) as pool:
        vault = Vault(pool, read_ring(whole.stack.servers.data.vault_keys_file), ledger=LEDGER)
        sealed = {name: applied[name] for name in ("name", "birth_date", "email", "address")}
        opened = await vault.open(applied["subject"], sealed)
    assert set(opened.values()) == {ERASED}
    places = await everything_outside_the_book(whole, head=head)
    places["book"] = await dump(whole.stack.servers.postgres_dsn)
    assert applied["subject"] in places["book"]
    assert applied["subject"] in places["stream"]
    found = {
        (name, secret) for name, text in places.items() for secret in SECRETS if secret.casefold() in text.casefold()
    }
    assert found == set()
