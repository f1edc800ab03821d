"""Servers killed under a running query API: who answers instead, and what is said when nobody can."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import redis.asyncio as redis

from cli.devstack import Servers, running_servers
from contracts.read_models import WalletsKeys
from query_api.redis_model import PAUSE_AFTER_FAILURE_S
from tests.conftest import migrate_book
from tests.query_api.bank import small_bank
from tests.query_api.windows import Window, open_window

ALICE = "/accounts/customers:alice:eur"
RECOVERY_S = 20.0


@pytest.fixture(scope="module")
async def own_servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """Servers that these tests may kill."""
    async with running_servers(tmp_path_factory.mktemp("outages") / "stack") as servers:
        await migrate_book(servers.postgres_dsn("bursar_owner"))
        yield servers


@pytest.fixture(scope="module")
async def outage(own_servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Window]:
    """The small bank over them. Tests run in order and leave the servers running."""
    folder = tmp_path_factory.mktemp("o")
    async with open_window(own_servers, own_servers.postgres_dsn, small_bank("outage"), folder) as opened:
        await opened.write_all()
        yield opened


async def until_source(window: Window, source: str) -> None:
    """Wait until balances come from somewhere."""
    give_up_at = time.monotonic() + RECOVERY_S
    while True:
        answer = await window.ask(f"{ALICE}/balance")
        if answer.status_code == 200 and answer.json()["as_of"]["source"] == source:
            return
        assert time.monotonic() < give_up_at, answer.text
        await asyncio.sleep(0.05)


async def test_without_redis_the_book_answers_and_says_so(own_servers: Servers, outage: Window) -> None:
    """Balance, account, list and statement: the same figures, marked as the book's; the rest is a 503 that says why."""
    paths = (f"{ALICE}/balance", ALICE, "/accounts", "/accounts?currency=EUR&limit=2", f"{ALICE}/statement")
    before = {path: (await outage.client.get(f"/v1{path}")).json() for path in paths}
    await own_servers.stop_one("valkey")
    try:
        for path in paths:
            answer = await outage.client.get(f"/v1{path}")
            assert answer.status_code == 200, answer.text
            body = answer.json()
            assert (body["as_of"]["source"], body["as_of"]["position"]) == ("book", 19)
            assert {**body, "as_of": None} == {**before[path], "as_of": None}
        for path in ("/payments", "/payments/pay_15", "/holds/hold_13", f"{ALICE}/holds", "/totals"):
            problem = await outage.refused(path)
            assert (problem["status"], problem["code"]) == (503, "source_unavailable")
            assert "Redis" in problem["detail"]
        status = await outage.get("/status")
        assert status["read_models"]["wallets"]["position"] is None
        assert "Redis" in status["unavailable"]["wallets"]
        assert (status["book"]["position"], status["read_models"]["lake"]["position"]) == (19, 19)
        assert (await outage.client.get("/health/ready")).status_code == 200
    finally:
        await own_servers.start_one("valkey")
    await until_source(outage, "read_model")


async def test_a_frozen_redis_costs_one_wait_and_not_one_per_request(own_servers: Servers, outage: Window) -> None:
    """After the first time-out Redis is left alone for a moment."""
    await own_servers.pause("valkey")
    try:
        await outage.get(f"{ALICE}/balance")
        began = time.monotonic()
        for _ in range(5):
            assert (await outage.get(f"{ALICE}/balance"))["as_of"]["source"] == "book"
        assert time.monotonic() - began < PAUSE_AFTER_FAILURE_S
    finally:
        await own_servers.resume("valkey")
    await until_source(outage, "read_model")


