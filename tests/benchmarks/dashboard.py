"""The dashboard in a real browser: until it is painted, and from a commit until it is on screen.

The baseline of the second is the same payment asked for over HTTP, without wait, until the query API has it.
"""

from __future__ import annotations

import asyncio
import time
from statistics import median
from typing import Any, Final

import httpx2
from playwright.async_api import Browser, Page

from cli.devstack import DevStack
from tests.benchmarks.commands import Bank
from tests.dashboard.browsing import browser_of, context_of, find_chromium

STARTS: Final = 10
PAYMENTS: Final = 20
PAUSE_S: Final = 0.7  # longer than the pages gather changes
ASK_AGAIN_S: Final = 0.002
_PAINTED: Final = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"


async def bench_dashboard(bank: Bank, stack: DevStack) -> dict[str, Any]:
    """First contentful paint of fresh profiles, and commit to screen for payments one after the other, in ms."""
    executable = find_chromium()
    if executable is None:
        return {"skipped": "Chromium is not installed"}
    async with browser_of(executable) as browser:
        painted = [await _paint_ms(browser, stack) for _ in range(STARTS)]
        on_screen, in_the_api = await _visible_ms(browser, bank, stack)
    return {
        "first_paint_ms": {"p50": round(median(painted)), "max": round(max(painted))},
        "on_screen_ms": {"p50": round(median(on_screen)), "max": round(max(on_screen))},
        "in_the_api_ms": {"p50": round(median(in_the_api)), "max": round(max(in_the_api))},
    }


async def _paint_ms(browser: Browser, stack: DevStack) -> float:
    async with context_of(browser, stack.url("query-api"), token=stack.token()) as context:
        page = await context.new_page()
        await page.goto("/dashboard/payments")
        handle = await page.wait_for_function(_PAINTED)
        return float(await handle.json_value())


async def _visible_ms(browser: Browser, bank: Bank, stack: DevStack) -> tuple[list[float], list[float]]:
    on_screen, in_the_api = [], []
    headers = {"authorization": f"Bearer {stack.token()}"}
    queries = httpx2.AsyncClient(base_url=stack.url("query-api"), headers=headers, trust_env=False)
    commands = httpx2.AsyncClient(base_url=stack.url("command-api"), headers=headers, trust_env=False)
    async with queries, commands, context_of(browser, stack.url("query-api"), token=stack.token()) as context:
        page = await context.new_page()
        await page.goto("/dashboard/payments")
        await page.locator(".pulse.is-live").wait_for()
        for number in range(PAYMENTS):
            payment_id, committed = await _pay(commands, bank, number)
            shown, found = await asyncio.gather(_shown(page, payment_id), _found(queries, payment_id))
            on_screen.append(1000 * (shown - committed))
            in_the_api.append(1000 * (found - committed))
            await asyncio.sleep(PAUSE_S)
    return on_screen, in_the_api


async def _pay(commands: httpx2.AsyncClient, bank: Bank, number: int) -> tuple[str, float]:
    """Pay between two wallets; gives the payment and when its commit was answered."""
    payer, payee = bank.pair()
    amount = {"instructed_amount": {"currency": "EUR", "value": "1.00"}, "end_to_end_id": f"SEEN-{number}"}
    body = {"debtor_account_id": payer, "creditor_account_id": payee, **amount}
    answer = await commands.post("/v1/payments", json=body, headers={"idempotency-key": f"seen-{number}"})
    committed = time.monotonic()
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["payment_id"], committed


async def _shown(page: Page, payment_id: str) -> float:
    await page.locator("main tbody tr", has_text=payment_id).wait_for()
    return time.monotonic()


async def _found(queries: httpx2.AsyncClient, payment_id: str) -> float:
    while (await queries.get(f"/v1/payments/{payment_id}")).status_code != 200:  # the stack ends before this does
        await asyncio.sleep(ASK_AGAIN_S)
    return time.monotonic()
