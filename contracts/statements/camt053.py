"""camt.053, the bank's statement in ISO 20022: BankToCustomerStatement, versions .02 and .08, many statements per file.

Signs: CdtDbtInd CRDT is money in, DBIT money out, and that is the direction of the entry as it was booked. RvslInd only
adds that the entry takes an earlier one back; it never turns the sign (ISO 20022: "if CRDT and RvslInd true, the
original entry was a debit"). Balances of DBIT are negative.

Opening is OPBD, else PRCD, else the first ITBD (a later page); closing is CLBD, else the last ITBD. A bank that prints
available balances only is taken at those (OPAV and CLAV), never at one of each kind.

BookgDt may be absent; an entry is then taken as booked on its value date, as in MT940 when it has no entry date.

Statements carry far more than a ledger asks for, so the tables here are lenient: what they do not name is left aside.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final
from xml.etree.ElementTree import Element

from msgspec import Struct

from contracts.file_refusals import FileRefusal, FileRefusalCode, Unreadable, quoted, wrong
from contracts.iso20022.reading import XmlLimits, namespaces_of, read_message
from contracts.iso20022.shapes import Group, Leaf, Notes, Shape, read_shape, required
from contracts.statements.statement import (
    LINES_MAX,
    STATEMENTS_MAX,
    Balance,
    BankLine,
    BankStatement,
    Counterparty,
    LineBatch,
    LineDetail,
    References,
    checked,
)
from contracts.written_amounts import written_minor

VERSIONS: Final = ("camt.053.001.02", "camt.053.001.08")
LIMITS: Final = XmlLimits(bytes_max=64 * 1024 * 1024, nodes_max=2_000_000)
_SIGNS: Final = {"CRDT": 1, "DBIT": -1}
_OPENING_KINDS: Final = ("OPBD", "PRCD", "ITBD")
_CLOSING_KINDS: Final = ("CLBD", "ITBD")


class _Money(Struct, frozen=True):
    minor: int
    currency: str


class _DetailFields(Struct, frozen=True, kw_only=True):
    """What one TxDtls says; which party is the other one is known only with the entry's sign."""

    references: References
    debtor: Counterparty
    creditor: Counterparty
    remittance: str
    money: _Money | None
    direction: str | None


def read_camt053(
    body: bytes | Iterable[bytes], *, limits: XmlLimits = LIMITS
) -> tuple[BankStatement, ...] | FileRefusal:
    """Read all statements of a file, or say why not. Never raises for what is in the file."""
    try:
        root = read_message(body, limits=limits, namespaces=namespaces_of(*VERSIONS)).root
        elements = root.findall("BkToCstmrStmt/Stmt")
        if not elements:
            raise wrong(FileRefusalCode.MISSING_ELEMENT, "Stmt is missing", "BkToCstmrStmt")
        if len(elements) > STATEMENTS_MAX:
            raise wrong(FileRefusalCode.TOO_MANY_STATEMENTS, f"{len(elements)} statements, {STATEMENTS_MAX} allowed")
        return tuple(_statement(element, f"Stmt[{nth}]") for nth, element in enumerate(elements, start=1))
    except Unreadable as error:
        return error.refusal


# ---------------------------------------------------------------- values


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _read_money(element: Element, where: str, _: Notes) -> _Money:
    currency = element.get("Ccy")
    if currency is None:
        raise wrong(FileRefusalCode.MISSING_ELEMENT, "the amount has no Ccy attribute", where)
    return _Money(written_minor(_text(element), currency=currency, where=where), currency)


def _moment(text: str, where: str) -> date | datetime:
    try:
        if "T" in text:
            return datetime.fromisoformat(text)
        return date.fromisoformat(text[:10])  # xs:date may carry a zone ("2026-11-15+01:00"), which a day does not need
    except ValueError:
        raise wrong(FileRefusalCode.BAD_DATE, f"{quoted(text)} is not a date", where) from None


def _read_moment(element: Element, where: str, _: Notes) -> date | datetime:
    return _moment(_text(element), where)


def _day(moment: date | datetime) -> date:
    """The day that the bank wrote, in the zone it wrote it in."""
    return moment.date() if isinstance(moment, datetime) else moment


def _signed(minor: int, direction: str | None, where: str) -> int:
    if direction not in _SIGNS:
        raise wrong(FileRefusalCode.BAD_VALUE, f"CdtDbtInd is {quoted(direction or '')}, not CRDT or DBIT", where)
    return _SIGNS[direction] * minor


