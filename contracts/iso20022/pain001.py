"""pain.001, the customer's payment file: CustomerCreditTransferInitiation, versions .03, .09 and .11.

Nothing of amount, party or reference is lost: what the tables below do not name refuses the file (see shapes.py), and
what they ignore is listed with the reason and reported in ``PaymentFile.ignored``. Sums and counts are checked at both
levels before anything is handed out. IBANs and BICs are kept as written: a wrong one is a reason to reject one payment,
not the file (contracts/iban.py checks them). Amounts stay the text they are; `WrittenAmount.minor` gives minor units.

Source: ISO 20022 message definitions; EPC132-08 (SEPA customer-to-bank guidelines) for what a credit transfer needs.
"""

import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import partial
from typing import Any, Final
from xml.etree.ElementTree import Element

from msgspec import Struct

from contracts.file_refusals import FileRefusal, FileRefusalCode, Unreadable, quoted, wrong
from contracts.iso20022.parties import Agent, BankAccount, Party, read_account, read_agent, read_party
from contracts.iso20022.reading import XmlLimits, namespaces_of, read_message
from contracts.iso20022.remittance import Remittance, WrittenAmount, read_amount, read_remittance
from contracts.iso20022.shapes import Group, Leaf, Notes, Shape, read_shape, required
from contracts.money import SCALE_MAX
from contracts.written_amounts import shifted_by

VERSIONS: Final = ("pain.001.001.03", "pain.001.001.09", "pain.001.001.11")
LIMITS: Final = XmlLimits(bytes_max=32 * 1024 * 1024, nodes_max=1_000_000)
_UETR: Final = re.compile(r"[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}\Z")
_COUNT: Final = re.compile(r"[0-9]{1,15}\Z")
_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
_CHARGE_BEARERS: Final = frozenset({"DEBT", "CRED", "SHAR", "SLEV"})


class PaymentType(Struct, frozen=True, kw_only=True):
    """PmtTpInf: codes as written (``SEPA``, ``INST``, ``SALA``), whether ISO's or proprietary."""

    priority: str | None = None
    service_levels: tuple[str, ...] = ()
    local_instrument: str | None = None
    category_purpose: str | None = None


class CreditTransfer(Struct, frozen=True, kw_only=True):
    """One transaction of a payment file. ``payment_type`` and ``charge_bearer`` override the payment instruction's."""

    end_to_end_id: str
    amount: WrittenAmount
    creditor: Party
    creditor_account: BankAccount
    instruction_id: str | None = None
    uetr: str | None = None
    payment_type: PaymentType | None = None
    charge_bearer: str | None = None
    creditor_agent: Agent | None = None
    ultimate_debtor: Party | None = None
    ultimate_creditor: Party | None = None
    purpose: str | None = None
    remittance: Remittance | None = None


class PaymentInstruction(Struct, frozen=True, kw_only=True):
    """A debtor's batch in a payment file. ``requested_on`` is a moment where the customer named one."""

    payment_info_id: str
    requested_on: date | datetime
    debtor: Party
    debtor_account: BankAccount
    debtor_agent: Agent
    transactions: tuple[CreditTransfer, ...]
    batch_booking: bool | None = None
    control_count: int | None = None
    control_sum: str | None = None
    payment_type: PaymentType | None = None
    ultimate_debtor: Party | None = None
    charge_bearer: str | None = None


class PaymentFile(Struct, frozen=True, kw_only=True):
    """A pain.001. ``message`` names the version; ``ignored`` lists elements that were there and are not kept."""

    message: str
    message_id: str
    created_at: datetime
    initiating_party: Party
    control_count: int
    instructions: tuple[PaymentInstruction, ...]
    control_sum: str | None = None
    ignored: tuple[str, ...] = ()


