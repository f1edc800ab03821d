"""A real browser for the dashboard: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

CHROMIUM: Final = "/usr/bin/chromium"
# Headless, without what a browser does for itself over the network. Playwright gives it an empty user-data-dir.
ARGUMENTS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESK: Final = (1280, 860)
PHONE: Final = (390, 844)
ANSWER_WITHIN_MS: Final = 30_000

expect.set_options(timeout=ANSWER_WITHIN_MS)


def find_chromium() -> str | None:
    """Return where Chromium is, if it is anywhere."""
    return CHROMIUM if Path(CHROMIUM).exists() else shutil.which("chromium")


def chromium() -> str:
    """Return where Chromium is. Skips the test when there is none; fails it where CI promised one."""
    found = find_chromium()
    if found is None:
        reason = "Chromium is not installed: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason} (.ci/run does it)")
        pytest.skip(reason)
    return found


@asynccontextmanager
async def browser_of(executable: str) -> AsyncIterator[Browser]:
    """Start a browser of this block's own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def context_of(
    browser: Browser,
    address: str,
    *,
    token: str | None,
    size: tuple[int, int] = DESK,
    scheme: str = "light",
) -> AsyncIterator[BrowserContext]:
    """Open a fresh profile. ``token``: sent with every request, as a proxy in front of the API would do it."""
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    context = await browser.new_context(
        base_url=address,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        extra_http_headers=headers,
        timezone_id="Europe/Prague",
        locale="en-GB",
    )
    context.set_default_timeout(ANSWER_WITHIN_MS)
    try:
        yield context
    finally:
        await context.close()
