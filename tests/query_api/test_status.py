"""Positions and lags, judged against the head of the book."""

from __future__ import annotations

import asyncio

import redis.asyncio as redis

from cli.devstack import Servers
from contracts.desk import DESK_VERSION
from contracts.read_models import LAKE_VERSION, WALLETS, WALLETS_VERSION
from contracts.subjects import active_version_key, events_subject, stream_name
from query_api.redis_model import ACTIVE_VERSION_AGE_S
from runtime.jetstream import StreamSpec, ensure_stream, publish_batch
from tests.query_api.windows import Window, connected


async def test_the_status_shows_book_stream_and_lags(servers: Servers, own_window: Window) -> None:
    """lag_events is the head less the checkpoint; lag_s the age of the first missing event."""
    bank = own_window.bank
    await own_window.write_book()
    await own_window.write_wallets(to=12)
    own_window.write_lake()
    async with connected(servers) as nats:
        subject = events_subject(bank.ledger)
        await ensure_stream(nats, StreamSpec(name=stream_name(bank.ledger), subjects=(subject,)))
        await publish_batch(nats, subject, [body for _, body in bank.events[:15]], expected_last=0, timeout_s=5)
        body = await own_window.get("/status")
    assert body["ledger"] == bank.ledger
    assert body["book"]["position"] == 19
    assert body["stream"] == {"first": 1, "last": 15}
    wallets, lake = body["read_models"]["wallets"], body["read_models"]["lake"]
    assert (wallets["position"], wallets["lag_events"], wallets["version"]) == (12, 7, WALLETS_VERSION)
    assert wallets["lag_s"] > 0
    assert lake == {"position": 19, "lag_events": 0, "lag_s": 0.0, "version": LAKE_VERSION, "visible": None}
    assert body["unavailable"] == {}


async def test_an_empty_book_has_position_zero_and_what_does_not_exist_yet_is_named(own_window: Window) -> None:
    """Before the first command: there is no stream, no lake and nothing in Redis, and nobody lags."""
    body = await own_window.get("/status")
    assert body["book"] == {"position": 0, "recorded_at": None}
    assert set(body["unavailable"]) == {"stream"}
    versions = {"wallets": WALLETS_VERSION, "desk": DESK_VERSION, "lake": LAKE_VERSION}
    for model, version in versions.items():
        unbuilt = {"position": 0, "lag_events": 0, "lag_s": 0.0, "version": version, "visible": None}
        assert body["read_models"][model] == unbuilt
    problem = await own_window.refused("/accounts/customers:alice:eur/balance")
    assert (problem["status"], problem["code"]) == (404, "account_not_found")


async def test_a_switch_to_another_version_of_the_read_model_is_followed(servers: Servers, own_window: Window) -> None:
    """The pointer says which version readers use."""
    bank = own_window.bank
    await own_window.write_wallets(to=10)
    await bank.write_wallets(servers.redis_url, to=12, version=WALLETS_VERSION + 1)
    path = "/accounts/customers:alice:eur/balance"
    assert (await own_window.get(path))["as_of"]["position"] == 10
    client = redis.Redis.from_url(servers.redis_url)
    await client.set(active_version_key(bank.ledger, WALLETS), WALLETS_VERSION + 1)
    await client.aclose()
    for _ in range(int(ACTIVE_VERSION_AGE_S / 0.1) + 10):
        if (await own_window.get(path))["as_of"]["position"] == 12:
            break
        await asyncio.sleep(0.1)
    else:
        raise AssertionError("the switch was not noticed")
    await own_window.write_book()
    assert (await own_window.get("/status"))["read_models"]["wallets"]["version"] == WALLETS_VERSION + 1