def read_pain001(body: bytes | Iterable[bytes], *, limits: XmlLimits = LIMITS) -> PaymentFile | FileRefusal:
    """Read a payment file, or say why not. Never raises for what is in the file."""
    try:
        message = read_message(body, limits=limits, namespaces=namespaces_of(*VERSIONS))
        notes: Notes = set()
        fields = read_shape(message.root, _DOCUMENT, "Document", notes)
        required(fields, _REQUIRED_OF_FILE, "Document/CstmrCdtTrfInitn")
        file = PaymentFile(message=message.name, ignored=tuple(sorted(notes)), **fields)
        _check_sums(file)
    except Unreadable as error:
        return error.refusal
    return file


# ---------------------------------------------------------------- values


def _as_text(element: Element, where: str) -> str:
    return (element.text or "").strip()


def _read_moment(element: Element, where: str, _: Notes) -> datetime:
    text = _as_text(element, where)
    try:
        if "T" in text:
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise wrong(FileRefusalCode.BAD_DATE, f"{quoted(text)} is not a date with a time", where)


def _read_day(element: Element, where: str, _: Notes) -> date:
    text = _as_text(element, where)
    try:
        if len(text) == len("2026-11-15"):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise wrong(FileRefusalCode.BAD_DATE, f"{quoted(text)} is not a date written YYYY-MM-DD", where)


def _read_requested(element: Element, where: str, notes: Notes) -> date | datetime:
    """ReqdExctnDt: the date itself in .03, Dt or DtTm inside it since .08."""
    if not len(element):
        return _read_day(element, where, notes)
    fields = read_shape(element, _REQUESTED, where, notes)
    if len(fields) != 1:
        raise wrong(FileRefusalCode.BAD_DATE, "it must hold either Dt or DtTm", where)
    value: date | datetime = fields.popitem()[1]
    return value


_REQUESTED: Final = Shape(groups={"Dt": Group("day", _read_day), "DtTm": Group("moment", _read_moment)})


def _read_count(element: Element, where: str, _: Notes) -> int:
    text = _as_text(element, where)
    if _COUNT.match(text) is None:
        raise wrong(FileRefusalCode.BAD_VALUE, f"{quoted(text)} is not a number of transactions", where)
    return int(text)


def _read_sum(element: Element, where: str, _: Notes) -> str:
    text = _as_text(element, where)
    shifted_by(text, decimals=SCALE_MAX, where=where)
    return text


def _read_boolean(element: Element, where: str, _: Notes) -> bool:
    text = _as_text(element, where)
    if text not in _BOOLEANS:
        raise wrong(FileRefusalCode.BAD_VALUE, f"{quoted(text)} is neither true nor false", where)
    return _BOOLEANS[text]


def _read_uetr(element: Element, where: str, _: Notes) -> str:
    text = _as_text(element, where)
    if _UETR.match(text) is None:
        raise wrong(FileRefusalCode.BAD_VALUE, f"{quoted(text)} is not a UETR (a version 4 UUID)", where)
    return text


def _read_one_of(element: Element, where: str, _: Notes, *, codes: frozenset[str]) -> str:
    text = _as_text(element, where)
    if text not in codes:
        raise wrong(FileRefusalCode.BAD_VALUE, f"{quoted(text)} is not one of {', '.join(sorted(codes))}", where)
    return text


def _read_positive(element: Element, where: str, notes: Notes) -> WrittenAmount:
    amount = read_amount(element, where, notes)
    if amount.minor == 0:
        raise wrong(FileRefusalCode.BAD_AMOUNT, "the amount must be above zero", where)
    return amount


_read_charge_bearer: Final = partial(_read_one_of, codes=_CHARGE_BEARERS)
_read_method: Final = partial(_read_one_of, codes=frozenset({"TRF"}))

# ---------------------------------------------------------------- the tables

_PAYMENT_TYPE: Final = Shape(
    leaves={
        "InstrPrty": Leaf("priority", 4),
        "SvcLvl/Cd": Leaf("service_levels", many=True),
        "SvcLvl/Prtry": Leaf("service_levels", many=True),
        "LclInstrm/Cd": Leaf("local_instrument"),
        "LclInstrm/Prtry": Leaf("local_instrument"),
        "CtgyPurp/Cd": Leaf("category_purpose"),
        "CtgyPurp/Prtry": Leaf("category_purpose"),
    }
)


