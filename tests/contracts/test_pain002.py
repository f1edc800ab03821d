"""An answer to a payment file is a valid pain.002: what is written is read back by the schema's own classes."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from typing import Any, Final

import msgspec
import pytest
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

from contracts.iso20022.pain001 import PaymentFile, read_pain001
from contracts.iso20022.pain002 import (
    ANSWER_TO,
    InstructionReport,
    PaymentReport,
    StatusReason,
    TransactionReport,
    WrongStatus,
    report_on,
    write_pain002,
)
from tests.contracts.bank_samples import sample

UETR: Final = "eb6305c9-1f7c-4a9b-9b1e-2c2f4e7a91d4"
REPORT: Final = PaymentReport(
    message_id="R-1",
    created_at=datetime(2026, 11, 16, 10, tzinfo=UTC),
    original_message="pain.001.001.09",
    original_message_id="M-1",
    original_count=3,
    group_status="PART",
    instructions=(
        InstructionReport(
            payment_info_id="P-1",
            status="PART",
            transactions=(
                TransactionReport(end_to_end_id="E-1", instruction_id="I-1", uetr=UETR, status="ACSC"),
                TransactionReport(end_to_end_id="E-2", status="RCVD"),
                TransactionReport(
                    end_to_end_id="E-3",
                    status="RJCT",
                    reasons=(StatusReason(code="AC04", additional="Account <closed> & gone. " * 10),),
                ),
            ),
        ),
        InstructionReport(payment_info_id="P-2", status="RJCT", reasons=(StatusReason(code="AM04"),)),
    ),
)


def read_back(body: bytes, name: str) -> Any:
    module = import_module("pyiso20022.pain." + name.replace(".", "_"))
    strict = ParserConfig(fail_on_unknown_properties=True, fail_on_unknown_attributes=True)
    return XmlParser(config=strict).from_bytes(body, module.Document).cstmr_pmt_sts_rpt


@pytest.mark.parametrize("original", ANSWER_TO)
def test_what_is_written_is_read_back(original: str) -> None:
    body = write_pain002(msgspec.structs.replace(REPORT, original_message=original))
    report = read_back(body, ANSWER_TO[original])
    is_old = original == "pain.001.001.03"
    assert f"urn:iso:std:iso:20022:tech:xsd:{ANSWER_TO[original]}".encode() in body
    assert report.grp_hdr.msg_id == "R-1"
    group = report.orgnl_grp_inf_and_sts
    assert (group.orgnl_msg_id, group.orgnl_msg_nm_id, group.orgnl_nb_of_txs) == ("M-1", original, "3")
    first, second = report.orgnl_pmt_inf_and_sts
    statuses = [getattr(entry.tx_sts, "value", entry.tx_sts) for entry in first.tx_inf_and_sts]
    assert statuses == ["ACSC", "PDNG" if is_old else "RCVD", "RJCT"]
    if not is_old:
        assert [entry.orgnl_uetr for entry in first.tx_inf_and_sts] == [UETR, None, None]
    reason = first.tx_inf_and_sts[2].sts_rsn_inf[0]
    assert reason.rsn.cd == "AC04"
    assert "".join(reason.addtl_inf) == "Account <closed> & gone. " * 10
    assert all(len(line) <= 105 for line in reason.addtl_inf)
    assert second.sts_rsn_inf[0].rsn.cd == "AM04"


def test_a_report_begins_with_the_names_of_its_file() -> None:
    file = read_pain001(sample("cross-river-rtp.pain.001.001.03.xml"))
    assert isinstance(file, PaymentFile)
    report = report_on(file, message_id="R-2", created_at=REPORT.created_at, group_status="ACTC", instructions=())
    written = read_back(write_pain002(report), "pain.002.001.03")
    assert written.orgnl_grp_inf_and_sts.orgnl_msg_id == "DOMT11234562"
    assert written.orgnl_grp_inf_and_sts.grp_sts.value == "ACTC"


def test_an_unknown_status_is_never_written() -> None:
    with pytest.raises(WrongStatus):
        write_pain002(msgspec.structs.replace(REPORT, group_status="DONE"))
