"""Versions of models in Redis that are built from windows, as operators see them."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.read_models import WALLETS, WalletsKeys
from contracts.risk_features import RISK
from projectors.risk.target import RiskTarget
from projectors.wallets.target import WalletsTarget
from tests.projections.stage import Stage


@pytest.mark.parametrize(("model", "target"), [(WALLETS, WalletsTarget), (RISK, RiskTarget)])
async def test_a_version_from_windows_is_equal(
    stage: Stage, model: str, target: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(6):  # so that the one that serves is made of small batches, and its sums are spread otherwise
        await stage.write(5)
    async with stage.projecting():
        await stage.level(model)
        for _ in range(30):
            await stage.write(4)
        await stage.write(400)
        before = await stage.level(model)
        monkeypatch.setattr(target, "window_events", 60)
        windows = 0
        apply_window = target.apply_window

        async def counted(self: Any, window: Any) -> Any:
            nonlocal windows
            windows += 1
            return await apply_window(self, window)

        monkeypatch.setattr(target, "apply_window", counted)
        await stage.done(model, "rebuild")
        await stage.in_state(f"{model}.v{before.version + 1}", "warming")
        assert windows > 3, "windows were not used"
        found = (await stage.compare(model)).comparison
    assert found is not None
    assert found.equal, found.differences
    assert found.of_serving == found.of_candidate


async def test_a_version_of_which_parts_are_ahead_is_neither_compared_nor_promoted(stage: Stage) -> None:
    await stage.write(60)
    async with stage.projecting():
        before = await stage.level(WALLETS)
        new = f"{WALLETS}.v{before.version + 1}"
        await stage.done(WALLETS, "rebuild")
        built = await stage.in_state(new, "warming")
        checkpoint = WalletsKeys(stage.ledger, before.version + 1).checkpoint
        await stage.redis.hset(checkpoint, "ahead", str((built.position or 0) + 10))
        for asked, action in ((WALLETS, "compare"), (new, "promote")):
            assert "a window of its history was cut off" in await stage.refused(asked, action)
        assert await stage.serving(WALLETS) == before.version
        await stage.write(40)  # it passes the place, and is whole again
        await stage.level(new)
        await stage.done(new, "promote")
        assert await stage.serving(WALLETS) == before.version + 1
