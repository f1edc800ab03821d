"""Pictures of every page for the documents, of a stack that runs:

    ./bursar up --seed 7                          some minutes, until the charts have something to show
    python -m tests.dashboard.screenshots         [--data-dir .bursar] [--folder docs/images/dashboard] [NAME ...]

Light, a few dark or on a phone. A picture that is too large for a document is an error.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx2
from playwright.async_api import Browser, Page

from cli.connection import Apis, local_apis
from cli.options import CHECKOUT
from tests.dashboard.browsing import PHONE, browser_of, chromium, context_of
from tests.dashboard.looking import open_page

FOLDER: Final = CHECKOUT / "docs" / "images" / "dashboard"
DESK: Final = (1280, 720)
BYTES_MAX: Final = 200_000
WELL_WITHIN_MS: Final = 60_000
# Nothing failed and nothing is late: a picture shows a stack that has time.
_IS_WELL: Final = "() => !document.querySelector('main .state.is-bad, main .loading, [data-banner]')"
SETTLED_MS: Final = 2_500  # charts draw themselves after their data, and the first live figures come


class Picture(NamedTuple):
    """One picture: of which page, and how."""

    name: str
    path: str
    scheme: str = "light"
    size: tuple[int, int] = DESK
    has_session: bool = True


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
    Picture("audit", "/audit?from={declined_at}"),
    Picture("event", "/audit/{declined_at}"),
    Picture("sql", "/sql"),
    Picture("login", "/", has_session=False),
)


async def take_pictures(apis: Apis, folder: Path, wanted: Collection[str]) -> None:
    """Take the pictures of these names; without names, all. Raises ValueError for one that is too large."""
    folder.mkdir(parents=True, exist_ok=True)
    names = await _names(apis)
    async with browser_of(chromium()) as browser:
        for picture in PICTURES:
            if not wanted or picture.name in wanted:
                await _take(picture, folder / f"{picture.name}.png", browser=browser, apis=apis, names=names)


async def _names(apis: Apis) -> dict[str, str]:
    """Find a payment that a bank declined."""
    headers = {"authorization": f"Bearer {apis.token()}"}
    async with httpx2.AsyncClient(base_url=apis.queries_url, headers=headers, trust_env=False) as client:
        answer = await client.get("/v1/payments", params={"status": "RJCT", "rail": "sct_inst", "limit": "1"})
    payments: list[dict[str, Any]] = answer.json()["payments"]
    if not payments:
        raise ValueError("no payment was declined yet: let the stack run for some minutes")
    return {"declined": payments[0]["payment_id"], "declined_at": str(payments[0]["events"][-1]["position"])}


async def _take(picture: Picture, file: Path, *, browser: Browser, apis: Apis, names: dict[str, str]) -> None:
    token = apis.token() if picture.has_session else None
    async with context_of(browser, apis.queries_url, token=token, size=picture.size, scheme=picture.scheme) as context:
        page = await context.new_page()
        await _show(page, picture.path.format(**names), has_session=picture.has_session)
        await page.screenshot(path=file, animations="disabled")
    if file.stat().st_size > BYTES_MAX:
        raise ValueError(f"{file.name} has {file.stat().st_size} bytes, {BYTES_MAX} are allowed")


async def _show(page: Page, path: str, *, has_session: bool) -> None:
    if not has_session:
        await page.goto(f"/dashboard{path}")
        await page.get_by_role("link", name="Sign in").wait_for()
        return
    await open_page(page, path)
    if path == "/sql" and await page.get_by_role("button", name="Run").count():
        await page.get_by_role("button", name="Run").click()
    await page.wait_for_function(_IS_WELL, timeout=WELL_WITHIN_MS)
    await page.wait_for_timeout(SETTLED_MS)


def main() -> None:
    """Read the command line and take the pictures."""
    parser = argparse.ArgumentParser(description="Take pictures of the dashboard's pages.")
    parser.add_argument("--data-dir", type=Path, default=CHECKOUT / ".bursar")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("names", nargs="*", help="Only these.")
    arguments = parser.parse_args()
    apis = local_apis(arguments.data_dir, subject="you")
    asyncio.run(take_pictures(apis, arguments.folder, arguments.names))


if __name__ == "__main__":
    main()
