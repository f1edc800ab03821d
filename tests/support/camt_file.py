"""A camt.053 file made to order, as a bank would write it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from projectors.reconciliation.matching.items import OpenLine

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
IBAN = "DE89370400440532013000"
OTHER_IBAN = "DE75512108001245126199"


def camt_file(
    lines: Sequence[OpenLine], *, statement_id: str, opening_minor: int, day: date, currency: str = "EUR"
) -> bytes:
    """One statement with these lines; its closing balance is what they come to."""
    closing_minor = opening_minor + sum(line.amount_minor for line in lines)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{NAMESPACE}"><BkToCstmrStmt><GrpHdr>'
        f"<MsgId>M-{statement_id}</MsgId><CreDtTm>{day}T20:00:00Z</CreDtTm></GrpHdr><Stmt><Id>{statement_id}</Id>"
        f"<Acct><Id><IBAN>{IBAN}</IBAN></Id><Ccy>{currency}</Ccy></Acct>"
        + _balance("OPBD", opening_minor, day, currency)
        + _balance("CLBD", closing_minor, day, currency)
        + "".join(_entry(line) for line in lines)
        + "</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def _money(amount_minor: int, currency: str) -> str:
    whole, minor = divmod(abs(amount_minor), 100)
    direction = "CRDT" if amount_minor >= 0 else "DBIT"
    return f'<Amt Ccy="{currency}">{whole}.{minor:02}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'


def _balance(kind: str, amount_minor: int, day: date, currency: str) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>{_money(amount_minor, currency)}"
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(line: OpenLine) -> str:
    """The first reference is the end-to-end id; the counterparty's token stands for its name."""
    party, account = ("Dbtr", "DbtrAcct") if line.amount_minor >= 0 else ("Cdtr", "CdtrAcct")
    end_to_end = f"<Refs><EndToEndId>{line.references[0]}</EndToEndId></Refs>" if line.references else ""
    parties = ""
    if line.counterparty is not None:
        other = f"<Id><Othr><Id>{line.counterparty}</Id></Othr></Id>"
        parties = f"<RltdPties><{party}><Pty><Nm>{line.counterparty}</Nm></Pty></{party}><{account}>{other}</{account}>"
        parties += "</RltdPties>"
    text = f"<RmtInf><Ustrd>{line.text}</Ustrd></RmtInf>" if line.text else ""
    return (
        f"<Ntry>{_money(line.amount_minor, line.currency)}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{line.booked_on}</Dt></BookgDt><ValDt><Dt>{line.booked_on}</Dt></ValDt>"
        f"<NtryDtls><TxDtls>{end_to_end}{parties}{text}</TxDtls></NtryDtls></Ntry>"
    )
