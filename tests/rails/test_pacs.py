"""Messages between banks: round trips, the schemas' generated classes as a second opinion, and hostile bytes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from pyiso20022.camt import camt_029_001_09, camt_056_001_08  # type: ignore[import-untyped]
from pyiso20022.pacs import pacs_002_001_10, pacs_004_001_09, pacs_008_001_08, pacs_028_001_03  # type: ignore[import-untyped]
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig
from xsdata.formats.dataclass.serializers import XmlSerializer

from contracts.currencies import SCALE_OF_CURRENCY
from contracts.iso20022 import pacs
from contracts.iso20022.bank_messages import read_message
from contracts.iso20022.pacs import PaymentReturn, StatusInquiry, StatusReport, WrongMessage
from contracts.iso20022.pacs_reading import (
    read_inquiries,
    read_instructions,
    read_returns,
    read_status_reports,
)
from contracts.iso20022.recalls import RecallAnswer, RecallRequest, render_recall, render_recall_answers
from contracts.iso20022.recalls_reading import read_recall_answers, read_recalls
from contracts.iso20022.transactions import DEPTH_MAX
from contracts.money import AMOUNT_MINOR_MAX
from tests.contracts.bank_samples import ENVELOPES, enveloped
from tests.rails.counterparties import ACCEPTING

NOW = datetime(2026, 11, 30, 9, 0, 0, 123_456, tzinfo=UTC)
ORIGINAL = {
    "original_instruction_id": ACCEPTING.instruction_id,
    "original_end_to_end_id": ACCEPTING.end_to_end_id,
    "original_uetr": ACCEPTING.uetr,
}
REPORT = StatusReport(message_id="S1", created_at=NOW, status="RJCT", reason_code="AC04", accepted_at=NOW, **ORIGINAL)
INQUIRY = StatusInquiry(message_id="Q1", created_at=NOW, accepted_at=NOW, **ORIGINAL)
RETURN = PaymentReturn(
    return_id="R1",
    created_at=NOW,
    original_amount_minor=12_34,
    returned_minor=12_00,
    currency="EUR",
    scale=2,
    settled_on=date(2026, 12, 1),
    reason_code="AC04",
    **ORIGINAL,
)

RECALL = RecallRequest(
    recall_id="pay_7.rcl_9",
    created_at=NOW,
    from_bic="BURSDEFF",
    amount_minor=12_34,
    currency="EUR",
    scale=2,
    settled_on=date(2026, 11, 30),
    reason_code="FRAD",
    **ORIGINAL,
)
REFUSAL = RecallAnswer(
    answer_id="A1", created_at=NOW, recall_id="pay_7.rcl_9", status="RJCR", reason_code="CUST", **ORIGINAL
)

MESSAGES: list[tuple[bytes, Any]] = [
    (pacs.render_instruction(ACCEPTING), pacs_008_001_08),
    (
        pacs.render_instructions((ACCEPTING, ACCEPTING), message_id="B1", created_at=NOW, is_instant=False),
        pacs_008_001_08,
    ),
    (pacs.render_instruction(replace(ACCEPTING, debtor_bic=None, end_to_end_id="<ä_&>")), pacs_008_001_08),
    (pacs.render_status_reports([REPORT]), pacs_002_001_10),
    (pacs.render_inquiry(INQUIRY), pacs_028_001_03),
    (pacs.render_return(RETURN), pacs_004_001_09),
    (render_recall(RECALL), camt_056_001_08),
    (render_recall_answers([REFUSAL]), camt_029_001_09),
    (render_recall_answers([replace(REFUSAL, status="ACCR", reason_code=None)]), camt_029_001_09),
]

names = st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"), exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=140,
)


def shape_of(content: bytes) -> list[tuple[str, str, dict[str, str]]]:
    """Return every element in order, with text and attributes; times and amounts in one spelling."""
    return [(one.tag, _spelt(one.text), one.attrib) for one in ElementTree.fromstring(content).iter()]


def _spelt(text: str | None) -> str:
    text = (text or "").strip()
    try:
        return datetime.fromisoformat(text).isoformat() if "T" in text and text.endswith("Z") else str(Decimal(text))
    except (ValueError, ArithmeticError):
        return text


@pytest.mark.parametrize(
    ("content", "module"), MESSAGES, ids=["008", "008-bulk", "008-odd", "002", "028", "004", "056", "029-no", "029-yes"]
)
def test_the_schema_classes_read_a_message_and_write_it_again(content: bytes, module: Any) -> None:
    """They refuse unknown elements, and write in the order of the schema."""
    parser = XmlParser(config=ParserConfig(fail_on_unknown_properties=True, fail_on_unknown_attributes=True))
    document = parser.from_bytes(content, module.Document)
    again = XmlSerializer().render(document, ns_map={None: module.Document.Meta.namespace}).encode()
    assert shape_of(again) == shape_of(content)


@given(
    amount_minor=st.integers(1, AMOUNT_MINOR_MAX),
    currency=st.sampled_from(sorted(SCALE_OF_CURRENCY)),
    debtor_name=names,
    remittance=names,
    end_to_end_id=names.map(lambda text: text[:35]),
    creditor_bic=st.sampled_from([None, "PSSTFRPP"]),
    accepted_at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),
)
def test_an_instruction_comes_back_as_it_was(amount_minor: int, currency: str, **changes: Any) -> None:
    amount = {"amount_minor": amount_minor % 10**17 + 1, "currency": currency, "scale": SCALE_OF_CURRENCY[currency]}
    one = replace(ACCEPTING, **amount, **changes)
    assert read_instructions(pacs.render_instruction(one)) == (one,)
    assert pacs.render_instruction(one) == pacs.render_instruction(one)


def test_the_other_messages_come_back_as_they_were() -> None:
    assert read_status_reports(pacs.render_status_reports([REPORT])) == (REPORT,)
    assert read_inquiries(pacs.render_inquiry(INQUIRY)) == (INQUIRY,)
    assert read_returns(pacs.render_return(RETURN)) == (RETURN,)
    assert read_recalls(render_recall(RECALL)) == (RECALL,)
    assert read_recall_answers(render_recall_answers([REFUSAL])) == (REFUSAL,)
    assert [len(read_message(content)) for content, _ in MESSAGES] == [1, 2, *[1] * 7]


@pytest.mark.parametrize("kind", ENVELOPES)
def test_in_an_envelope_a_message_says_the_same_and_two_are_refused(kind: str) -> None:
    for content, _ in MESSAGES:
        assert read_message(enveloped(content, kind)) == read_message(content)
    bare = pacs.render_status_reports([REPORT])
    with pytest.raises(WrongMessage, match="several_documents"):
        read_message(enveloped(bare + bare[bare.index(b"?>") + 2 :], kind))


@pytest.mark.parametrize(
    "change",
    [
        {"debtor_name": "a\x00b"},
        {"debtor_name": ""},
        {"debtor_name": "x" * 141},
        {"remittance": "x" * 141},
        {"instruction_id": "x" * 36},
        {"instruction_id": ""},
        {"end_to_end_id": "a\nb"},
        {"uetr": "8A562C67-CA16-48BA-B074-65581BE6F011"},
        {"uetr": "8a562c67-ca16-18ba-b074-65581be6f011"},
        {"creditor_iban": "FR14 2004"},
        {"creditor_bic": "PSST"},
        {"amount_minor": 0},
        {"amount_minor": -1},
        {"amount_minor": AMOUNT_MINOR_MAX + 1},
        {"currency": "eur"},
        {"accepted_at": datetime(2026, 11, 30)},
    ],
)
def test_a_field_that_breaks_its_rule_is_not_rendered(change: dict[str, Any]) -> None:
    with pytest.raises(WrongMessage):
        pacs.render_instruction(replace(ACCEPTING, **change))


@pytest.mark.parametrize("text", ["12.340", "12.3400", "12.34"])
def test_trailing_zeros_do_not_matter(text: str) -> None:
    content = pacs.render_instruction(ACCEPTING).replace(b">12.34<", f">{text}<".encode())
    assert read_instructions(content)[0].amount_minor == 12_34


@pytest.mark.parametrize(
    "text", ["12.345", "-1.00", "1e3", "NaN", "", "1,00", "٣.00", "0x10", "+1", "1.", ".5", "00.10", "0.00", "9" * 19]
)
def test_what_is_no_amount_is_refused(text: str) -> None:
    content = pacs.render_instruction(ACCEPTING).replace(b">12.34<", f">{text}<".encode())
    with pytest.raises(WrongMessage):
        read_instructions(content)


CONTENT = pacs.render_status_reports([REPORT])
DEEP = b"".join([CONTENT.partition(b"<FIToFI")[0], b"<a>" * (DEPTH_MAX + 1)])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<",
        b"\xff\xfe<\x00",
        b"{}",
        CONTENT[: len(CONTENT) // 2],
        CONTENT.replace(b"<Document", b"<!DOCTYPE d [<!ENTITY a 'x'>]><Document", 1),
        CONTENT.replace(b"<Document", b"<!doctype d SYSTEM 'file:///etc/hostname'><Document", 1),
        CONTENT.replace(b'encoding="UTF-8"', b'encoding="UTF-7"'),
        CONTENT.replace(b"pacs.002.001.10", b"pacs.002.001.99"),
        CONTENT.replace(b"pacs.002.001.10", b"pacs.008.001.08"),
        CONTENT.replace(b"<TxSts>", b'<TxSts xmlns="urn:other">'),
        CONTENT.replace(b">RJCT<", b">RJCT<x/><"),
        CONTENT.replace(b">RJCT<", b">DONE<"),
        CONTENT.replace(b"<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>", b""),
        CONTENT.replace(b"<TxSts>RJCT</TxSts>", b"<TxSts>RJCT</TxSts><TxSts>ACCC</TxSts>"),
        CONTENT.replace(b"<OrgnlUETR>", b"<OrgnlUETR>x"),
        CONTENT.replace(b"Z</CreDtTm>", b"</CreDtTm>"),
        CONTENT.replace(b"2026-11-30T09", b"2026-02-30T09"),
        DEEP,
    ],
)
def test_what_is_no_status_report_is_refused(content: bytes) -> None:
    with pytest.raises(WrongMessage):
        read_status_reports(content)


def test_two_statuses_for_one_instruction_contradict_each_other() -> None:
    other = replace(REPORT, status="ACCC", reason_code=None)
    with pytest.raises(WrongMessage, match="contradictory"):
        read_status_reports(pacs.render_status_reports([REPORT, other]))


NO = render_recall_answers([REFUSAL])


@pytest.mark.parametrize(
    "content",
    [
        NO.replace(b"<CxlStsRsnInf><Rsn><Cd>CUST</Cd></Rsn></CxlStsRsnInf>", b""),
        NO.replace(b">RJCR</TxCxlSts>", b">DONE</TxCxlSts>"),
        NO.replace(b"<RslvdCase>", b"<Case>").replace(b"</RslvdCase>", b"</Case>"),
        render_recall_answers([REFUSAL, replace(REFUSAL, status="ACCR", reason_code=None)]),
        render_recall(RECALL),
        CONTENT,
    ],
)
def test_what_is_no_answer_to_a_recall_is_refused(content: bytes) -> None:
    with pytest.raises(WrongMessage):
        read_recall_answers(content)


def test_a_message_of_error_holds_nothing_of_the_content() -> None:
    content = pacs.render_instruction(ACCEPTING).replace(b"DE8937", b"Secret ")
    with pytest.raises(WrongMessage) as refused:
        read_instructions(content)
    assert "Secret" not in str(refused.value)


def test_a_return_is_at_most_the_original() -> None:
    with pytest.raises(WrongMessage):
        read_returns(pacs.render_return(replace(RETURN, returned_minor=12_35)))


@given(st.binary(max_size=200), st.integers(0, len(CONTENT)))
def test_any_bytes_are_a_message_or_refused(noise: bytes, place: int) -> None:
    try:
        read_message(CONTENT[:place] + noise + CONTENT[place:])
    except WrongMessage:
        return
