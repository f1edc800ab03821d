"""What messages between banks have in common when they are written: envelope, times, amounts, agents, references."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape

from contracts.money import text_of

NAMESPACE_PREFIX: Final = "urn:iso:std:iso:20022:tech:xsd:"
NOT_PROVIDED: Final = "NOTPROVIDED"
"""Stands where an agent has to be named and only the IBAN is known (EPC guidelines)."""
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'


def document(kind: str, body: str) -> bytes:
    """Write a message of a kind (`pacs.008.001.08`) around its body."""
    return f'{_DECLARATION}<Document xmlns="{NAMESPACE_PREFIX}{kind}">{body}</Document>\n'.encode()


def time_text(moment: datetime) -> str:
    """Write an aware moment as ISODateTime in UTC, microseconds kept."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def amount_element(name: str, minor: int, currency: str, scale: int) -> str:
    """Write an amount as decimal text with its currency."""
    return f'<{name} Ccy="{currency}">{text_of(minor, scale=scale)}</{name}>'


def agent_element(name: str, bic: str | None) -> str:
    """Name a bank by its BIC, or say that it is not given."""
    bank = f"<BICFI>{bic}</BICFI>" if bic else f"<Othr><Id>{NOT_PROVIDED}</Id></Othr>"
    return f"<{name}><FinInstnId>{bank}</FinInstnId></{name}>"


def original_ids(instruction_id: str, end_to_end_id: str, uetr: str) -> str:
    """Name the transaction that a message is about by all of its identifications."""
    instruction_id = escape(instruction_id)
    return (
        f"<OrgnlInstrId>{instruction_id}</OrgnlInstrId><OrgnlEndToEndId>{escape(end_to_end_id)}</OrgnlEndToEndId>"
        f"<OrgnlTxId>{instruction_id}</OrgnlTxId><OrgnlUETR>{uetr}</OrgnlUETR>"
    )
