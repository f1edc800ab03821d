"""Events about payment files and the IBANs of accounts."""

from datetime import datetime
from typing import Final

from contracts.events.event import EventData


class IbanAssigned(EventData, frozen=True, kw_only=True):
    """An IBAN is an account's. ``iban``: a sealed text of the data subject ``subject``; ``iban_id``: its keyed hash."""

    account_id: str
    iban: str
    iban_id: str
    iban_masked: str
    subject: str


class PaymentFileReceived(EventData, frozen=True, kw_only=True):
    """A payment file was read and taken; each of its transactions is a payment, or a refusal, of its own."""

    file_id: str
    message: str
    message_id: str
    sha256: str
    transactions: int
    received_at: datetime
    received_by: str


EVENTS: Final[dict[tuple[str, int], type[EventData]]] = {
    ("iban_assigned", 1): IbanAssigned,
    ("payment_file_received", 1): PaymentFileReceived,
}
