"""A version is built beside the one that serves, takes its place, gives it back, and goes."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from contracts.read_models import DESK, LAKE, WALLETS
from contracts.risk_features import RISK
from contracts.subjects import redis_prefix
from projectors.control import keeper
from tests.projections.stage import Stage, while_reading
from tests.projectors.places import until


@pytest.mark.parametrize("model", [WALLETS, DESK, RISK, LAKE])
async def test_a_version_is_built_promoted_rolled_back_and_dropped(
    stage: Stage, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "DROP_AFTER_S", 0.5)
    await stage.write(300)
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
        assert found.of_serving.counts

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

        await until(gone, "the dropped version is gone")
        pattern = redis_prefix(stage.ledger, model, before.version + 1) + "*"
        assert await stage.redis.keys(pattern) == []
        assert "no version to go back to" in await stage.refused(model, "roll-back")


async def test_readers_notice_neither_promotion_nor_roll_back(stage: Stage) -> None:
    """No answer fails, none is older than the one before it, and none is older than was asked."""
    await stage.write(600)
    account = next(iter(stage.book.accounts))
    newest = 0
    sources = set()

    async def read(**parameters: str) -> None:
        nonlocal newest
        before = newest
        answer = await stage.client.get(f"/v1/accounts/{account}/balance", params=parameters)
        assert answer.status_code == 200, answer.text
        as_of = msgspec.json.decode(answer.content)["as_of"]
        assert as_of["position"] >= before
        newest = max(newest, as_of["position"])
        sources.add(as_of["source"])

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
    assert sources == {"read_model"}


async def _write_a_little(stage: Stage) -> None:
    for _ in range(20):
        await stage.write(5)
        await asyncio.sleep(0.02)
