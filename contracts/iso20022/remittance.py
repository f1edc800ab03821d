"""What a payment is for (RmtInf): free text, and structured references to documents and to the creditor's number."""

from typing import Any, Final
from xml.etree.ElementTree import Element

from msgspec import Struct

from contracts.file_refusals import FileRefusalCode, wrong
from contracts.iso20022.parties import Party, read_party
from contracts.iso20022.shapes import Group, Leaf, Notes, Shape, read_shape, text_of_leaf
from contracts.written_amounts import written_minor


class WrittenAmount(Struct, frozen=True):
    """An amount exactly as the file has it: unsigned decimal text and ISO 4217 code; checked against its scale."""

    value: str
    currency: str

    @property
    def minor(self) -> int:
        """In minor units."""
        return written_minor(self.value, currency=self.currency)


class ReferredDocument(Struct, frozen=True, kw_only=True):
    """An invoice or other document that is paid: its type's code, number and date as written."""

    document_type: str | None = None
    issuer: str | None = None
    number: str | None = None
    dated: str | None = None


class ReferredAmount(Struct, frozen=True, kw_only=True):
    """An amount of the documents: ``kind`` is ISO's element (DuePyblAmt, RmtdAmt, TaxAmt, AdjstmntAmtAndRsn, ...)."""

    kind: str
    amount: WrittenAmount
    reason: str | None = None
    direction: str | None = None
    detail: str | None = None


class StructuredRemittance(Struct, frozen=True, kw_only=True):
    """One Strd: documents, their amounts, the creditor's reference (ISO 11649 RF, QRR, ...), parties, more text."""

    documents: tuple[ReferredDocument, ...] = ()
    amounts: tuple[ReferredAmount, ...] = ()
    creditor_reference: str | None = None
    creditor_reference_type: str | None = None
    creditor_reference_issuer: str | None = None
    invoicer: Party | None = None
    invoicee: Party | None = None
    additional: tuple[str, ...] = ()


class Remittance(Struct, frozen=True, kw_only=True):
    """RmtInf: lines of free text and structured parts."""

    unstructured: tuple[str, ...] = ()
    structured: tuple[StructuredRemittance, ...] = ()


def read_amount(element: Element, where: str, _: Notes) -> WrittenAmount:
    """Read an amount with its currency attribute; zero is refused by whoever may not have it. Raises Unreadable."""
    currency = element.get("Ccy")
    if currency is None:
        raise wrong(FileRefusalCode.MISSING_ELEMENT, "the amount has no Ccy attribute", where)
    text = text_of_leaf(element, 24, where) or ""
    written_minor(text, currency=currency, where=where)
    return WrittenAmount(text, currency)


_DOCUMENT: Final = Shape(
    leaves={
        "Tp/CdOrPrtry/Cd": Leaf("document_type"),
        "Tp/CdOrPrtry/Prtry": Leaf("document_type"),
        "Tp/Issr": Leaf("issuer"),
        "Nb": Leaf("number"),
        "RltdDt": Leaf("dated"),
        "RltdDt/Dt": Leaf("dated"),
    },
    ignored={
        "LineDtls": "single lines of an invoice; the invoice is named and its amounts are kept",
        "RltdDt/Tp": "which of an invoice's dates it is; the date is kept",
    },
)


def _read_document(element: Element, where: str, notes: Notes) -> ReferredDocument:
    # .03 and .09 write the date itself into RltdDt, later versions an element inside it.
    return ReferredDocument(**read_shape(element, _DATED_INSIDE if element.find("RltdDt/*") is not None else _DOCUMENT,
                                         where, notes))  # fmt: skip


_DATED_INSIDE: Final = Shape(
    leaves={path: leaf for path, leaf in _DOCUMENT.leaves.items() if path != "RltdDt"}, ignored=_DOCUMENT.ignored
)
_TYPED_AMOUNT: Final = Shape(
    leaves={
        "Tp/Cd": Leaf("reason"),
        "Tp/Prtry": Leaf("reason"),
        "Rsn": Leaf("reason"),
        "CdtDbtInd": Leaf("direction", 4),
        "AddtlInf": Leaf("detail", 140),
    },
    groups={"Amt": Group("amount", read_amount)},
)
_AMOUNT_KINDS: Final = ("DuePyblAmt", "DscntApldAmt", "CdtNoteAmt", "TaxAmt", "AdjstmntAmtAndRsn", "RmtdAmt")


def _amount_group(kind: str) -> Group:
    def read(element: Element, where: str, notes: Notes) -> ReferredAmount:
        if not len(element):
            return ReferredAmount(kind=kind, amount=read_amount(element, where, notes))
        fields = read_shape(element, _TYPED_AMOUNT, where, notes)
        if "amount" not in fields:
            raise wrong(FileRefusalCode.MISSING_ELEMENT, "Amt is missing", where)
        return ReferredAmount(kind=kind, **fields)

    return Group("amounts", read, many=True)


_STRUCTURED: Final = Shape(
    leaves={
        "CdtrRefInf/Tp/CdOrPrtry/Cd": Leaf("creditor_reference_type"),
        "CdtrRefInf/Tp/CdOrPrtry/Prtry": Leaf("creditor_reference_type"),
        "CdtrRefInf/Tp/Issr": Leaf("creditor_reference_issuer"),
        "CdtrRefInf/Ref": Leaf("creditor_reference"),
        "AddtlRmtInf": Leaf("additional", 140, many=True),
    },
    groups={
        "RfrdDocInf": Group("documents", _read_document, many=True),
        **{f"RfrdDocAmt/{kind}": _amount_group(kind) for kind in _AMOUNT_KINDS},
        "Invcr": Group("invoicer", read_party),
        "Invcee": Group("invoicee", read_party),
    },
    unsupported={
        "TaxRmt": "tax payments with their own records are not read",
        "GrnshmtRmt": "garnishment payments with their own records are not read",
    },
)


def _read_structured(element: Element, where: str, notes: Notes) -> StructuredRemittance:
    return StructuredRemittance(**read_shape(element, _STRUCTURED, where, notes))


_REMITTANCE: Final = Shape(
    leaves={"Ustrd": Leaf("unstructured", 140, many=True)},
    groups={"Strd": Group("structured", _read_structured, many=True)},
)


def read_remittance(element: Element, where: str, notes: Notes) -> Remittance:
    """Read a RmtInf. Raises Unreadable."""
    return Remittance(**read_shape(element, _REMITTANCE, where, notes))


IGNORED_OF_REMITTANCE: Final[dict[str, Any]] = {"document": _DOCUMENT.ignored}
