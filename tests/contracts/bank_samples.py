"""The sample files, and payment files made to order."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SAMPLES: Final = Path(__file__).parent / "bank_files"
PAIN001: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def transaction(number: int, *, amount: str = "1.25", currency: str = "EUR", extra: str = "", address: str = "") -> str:
    return (
        f"<CdtTrfTxInf><PmtId><InstrId>I-{number}</InstrId><EndToEndId>E-{number}</EndToEndId>"
        f"<UETR>eb6305c9-1f7c-4a9b-9b1e-{number:012x}</UETR></PmtId>"
        f'<Amt><InstdAmt Ccy="{currency}">{amount}</InstdAmt></Amt>'
        # ISO 9362: XXX is the head office
        f"<CdtrAgt><FinInstnId><BICFI>COBADEFFXXX</BICFI></FinInstnId></CdtrAgt>"
        f"<Cdtr><Nm>Creditor {number}</Nm>{address}</Cdtr>"
        f"<CdtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></CdtrAcct>{extra}</CdtTrfTxInf>"
    )


def payment_file(transactions: list[str], *, count: str | None = None, group_sum: str = "", info: str = "") -> bytes:
    """Make a .09; ``group_sum`` and ``info`` are XML put into the header and the payment instruction."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{PAIN001}"><CstmrCdtTrfInitn><GrpHdr>'
        f"<MsgId>M-1</MsgId><CreDtTm>2026-11-16T10:00:00Z</CreDtTm><NbOfTxs>{count or len(transactions)}</NbOfTxs>"
        f"{group_sum}<InitgPty><Nm>X</Nm></InitgPty></GrpHdr><PmtInf><PmtInfId>P-1</PmtInfId><PmtMtd>TRF</PmtMtd>{info}"
        f"<ReqdExctnDt><Dt>2026-11-17</Dt></ReqdExctnDt><Dbtr><Nm>D</Nm></Dbtr>"
        f"<DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct>"
        f"<DbtrAgt><FinInstnId><BICFI>COBADEFF</BICFI></FinInstnId></DbtrAgt>"
        + "".join(transactions)
        + "</PmtInf></CstmrCdtTrfInitn></Document>"
    ).encode()