# ---------------------------------------------------------------- transactions

_ANY_TEXT: Final = 2_048  # banks are held to what they mean, not to the length they write it in


def _leaf(field: str, *, many: bool = False) -> Leaf:
    return Leaf(field, _ANY_TEXT, many)


def _party_leaves(role: str, prefix: str) -> dict[str, Leaf]:
    """Paths of a debtor or creditor: .08 puts the party into Pty."""
    return {
        f"RltdPties/{prefix}/Nm": _leaf(f"{role}_name"),
        f"RltdPties/{prefix}/Pty/Nm": _leaf(f"{role}_name"),
        f"RltdPties/{prefix}Acct/Id/IBAN": _leaf(f"{role}_iban"),
        f"RltdPties/{prefix}Acct/Id/Othr/Id": _leaf(f"{role}_other_id"),
        f"RltdAgts/{prefix}Agt/FinInstnId/BIC": _leaf(f"{role}_bic"),
        f"RltdAgts/{prefix}Agt/FinInstnId/BICFI": _leaf(f"{role}_bic"),
    }


DETAIL: Final = Shape(
    lenient=True,
    leaves={
        "Refs/MsgId": _leaf("message_id"),
        "Refs/AcctSvcrRef": _leaf("account_servicer_ref"),
        "Refs/PmtInfId": _leaf("payment_info_id"),
        "Refs/InstrId": _leaf("instruction_id"),
        "Refs/EndToEndId": _leaf("end_to_end_id"),
        "Refs/UETR": _leaf("uetr"),
        "Refs/TxId": _leaf("transaction_id"),
        "Refs/MndtId": _leaf("mandate_id"),
        "Refs/ChqNb": _leaf("cheque_number"),
        "CdtDbtInd": _leaf("direction"),
        **_party_leaves("debtor", "Dbtr"),
        **_party_leaves("creditor", "Cdtr"),
        "RmtInf/Ustrd": _leaf("texts", many=True),
        "RmtInf/Strd/CdtrRefInf/Ref": _leaf("texts", many=True),
        "RmtInf/Strd/RfrdDocInf/Nb": _leaf("texts", many=True),
        "RmtInf/Strd/AddtlRmtInf": _leaf("texts", many=True),
        "AddtlTxInf": _leaf("additional", many=True),
    },
    groups={"Amt": Group("money", _read_money), "AmtDtls/TxAmt/Amt": Group("transaction_money", _read_money)},
)
_REFERENCE_FIELDS: Final = References.__struct_fields__
_PARTY_FIELDS: Final = Counterparty.__struct_fields__


def _read_detail(element: Element, where: str, notes: Notes) -> _DetailFields:
    fields = read_shape(element, DETAIL, where, notes)
    texts = fields.get("texts") or fields.get("additional") or ()
    return _DetailFields(
        references=References(**{name: fields[name] for name in _REFERENCE_FIELDS if name in fields}),
        debtor=_party(fields, "debtor"),
        creditor=_party(fields, "creditor"),
        remittance="\n".join(texts),
        money=fields.get("money") or fields.get("transaction_money"),
        direction=fields.get("direction"),
    )


def _party(fields: dict[str, Any], role: str) -> Counterparty:
    return Counterparty(**{name: fields.get(f"{role}_{name}") for name in _PARTY_FIELDS})


def _other_party(detail: _DetailFields, *, incoming: bool, reversal: bool, own_id: str | None) -> Counterparty | None:
    """Who is on the other side: the debtor of money that comes in, unless that is the account itself.

    In an entry that takes another back, the roles are by ISO those of the original; not every bank keeps to it, so a
    role that is empty or names this very account gives way to the other.
    """
    nobody = Counterparty()
    first, second = (detail.debtor, detail.creditor) if incoming != reversal else (detail.creditor, detail.debtor)
    for party in (first, second):
        if party != nobody and (own_id is None or own_id not in (party.iban, party.other_id)):
            return party
    return None


# ---------------------------------------------------------------- entries

