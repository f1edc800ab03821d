"""Accounts, balances, statements and holds: every question, every filter, checked against the hand-made bank."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.query_api.windows import Window

ALICE = "customers:alice:eur"
BOB = "customers:bob:eur"


def ids(page: dict[str, Any]) -> list[str]:
    """The accounts of a page."""
    return [account["account_id"] for account in page["accounts"]]


async def test_a_balance_now_comes_from_the_read_model_with_its_position(window: Window) -> None:
    """Posted, held, available; as_of names ledger, position, time, age and source."""
    body = await window.get(f"/accounts/{ALICE}/balance")
    as_of = body.pop("as_of")
    assert body == {
        "account_id": ALICE,
        "currency": "EUR",
        "scale": 2,
        "normal_side": "credit",
        "posted_minor": 650_00,
        "held_minor": 100_00,
        "available_minor": 550_00,
        "at_date": None,
    }
    assert (as_of["ledger"], as_of["position"], as_of["source"]) == ("window", 19, "read_model")
    assert as_of["recorded_at"] == window.bank.recorded_at(19).isoformat().replace("+00:00", "Z")
    assert as_of["age_s"] > 0


async def test_many_balances_at_once_are_each_their_own(window: Window) -> None:
    """Requests that share one call to Redis do not get each other's answers."""

    accounts = [name for name in window.bank.accounts for _ in range(40)]
    answers = await asyncio.gather(*(window.get(f"/accounts/{name}/balance") for name in accounts))
    for name, answer in zip(accounts, answers, strict=True):
        assert (answer["account_id"], answer["posted_minor"]) == (name, window.bank.posted[name])


@pytest.mark.parametrize("position", range(3, 20))
async def test_a_balance_at_a_position_is_what_the_entries_up_to_there_add_up_to(window: Window, position: int) -> None:
    """Posted and held, for every position since the account exists."""
    body = await window.get(f"/accounts/{ALICE}/balance", at_position=position)
    entries = [entry for entry in window.bank.entries if entry[0] <= position and entry[2] == ALICE]
    assert body["posted_minor"] == -sum(entry[3] for entry in entries)
    assert body["held_minor"] == sum(entry[4] for entry in entries)
    assert body["available_minor"] == body["posted_minor"] - body["held_minor"]
    assert (body["as_of"]["position"], body["as_of"]["source"]) == (position, "book")
    assert body["as_of"]["recorded_at"] == window.bank.recorded_at(position).isoformat().replace("+00:00", "Z")


async def test_a_position_before_the_account_was_opened_has_no_such_account(window: Window) -> None:
    """The account is opened at position 3."""
    problem = await window.refused(f"/accounts/{ALICE}/balance", at_position=2)
    assert (problem["status"], problem["code"]) == (404, "account_not_found")


@pytest.mark.parametrize(
    ("day", "posted_minor"),
    [
        ("2026-01-04", 0),
        ("2026-01-05", 1000_00),
        ("2026-01-31", 680_00),
        ("2026-02-02", 700_00),
        ("2026-12-31", 650_00),
    ],
)
async def test_a_balance_at_a_date_counts_what_had_taken_effect(window: Window, day: str, posted_minor: int) -> None:
    """From the lake; holds have no effective date."""
    body = await window.get(f"/accounts/{ALICE}/balance", at_date=day)
    assert (body["posted_minor"], body["held_minor"], body["available_minor"]) == (posted_minor, None, None)
    assert (body["at_date"], body["as_of"]["source"], body["as_of"]["position"]) == (day, "lake", 19)


async def test_a_date_and_a_position_exclude_each_other(window: Window) -> None:
    """Both filters together cannot be answered."""
    problem = await window.refused(f"/accounts/{ALICE}/balance", at_date="2026-01-05", at_position=9)
    assert (problem["status"], problem["code"]) == (400, "contradicting_parameters")


async def test_an_account_shows_its_terms(window: Window) -> None:
    """Everything the opening said, and the status now."""
    body = await window.get(f"/accounts/{BOB}")
    assert (body["account_type"], body["normal_side"], body["overdraft"]) == ("liability", "credit", "unlimited")
    assert (body["status"], body["metadata"]) == ("frozen", {"segment": "retail"})
    assert body["opened_at"] == window.bank.recorded_at(4).isoformat().replace("+00:00", "Z")
    assert (body["posted_minor"], body["held_minor"], body["available_minor"]) == (350_00, 0, 350_00)


