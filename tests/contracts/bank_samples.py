"""The sample files, and payment files made to order."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SAMPLES: Final = Path(__file__).parent / "bank_files"
PAIN001: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"

_HEADER: Final = (
    '<h:AppHdr xmlns:h="urn:iso:std:iso:20022:tech:xsd:head.001.001.{version}">'
    "<h:Fr><h:FIId><h:FinInstnId><h:BICFI>COBADEFFXXX</h:BICFI></h:FinInstnId></h:FIId></h:Fr>"  # XXX: the head office
    "<h:BizMsgIdr>B-1</h:BizMsgIdr><h:MsgDefIdr>whatever it says</h:MsgDefIdr>"
    '<h:Sgntr><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/></h:Sgntr></h:AppHdr>'
)
_HEADERS: Final = {version: _HEADER.format(version=version) for version in ("01", "02", "03")}
# What networks put around a header and a message, which stands at the slot.
ENVELOPES: Final = {
    "SWIFT": '<Envelope xmlns="urn:swift:xsd:envelope" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    f'xsi:schemaLocation="urn:swift:xsd:envelope envelope.xsd">{_HEADERS["02"]}{{}}</Envelope>',
    "SWIFT, with a prefix": f'<env:Envelope xmlns:env="urn:swift:xsd:envelope">{_HEADERS["02"]}{{}}</env:Envelope>',
    "SWIFT, before": f'<?xml version="1.0"?><RequestPayload> {_HEADERS["01"]} {{}} </RequestPayload>',
    "Alliance": '<Saa:DataPDU xmlns:Saa="urn:swift:saa:xsd:saa.2.0"><Saa:Revision>2.0.13</Saa:Revision><Saa:Header>'
    f"<Saa:Message/></Saa:Header><Saa:Body>{_HEADERS['02']}{{}}</Saa:Body></Saa:DataPDU>",
    "ISO": '<BizMsgEnvlp xmlns="urn:iso:std:iso:20022:tech:xsd:nvlp.001.001.01">'
    f"<Hdr>{_HEADERS['03']}</Hdr><Doc>{{}}</Doc></BizMsgEnvlp>",
    "ISO, flat": f"<BizMsgEnvlp>{_HEADERS['03']}{{}}</BizMsgEnvlp>",
    "TARGET2-Securities": f"<BizData><Hdr>{_HEADERS['01']}</Hdr><Pyld>{{}}</Pyld></BizData>",
}


def enveloped(message: bytes, kind: str) -> bytes:
    """Put a message into an envelope; its own XML declaration, if it has one, goes."""
    before, after = ENVELOPES[kind].encode().split(b"{}")
    return before + message[message.index(b"?>") + 2 if message.startswith(b"<?xml ") else 0 :] + after


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
