"""The terms of the demo's payments business: rails, fees, authentication, limits, a merchant, payees outside."""

from __future__ import annotations

from datetime import date
from typing import Final, Literal

from contracts.commands import (
    AccountType,
    Command,
    CreateStandingOrder,
    DefineAuthentication,
    DefineFees,
    DefineLimits,
    DefineMerchant,
    DefineRail,
    FeeTier,
    InstructedAmount,
    Limit,
    Party,
)
from contracts.commands.merchants import AskedFees, AskedSchedule
from contracts.commands.standing_orders import WantedRecurrence

RAILS: Final[tuple[Literal["sct_inst", "card_psp", "file"], ...]] = ("sct_inst", "card_psp", "file")
SUSPENSE: Final = "suspense:rails:eur"
PAYMENT_FEES: Final = "fees:payments:eur"
MERCHANT_FEES: Final = "fees:merchants:eur"
SETTLED_MERCHANT: Final = "book-cellar"
PAYABLE: Final = f"merchants:{SETTLED_MERCHANT}:payable:eur"

AUTHENTICATED_FROM_MINOR: Final = 100_00
LIMITED: Final = "petr"
LIMIT_MINOR: Final = 400_00

ACCOUNTS: Final[dict[str, AccountType]] = {
    **{f"clearing:{rail.replace('_', '-')}:eur": "asset" for rail in RAILS},
    SUSPENSE: "liability",
    PAYMENT_FEES: "income",
    MERCHANT_FEES: "income",
    PAYABLE: "liability",
}

# Well-known example numbers with the right check digits; nobody's account.
PAYEES: Final = (
    Party(name="Harbour Rentals", iban="DE89370400440532013000"),
    Party(name="Atelier Rivoli", iban="FR1420041010050500013M02606"),
    Party(name="Van Dam Fietsen", iban="NL91ABNA0417164300"),
    Party(name="Bergblick Hotel", iban="AT611904300234573201"),
    Party(name="Clinica Dental Sol", iban="ES9121000418450200051332"),
    Party(name="Officina Verdi", iban="IT60X0542811101000000123456"),
    Party(name="Garage Meunier", iban="BE68539007547034"),
    Party(name="Porto Design", iban="PT50000201231234567890154"),
    Party(name="Kahvila Pohjola", iban="FI2112345600000785"),
    Party(name="Dublin Language School", iban="IE29AIBK93115212345678"),
)
CLOSED_PAYEE: Final = Party(name="Closed Account Stores", iban="DE18370400440532019904")
LISTED_PAYEE: Final = Party(name="Ludger Hinrich Quästenbrink", iban="LU280019400644750000")  # on the sample lists


def terms(limited_customer_id: str) -> list[tuple[str, str, Command]]:
    """What operators define: a name for the key, the path, the command."""
    defined: list[tuple[str, str, Command]] = [
        (
            f"rail:{rail}",
            "/v1/rails",
            DefineRail(
                rail=rail,
                currency="EUR",
                clearing_account_id=f"clearing:{rail.replace('_', '-')}:eur",
                suspense_account_id=SUSPENSE,
            ),
        )
        for rail in RAILS
    ]
    defined += [
        (
            "authentication",
            "/v1/authentication",
            DefineAuthentication(currency="EUR", amount_from_minor=AUTHENTICATED_FROM_MINOR, new_payee=False),
        ),
        (
            "limits",
            "/v1/limits",
            DefineLimits(
                subject=f"customer:{limited_customer_id}",
                limits=(Limit(currency="EUR", window_hours=24, amount_max_minor=LIMIT_MINOR),),
            ),
        ),
        (
            "fees",
            "/v1/fees",
            DefineFees(
                payment_type="credit_transfer",
                currency="EUR",
                fee_account_id=PAYMENT_FEES,
                tiers=(FeeTier(from_minor=0, flat_minor=20, basis_points=5),),
                maximum_minor=5_00,
                rounding="half_even",
            ),
        ),
        ("merchant", "/v1/merchants", _merchant()),
    ]
    return defined


def standing_order(first_on: date) -> CreateStandingOrder:
    """One customer pays their share of the rent on the first working day of every month."""
    return CreateStandingOrder(
        debtor_account_id="customers:anna:eur",
        creditor_account_id="customers:ben:eur",
        instructed_amount=InstructedAmount(currency="EUR", value="85.00"),
        end_to_end_id="RENT",
        remittance_information="my half of the rent",
        recurrence=WantedRecurrence(every="month", first_on=first_on),
    )


def _merchant() -> DefineMerchant:
    """Paid every business day in the evening what it took, less one and a half per cent."""
    return DefineMerchant(
        merchant_id=SETTLED_MERCHANT,
        account_id=f"merchants:{SETTLED_MERCHANT}:eur",
        payable_account_id=PAYABLE,
        fee_account_id=MERCHANT_FEES,
        currency="EUR",
        creditor=Party(name="Book Cellar", iban="SK3112000000198742637541"),
        schedule=AskedSchedule(cut_off="17:00", zone="Europe/Berlin"),
        fees=AskedFees(basis_points=150, payment_minor=5),
    )