def _read_payment_type(element: Element, where: str, notes: Notes) -> PaymentType:
    return PaymentType(**read_shape(element, _PAYMENT_TYPE, where, notes))


_CHEQUE: Final = "cheques are not paid here"
_FOREIGN: Final = "amounts to be converted are not paid here: give InstdAmt in the currency of the transfer"
_CHAIN: Final = "a chain of banks prescribed by the customer cannot be kept to"
_CHARGES: Final = "charges are always taken from the debtor's account"

TRANSACTION: Final = Shape(
    leaves={
        "PmtId/InstrId": Leaf("instruction_id"),
        "PmtId/EndToEndId": Leaf("end_to_end_id"),
        "Purp/Cd": Leaf("purpose"),
        "Purp/Prtry": Leaf("purpose"),
    },
    groups={
        "PmtId/UETR": Group("uetr", _read_uetr),
        "PmtTpInf": Group("payment_type", _read_payment_type),
        "Amt/InstdAmt": Group("amount", _read_positive),
        "ChrgBr": Group("charge_bearer", _read_charge_bearer),
        "UltmtDbtr": Group("ultimate_debtor", read_party),
        "CdtrAgt": Group("creditor_agent", read_agent),
        "Cdtr": Group("creditor", read_party),
        "CdtrAcct": Group("creditor_account", read_account),
        "UltmtCdtr": Group("ultimate_creditor", read_party),
        "RmtInf": Group("remittance", read_remittance),
    },
    ignored={
        "InstrForDbtrAgt": "free text for this bank's staff; payments here are made without any",
        "InstrForCdtrAgt": "wishes to the other bank that no rail here carries",
        "RgltryRptg": "reports to the authorities are made by the customer",
        "RltdRmtInf": "says that remittance advice is sent separately; nothing of it is here",
        "SplmtryData": "agreed between two parties, of which this bank is none",
    },
    unsupported={
        "Amt/EqvtAmt": _FOREIGN,
        "XchgRateInf": _FOREIGN,
        "ChqInstr": _CHEQUE,
        **{f"IntrmyAgt{nth}{what}": _CHAIN for nth in (1, 2, 3) for what in ("", "Acct")},
        "CdtrAgtAcct": _CHAIN,
        "MndtRltdInf": "mandates belong to direct debits",
        "Tax": "tax payments with their own records are not read",
    },
)
_REQUIRED_OF_TRANSACTION: Final = {
    "end_to_end_id": "PmtId/EndToEndId",
    "amount": "Amt/InstdAmt",
    "creditor": "Cdtr",
    "creditor_account": "CdtrAcct",
}


def _read_transaction(element: Element, where: str, notes: Notes) -> CreditTransfer:
    fields = read_shape(element, TRANSACTION, where, notes)
    required(fields, _REQUIRED_OF_TRANSACTION, where)
    if fields["creditor"].name is None:
        raise wrong(FileRefusalCode.MISSING_ELEMENT, "Cdtr/Nm is missing", f"{where}/Cdtr/Nm")
    return CreditTransfer(**fields)


INFO: Final = Shape(
    leaves={"PmtInfId": Leaf("payment_info_id")},
    groups={
        "PmtMtd": Group("method", _read_method),
        "BtchBookg": Group("batch_booking", _read_boolean),
        "NbOfTxs": Group("control_count", _read_count),
        "CtrlSum": Group("control_sum", _read_sum),
        "PmtTpInf": Group("payment_type", _read_payment_type),
        "ReqdExctnDt": Group("requested_on", _read_requested),
        "Dbtr": Group("debtor", read_party),
        "DbtrAcct": Group("debtor_account", read_account),
        "DbtrAgt": Group("debtor_agent", read_agent),
        "UltmtDbtr": Group("ultimate_debtor", read_party),
        "ChrgBr": Group("charge_bearer", _read_charge_bearer),
        "CdtTrfTxInf": Group("transactions", _read_transaction, many=True),
    },
    ignored={
        "PoolgAdjstmntDt": "for cash pooling between banks",
        "InstrForDbtrAgt": TRANSACTION.ignored["InstrForDbtrAgt"],
        "SplmtryData": TRANSACTION.ignored["SplmtryData"],
    },
    unsupported={
        "DbtrAgtAcct": _CHAIN,
        "ChrgsAcct": _CHARGES,
        "ChrgsAcctAgt": _CHARGES,
    },
)
_REQUIRED_OF_INFO: Final = {
    "payment_info_id": "PmtInfId",
    "method": "PmtMtd",
    "requested_on": "ReqdExctnDt",
    "debtor": "Dbtr",
    "debtor_account": "DbtrAcct",
    "debtor_agent": "DbtrAgt",
    "transactions": "CdtTrfTxInf",
}


