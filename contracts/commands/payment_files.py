"""Commands about payment files and the IBANs under which they name accounts of this ledger."""

from typing import Annotated

from msgspec import Meta

from contracts.commands.command import PRINTABLE, Command
from contracts.commands.payments import IbanText
from contracts.ids import AccountId

PaymentFileId = Annotated[str, Meta(pattern=r"^file_[0-9a-f]{30}\Z", description="From the sender and the MsgId.")]


class AssignIban(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="assign_iban"):
    """Say that an IBAN of this institution is an account's. It stays so: a payer may use it for years."""

    account_id: AccountId
    iban: IbanText


class ReceivePaymentFile(Command, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="receive_payment_file"):
    """Take a payment file, before any payment of it is made. Sent by the door, which has read the file."""

    file_id: PaymentFileId
    message: Annotated[str, Meta(min_length=1, max_length=35, pattern=PRINTABLE)]
    message_id: Annotated[str, Meta(min_length=1, max_length=35, pattern=PRINTABLE)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    transactions: Annotated[int, Meta(ge=1, le=8_192)]
