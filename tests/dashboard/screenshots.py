"""Pictures of every page for the documents: python -m tests.dashboard.screenshots [FOLDER]

A stack of its own with the demo's traffic of some minutes, and the pages as they are then: light, a few dark or on a
phone. Each picture is compressed to what documents can carry.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from playwright.async_api import Browser, Page

from cli.devstack import DevStack
from cli.devstack.processes import demonstration
from tests.dashboard.browsing import DESK, PHONE, browser_of, chromium, context_of
from tests.dashboard.looking import open_page
from tests.dashboard.stage import Stage

FOLDER: Final = Path(__file__).parents[2] / "docs" / "images" / "dashboard"
BYTES_MAX: Final = 200_000
TRAFFIC_S: Final = 240.0
SETTLED_MS: Final = 1_500  # charts draw themselves after their data
SEED: Final = 7


class Picture(NamedTuple):
    """One picture: of which page, and how."""

    name: str
    path: str
    scheme: str = "light"
    size: tuple[int, int] = DESK
    token: bool = True


PICTURES: Final = (
    Picture("overview", "/"),
    Picture("overview-dark", "/", "dark"),
    Picture("overview-phone", "/", size=PHONE),
    Picture("payments", "/payments"),
    Picture("payments-phone", "/payments", "dark", PHONE),
    Picture("payment", "/payments/{declined}"),
    Picture("payment-dark", "/payments/{declined}", "dark"),
    Picture("accounts", "/accounts"),
    Picture("account", "/accounts/customers%3Aoscar%3Aeur"),
    Picture("reviews", "/queues"),
    Picture("holds", "/queues?tab=holds"),
    Picture("settlement", "/settlement?tab=merchants"),
    Picture("reports", "/reports/trial-balance?currency=EUR"),
    Picture("projections", "/projections"),
    Picture("audit", "/audit?from=240"),
    Picture("event", "/audit/{declined_at}"),
    Picture("sql", "/sql"),
    Picture("login", "/", token=False),
)


async def take_pictures(folder: Path) -> None:
    """Start a stack, let the demo run, and take every picture. Raises ValueError for one that is too large."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        async with DevStack(Path(scratch) / "stack", processes=demonstration(seed=SEED)) as stack:
            stage = Stage(stack)
            await asyncio.sleep(TRAFFIC_S)
            await stage.until_payments_ended()
            async with browser_of(chromium()) as browser:
                names = await _names(stage)
                for picture in PICTURES:
                    await _take(picture, folder, browser=browser, stage=stage, names=names)


async def _names(stage: Stage) -> dict[str, str]:
    [declined] = (await stage.ask("payments", status="RJCT", rail="sct_inst", limit="1"))["payments"]
    return {"declined": declined["payment_id"], "declined_at": str(declined["events"][-1]["position"])}


async def _take(picture: Picture, folder: Path, *, browser: Browser, stage: Stage, names: dict[str, str]) -> None:
    token = stage.token if picture.token else None
    async with context_of(browser, stage.address, token=token, size=picture.size, scheme=picture.scheme) as context:
        page = await context.new_page()
        await _show(page, picture.path.format(**names), has_session=picture.token)
        file = folder / f"{picture.name}.png"
        await page.screenshot(path=file, animations="disabled")
    if file.stat().st_size > BYTES_MAX:
        raise ValueError(f"{file.name} has {file.stat().st_size} bytes, {BYTES_MAX} are allowed")


async def _show(page: Page, path: str, *, has_session: bool) -> None:
    if has_session:
        await open_page(page, path)
    else:
        await page.goto(f"/dashboard{path}")
        await page.get_by_role("link", name="Sign in").wait_for()
    if path == "/sql" and await page.get_by_role("button", name="Run").count():
        await page.get_by_role("button", name="Run").click()
    await page.wait_for_timeout(SETTLED_MS)


def main(arguments: Sequence[str]) -> None:
    """Take the pictures into the folder that is named, or into the documents'."""
    asyncio.run(take_pictures(Path(arguments[0]) if arguments else FOLDER))


if __name__ == "__main__":
    main(sys.argv[1:])