ENTRY: Final = Shape(
    lenient=True,
    leaves={
        "NtryRef": _leaf("entry_ref"),
        "CdtDbtInd": _leaf("direction"),
        "RvslInd": _leaf("reversal"),
        "Sts": _leaf("status"),
        "AcctSvcrRef": _leaf("account_servicer_ref"),
        "BkTxCd/Domn/Cd": _leaf("domain"),
        "BkTxCd/Domn/Fmly/Cd": _leaf("family"),
        "BkTxCd/Domn/Fmly/SubFmlyCd": _leaf("sub_family"),
        "BkTxCd/Prtry/Cd": _leaf("own_code"),
        "AddtlNtryInf": _leaf("additional"),
    },
    groups={
        "Amt": Group("money", _read_money),
        "BookgDt/Dt": Group("booked", _read_moment),
        "BookgDt/DtTm": Group("booked", _read_moment),
        "ValDt/Dt": Group("valued", _read_moment),
        "ValDt/DtTm": Group("valued", _read_moment),
    },
)
_CODED_STATUS: Final = Shape(
    lenient=True,
    leaves={
        **{path: leaf for path, leaf in ENTRY.leaves.items() if path != "Sts"},
        "Sts/Cd": _leaf("status"),
        "Sts/Prtry": _leaf("status"),
    },
    groups=ENTRY.groups,
)
_BATCH: Final = Shape(
    lenient=True,
    leaves={"MsgId": _leaf("message_id"), "PmtInfId": _leaf("payment_info_id"), "NbOfTxs": _leaf("count")},
)


def _entry(element: Element, where: str, own_id: str | None) -> BankLine:
    notes: Notes = set()
    status = element.find("Sts")
    shape = _CODED_STATUS if status is not None and len(status) else ENTRY  # .08 has Sts/Cd, .02 the code itself
    fields = read_shape(element, shape, where, notes)
    if "valued" in fields:
        fields.setdefault("booked", fields["valued"])
    required(fields, {"money": "Amt", "direction": "CdtDbtInd", "status": "Sts", "booked": "BookgDt"}, where)
    money: _Money = fields["money"]
    amount_minor = _signed(money.minor, fields["direction"], where)
    reversal = fields.get("reversal") in {"true", "1"}
    details = [
        _read_detail(found, f"{where}/TxDtls[{nth}]", notes)
        for nth, found in enumerate(element.findall("NtryDtls/TxDtls"), start=1)
    ]
    lines = tuple(_line_detail(detail, fields["direction"], money, reversal, own_id) for detail in details)
    only = lines[0] if len(lines) == 1 else LineDetail()
    return BankLine(
        amount_minor=amount_minor,
        currency=money.currency,
        booked_on=_day(fields["booked"]),
        valued_on=_day(fields["valued"]) if "valued" in fields else None,
        status=fields["status"],
        reversal=reversal,
        code=_code(fields),
        entry_ref=fields.get("entry_ref"),
        references=_references(only.references, fields.get("account_servicer_ref")),
        counterparty=only.counterparty,
        remittance=only.remittance or fields.get("additional", ""),
        batch=_batch(element.findall("NtryDtls/Btch"), lines, where, notes),
    )


def _line_detail(
    detail: _DetailFields, entry_direction: str, entry: _Money, reversal: bool, own_id: str | None
) -> LineDetail:
    direction = detail.direction or entry_direction
    money = detail.money
    incoming = direction == "CRDT"
    same = money is not None and money.currency == entry.currency
    return LineDetail(
        amount_minor=_SIGNS.get(direction, 1) * money.minor if money is not None and same else None,
        references=detail.references,
        counterparty=_other_party(detail, incoming=incoming, reversal=reversal, own_id=own_id),
        remittance=detail.remittance,
    )


def _references(of_detail: References, account_servicer_ref: str | None) -> References:
    fields = {name: getattr(of_detail, name) for name in _REFERENCE_FIELDS}
    fields["account_servicer_ref"] = of_detail.account_servicer_ref or account_servicer_ref
    return References(**fields)


def _code(fields: dict[str, Any]) -> str | None:
    iso = [fields[name] for name in ("domain", "family", "sub_family") if name in fields]
    return "-".join(iso) if iso else fields.get("own_code")


def _batch(elements: Sequence[Element], lines: tuple[LineDetail, ...], where: str, notes: Notes) -> LineBatch | None:
    """A batch is what the bank calls one (Btch), or an entry that shows more than one transaction."""
    if not elements and len(lines) < 2:
        return None
    parts = [read_shape(element, _BATCH, f"{where}/Btch", notes) for element in elements]
    counts = [part["count"] for part in parts if "count" in part]
    if any(not count.isdecimal() for count in counts):
        raise wrong(FileRefusalCode.BAD_VALUE, "NbOfTxs is not a number", f"{where}/Btch")
    first = parts[0] if parts else {}
    return LineBatch(
        transaction_count=sum(map(int, counts)) or len(lines),
        payment_info_id=first.get("payment_info_id"),
        message_id=first.get("message_id"),
        details=lines,
    )


