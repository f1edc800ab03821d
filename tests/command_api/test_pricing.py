"""Fees and foreign exchange over HTTP, from a database: every step by a process that remembers nothing of the last."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from contracts.rejections import Rejection
from ledger.verify.book import verify_book
from tests.command_api.conftest import OpenDoor
from tests.command_api.door import SCOPES, Door, DsnOf, problem_in

BANK = ("accounts:write", "fx:write", "payments:operate", "payments:write", "transfers:write")
POSITION = {
    "currency": "USD",
    "position_account_id": "bank:usd:position",
    "cost_account_id": "bank:usd:cost",
    "valuation_account_id": "bank:usd:valuation",
}
FX = {
    "functional_currency": "EUR",
    "realised_account_id": "bank:realised",
    "unrealised_account_id": "bank:unrealised",
    "positions": [POSITION],
}
RATE = {
    "base_currency": "EUR",
    "counter_currency": "USD",
    "rate": "1.0843",
    "spread_basis_points": 50,
    "valid_seconds": 86_400,
    "quote_seconds": 3_600,
}
FEES = {
    "payment_type": "book_transfer",
    "currency": "EUR",
    "fee_account_id": "bank:fees",
    "tiers": [{"from_minor": 0, "flat_minor": 10, "basis_points": 25}],
    "rounding": "half_even",
}


def paying(quote_id: str, value: str = "100.00") -> dict[str, Any]:
    """Pay euros at a quote."""
    return {
        "debtor_account_id": "alice:eur",
        "creditor_account_id": "bob:usd",
        "instructed_amount": {"currency": "EUR", "value": value},
        "end_to_end_id": "E2E-1",
        "quote_id": quote_id,
    }


async def open_the_bank(door: Door) -> None:
    """Accounts of two customers and of the bank."""
    await door.open_accounts("alice:eur")
    await door.open_accounts("bob:usd", currency="USD", overdraft="forbidden")
    await door.open_accounts("bank:usd:position", currency="USD", account_type="equity")
    await door.open_accounts("bank:usd:cost", "bank:usd:valuation", account_type="asset")
    await door.open_accounts("bank:spare", account_type="asset")
    await door.open_accounts("bank:realised", "bank:unrealised", "bank:fees", account_type="income")


@pytest.mark.slow
async def test_a_payment_at_a_quote_with_a_fee_and_the_revaluation_after_it(
    own_door: OpenDoor, book_database: DsnOf
) -> None:
    """Nothing is in memory: what a command looks at is found by what it names."""
    await set_prices(own_door)
    async with own_door() as door:
        asking = {"sell_currency": "EUR", "buy_currency": "USD", "sell_minor": 10_000}
        quote = (await door.accepted("/v1/quotes", asking))["data"]
        assert (quote["sell_minor"], quote["buy_minor"], quote["requested_by"]) == (10_000, 10_789, "clerk")
    await pay_at(own_door, quote["quote_id"])
    async with own_door() as door:
        revalued = (await door.accepted("/v1/fx/revalue", {}, token=door.token(BANK)))["data"]
        # 107.89 USD owed are 99.50 EUR at the middle rate (9950.198...), and 100.00 EUR were received for them.
        assert [(p["quantity_minor"], p["cost_minor"], p["unrealised_minor"]) for p in revalued["positions"]] == [
            (-10_789, -10_000, 50)
        ]
        unchanged = await door.post("/v1/fx/revalue", {}, token=door.token(BANK))
        problem_in(unchanged, status=409, code=Rejection.POSITIONS_UNCHANGED)
    await expect_a_sound_book(book_database)


async def set_prices(own_door: OpenDoor) -> None:
    """Terms, fees and a rate, with what is refused before each is there."""
    asking = {"sell_currency": "EUR", "buy_currency": "USD", "sell_minor": 10_000}
    async with own_door() as door:
        token = door.token(BANK)
        await open_the_bank(door)
        problem_in(await door.post("/v1/quotes", asking, token=token), status=422, code=Rejection.FX_NOT_DEFINED)
        unsuitable = await door.post("/v1/fees", {**FEES, "fee_account_id": "bank:spare"}, token=token)
        problem_in(unsuitable, status=422, code=Rejection.ACCOUNT_UNSUITABLE)
        await door.accepted("/v1/fx", FX, token=token)
        await door.accepted("/v1/fees", FEES, token=token)
        problem_in(await door.post("/v1/quotes", asking, token=token), status=422, code=Rejection.RATE_NOT_AVAILABLE)
    async with own_door() as door:
        exchanged = {"cost_account_id": "bank:usd:valuation", "valuation_account_id": "bank:usd:cost"}
        other = {**FX, "positions": [{**POSITION, **exchanged}]}
        problem_in(await door.post("/v1/fx", other, token=door.token(BANK)), status=409, code=Rejection.FX_TERMS_FIXED)
        await door.accepted("/v1/rates", RATE, token=door.token(BANK))


async def pay_at(own_door: OpenDoor, quote_id: str) -> None:
    """Use the quote, once and for its own amount only."""
    async with own_door() as door:
        missing = await door.post("/v1/payments", paying("quote_1"))
        problem_in(missing, status=404, code=Rejection.QUOTE_NOT_FOUND)
        mismatch = await door.post("/v1/payments", paying(quote_id, "99.99"))
        problem = problem_in(mismatch, status=422, code=Rejection.QUOTE_MISMATCH)
        assert "9999 EUR" in problem["detail"]
        assert "10000 EUR" in problem["detail"]
    async with own_door() as door:
        settled = await door.accepted("/v1/payments", paying(quote_id))
        assert settled["type"] == "payment_settled"
        booked = [(p["account_id"], p["side"], p["amount_minor"]) for p in settled["data"]["postings"]]
        assert booked == [
            ("alice:eur", "debit", 10_000),
            ("bob:usd", "credit", 10_789),
            ("bank:usd:position", "debit", 10_789),
            ("bank:usd:cost", "credit", 10_000),
            ("alice:eur", "debit", 35),
            ("bank:fees", "credit", 35),
        ]
    async with own_door() as door:
        again = await door.post("/v1/payments", paying(quote_id))
        problem_in(again, status=409, code=Rejection.QUOTE_ALREADY_USED)
        refund = await door.post(f"/v1/payments/{settled['data']['payment_id']}/refund", {})
        problem_in(refund, status=422, code=Rejection.REFUND_NOT_POSSIBLE)


async def expect_a_sound_book(book_database: DsnOf) -> None:
    """Events, entries, balances and hashes say the same."""
    connection = await asyncpg.connect(book_database("bursar_reader"))
    try:
        async with connection.transaction(readonly=True):
            proof = await verify_book(connection)
    finally:
        await connection.close()
    assert [check for check in proof.checks if check.difference is not None] == []
    assert proof.fold.accounts["bank:fees"].posted_minor == 35


async def test_only_the_treasury_may_set_prices(door: Door) -> None:
    """What a customer's client may do does not include the rate it pays at."""
    token = door.token(set(SCOPES) - {"fx:write", "payments:operate"})
    for path, body in (("/v1/fx", FX), ("/v1/rates", RATE), ("/v1/fees", FEES), ("/v1/fx/revalue", {})):
        problem_in(await door.post(path, body, token=token), status=403, code="missing_scope")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/rates", {**RATE, "rate": "0"}),
        ("/v1/rates", {**RATE, "rate": "0.0000"}),
        ("/v1/rates", {**RATE, "rate": 1.0843}),
        ("/v1/rates", {**RATE, "rate": "1e3"}),
        ("/v1/rates", {**RATE, "rate": "-1"}),
        ("/v1/rates", {**RATE, "rate": "1.00000000001"}),
        ("/v1/rates", {**RATE, "counter_currency": "EUR"}),
        ("/v1/rates", {**RATE, "spread_basis_points": 5_001}),
        ("/v1/quotes", {"sell_currency": "EUR", "buy_currency": "USD"}),
        ("/v1/quotes", {"sell_currency": "EUR", "buy_currency": "USD", "sell_minor": 1, "buy_minor": 1}),
        ("/v1/quotes", {"sell_currency": "EUR", "buy_currency": "EUR", "sell_minor": 1}),
        ("/v1/quotes", {"sell_currency": "EUR", "buy_currency": "USD", "sell_minor": 0}),
        ("/v1/fx", {**FX, "functional_currency": "USD"}),
        ("/v1/fx", {**FX, "unrealised_account_id": "bank:realised"}),
        ("/v1/fx", {**FX, "positions": []}),
        ("/v1/fees", {**FEES, "tiers": [{"from_minor": 1}]}),
        ("/v1/fees", {**FEES, "tiers": [{"from_minor": 0, "basis_points": 0.5}]}),
        ("/v1/fees", {**FEES, "payment_type": "card_top_up"}),
        ("/v1/fees", {name: value for name, value in FEES.items() if name != "rounding"}),
    ],
)
async def test_a_price_that_is_none_is_malformed(door: Door, path: str, body: dict[str, Any]) -> None:
    """Before anything is looked at."""
    assert (await door.post(path, body, token=door.token(BANK))).status_code == 400
