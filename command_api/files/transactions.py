"""A transaction of a payment file as a payment of this ledger, or why it is none. Pure.

What a rail here cannot carry refuses the transaction, never silently: third parties (ultimate debtor and creditor),
charges that are not shared, references to documents. Purpose, UETR and the sender's own ids go along as metadata.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from contracts.commands import InitiatePayment
from contracts.currencies import SCALE_OF_CURRENCY
from contracts.iban import check_bic, check_iban
from contracts.iso20022.pain001 import CreditTransfer, PaymentFile, PaymentInstruction
from contracts.iso20022.parties import PostalAddress
from contracts.iso20022.remittance import Remittance
from contracts.money import text_of
from contracts.payment_codes import RailName
from contracts.rejections import Rejection
from ledger.domain.payment_files import UnpayableTransaction

INSTANT: Final = "INST"
SHARED_CHARGES: Final = frozenset({None, "SLEV", "SHAR"})
REMITTANCE_CHARS_MAX: Final = 140


class Line(Struct, frozen=True, kw_only=True):
    """A transaction with where it stands in its file (from 1), and the IBANs in it that are some."""

    info_no: int
    number: int
    info: PaymentInstruction
    transaction: CreditTransfer
    debtor_iban: str | None
    creditor_iban: str | None

    @property
    def place(self) -> str:
        """Where it stands, and what its sender calls it: the same for the same file."""
        return f"{self.info_no}.{self.number}:{self.info.payment_info_id}:{self.transaction.end_to_end_id}"


def lines_of(file: PaymentFile) -> list[Line]:
    """All transactions, in order, their IBANs checked."""
    return list(_lines(file))


def _lines(file: PaymentFile) -> Iterator[Line]:
    for info_no, info in enumerate(file.instructions, start=1):
        debtor_iban = _iban(info.debtor_account.iban)
        for number, transaction in enumerate(info.transactions, start=1):
            yield Line(
                info_no=info_no,
                number=number,
                info=info,
                transaction=transaction,
                debtor_iban=debtor_iban,
                creditor_iban=_iban(transaction.creditor_account.iban),
            )


def _iban(text: str | None) -> str | None:
    checked = None if text is None else check_iban(text)
    return checked if isinstance(checked, str) else None


def payment_of(line: Line, *, accounts: Mapping[str, str], file_id: str) -> InitiatePayment | UnpayableTransaction:
    """The payment that a transaction asks for. ``accounts``: account by IBAN, of the IBANs of this institution."""
    transaction = line.transaction
    if line.creditor_iban is None:
        return _unpayable(Rejection.CREDITOR_IBAN_INVALID, "the creditor's account is not a valid IBAN")
    debtor_account_id = None if line.debtor_iban is None else accounts.get(line.debtor_iban)
    if debtor_account_id is None:
        return _unpayable(Rejection.DEBTOR_ACCOUNT_UNKNOWN, "no account of this ledger has the debtor's IBAN")
    unsupported = _unsupported(line)
    if unsupported is not None:
        return _unpayable(Rejection.TRANSACTION_NOT_SUPPORTED, unsupported)
    fields: dict[str, Any] = {
        "debtor_account_id": debtor_account_id,
        "instructed_amount": _amount(transaction),
        "end_to_end_id": transaction.end_to_end_id,
        "remittance_information": _remittance(transaction.remittance),
        "requested_execution_date": _day(line.info.requested_on).isoformat(),
        "metadata": _metadata(line, file_id),
    }
    inside = accounts.get(line.creditor_iban)
    if inside is not None:
        fields |= {"payment_type": "book_transfer", "creditor_account_id": inside}
    else:
        bic = None if transaction.creditor_agent is None else transaction.creditor_agent.bic
        if bic is not None and not isinstance(check_bic(bic), str):
            return _unpayable(Rejection.CREDITOR_BIC_INVALID, "the creditor's bank is not named by a valid BIC")
        creditor: dict[str, Any] = {"name": transaction.creditor.name, "iban": line.creditor_iban, "bic": bic}
        if transaction.creditor.address is not None:
            creditor["address"] = _address(transaction.creditor.address)
        fields |= {"payment_type": "credit_transfer", "rail": _rail(line), "creditor": creditor}
    try:
        return msgspec.convert(fields, InitiatePayment)
    except msgspec.ValidationError as error:
        return _unpayable(Rejection.TRANSACTION_INVALID, str(error))


def _unpayable(rejection: Rejection, detail: str) -> UnpayableTransaction:
    return UnpayableTransaction(rejection=rejection, detail=detail)


def _unsupported(line: Line) -> str | None:
    """What of a transaction no rail here carries."""
    info, transaction = line.info, line.transaction
    if transaction.ultimate_creditor or transaction.ultimate_debtor or info.ultimate_debtor:
        return "payments on behalf of others (UltmtDbtr, UltmtCdtr) are not made here"
    if (transaction.charge_bearer or info.charge_bearer) not in SHARED_CHARGES:
        return "charges are shared (SLEV, SHAR); DEBT and CRED are not offered"
    remittance = transaction.remittance
    if remittance is not None:
        for part in remittance.structured:
            if part.documents or part.amounts or part.invoicer or part.invoicee or part.additional:
                return "of structured remittance only the creditor's reference is carried"
        if len(_remittance(remittance) or "") > REMITTANCE_CHARS_MAX:
            return f"remittance information is longer than {REMITTANCE_CHARS_MAX} characters"
    return None


def _remittance(remittance: Remittance | None) -> str | None:
    """The free text, then the creditor's references."""
    if remittance is None:
        return None
    references = (part.creditor_reference for part in remittance.structured)
    return " ".join((*remittance.unstructured, *(one for one in references if one is not None))) or None


def _amount(transaction: CreditTransfer) -> dict[str, str]:
    """The amount with exactly its currency's decimal places."""
    amount = transaction.amount
    return {"currency": amount.currency, "value": text_of(amount.minor, scale=SCALE_OF_CURRENCY[amount.currency])}


def _day(requested_on: date | datetime) -> date:
    return requested_on.date() if isinstance(requested_on, datetime) else requested_on


def _rail(line: Line) -> RailName:
    """Instant where the transaction, or else its instruction, asks for it."""
    kind = line.transaction.payment_type or line.info.payment_type
    return "sct_inst" if kind is not None and kind.local_instrument == INSTANT else "file"


def _address(address: PostalAddress) -> dict[str, Any]:
    """The address as payments carry it; parts that they have no field for go into its free lines."""
    rest = (address.department, address.sub_department, address.building_name, address.floor, address.unit,
            address.post_box, address.room, address.town_location, address.district, address.country_subdivision,
            address.care_of)  # fmt: skip
    lines = [*address.lines, *(part for part in rest if part is not None)]
    return {
        "town_name": address.town,
        "country": address.country,
        "street_name": address.street,
        "building_number": address.building_number,
        "post_code": address.post_code,
        "address_lines": lines,
    }


def _metadata(line: Line, file_id: str) -> dict[str, str]:
    transaction = line.transaction
    kind = transaction.payment_type or line.info.payment_type
    given = {
        "payment_file": file_id,
        "payment_info_id": line.info.payment_info_id,
        "instruction_id": transaction.instruction_id,
        "uetr": transaction.uetr,
        "purpose": transaction.purpose,
        "category_purpose": None if kind is None else kind.category_purpose,
    }
    return {name: value for name, value in given.items() if value is not None}


def ibans_in(lines: Sequence[Line]) -> set[str]:
    """Every valid IBAN that a file names."""
    return {iban for line in lines for iban in (line.debtor_iban, line.creditor_iban) if iban is not None}