@pytest.mark.parametrize("path", ["", "/balance", "/statement", "/holds"])
async def test_an_unknown_account_is_not_found(window: Window, path: str) -> None:
    """404 with a code, whoever answered."""
    problem = await window.refused(f"/accounts/customers:nobody{path}")
    assert (problem["status"], problem["code"]) == (404, "account_not_found")
    assert problem["position"] == 19


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, ["assets:cash:eur", "assets:cash:jpy", ALICE, BOB, "customers:carol:jpy", "income:fees:eur"]),
        ({"prefix": "customers:"}, [ALICE, BOB, "customers:carol:jpy"]),
        ({"prefix": "customers:b"}, [BOB]),
        ({"currency": "JPY"}, ["assets:cash:jpy", "customers:carol:jpy"]),
        ({"account_type": "income"}, ["income:fees:eur"]),
        ({"status": "frozen"}, [BOB]),
        ({"prefix": "customers:", "currency": "EUR", "status": "open"}, [ALICE]),
        ({"prefix": "nothing:"}, []),
        ({"status": "closed"}, []),
    ],
)
async def test_accounts_are_listed_by_id_and_filtered(
    window: Window, filters: dict[str, str], expected: list[str]
) -> None:
    """Each filter alone and together."""
    page = await window.get("/accounts", **filters)
    assert (ids(page), page["next_cursor"]) == (expected, None)


@pytest.mark.parametrize("filters", [{}, {"currency": "EUR"}])
@pytest.mark.parametrize("limit", [1, 2, 5])
async def test_pages_of_accounts_join_without_gap_or_repetition(
    window: Window, filters: dict[str, str], limit: int
) -> None:
    """Following next_cursor gives exactly the whole list."""
    whole = ids(await window.get("/accounts", **filters))
    found: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(len(whole) + 1):
        page = await window.get("/accounts", limit=limit, **filters, **cursor)
        assert len(page["accounts"]) <= limit
        found += ids(page)
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == whole


async def test_a_cursor_does_not_work_with_other_filters(window: Window) -> None:
    """It would skip rows silently."""
    page = await window.get("/accounts", limit=1)
    problem = await window.refused("/accounts", limit=1, cursor=page["next_cursor"], currency="EUR")
    assert (problem["status"], problem["code"]) == (400, "cursor_invalid")


async def test_a_statement_without_a_period_is_newest_first(window: Window) -> None:
    """From Redis, with the balance after each entry."""
    body = await window.get(f"/accounts/{ALICE}/statement")
    lines = [(e["id"], e["type"], e["side"], e["amount_minor"], e["balance_minor"]) for e in body["entries"]]
    assert lines == [
        ("xfer_16", "payment_settled", "debit", 50_00, 650_00),
        ("xfer_11", "transfer_reversed", "credit", 20_00, 700_00),
        ("xfer_10", "transfer_posted", "debit", 20_00, 680_00),
        ("xfer_8", "transfer_posted", "debit", 300_00, 700_00),
        ("xfer_7", "transfer_posted", "credit", 1000_00, 1000_00),
    ]
    assert (body["next_cursor"], body["opening_minor"], body["as_of"]["source"]) == (None, None, "read_model")
    assert body["entries"][-1]["reference"] == "first deposit"


async def test_older_pages_of_a_statement_come_from_the_book_and_say_the_same(window: Window) -> None:
    """Page by page, until the book says that there is no more."""
    whole = (await window.get(f"/accounts/{ALICE}/statement"))["entries"]
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    sources = set()
    for _ in range(len(whole) + 2):
        page = await window.get(f"/accounts/{ALICE}/statement", limit=2, **cursor)
        found += page["entries"]
        sources.add(page["as_of"]["source"])
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == whole
    assert sources == {"read_model", "book"}


