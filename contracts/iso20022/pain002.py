"""pain.002, the answer to a payment file: CustomerPaymentStatusReport, .03 (to a .03) and .10 (to .09 and .11).

A report answers the group, each payment instruction, and each transaction, with ISO's status and, where refused, reason
codes.
Written with pyiso20022's classes, so element order and names are the schema's. They are imported on the first report.
"""

from collections.abc import Iterable
from datetime import datetime
from importlib import import_module
from typing import Any, Final

from msgspec import Struct

from contracts.iso20022.pain001 import PaymentFile

STATUSES: Final = frozenset({"RCVD", "ACTC", "PDNG", "ACSP", "ACSC", "RJCT", "PART", "ACCP", "ACWC"})
ANSWER_TO: Final = {
    "pain.001.001.03": "pain.002.001.03",
    "pain.001.001.09": "pain.002.001.10",
    "pain.001.001.11": "pain.002.001.10",
}
_CLASSES: Final = {
    "pain.002.001.03": {
        "module": "pyiso20022.pain.pain_002_001_03",
        "report": "CustomerPaymentStatusReportV03",
        "header": "GroupHeader36",
        "group": "OriginalGroupInformation20",
        "info": "OriginalPaymentInformation1",
        "transaction": "PaymentTransactionInformation25",
        "reason": "StatusReasonInformation8",
    },
    "pain.002.001.10": {
        "module": "pyiso20022.pain.pain_002_001_10",
        "report": "CustomerPaymentStatusReportV10",
        "header": "GroupHeader86",
        "group": "OriginalGroupHeader17",
        "info": "OriginalPaymentInstruction32",
        "transaction": "PaymentTransaction105",
        "reason": "StatusReasonInformation12",
    },
}
_TEXT_CHARS_MAX: Final = 105  # Max105Text of AddtlInf
# .03 knows no "received" for a single transaction; "pending" is what it says instead.
_TRANSACTION_STATUS_IN_03: Final = {"RCVD": "PDNG"}


class StatusReason(Struct, frozen=True, kw_only=True):
    """Why: ISO's external reason code (AC04, AM04, ...), and words for people."""

    code: str | None = None
    additional: str | None = None


class TransactionReport(Struct, frozen=True, kw_only=True):
    """The status of one transaction, under the names that its sender gave it."""

    end_to_end_id: str
    status: str
    instruction_id: str | None = None
    uetr: str | None = None
    reasons: tuple[StatusReason, ...] = ()
    account_servicer_ref: str | None = None


class InstructionReport(Struct, frozen=True, kw_only=True):
    """The status of a payment instruction, and of those of its transactions that are reported one by one."""

    payment_info_id: str
    status: str | None = None
    reasons: tuple[StatusReason, ...] = ()
    transactions: tuple[TransactionReport, ...] = ()


class PaymentReport(Struct, frozen=True, kw_only=True):
    """A pain.002 about one payment file. ``original_message`` is the file's message with version."""

    message_id: str
    created_at: datetime
    original_message: str
    original_message_id: str
    original_count: int | None = None
    group_status: str | None = None
    reasons: tuple[StatusReason, ...] = ()
    instructions: tuple[InstructionReport, ...] = ()


class WrongStatus(ValueError):
    """A status that pain.002 has no code for."""


def report_on(
    file: PaymentFile,
    *,
    message_id: str,
    created_at: datetime,
    group_status: str | None,
    instructions: Iterable[InstructionReport],
) -> PaymentReport:
    """Begin a report with the names and the count of the file that it answers."""
    return PaymentReport(
        message_id=message_id,
        created_at=created_at,
        original_message=file.message,
        original_message_id=file.message_id,
        original_count=file.control_count,
        group_status=group_status,
        instructions=tuple(instructions),
    )


def write_pain002(report: PaymentReport) -> bytes:
    """Write a report as XML, in the version that answers the file's. Raises WrongStatus, KeyError (unknown version)."""
    name = ANSWER_TO[report.original_message]
    writer = _Writer(name)
    document = writer.document(report)
    serializer = import_module("xsdata.formats.dataclass.serializers").XmlSerializer()
    text: str = serializer.render(document, ns_map={None: f"urn:iso:std:iso:20022:tech:xsd:{name}"})
    return text.encode()


class _Writer:
    """Fills the classes of one version. The field names are the same in both; types and a few fields differ."""

    def __init__(self, name: str) -> None:
        classes = _CLASSES[name]
        module = import_module(classes["module"])
        self._is_old = name == "pain.002.001.03"
        self._document = module.Document
        self._reason_choice = module.StatusReason6Choice
        self._class = {part: getattr(module, title) for part, title in classes.items() if part != "module"}
        # .03 has closed lists of statuses, .10 takes any code of an external list.
        self._group_code = module.TransactionGroupStatus3Code if self._is_old else str
        self._transaction_code = module.TransactionIndividualStatus3Code if self._is_old else str
        self._moment = import_module("xsdata.models.datatype").XmlDateTime

    def document(self, report: PaymentReport) -> Any:
        return self._document(
            cstmr_pmt_sts_rpt=self._class["report"](
                grp_hdr=self._class["header"](
                    msg_id=report.message_id, cre_dt_tm=self._moment.from_datetime(report.created_at)
                ),
                orgnl_grp_inf_and_sts=self._class["group"](
                    orgnl_msg_id=report.original_message_id,
                    orgnl_msg_nm_id=report.original_message,
                    orgnl_nb_of_txs=None if report.original_count is None else str(report.original_count),
                    grp_sts=self._status(report.group_status, self._group_code),
                    sts_rsn_inf=self._reasons(report.reasons),
                ),
                orgnl_pmt_inf_and_sts=[self._info(info) for info in report.instructions],
            )
        )

    def _info(self, info: InstructionReport) -> Any:
        return self._class["info"](
            orgnl_pmt_inf_id=info.payment_info_id,
            pmt_inf_sts=self._status(info.status, self._group_code),
            sts_rsn_inf=self._reasons(info.reasons),
            tx_inf_and_sts=[self._transaction(transaction) for transaction in info.transactions],
        )

    def _transaction(self, transaction: TransactionReport) -> Any:
        status = transaction.status
        if self._is_old:
            status = _TRANSACTION_STATUS_IN_03.get(status, status)
        uetr = {} if self._is_old or transaction.uetr is None else {"orgnl_uetr": transaction.uetr}
        return self._class["transaction"](
            orgnl_instr_id=transaction.instruction_id,
            orgnl_end_to_end_id=transaction.end_to_end_id,
            tx_sts=self._status(status, self._transaction_code),
            sts_rsn_inf=self._reasons(transaction.reasons),
            acct_svcr_ref=transaction.account_servicer_ref,
            **uetr,
        )

    def _status(self, status: str | None, code: Any) -> Any:
        if status is not None and status not in STATUSES:
            raise WrongStatus(f"{status!r} is not one of {', '.join(sorted(STATUSES))}")
        return None if status is None else code(status)

    def _reasons(self, reasons: Iterable[StatusReason]) -> list[Any]:
        return [
            self._class["reason"](
                rsn=None if reason.code is None else self._reason_choice(cd=reason.code),
                addtl_inf=_cut(reason.additional or ""),
            )
            for reason in reasons
        ]


def _cut(text: str) -> list[str]:
    """Words of any length as lines of the length that AddtlInf allows."""
    return [text[start : start + _TEXT_CHARS_MAX] for start in range(0, len(text), _TEXT_CHARS_MAX)]