# ---------------------------------------------------------------- the statement

_BALANCE: Final = Shape(
    lenient=True,
    leaves={"Tp/CdOrPrtry/Cd": _leaf("kind"), "CdtDbtInd": _leaf("direction")},
    groups={
        "Amt": Group("money", _read_money),
        "Dt/Dt": Group("on", _read_moment),
        "Dt/DtTm": Group("on", _read_moment),
    },
)
STATEMENT: Final = Shape(
    lenient=True,
    leaves={
        "Id": _leaf("statement_id"),
        "ElctrncSeqNb": _leaf("electronic_sequence"),
        "LglSeqNb": _leaf("legal_sequence"),
        "Acct/Id/IBAN": _leaf("iban"),
        "Acct/Id/Othr/Id": _leaf("other_account_id"),
        "Acct/Ccy": _leaf("currency"),
    },
    groups={"FrToDt/FrDtTm": Group("from_moment", _read_moment), "FrToDt/ToDtTm": Group("to_moment", _read_moment)},
)


def _statement(element: Element, where: str) -> BankStatement:
    head = Element("Stmt")
    head.extend(child for child in element if child.tag not in {"Ntry", "Bal"})
    fields = read_shape(head, STATEMENT, where, set())
    required(fields, {"statement_id": "Id"}, where)
    own_id = fields.get("iban") or fields.get("other_account_id")
    if own_id is None:
        raise wrong(FileRefusalCode.MISSING_ELEMENT, "the account has no id", f"{where}/Acct/Id")
    entries = element.findall("Ntry")
    if len(entries) > LINES_MAX:
        raise wrong(FileRefusalCode.TOO_MANY_LINES, f"{len(entries)} entries, {LINES_MAX} allowed", where)
    opening, closing, currency = _balances(element, where, fields.get("currency"))
    statement = BankStatement(
        statement_id=fields["statement_id"],
        currency=currency,
        opening=opening,
        closing=closing,
        lines=tuple(_entry(entry, f"{where}/Ntry[{nth}]", own_id) for nth, entry in enumerate(entries, start=1)),
        iban=fields.get("iban"),
        other_account_id=fields.get("other_account_id"),
        sequence=fields.get("electronic_sequence") or fields.get("legal_sequence"),
        from_moment=fields.get("from_moment"),
        to_moment=fields.get("to_moment"),
    )
    return checked(statement, where)


def _balances(element: Element, where: str, currency: str | None) -> tuple[Balance, Balance, str]:
    """Opening and closing balance by the order of preference that the module explains, and their currency."""
    found: list[tuple[Balance, str]] = []
    for nth, balance in enumerate(element.findall("Bal"), start=1):
        place = f"{where}/Bal[{nth}]"
        fields = read_shape(balance, _BALANCE, place, set())
        if "kind" not in fields:
            continue  # a bank's own kind of balance
        required(fields, {"money": "Amt", "direction": "CdtDbtInd", "on": "Dt"}, place)
        money: _Money = fields["money"]
        signed = _signed(money.minor, fields["direction"], place)
        found.append((Balance(kind=fields["kind"], amount_minor=signed, on=_day(fields["on"])), money.currency))
    opening = _first_of(found, _OPENING_KINDS)
    closing = _first_of(found[::-1], _CLOSING_KINDS)
    if opening is None and closing is None:
        opening, closing = _first_of(found, ("OPAV",)), _first_of(found[::-1], ("CLAV",))
    if opening is None or closing is None:
        raise wrong(FileRefusalCode.MISSING_BALANCE, "it lacks an opening or a closing balance", where)
    for balance_currency in (opening[1], closing[1]):
        if balance_currency != (currency or opening[1]):
            raise wrong(
                FileRefusalCode.CURRENCY_MISMATCH,
                f"a balance is in {balance_currency}, the account in {currency or opening[1]}",
                where,
            )
    return opening[0], closing[0], currency or opening[1]


def _first_of(found: Sequence[tuple[Balance, str]], kinds: Iterable[str]) -> tuple[Balance, str] | None:
    return next((pair for kind in kinds for pair in found if pair[0].kind == kind), None)
