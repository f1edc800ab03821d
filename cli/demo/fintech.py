"""Who takes part in the demo: customers with wallets, merchants, and the fintech's own accounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from cli.demo import business
from contracts.commands import AccountType, OpenAccount, Posting, PostTransfer, Side

Currency = Literal["EUR", "USD", "CZK"]

CUSTOMERS: Final = (
    "alice",
    "anna",
    "ben",
    "carla",
    "chloe",
    "daniel",
    "diego",
    "elena",
    "emil",
    "eva",
    "felix",
    "frida",
    "greta",
    "hana",
    "hugo",
    "ines",
    "ivan",
    "jana",
    "jonas",
    "julia",
    "karel",
    "lena",
    "leon",
    "lucia",
    "marco",
    "marie",
    "mila",
    "nils",
    "nora",
    "oscar",
    "paula",
    "petr",
)
USD_CUSTOMERS: Final = ("ben", "chloe", "marco", "oscar")
CZK_CUSTOMERS: Final = ("hana", "jana", "karel", "petr")
MERCHANTS: Final = (
    "bakery-lumiere",
    "book-cellar",
    "city-cycles",
    "corner-grocer",
    "film-palace",
    "green-energy",
    "railways",
    "roasters",
)

SAVERS: Final = ("greta", "oscar")  # who can afford what needs strong authentication
SAVINGS_MINOR: Final = 40_000_00
TAKINGS_MINOR: Final = 1_500_00
CAPITAL_MINOR: Final = 250_000_00
OPENING_MINOR: Final[dict[Currency, tuple[int, int]]] = {
    "EUR": (150_00, 2_400_00),
    "USD": (80_00, 900_00),
    "CZK": (3_000_00, 40_000_00),
}


class Wallet(msgspec.Struct, frozen=True):
    """A customer's account and its currency."""

    account_id: str
    currency: Currency


def name_of(wallet: Wallet) -> str:
    """Whose wallet it is."""
    return wallet.account_id.split(":")[1]


def wallet(name: str, currency: Currency) -> Wallet:
    """A customer's wallet."""
    return Wallet(f"customers:{name}:{currency.lower()}", currency)


WALLETS: Final = (
    *(wallet(name, "EUR") for name in CUSTOMERS),
    *(wallet(name, "USD") for name in USD_CUSTOMERS),
    *(wallet(name, "CZK") for name in CZK_CUSTOMERS),
)


def settlement(currency: Currency) -> str:
    """The fintech's account at its bank."""
    return f"bank:settlement:{currency.lower()}"


def card_clearing(currency: Currency) -> str:
    """What card schemes owe for top-ups until they pay it out."""
    return f"cards:clearing:{currency.lower()}"


def fees(currency: Currency) -> str:
    """Income from fees."""
    return f"fees:transfers:{currency.lower()}"


def merchant(name: str) -> str:
    """What the fintech owes a merchant, in euros."""
    return f"merchants:{name}:eur"


def accounts(customer_ids: Mapping[str, str]) -> list[OpenAccount]:
    """Every account of the demo. ``customer_ids``: of each verified customer, by name."""
    opened = [_account("equity:founders:eur", "EUR", "equity")]
    for currency in OPENING_MINOR:
        opened.append(_account(settlement(currency), currency, "asset"))
        opened.append(_account(card_clearing(currency), currency, "asset"))
        opened.append(_account(fees(currency), currency, "income"))
    opened += [_account(account_id, "EUR", account_type) for account_id, account_type in business.ACCOUNTS.items()]
    opened += [
        OpenAccount(account_id=merchant(name), currency="EUR", account_type="liability", metadata={"name": name})
        for name in MERCHANTS
    ]
    opened += [
        OpenAccount(
            account_id=opening.account_id,
            currency=opening.currency,
            account_type="liability",
            customer_id=customer_ids[name_of(opening)],
        )
        for opening in WALLETS
    ]
    return opened


def transfer(reference: str, *postings: tuple[str, Side, int], currency: Currency) -> PostTransfer:
    """Write a transfer in one line: (account, side, amount in minor units) per posting."""
    return PostTransfer(
        postings=tuple(
            Posting(account_id=account_id, side=side, amount_minor=amount_minor, currency=currency)
            for account_id, side, amount_minor in postings
        ),
        reference=reference,
    )


def _account(account_id: str, currency: Currency, account_type: AccountType) -> OpenAccount:
    """One of the fintech's own accounts; its bank and its schemes settle later, so it may go below zero."""
    return OpenAccount(account_id=account_id, currency=currency, account_type=account_type, overdraft="unlimited")