def _read_info(element: Element, where: str, notes: Notes) -> PaymentInstruction:
    fields = read_shape(element, INFO, where, notes)
    required(fields, _REQUIRED_OF_INFO, where)
    del fields["method"]  # always TRF, or it would have been refused
    return PaymentInstruction(**fields)


_HEADER: Final = "CstmrCdtTrfInitn/GrpHdr/"
_DOCUMENT: Final = Shape(
    leaves={_HEADER + "MsgId": Leaf("message_id")},
    groups={
        _HEADER + "CreDtTm": Group("created_at", _read_moment),
        _HEADER + "NbOfTxs": Group("control_count", _read_count),
        _HEADER + "CtrlSum": Group("control_sum", _read_sum),
        _HEADER + "InitgPty": Group("initiating_party", read_party),
        "CstmrCdtTrfInitn/PmtInf": Group("instructions", _read_info, many=True),
    },
    ignored={
        _HEADER + "Authstn": "who may send a file is decided by its token, not by its text",
        _HEADER + "FwdgAgt": "the bank through which it came; it is here",
        _HEADER + "InitnSrc": "the program that wrote the file",
        "CstmrCdtTrfInitn/SplmtryData": TRANSACTION.ignored["SplmtryData"],
    },
)
_REQUIRED_OF_FILE: Final = {
    "message_id": "GrpHdr/MsgId",
    "created_at": "GrpHdr/CreDtTm",
    "control_count": "GrpHdr/NbOfTxs",
    "initiating_party": "GrpHdr/InitgPty",
    "instructions": "PmtInf",
}

# ---------------------------------------------------------------- sums


def _check_sums(file: PaymentFile) -> None:
    for nth, info in enumerate(file.instructions, start=1):
        _check_level(info.transactions, info.control_count, info.control_sum, f"PmtInf[{nth}]")
    every = [transaction for info in file.instructions for transaction in info.transactions]
    _check_level(every, file.control_count, file.control_sum, "GrpHdr")


def _check_level(transactions: Iterable[CreditTransfer], count: int | None, total: str | None, where: str) -> None:
    """Compare what a level says with what it holds: the sum is over all currencies, as ISO defines CtrlSum."""
    amounts = [shifted_by(transaction.amount.value, decimals=SCALE_MAX) for transaction in transactions]
    if count is not None and count != len(amounts):
        raise wrong(FileRefusalCode.WRONG_COUNT, f"NbOfTxs says {count}, there are {len(amounts)}", f"{where}/NbOfTxs")
    if total is not None and shifted_by(total, decimals=SCALE_MAX) != sum(amounts):
        raise wrong(
            FileRefusalCode.WRONG_CONTROL_SUM,
            f"CtrlSum says {total}, the amounts add up to {_unshifted(sum(amounts))}",
            f"{where}/CtrlSum",
        )


def _unshifted(shifted: int) -> str:
    whole, rest = divmod(shifted, 10**SCALE_MAX)
    return f"{whole}.{str(rest).rjust(SCALE_MAX, '0').rstrip('0').ljust(2, '0')}"


def everything_ignored() -> dict[str, dict[str, Any]]:
    """What is not kept, by the element it stands in, each with its reason. For documents and tests."""
    return {
        "file": dict(_DOCUMENT.ignored),
        "payment instruction": dict(INFO.ignored),
        "transaction": dict(TRANSACTION.ignored),
    }
