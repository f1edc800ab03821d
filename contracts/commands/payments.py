"""Commands about payments."""

from typing import Annotated

from msgspec import Meta, Struct

from contracts.commands.command import PRINTABLE, Command, Metadata, Reference
from contracts.ids import AccountId
from contracts.money import CurrencyCode, DecimalText


class CurrencyAmount(Struct, frozen=True, kw_only=True):
    """Decimal text in the currency's own scale. Events carry it; they are tolerant where commands are strict."""

    currency: CurrencyCode
    value: DecimalText


class InstructedAmount(CurrencyAmount, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An amount as a payer writes it (ISO 20022 InstdAmt): decimal text in the currency's own scale."""


EndToEndId = Annotated[str, Meta(min_length=1, max_length=35, pattern=PRINTABLE)]


class InitiatePayment(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="initiate_payment"):
    """Pay from one account of this ledger to another."""

    debtor_account_id: AccountId
    creditor_account_id: AccountId
    instructed_amount: InstructedAmount
    end_to_end_id: EndToEndId
    remittance_information: Reference | None = None
    metadata: Metadata | None = None
