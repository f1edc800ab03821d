"""A version is built beside the one that serves, takes its place, gives it back, and goes."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from contracts.read_models import DESK, LAKE, WALLETS, WalletsKeys
from contracts.risk_features import RISK
from contracts.subjects import active_version_key, redis_prefix
from projectors.control import keeper
from query_api import redis_model
from tests.projections.stage import WITHIN_S, Stage, while_reading
from tests.projectors.places import until


@pytest.mark.parametrize("model", [WALLETS, DESK, RISK, LAKE])
async def test_a_version_is_built_promoted_rolled_back_and_dropped(
    stage: Stage, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "DROP_AFTER_S", 0.5)
    await stage.write(150)
    async with stage.projecting():
        before = await stage.level(model)
        new, old = f"{model}.v{before.version + 1}", f"{model}.v{before.version}"
        await stage.done(model, "rebuild")
        await stage.in_state(new, "warming")
        assert "being built already" in await stage.refused(model, "rebuild")
        found = (await stage.compare(model)).comparison
        assert found is not None
        assert found.differences == ()
        assert (found.equal, found.position) == (True, stage.book.position)
        assert found.of_serving == found.of_candidate
        assert found.of_serving.counts or model == DESK  # of which this book says nothing

        await stage.done(new, "promote")
        assert await stage.serving(model) == before.version + 1
        await stage.write(30)
        for name in (model, old):  # the one that was retired is kept up
            await stage.level(name)

        await stage.done(model, "roll-back")
        assert await stage.serving(model) == before.version
        await stage.done(new, "drop")

        async def gone() -> bool:
            return await stage.line(new) is None

        await until(gone, "the dropped version is gone", within_s=WITHIN_S)
        pattern = redis_prefix(stage.ledger, model, before.version + 1) + "*"
        assert await stage.redis.keys(pattern) == []
        assert "no version to go back to" in await stage.refused(model, "roll-back")


async def test_readers_notice_neither_promotion_nor_roll_back(stage: Stage) -> None:
    """No answer fails, none of the model is older than the one before it, and none is older than was asked."""
    await stage.write(100)
    account = next(iter(stage.book.accounts))
    newest = 0  # of the model's answers: the book, which answers when the model is late, may be ahead of it

    async def read(**parameters: str) -> None:
        nonlocal newest
        before = newest
        answer = await stage.client.get(f"/v1/accounts/{account}/balance", params=parameters)
        assert answer.status_code == 200, answer.text
        as_of = msgspec.json.decode(answer.content)["as_of"]
        if as_of["source"] == "read_model":
            assert as_of["position"] >= before
            newest = max(newest, as_of["position"])

    async def life() -> None:
        await stage.done(WALLETS, "rebuild")
        await stage.in_state(f"{WALLETS}.v3", "warming")
        for action in ("promote", "roll-back", "roll-back", "roll-back"):
            await _write_a_little(stage)
            await stage.done(WALLETS, action)
        await _write_a_little(stage)

    async with stage.projecting():
        await stage.level(WALLETS)
        reads = await while_reading(
            read, while_reading(lambda: read(min_position=str(newest + 1), wait_ms="100", stale_ok="true"), life())
        )
    assert reads > 10
    assert newest > 100


async def test_a_rebuild_goes_on_where_it_was_killed(stage: Stage) -> None:
    """Also a promotion of which only the table knows yet is finished by whoever comes next."""
    await stage.write(1200)
    async with stage.projecting():
        await stage.level(WALLETS)
        await stage.done(WALLETS, "rebuild")

        async def begun() -> bool:
            line = await stage.line(f"{WALLETS}.v3")
            return line is not None and (line.position or 0) > 0

        await until(begun, "something is built", within_s=WITHIN_S)
    killed_at = await stage.line(f"{WALLETS}.v3")
    assert killed_at is not None
    assert killed_at.position
    async with stage.projecting():
        resumed = await stage.in_state(f"{WALLETS}.v3", "warming")
        assert (resumed.position or 0) >= killed_at.position
        found = (await stage.compare(WALLETS)).comparison
        assert found is not None
        assert found.equal, found.differences
    await stage.owner.execute(
        "UPDATE projections.builds SET role = CASE role WHEN 'serving' THEN 'retired' ELSE 'serving' END "
        "WHERE model = 'wallets'"
    )
    async with stage.projecting():

        async def points_there() -> bool:
            return bool(await stage.redis.get(active_version_key(stage.ledger, WALLETS)) == b"3")

        await until(points_there, "the pointer follows the table", within_s=WITHIN_S)


async def test_a_comparison_finds_one_wrong_cent(stage: Stage) -> None:
    await stage.write(100)
    account = next(iter(stage.book.accounts))
    async with stage.projecting():
        await stage.level(WALLETS)
        await stage.done(WALLETS, "rebuild")
        await stage.in_state(f"{WALLETS}.v3", "warming")
        keys = WalletsKeys(stage.ledger, 3)
        await stage.redis.hincrby(keys.account(account), "posted_minor", 1)
        await stage.redis.hset(keys.account("customers:nobody"), "currency", "EUR")
        found = (await stage.compare(WALLETS)).comparison
    assert found is not None
    assert not found.equal
    assert found.differences == ("account:customers:nobody is in version 3 only", f"account:{account} differs")
    assert found.of_serving.hash != found.of_candidate.hash
    [(currency, before)] = {
        name: value
        for name, value in found.of_serving.sums_minor.items()
        if found.of_candidate.sums_minor[name] != value
    }.items()
    assert found.of_candidate.sums_minor[currency] == before + 1


async def test_without_patience_a_reader_would_go_back(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The planted fault: readers that follow the pointer at once answer from a version that is behind."""
    await stage.write(60)
    account = next(iter(stage.book.accounts))
    async with stage.projecting():
        await stage.level(WALLETS)

    async def position() -> int:
        answer = await stage.client.get(f"/v1/accounts/{account}/balance")
        return int(answer.json()["as_of"]["position"])

    before = await position()
    behind = WalletsKeys(stage.ledger, 9)
    client = stage.redis
    await client.copy(WalletsKeys(stage.ledger).account(account), behind.account(account))
    await client.hset(behind.checkpoint, mapping={"position": "10", "recorded_at": "2026-01-01T00:00:00Z"})
    await client.set(active_version_key(stage.ledger, WALLETS), 9)
    await asyncio.sleep(redis_model.ACTIVE_VERSION_AGE_S)
    assert await position() == before
    monkeypatch.setattr(redis_model, "SWITCH_PATIENCE_S", 0.0)
    monkeypatch.setattr(redis_model.RedisModel, "_is_switching", lambda self: False)
    await asyncio.sleep(redis_model.ACTIVE_VERSION_AGE_S)
    assert await position() == 10


async def _write_a_little(stage: Stage) -> None:
    for _ in range(8):
        await stage.write(5)
        await asyncio.sleep(0.02)
