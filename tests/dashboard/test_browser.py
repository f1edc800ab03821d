"""The dashboard in a real browser, beside a real stack: what it shows is what the API says, for everybody who looks.

All in one file: its tests share one stack.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.dashboard.browsing import DESK, PHONE, context_of
from tests.dashboard.looking import PAGES, Watch, low_contrasts, open_page, rows_of, sticking_out, until_loaded
from tests.dashboard.stage import Stage

pytestmark = pytest.mark.timeout(600)  # starting a stack and a browser beside other tests takes its time

FILES_OF_FIRST_PAGE_MAX = 8


def exact(minor: int, scale: int = 2) -> str:
    """Write minor units as the pages do."""
    digits = str(abs(minor)).rjust(scale + 1, "0")
    whole = f"{int(digits[: len(digits) - scale]):,}"
    return ("−" if minor < 0 else "") + whole + (f".{digits[-scale:]}" if scale else "")


class TestServing:
    """How the files leave the API."""

    async def test_the_index_is_asked_for_again_and_costs_nothing_when_it_is_the_same(self, stage: Stage) -> None:
        first = await stage.fetch("/dashboard/payments/pay_1")
        again = await stage.fetch("/dashboard/", if_none_match=first.headers["etag"])
        assert (first.status_code, first.headers["cache-control"]) == (200, "no-cache")
        assert (again.status_code, again.content) == (304, b"")

    async def test_files_are_kept_for_ever_and_compressed(self, stage: Stage) -> None:
        index = (await stage.fetch("/dashboard/")).text
        name = re.search(r"/dashboard/assets/main-\w+\.js", index)
        assert name
        file = await stage.fetch(name[0], accept_encoding="gzip")
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert file.headers["content-encoding"] == "gzip"
        assert (await stage.fetch("/dashboard/assets/nothing.js")).status_code == 404

    async def test_the_policy_allows_nothing_inline_and_nothing_evaluated(self, stage: Stage) -> None:
        headers = (await stage.fetch("/dashboard/")).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


class TestShownIsWhatTheApiSays:
    """Rows, figures and texts against the answers of the API."""

    async def test_payments(self, page: Page, stage: Stage) -> None:
        await open_page(page, "/payments")
        shown = await rows_of(page, "Payments")
        said = (await stage.ask("payments", limit="50"))["payments"]
        assert [row[0] for row in shown] == [one["payment_id"] for one in said]
        amounts = [f"{exact(one['amount_minor'])} {one['instructed_amount']['currency']}" for one in said]
        assert [row[2] for row in shown] == amounts

    async def test_filters_are_in_the_address_and_narrow_the_list(self, page: Page, stage: Stage) -> None:
        await open_page(page, "/payments")
        await page.get_by_label("Status").select_option("RJCT")
        await expect(page).to_have_url(re.compile(r"\?status=RJCT$"))
        said = (await stage.ask("payments", status="RJCT", limit="50"))["payments"]
        await expect(page.locator("main tbody tr")).to_have_count(len(said))
        assert {row[1].split()[0] for row in await rows_of(page, "Payments")} == {"Rejected"}

    async def test_a_payment_with_every_event_and_why_it_was_declined(self, page: Page, stage: Stage) -> None:
        declined = (await stage.ask("payments", status="RJCT", rail="sct_inst", limit="1"))["payments"][0]
        timeline = await stage.ask(f"payments/{declined['payment_id']}/timeline")
        explained = await stage.ask(f"payments/{declined['payment_id']}/explanation")
        await open_page(page, f"/payments/{declined['payment_id']}")
        steps = page.locator(".timeline .step")
        await expect(steps).to_have_count(len(timeline["steps"]))
        for at, step in enumerate(timeline["steps"]):
            await expect(steps.nth(at)).to_contain_text(f"#{step['position']:,} by {step['actor']}")
        await expect(page.get_by_role("heading", name="Why it was declined")).to_be_visible()
        await expect(page.locator(".verdict")).to_contain_text(explained["words"], ignore_case=True)
        await expect(page.locator(".verdict")).to_contain_text(explained["reason_code"])
        retried = [step["attempt"] for step in timeline["steps"] if step["attempt"] is not None]
        assert await page.get_by_text(re.compile(r"^attempt \d+$")).count() == len(retried)

    @pytest.mark.parametrize(
        ("account", "shown"),
        [("edge:credit:jpy", "9,007,199,254,740,993 JPY"), ("edge:credit:kwd", "1,234.567 KWD")],
    )
    async def test_amounts_are_exact(self, page: Page, account: str, shown: str) -> None:
        """Beyond what a double holds, and with as many decimals as the currency has."""
        await open_page(page, f"/accounts/{account}")
        await expect(page.locator(".tile-figure").first).to_have_text(shown)
        row = (await rows_of(page, "Statement"))[0]
        assert row[4] == shown.split()[0]

    async def test_long_fractions_and_texts_beside_long_integers_are_read(self, page: Page) -> None:
        async def stretch(route: Route) -> None:
            answer = await route.fetch()
            text = re.sub(r'"age_s":[\d.]+', '"age_s":0.12345678901234567', await answer.text())
            text = text.replace('"metadata":null', '"metadata":{"note":"say \\"9007199254740993\\""}')
            await route.fulfill(response=answer, body=text)

        await page.route("**/v1/accounts/edge:credit:jpy", stretch)
        await page.route("**/v1/accounts/edge%3Acredit%3Ajpy", stretch)
        await open_page(page, "/accounts/edge:credit:jpy")
        await expect(page.locator(".tile-figure").first).to_have_text("9,007,199,254,740,993 JPY")
        await expect(page.locator("main")).to_contain_text('say "9007199254740993"')

    async def test_the_tree_sums_what_is_below(self, page: Page, stage: Stage) -> None:
        await open_page(page, "/accounts")
        said = (await stage.ask("accounts", prefix="customers:", limit="500"))["accounts"]
        euros = sum(one["posted_minor"] for one in said if one["currency"] == "EUR")
        row = page.locator("tr", has=page.get_by_role("button", name="Open customers"))
        await expect(row).to_contain_text(f"{exact(euros)} EUR")
        await page.get_by_role("button", name="Open customers").click()
        await page.get_by_role("button", name="Open customers:anna").click()
        await page.get_by_role("link", name="eur", exact=True).click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("customers:anna:eur")

    async def test_queues_hold_what_waits(self, page: Page, stage: Stage) -> None:
        await open_page(page, "/queues")
        said = (await stage.ask("payments", queue="review"))["payments"]
        assert said
        assert [row[0] for row in await rows_of(page, "Queue review")] == [one["payment_id"] for one in said]

    async def test_a_report_and_its_file(self, page: Page, stage: Stage, tmp_path: Path) -> None:
        await open_page(page, "/reports/trial-balance?currency=JPY")
        said = await stage.ask("reports/trial-balance", currency="JPY")
        names = [column["name"] for column in said["columns"]]
        debits = [exact(row[names.index("debit_minor")], 0) for row in said["rows"]]
        headings = [await one.inner_text() for one in await page.locator("main th").all()]
        shown = await rows_of(page, "Trial balance")
        assert [row[headings.index("debit")] for row in shown] == debits
        async with page.expect_download() as waiting:
            await page.get_by_role("button", name="CSV").click()
        download = await waiting.value
        assert re.fullmatch(r"trial-balance-at-\d+\.csv", download.suggested_filename)
        await download.save_as(tmp_path / "file.csv")
        assert str(2**53 + 1) in (tmp_path / "file.csv").read_text("utf-8")

    async def test_times_have_their_zone(self, page: Page) -> None:
        await open_page(page, "/payments")
        shown = page.locator("main tbody time").first
        await expect(shown).to_have_text(re.compile(r"\d\d:\d\d:\d\d CET$|GMT\+1$"))
        await page.get_by_label("Times in").select_option("UTC")
        await expect(shown).to_have_text(re.compile(r"\d\d:\d\d:\d\d UTC$"))


class TestSql:
    """The page of SQL: its views, its editor, the answer, and queries that are kept."""

    QUESTION = "SELECT currency, count(*) AS accounts FROM accounts GROUP BY ALL ORDER BY currency"

    async def test_every_view_is_named_with_its_columns(self, page: Page, stage: Stage) -> None:
        await open_page(page, "/sql")
        views = (await stage.ask("catalog"))["views"]
        assert await page.locator(".schema summary").all_inner_texts() == [view["name"] for view in views]
        await page.get_by_label("Find a view or a column").fill("account_type")
        having = [view["name"] for view in views if "account_type" in str(view["columns"])]
        assert await page.locator(".schema summary").all_inner_texts() == having
        await expect(page.locator(".schema-column", has_text="account_type").first).to_be_visible()

    async def test_a_question_is_typed_and_answered(self, page: Page, stage: Stage) -> None:
        await open_page(page, "/sql")
        await write_sql(page, "SELECT currency, count(*) AS accounts FROM acc")
        offered = page.locator(".cm-tooltip-autocomplete li", has_text="accounts").first
        await expect(offered).to_be_visible()
        await offered.click()
        await page.keyboard.type(" GROUP BY ALL ORDER BY currency")
        await page.keyboard.press("Control+Enter")
        said = await stage.ask_sql(self.QUESTION)
        await expect(page.get_by_role("region", name="Result", exact=True)).to_be_visible()
        assert await rows_of(page, "Result") == [[currency, f"{count:,}"] for currency, count in said["rows"]]
        bars = page.get_by_role("list", name="accounts by currency").get_by_role("listitem")
        await expect(bars).to_have_count(len(said["rows"]))

    async def test_a_refused_question_says_why(self, page: Page) -> None:
        await open_page(page, "/sql")
        await write_sql(page, "SELECT * FROM read_csv('/etc/passwd')")
        await page.get_by_role("button", name="Run").click()
        refused = page.get_by_role("alert")
        await expect(refused).to_contain_text("The query was refused")
        assert "root:" not in await refused.inner_text()

    async def test_a_query_is_kept_and_found_again(self, page: Page) -> None:
        await open_page(page, "/sql")
        await write_sql(page, self.QUESTION)
        await page.get_by_label("Save as").fill("by-currency")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.get_by_role("button", name="Delete")).to_be_visible()
        await write_sql(page, "SELECT 1")
        await open_page(page, "/sql")
        await page.get_by_label("Saved").select_option("by-currency")
        await expect(page.locator(".cm-content")).to_have_text(self.QUESTION)
        await page.get_by_role("button", name="Delete").click()
        await expect(page.get_by_label("Saved").get_by_role("option", name="by-currency")).to_have_count(0)


async def write_sql(page: Page, sql: str) -> None:
    """Write over what is in the editor."""
    await page.locator(".cm-content").click()
    await page.keyboard.press("Control+a")
    await page.keyboard.press("Delete")
    await page.keyboard.type(sql)


class TestLive:
    """What is committed appears by itself."""

    async def test_a_payment_appears_and_the_figures_follow(self, page: Page, stage: Stage) -> None:
        await open_page(page, "/")
        await expect(page.locator(".pulse")).to_have_class(re.compile("is-live"))
        payment_id = await stage.pay("12.34", end_to_end_id="LIVE-1")
        row = page.get_by_role("region", name="Newest payments").locator("tr", has_text=payment_id)
        await expect(row).to_contain_text("12.34 EUR")
        said = await stage.overview()
        euros = next(one for one in said["balances"] if one["currency"] == "EUR")
        shown = page.get_by_role("region", name="Balances by currency").locator("tr", has_text="EUR")
        await expect(shown).to_contain_text(exact(euros["liabilities_minor"]))
        review = page.locator(".tile", has_text="In review")
        await expect(review).to_contain_text(str(said["payments"]["in_review"]))

    async def test_a_lost_stream_is_said_and_comes_back(self, page: Page, context: BrowserContext) -> None:
        await open_page(page, "/payments")
        await expect(page.locator(".pulse")).to_have_class(re.compile("is-live"))
        rows = await page.locator("main tbody tr").count()
        await context.set_offline(True)
        banner = page.locator("[data-banner=lost]")
        await expect(banner).to_contain_text("as of #")
        assert await page.locator("main tbody tr").count() == rows
        await context.set_offline(False)
        await expect(banner).to_have_count(0)
        await expect(page.locator(".pulse")).to_have_class(re.compile("is-live"))


class TestEvidence:
    """The chain is recomputed in the browser, from the bytes as booked."""

    async def test_the_newest_events_are_recomputed_and_linked(self, page: Page) -> None:
        await open_page(page, "/audit")
        await expect(page.locator(".panel-aside .badge")).to_have_text("25 of 25 recomputed and linked")

    async def test_a_changed_byte_is_seen(self, page: Page) -> None:
        async def tamper(route: Route) -> None:
            answer = await route.fetch()
            text = await answer.text()
            await route.fulfill(response=answer, body=text.replace('"tenant":"local"', '"tenant":"lokal"', 1))

        await page.route("**/v1/events/7", tamper)
        await open_page(page, "/audit?from=10")
        await expect(page.locator(".panel-aside .badge")).to_have_text("The chain is broken here")
        await expect(page.locator("tr.is-marked")).to_have_count(1)
        await expect(page.locator("tr.is-marked")).to_contain_text("#7")


class TestHands:
    """With a keyboard alone, on a phone, in the dark."""

    async def test_a_keyboard_reaches_everything(self, page: Page, stage: Stage) -> None:
        await open_page(page, "/")
        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_focused()
        await page.keyboard.press("Enter")
        await page.keyboard.press("g")
        await page.keyboard.press("p")
        await expect(page).to_have_url(re.compile("/dashboard/payments$"))
        await until_loaded(page)
        await page.locator("main tbody tr").first.wait_for()
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        second = page.locator("main tbody tr").nth(1).locator("a.row")
        await expect(second).to_be_focused()
        outline = await second.evaluate("one => getComputedStyle(one).outlineStyle")
        assert outline == "solid"
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile(r"/payments/pay_\d+$"))
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("/")
        await expect(page.locator("dialog[open] input")).to_be_focused()
        await page.keyboard.type("customers:anna:eur")
        await page.keyboard.press("Enter")
        await expect(page).to_have_url(re.compile("/accounts/customers%3Aanna%3Aeur$"))

    @pytest.mark.parametrize(("scheme", "size"), [("light", DESK), ("dark", PHONE)], ids=["desk", "phone"])
    async def test_every_page_is_readable_and_keeps_the_rules(
        self, browser: Browser, stage: Stage, scheme: str, size: tuple[int, int]
    ) -> None:
        """Contrast as WCAG AA asks, nothing wider than the window, nothing thrown or refused or asked elsewhere."""
        found = {}
        async with context_of(browser, stage.address, token=stage.token, scheme=scheme, size=size) as context:
            watch = Watch(context, stage.address)
            page = await context.new_page()
            for path in PAGES:
                await open_page(page, path)
                found[path] = [*await low_contrasts(page), *await sticking_out(page)]
        assert watch.complaints == []
        assert {path: complaints for path, complaints in found.items() if complaints} == {}

    async def test_low_contrast_is_found(self, page: Page) -> None:
        await open_page(page, "/payments")
        await page.evaluate("document.documentElement.style.setProperty('--text-quiet', '#b5b5b5')")
        assert await low_contrasts(page)

    async def test_a_phone_has_a_menu(self, browser: Browser, stage: Stage) -> None:
        async with context_of(browser, stage.address, token=stage.token, size=PHONE) as context:
            page = await context.new_page()
            await open_page(page, "/accounts")
            await page.get_by_role("button", name="Menu").click()
            await page.get_by_role("link", name="Payments").click()
            await expect(page.get_by_role("heading", level=1)).to_have_text("Payments")

    async def test_what_sticks_out_is_found(self, page: Page) -> None:
        await open_page(page, "/payments")
        await page.evaluate("document.querySelector('main h1').style.width = '3000px'")
        assert await sticking_out(page)

    async def test_the_choice_of_colours_is_kept(self, page: Page) -> None:
        await open_page(page, "/payments")
        await page.keyboard.press("d")
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


class TestWhenThingsAreMissing:
    """Stale, absent, empty and unknown are said, and what is known stays in sight."""

    async def test_what_is_not_found_is_said(self, page: Page) -> None:
        await open_page(page, "/payments/pay_999999999")
        await expect(page.locator("main")).to_contain_text("there is no payment pay_999999999")
        await open_page(page, "/nowhere")
        await expect(page.locator("main")).to_contain_text("There is no page at this address")
        await open_page(page, "/payments?end_to_end_id=NOBODY-SENT-THIS")
        await expect(page.locator("main")).to_contain_text("No payment matches")

    async def test_a_route_that_is_absent_is_no_error(self, page: Page) -> None:
        await page.route("**/v1/catalog", lambda route: route.fulfill(status=404, json={"code": "not_found"}))
        await open_page(page, "/sql")
        await expect(page.locator("[data-state=not-here]")).to_contain_text("Not available here")


class TestRoles:
    """Who is there, and what they do not see."""

    async def test_a_login_leads_back_to_the_page_and_a_logout_ends_it(self, browser: Browser, stage: Stage) -> None:
        async with context_of(browser, stage.address, token=None) as context:
            page = await context.new_page()
            await page.goto("/dashboard/payments?status=RJCT")
            await page.get_by_role("link", name="Sign in").click()
            await page.get_by_role("button", name=re.compile("^Support")).click()
            await expect(page).to_have_url(f"{stage.address}/dashboard/payments?status=RJCT")
            await expect(page.locator("main tbody tr").first).to_be_visible()
            await page.get_by_role("button", name="Sign out").click()
            await expect(page.get_by_role("link", name="Sign in")).to_be_visible()
            assert (await context.request.get("/auth/me")).status == 401

    async def test_what_a_role_may_not_see_is_not_shown(self, browser: Browser, stage: Stage) -> None:
        token = stage.token_with("payments:read", "accounts:read")
        async with context_of(browser, stage.address, token=token) as context:
            page = await context.new_page()
            await open_page(page, "/payments")
            shown = await page.get_by_role("navigation", name="Pages").get_by_role("link").all_inner_texts()
            await open_page(page, "/reports")
            await expect(page.locator("main")).to_contain_text("Your role does not include this")
            await open_page(page, "/queues")
            tabs = await page.get_by_role("navigation", name="Queues").get_by_role("link").all_inner_texts()
        assert [text.splitlines()[0] for text in shown] == ["Payments", "Accounts", "Holds & reviews", "Audit trail"]
        assert not any(tab.startswith("Cases") for tab in tabs)


async def test_a_breach_of_the_policy_is_found(context: BrowserContext, stage: Stage) -> None:
    watch = Watch(context, stage.address)
    page = await context.new_page()
    await open_page(page, "/payments")
    await page.evaluate("document.head.append(Object.assign(document.createElement('script'), { text: 'alert(1)' }))")
    assert watch.complaints


async def test_the_first_page_fetches_little_and_no_editor(context: BrowserContext) -> None:
    """What keeps the first paint below a second; how long it takes is measured by `bursar bench --only dashboard`."""
    page = await context.new_page()
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url.rpartition("/")[2]))
    await open_page(page, "/payments")
    files = [name for name in fetched if re.search(r"\.(js|css|woff2|svg)$", name)]
    assert len(files) <= FILES_OF_FIRST_PAGE_MAX
    assert not any(name.startswith("sql-") for name in files)
