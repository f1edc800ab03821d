"""A list that is exchanged on disk is exchanged in the process; one that is refused is not, and somebody is told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from command_api.screening.screener import Party, Screener
from command_api.screening.watcher import ListWatcher
from runtime.shutdown import Shutdown
from tests.command_api.screening.test_lists import OWN

REACHED_WITHIN_S = 10.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pep.csv").write_text(OWN)
    return tmp_path


def counted(registry: CollectorRegistry, outcome: str) -> float:
    return registry.get_sample_value("command_api_screening_reloads_total", {"outcome": outcome}) or 0.0


async def test_only_a_change_is_read(folder: Path) -> None:
    screener, registry = Screener.load([folder]), CollectorRegistry()
    watcher = ListWatcher(screener, registry=registry)
    before = screener.lists
    assert not await watcher.run_once()
    (folder / "own.csv").write_text(OWN.replace("Ludger", "Hinrich"))
    assert await watcher.run_once()
    assert not await watcher.run_once()
    assert screener.lists != before
    assert screener.screen(Party(name="Hinrich Quastenbrink")).outcome == "hit"
    assert counted(registry, "exchanged") == 1
    assert registry.get_sample_value("command_api_screening_entries") == 2


async def test_a_refused_list_leaves_the_old_ones_until_it_is_mended(folder: Path) -> None:
    screener, registry = Screener.load([folder]), CollectorRegistry()
    watcher = ListWatcher(screener, registry=registry)
    before = screener.lists
    (folder / "pep.csv").write_text("<broken>")
    assert not await watcher.run_once()
    assert not await watcher.run_once()  # the same broken file is not read again
    assert counted(registry, "refused") == 1
    assert screener.lists == before
    (folder / "pep.csv").write_text(OWN.replace("Ludger", "Hinrich"))
    assert await watcher.run_once()


async def test_an_empty_folder_is_refused(folder: Path) -> None:
    screener, registry = Screener.load([folder]), CollectorRegistry()
    watcher = ListWatcher(screener, registry=registry)
    (folder / "pep.csv").unlink()
    assert not await watcher.run_once()
    assert counted(registry, "refused") == 1
    assert screener.screen(Party(name="Ludger Quastenbrink")).outcome == "hit"


async def test_it_looks_every_interval_until_it_is_stopped(folder: Path) -> None:
    screener, shutdown = Screener.load([folder]), Shutdown()
    before = screener.lists
    task = asyncio.create_task(ListWatcher(screener, registry=CollectorRegistry(), interval_s=0.01).run(shutdown))
    (folder / "own.csv").write_text(OWN)
    async with asyncio.timeout(REACHED_WITHIN_S):
        while screener.lists == before:
            await asyncio.sleep(0.01)
        shutdown.request("test")
        await task
