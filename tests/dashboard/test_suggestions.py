"""The page of suggestions: what the job found is shown with the request that accepts it, and goes when that is sent."""

from __future__ import annotations

import base64
from datetime import date
from typing import Any

import msgspec
import pytest
from playwright.async_api import Page, expect

from projectors.reconciliation.job import Sent, reconcile_account
from projectors.reconciliation.matching.items import OpenLine
from runtime.postgres import create_pool
from tests.command_api.door import move
from tests.dashboard.looking import low_contrasts, open_page, rows_of, sticking_out
from tests.dashboard.stage import Stage
from tests.support.camt_file import camt_file

pytestmark = pytest.mark.timeout(600)  # as in test_browser.py, whose stack this is

BANK, PEOPLE = "bank:suggesting", "customers:suggesting"
PATH = "/settlement?tab=suggestions"


async def doubt(stage: Stage) -> None:
    """Book an amount, import a line with the same under another reference, and let the job compare them."""
    for account_id, kind in ((BANK, "asset"), (PEOPLE, "liability")):
        terms = {"account_id": account_id, "currency": "EUR", "account_type": kind, "overdraft": "unlimited"}
        await stage.send("accounts", terms)
    paid = await stage.send("transfers", move(BANK, PEOPLE, 12_345, reference="INV-1001"))
    day = date.fromisoformat(paid["data"]["effective_date"])
    line = OpenLine(line_id="1", booked_on=day, amount_minor=12_345, currency="EUR", references=("OTHER-2001",))
    content = base64.b64encode(camt_file([line], statement_id="s", opening_minor=0, day=day)).decode()
    await stage.send("statements", {"account_id": BANK, "format": "camt053", "content": content})

    async def send(path: str, body: bytes, key: str) -> Sent:
        await stage.send(path.removeprefix("/v1/"), msgspec.json.decode(body))
        return "accepted"

    pool = await create_pool(stage.stack.servers.postgres_dsn("bursar_reactor"), application_name="tests", size_max=1)
    try:
        report = await reconcile_account(pool, send, BANK)
    finally:
        await pool.close()
    assert report.suggestions == 1


async def test_the_request_that_is_shown_accepts_the_suggestion(page: Page, stage: Stage) -> None:
    await doubt(stage)
    (said,) = (await stage.ask("matches/suggestions", account_id=BANK))["suggestions"]
    await open_page(page, PATH)
    (row,) = await rows_of(page, "suggestions")
    assert row[:3] == ["500 ‰", "Amount only", BANK]
    assert said["lines"][0]["line_id"] in row[3]
    assert "123.45 EUR" in row[3]
    assert f"#{said['entries'][0]['position']:,}" in row[4]

    await page.get_by_text("POST /v1/matches").click()
    shown: dict[str, Any] = msgspec.json.decode(await page.get_by_label("What accepts").inner_text())
    assert shown == said["accept"]
    assert (await low_contrasts(page), await sticking_out(page)) == ([], [])
    await stage.send("matches", shown)
    await open_page(page, PATH)
    await expect(page.locator("main")).to_contain_text("Nothing is suggested")
