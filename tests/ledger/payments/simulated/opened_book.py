"""The book that every world begins with: customers, rails in two currencies, limits, authentication terms."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from contracts import commands as c
from tests.support.customers import verify_customers
from tests.support.ledger import NOON, BookInMemory, move, open_account

BEGIN: Final[datetime] = NOON
RAILS: Final[tuple[Literal["sct_inst", "card_psp", "file"], ...]] = ("sct_inst", "card_psp", "file")
CURRENCIES: Final = ("EUR", "USD")
CUSTOMERS: Final = ("alice", "bob", "carol", "dora")  # carol has a ceiling, dora is frozen and thawed
IBANS: Final = ("DE89370400440532013000", "FR1420041010050500013M02606", "NL91ABNA0417164300")
CARD: Final = "tok_visa_1"
LIMITS: Final = (
    c.DefineLimits(
        subject="customer:cust_1",
        limits=(
            c.Limit(currency="EUR", window_hours=4, amount_max_minor=70_000, basis="net"),
            c.Limit(currency="EUR", window_hours=24, amount_max_minor=400_000),
        ),
    ),
    c.DefineLimits(subject="account:bob_eur", limits=(c.Limit(currency="EUR", window_hours=1, count_max=3),)),
    c.DefineLimits(
        subject=f"payee:payee_{IBANS[0].lower()}",
        limits=(c.Limit(currency="EUR", window_hours=1, amount_max_minor=80_000, basis="net"),),
    ),
)


def wallet(customer: str, currency: str) -> str:
    """A customer's account."""
    return f"{customer}_{currency.lower()}"


def clearing(rail: str, currency: str) -> str:
    """A rail's clearing account, of type asset."""
    return f"clearing:{rail}:{currency.lower()}"


def _base() -> BookInMemory:
    book = BookInMemory(now=BEGIN)
    verify_customers(book.state, *(f"cust_{number}" for number in range(1, len(CUSTOMERS) + 1)))
    for currency in CURRENCIES:
        world = wallet("world", currency)
        book.do(open_account(world, currency=currency, account_type="equity", overdraft="unlimited"))
        for number, name in enumerate(CUSTOMERS, start=1):
            ceiling = 130_000 if name == "carol" else None
            account_id = wallet(name, currency)
            book.do(
                open_account(
                    account_id, currency=currency, customer_id=f"cust_{number}", max_balance_minor=ceiling
                ),
                move(world, account_id, 120_000, currency=currency),
            )  # fmt: skip
        for rail in RAILS:
            suspense = f"suspense:{rail}:{currency.lower()}"
            terms = {"currency": currency, "overdraft": "unlimited"}
            book.do(
                open_account(clearing(rail, currency), account_type="asset", **terms),
                open_account(suspense, account_type="liability" if rail == "card_psp" else "asset", **terms),
                c.DefineRail(
                    rail=rail,
                    currency=currency,
                    clearing_account_id=clearing(rail, currency),
                    suspense_account_id=suspense,
                ),
            )
    book.do(c.DefineAuthentication(currency="EUR", amount_from_minor=30_000, new_payee=False), *LIMITS)
    return book


BASE: Final = _base()