async def test_a_statement_beyond_the_newest_fifty_lines_is_complete(own_window: Window) -> None:
    """Redis keeps fifty lines; the rest is read from the book."""
    bank = own_window.bank
    for number in range(70):
        bank.transfer("assets:cash:eur", ALICE, 1 + number, day=bank.recorded_at(1).date() + timedelta(days=number))
    await own_window.write_all()
    found: list[Any] = []
    cursor: dict[str, str] = {}
    for _ in range(20):
        page = await own_window.get(f"/accounts/{ALICE}/statement", limit=30, **cursor)
        found += [entry["position"] for entry in page["entries"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    expected = [entry[0] for entry in bank.entries if entry[2] == ALICE and entry[3]]
    assert found == expected[::-1]


async def test_a_period_has_opening_and_closing_balances_on_every_page(window: Window) -> None:
    """By effective date; opening plus entries is closing."""
    period = {"from_": "2026-01-06", "to": "2026-02-02"}
    body = await window.get(f"/accounts/{ALICE}/statement", **period)
    assert (body["opening_minor"], body["closing_minor"]) == (1000_00, 700_00)
    assert [(e["effective_date"], e["balance_minor"]) for e in body["entries"]] == [
        ("2026-01-10", 700_00),
        ("2026-01-31", 680_00),
        ("2026-02-02", 700_00),
    ]
    assert (body["as_of"]["source"], body["next_cursor"]) == ("lake", None)
    first = await window.get(f"/accounts/{ALICE}/statement", limit=2, **period)
    second = await window.get(f"/accounts/{ALICE}/statement", limit=2, cursor=first["next_cursor"], **period)
    assert first["entries"] + second["entries"] == body["entries"]
    assert (second["opening_minor"], second["closing_minor"], second["next_cursor"]) == (1000_00, 700_00, None)


async def test_pages_of_a_period_stay_at_the_position_of_the_first(own_window: Window) -> None:
    """What is booked between two pages does not shift the second."""
    await own_window.write_book()
    await own_window.write_wallets()
    own_window.write_lake(to=10)
    period = {"from_": "2026-01-01", "limit": 2}
    first = await own_window.get(f"/accounts/{ALICE}/statement", **period)
    own_window.write_lake()
    second = await own_window.get(f"/accounts/{ALICE}/statement", cursor=first["next_cursor"], **period)
    assert [entry["position"] for entry in first["entries"] + second["entries"]] == [7, 8, 10]
    assert (second["as_of"]["position"], second["closing_minor"]) == (10, 680_00)


async def test_a_period_that_ends_before_it_begins_is_refused(window: Window) -> None:
    """Not an empty statement."""
    problem = await window.refused(f"/accounts/{ALICE}/statement", from_="2026-02-01", to="2026-01-01")
    assert (problem["status"], problem["code"]) == (400, "contradicting_parameters")
    assert problem["errors"][0]["pointer"] == "/query/to"


async def test_open_holds_of_an_account_are_listed_oldest_first(window: Window) -> None:
    """The released one is gone, and the account on the other side sees the open one too."""
    for account in (ALICE, BOB):
        body = await window.get(f"/accounts/{account}/holds")
        assert [hold["hold_id"] for hold in body["holds"]] == ["hold_13"]
    [hold] = body["holds"]
    assert hold["legs"] == [
        {
            "debit_account_id": ALICE,
            "credit_account_id": BOB,
            "amount_minor": 100_00,
            "currency": "EUR",
            "remaining_minor": 100_00,
        }
    ]
    assert (await window.get("/accounts/income:fees:eur/holds"))["holds"] == []


async def test_pages_of_holds_join(own_window: Window) -> None:
    """Following next_cursor gives every open hold once."""
    for amount in range(1, 6):
        own_window.bank.hold(ALICE, BOB, amount)
    await own_window.write_all()
    found: list[Any] = []
    cursor: dict[str, str] = {}
    for _ in range(10):
        page = await own_window.get(f"/accounts/{ALICE}/holds", limit=2, **cursor)
        found += [hold["hold_id"] for hold in page["holds"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert found == ["hold_13", *(f"hold_{position}" for position in range(20, 25))]


async def test_a_hold_can_be_read_after_it_ended(window: Window) -> None:
    """With its events, and nothing left of it."""
    body = await window.get("/holds/hold_12")
    assert (body["status"], body["legs"][0]["remaining_minor"]) == ("released", 0)
    assert [(event["position"], event["type"]) for event in body["events"]] == [
        (12, "hold_placed"),
        (14, "hold_released"),
    ]
    problem = await window.refused("/holds/hold_11")
    assert (problem["status"], problem["code"]) == (404, "hold_not_found")
