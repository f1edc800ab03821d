"""A version of the lake that is built from windows, as operators see it."""

from __future__ import annotations

import os

import pytest

from contracts.read_models import LAKE
from projectors.lake.target import LakeTarget
from tests.projections.stage import WITHIN_S, Stage
from tests.projectors.building import workers_of
from tests.projectors.places import until


async def test_a_rebuild_from_windows_can_be_paused_and_is_equal(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LakeTarget, "window_events", 25)
    await stage.write(600)
    async with stage.projecting():
        before = await stage.level(LAKE)
        new = f"{LAKE}.v{before.version + 1}"
        await stage.done(LAKE, "rebuild")

        async def begun() -> bool:
            line = await stage.line(new)
            return line is not None and (line.position or 0) > 0 and line.rebuild is not None and line.applied_per_s > 0

        await until(begun, "something is built", within_s=WITHIN_S)
        await stage.done(new, "pause")
        paused = await stage.in_state(new, "paused")
        assert 0 < (paused.position or 0) < stage.book.position, "it was too quick to be paused"
        assert workers_of(os.getpid()) == []
        await stage.done(new, "resume")
        await stage.in_state(new, "warming")
        found = (await stage.compare(LAKE)).comparison
    assert found is not None
    assert found.equal, found.differences
    assert found.position == stage.book.position