async def test_without_postgresql_the_read_models_answer(own_servers: Servers, outage: Window) -> None:
    """Now from Redis, a past position from the lake without held money; events are a 503 with the reason."""
    await own_servers.stop_one("postgres")
    try:
        assert (await outage.get(f"{ALICE}/balance"))["as_of"]["source"] == "read_model"
        past = await outage.get(f"{ALICE}/balance", at_position=10)
        assert (past["as_of"]["source"], past["as_of"]["position"]) == ("lake", 10)
        assert (past["posted_minor"], past["held_minor"]) == (680_00, None)
        problem = await outage.refused("/events/1")
        assert (problem["status"], problem["code"]) == (503, "source_unavailable")
        assert "PostgreSQL" in problem["detail"]
        missing = await outage.refused("/accounts/customers:nobody/balance")
        assert (missing["status"], missing["code"], missing["position"]) == (404, "account_not_found", 19)
        status = await outage.get("/status")
        assert (status["book"], status["read_models"]["wallets"]["position"]) == (None, 19)
        assert status["read_models"]["wallets"]["lag_events"] is None
        assert (await outage.client.get("/health/ready")).status_code == 200
    finally:
        await own_servers.start_one("postgres")
    await until_answered(outage, "/events/1")


async def test_when_nothing_can_answer_the_reasons_are_said(own_servers: Servers, outage: Window) -> None:
    """503 naming every source that was asked, with no address or password in it, and not ready."""
    for name in ("valkey", "postgres", "nats"):
        await own_servers.stop_one(name)
    try:
        answer = await outage.ask(f"{ALICE}/balance")
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (503, "source_unavailable")
        assert answer.headers["retry-after"] == "1"
        assert "Redis" in problem["detail"]
        assert "PostgreSQL" in problem["detail"]
        assert "127.0.0.1" not in problem["detail"]
        assert str(own_servers.ports["postgres"]) not in answer.text
        ready = await outage.client.get("/health/ready")
        assert (ready.status_code, "Redis" in ready.json()["reasons"]["balances"]) == (503, True)
        status = await outage.get("/status")
        assert set(status["unavailable"]) == {"wallets", "desk", "book", "stream"}
    finally:
        for name in ("postgres", "nats", "valkey"):
            await own_servers.start_one(name)
    await until_source(outage, "read_model")
    await until_answered(outage, "/events/1")


async def test_a_flushed_redis_is_not_believed(own_servers: Servers, outage: Window) -> None:
    """An empty model at position 0 knows no account; the book does, until the projectors have built it again."""
    client = redis.Redis.from_url(own_servers.redis_url)
    await client.flushall()
    await client.aclose()
    body = await outage.get(f"{ALICE}/balance")
    assert (body["as_of"]["source"], body["posted_minor"], body["held_minor"]) == ("book", 650_00, 100_00)
    assert (await outage.get(f"{ALICE}/statement"))["as_of"]["source"] == "book"
    await outage.write_wallets()
    await until_source(outage, "read_model")


async def test_a_read_model_that_is_being_rebuilt_is_not_read(own_servers: Servers, outage: Window) -> None:
    """The fence in the checkpoint says so."""
    checkpoint = WalletsKeys("outage").checkpoint
    client = redis.Redis.from_url(own_servers.redis_url)
    await client.hset(checkpoint, "fence", "rebuild")
    try:
        assert (await outage.get(f"{ALICE}/balance"))["as_of"]["source"] == "book"
    finally:
        await client.hdel(checkpoint, "fence")
        await client.aclose()
    await until_source(outage, "read_model")


async def test_without_a_lake_dates_come_from_the_book_and_reports_are_refused(outage: Window) -> None:
    """A sum over the book's entries is slower and as right."""
    folder = Path(outage.settings.lake_dir) / "outage"
    shutil.rmtree(folder)
    body = await outage.get(f"{ALICE}/balance", at_date="2026-01-31")
    assert (body["as_of"]["source"], body["posted_minor"], body["held_minor"]) == ("book", 680_00, None)
    problem = await outage.refused("/reports/trial-balance")
    assert (problem["status"], problem["code"]) == (503, "source_unavailable")
    assert str(folder) not in problem["detail"]
    outage.write_lake()
    assert (await outage.get(f"{ALICE}/balance", at_date="2026-01-31"))["as_of"]["source"] == "lake"


async def until_answered(window: Window, path: str) -> None:
    """Wait until a path is answered again."""
    give_up_at = time.monotonic() + RECOVERY_S
    while (answer := await window.ask(path)).status_code != 200:
        assert time.monotonic() < give_up_at, answer.text
        await asyncio.sleep(0.05)
