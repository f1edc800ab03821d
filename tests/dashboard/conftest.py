"""One stack with payments of every kind, and one browser, for this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.dashboard.browsing import browser_of, chromium, context_of
from tests.dashboard.stage import Stage, set_stage


@pytest.fixture(scope="package")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """The stack, without Chromium not even started."""
    chromium()
    async with set_stage(tmp_path_factory.mktemp("dashboard") / "stack") as stage:
        yield stage


@pytest.fixture(scope="package")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, started once."""
    async with browser_of(chromium()) as browser:
        yield browser


@pytest.fixture
async def context(browser: Browser, stage: Stage) -> AsyncIterator[BrowserContext]:
    """A fresh profile of somebody who may see everything."""
    async with context_of(browser, stage.address, token=stage.token) as context:
        yield context


@pytest.fixture
async def page(context: BrowserContext) -> AsyncIterator[Page]:
    """A page of that profile. What it was still asking for through the test's hands ends with it."""
    page = await context.new_page()
    yield page
    await page.unroute_all(behavior="ignoreErrors")
