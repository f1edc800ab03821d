"""The end-of-day statement of our account at the simulated bank, as camt.053.001.08: opening, lines, closing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from xml.sax.saxutils import escape

from cli.simulators.bank_books import BankTerms, Movement
from contracts.currencies import SCALE_OF_CURRENCY
from contracts.iso20022.writing import NAMESPACE_PREFIX, time_text
from contracts.money import text_of

STATEMENT: Final = "camt.053.001.08"

# Bank transaction codes of ISO 20022: domain PMNT, family and sub-family by kind of movement.
_CODES: Final = {
    "payment": ("IRCT", "ESCT"),  # issued real-time credit transfer
    "incoming": ("RRCT", "ESCT"),  # received real-time credit transfer
    "return": ("IRCT", "RRTN"),  # reimbursement of an issued one
}


def render_statement(
    terms: BankTerms, day: date, currency: str, *, opening_minor: int, movements: Sequence[Movement]
) -> bytes:
    """Write the statement of one day. It is a function of its arguments: asked again, it is the same bytes."""
    scale = SCALE_OF_CURRENCY.get(currency)
    if scale is None:
        raise ValueError("currency is not an ISO 4217 code")
    closing_minor = opening_minor + sum(one.amount_minor for one in movements)
    closed_at = time_text(datetime.combine(day, time(), UTC) + timedelta(days=1))
    name = f"STMT-{day:%Y%m%d}-{currency}"
    entries = "".join(_entry(one, scale) for one in movements)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{NAMESPACE_PREFIX}{STATEMENT}">'
        f"<BkToCstmrStmt><GrpHdr><MsgId>{name}</MsgId><CreDtTm>{closed_at}</CreDtTm></GrpHdr>"
        f"<Stmt><Id>{name}</Id><ElctrncSeqNb>{day.toordinal()}</ElctrncSeqNb><CreDtTm>{closed_at}</CreDtTm>"
        f"<Acct><Id><IBAN>{terms.nostro_iban}</IBAN></Id><Ccy>{currency}</Ccy>"
        f"<Svcr><FinInstnId><BICFI>{terms.bic}</BICFI></FinInstnId></Svcr></Acct>"
        f"{_balance('OPBD', opening_minor, currency, scale, day)}"
        f"{_balance('CLBD', closing_minor, currency, scale, day)}"
        f"{entries}</Stmt></BkToCstmrStmt></Document>\n"
    ).encode()


def _entry(one: Movement, scale: int) -> str:
    family, sub_family = _CODES[one.kind]
    text = f"<RmtInf><Ustrd>{escape(one.remittance)}</Ustrd></RmtInf>" if one.remittance else ""
    amount = _amount(one.amount_minor, one.currency, scale)
    day = f"<Dt>{one.booked_on}</Dt>"
    party = "Dbtr" if one.kind == "incoming" else "Cdtr"
    return (
        f"<Ntry><NtryRef>{one.reference}</NtryRef>{amount}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt>{day}</BookgDt><ValDt>{day}</ValDt><AcctSvcrRef>{one.reference}</AcctSvcrRef>"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd><SubFmlyCd>{sub_family}</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs><InstrId>{one.instruction_id}</InstrId>"
        f"<EndToEndId>{one.end_to_end_id}</EndToEndId><UETR>{one.uetr}</UETR></Refs>{amount}"
        f"<RltdPties><{party}><Pty><Nm>{escape(one.counterparty_name)}</Nm></Pty></{party}>"
        f"<{party}Acct><Id><IBAN>{one.counterparty_iban}</IBAN></Id></{party}Acct></RltdPties>{text}"
        f"</TxDtls></NtryDtls></Ntry>"
    )


def _balance(code: str, amount_minor: int, currency: str, scale: int, day: date) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(amount_minor, currency, scale)}"
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _amount(amount_minor: int, currency: str, scale: int) -> str:
    side = "DBIT" if amount_minor < 0 else "CRDT"
    text = text_of(abs(amount_minor), scale=scale)
    return f'<Amt Ccy="{currency}">{text}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
