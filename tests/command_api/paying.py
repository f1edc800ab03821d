"""What tests send to the command API about payments."""

from __future__ import annotations

from typing import Any, Final

from tests.command_api.door import Door

IBAN: Final = "DE89370400440532013000"
OTHER_IBAN: Final = "FR1420041010050500013M02606"


def pay(debtor: str, creditor: str, value: str = "1.00", *, currency: str = "EUR", **more: object) -> dict[str, Any]:
    """Body of a payment between two accounts."""
    return {
        "debtor_account_id": debtor,
        "creditor_account_id": creditor,
        "instructed_amount": {"currency": currency, "value": value},
        "end_to_end_id": "E",
        **more,
    }


def pay_out(
    debtor: str, value: str = "1.00", *, currency: str = "EUR", iban: str = IBAN, name: str = "Ada", **more: object
) -> dict[str, Any]:
    """Body of a payment to another bank."""
    return {
        "payment_type": "credit_transfer",
        "debtor_account_id": debtor,
        "creditor": {"name": name, "iban": iban},
        "instructed_amount": {"currency": currency, "value": value},
        "end_to_end_id": "E",
        **more,
    }


async def define_rail(door: Door, rail: str, *, clearing: str, suspense: str, currency: str = "EUR") -> None:
    """Open a rail's accounts, once, and define it."""
    for account_id in (clearing, suspense):
        body = {"account_id": account_id, "currency": currency, "account_type": "liability", "overdraft": "unlimited"}
        await door.post("/v1/accounts", body, key=f"open-{account_id}")
    accounts = {"clearing_account_id": clearing, "suspense_account_id": suspense}
    await door.accepted("/v1/rails", {"rail": rail, "currency": currency, **accounts})


async def initiate(door: Door, body: dict[str, Any], **options: Any) -> str:
    """Initiate a payment and give its id."""
    event = await door.accepted("/v1/payments", body, **options)
    payment_id: str = event["data"]["payment_id"]
    return payment_id
