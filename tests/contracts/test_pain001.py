"""A payment file becomes structs with nothing of amount, party or reference lost; or it is refused with the reason."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, Final
from xml.etree import ElementTree

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.file_refusals import FileRefusal, FileRefusalCode
from contracts.iso20022 import pain001
from contracts.iso20022.pain001 import PaymentFile, read_pain001
from contracts.iso20022.parties import IGNORED_OF_PARTIES
from contracts.iso20022.remittance import IGNORED_OF_REMITTANCE, WrittenAmount
from tests.contracts.bank_samples import ENVELOPES, enveloped, payment_file, sample, transaction

READABLE: Final = (
    "cross-river-rtp.pain.001.001.03.xml",
    "swiss-four-payments.pain.001.001.09.xml",
    "own-everything.pain.001.001.09.xml",
    "own-everything.pain.001.001.11.xml",
)
# Paths (or their ends) of what the readers say that they ignore; PmtMtd can only be TRF.
IGNORED: Final = {
    *(path for paths in pain001.everything_ignored().values() for path in paths),
    *(path for paths in IGNORED_OF_PARTIES.values() for path in paths),
    *(path for paths in IGNORED_OF_REMITTANCE.values() for path in paths),
    "PmtInf/PmtMtd",
}
HANGS_AFTER_S: Final = 30.0  # of processor time; how fast it is, the benchmark `pure` says


def accepted(body: bytes) -> PaymentFile:
    file = read_pain001(body)
    assert isinstance(file, PaymentFile), file
    return file


def refused(body: bytes) -> FileRefusal:
    refusal = read_pain001(body)
    assert isinstance(refusal, FileRefusal), refusal
    return refusal


def leaves(element: ElementTree.Element, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every leaf and attribute of a document with its path of local names."""
    name = element.tag.rpartition("}")[2]
    here = f"{path}/{name}" if path else name
    yield from ((f"{here}@{key}", value) for key, value in element.attrib.items() if not key.startswith("{"))
    if not len(element) and (element.text or "").strip():
        yield here, (element.text or "").strip()
    for child in element:
        yield from leaves(child, here)


def texts(value: Any) -> Iterator[str]:
    """Yield every value in a struct as the text that a file would have for it."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from texts(getattr(value, name))
    elif isinstance(value, tuple):
        for part in value:
            yield from texts(part)
    elif isinstance(value, bool):
        yield from (str(value).lower(), str(int(value)))
    elif isinstance(value, datetime):
        yield value.isoformat()
        yield value.isoformat(timespec="milliseconds")
    elif value is not None:
        yield str(value)


def lost_leaves(body: bytes, file: PaymentFile) -> list[str]:
    """Paths of leaves whose text is nowhere in the struct, as often as it stands in the file, and is not ignored."""
    kept = Counter(texts(file))
    lost = []
    for path, text in leaves(ElementTree.fromstring(body)):
        if any(f"/{ignored}/" in f"/{path}/" for ignored in IGNORED):
            continue
        if kept[text] == 0:
            lost.append(path)
        kept[text] -= 1
    return lost


@pytest.mark.parametrize("name", READABLE)
def test_every_leaf_of_a_sample_is_in_the_struct_or_ignored_by_name(name: str) -> None:
    assert lost_leaves(sample(name), accepted(sample(name))) == []


def test_everything_a_payment_says_has_its_place() -> None:
    file = accepted(sample("own-everything.pain.001.001.09.xml"))
    assert file.message == "pain.001.001.09"
    assert file.control_count == 3
    assert file.ignored == ("AdrTp", "CstmrCdtTrfInitn/SplmtryData", "CtctDtls", "InstrForCdtrAgt")
    instant, dinars = file.instructions
    assert instant.requested_on == datetime.fromisoformat("2026-11-16T10:00:00+01:00")
    assert dinars.requested_on == date(2026, 11, 18)
    assert instant.batch_booking is False
    assert instant.payment_type is not None
    assert (instant.payment_type.local_instrument, instant.payment_type.service_levels) == ("INST", ("SEPA",))
    first, second = instant.transactions
    assert first.uetr == "eb6305c9-1f7c-4a9b-9b1e-2c2f4e7a91d4"
    assert first.amount == WrittenAmount("1500", "EUR")
    assert (first.amount.minor, second.amount.minor, dinars.transactions[0].amount.minor) == (150_000, 25, 1_255)
    assert first.creditor.name == "Wool & Søn ApS"
    assert first.creditor.address is not None
    assert first.creditor.address.lines == ("Fårevej 3", "Baghuset")
    assert first.remittance is not None
    assert first.remittance.structured[0].creditor_reference == "RF18539007547034"
    assert [amount.kind for amount in first.remittance.structured[0].amounts] == [
        "DuePyblAmt",
        "DscntApldAmt",
        "AdjstmntAmtAndRsn",
        "RmtdAmt",
    ]
    assert second.creditor_account.other_id == "ACC-7"


@pytest.mark.parametrize("kind", ENVELOPES)
@pytest.mark.parametrize("version", ["09", "11"])
def test_in_an_envelope_a_file_says_the_same(kind: str, version: str) -> None:
    bare = sample(f"own-everything.pain.001.001.{version}.xml")
    assert accepted(enveloped(bare, kind)) == accepted(bare)


def test_two_files_in_one_envelope_are_refused() -> None:
    bare = payment_file([transaction(1)])
    assert refused(enveloped(bare + bare[bare.index(b"?>") + 2 :], "SWIFT")).code == "several_documents"


def test_both_new_versions_say_the_same() -> None:
    old, new = (accepted(sample(f"own-everything.pain.001.001.{version}.xml")) for version in ("09", "11"))
    renamed = msgspec.structs.replace(new, message=old.message, message_id=old.message_id, ignored=old.ignored)
    assert renamed == old


def test_8192_transactions_are_read_and_do_not_hang() -> None:
    body = payment_file([transaction(n) for n in range(8_192)], group_sum="<CtrlSum>10240.00</CtrlSum>")
    began = time.process_time()
    file = accepted(body)
    assert time.process_time() - began < HANGS_AFTER_S
    assert len(file.instructions[0].transactions) == 8_192
    assert file.created_at == datetime(2026, 11, 16, 10, tzinfo=UTC)


class TestAddresses:
    def of(self, address: str) -> bytes:
        return payment_file([transaction(1, address=f"<PstlAdr>{address}</PstlAdr>")])

    def test_lines_alone_are_refused_with_the_reason(self) -> None:
        refusal = refused(sample("siauliu-bankas-sepa.pain.001.001.03.xml"))
        assert refusal.code == FileRefusalCode.UNSTRUCTURED_ADDRESS
        assert "November 2026" in refusal.words
        assert refusal.where.endswith("CdtTrfTxInf[1]/Cdtr/PstlAdr")

    @pytest.mark.parametrize(
        ("address", "code"),
        [
            ("<TwnNm>Bern</TwnNm>", "incomplete_address"),
            ("<Ctry>CH</Ctry>", "incomplete_address"),
            ("<TwnNm>Bern</TwnNm><Ctry>CH</Ctry>" + "<AdrLine>x</AdrLine>" * 3, "unstructured_address"),
            ("<TwnNm>Bern</TwnNm><Ctry>CH</Ctry><AdrLine>" + "x" * 71 + "</AdrLine>", "too_long"),
            ("<TwnNm>Bern</TwnNm><Ctry>CHE</Ctry>", "too_long"),
            ("<TwnNm>Bern</TwnNm><Ctry>CH</Ctry><Street>x</Street>", "unknown_element"),
        ],
    )
    def test_what_is_neither_structured_nor_hybrid_is_refused(self, address: str, code: str) -> None:
        assert refused(self.of(address)).code == code

    def test_a_hybrid_one_is_kept(self) -> None:
        file = accepted(self.of("<TwnNm>Bern</TwnNm><Ctry>CH</Ctry><AdrLine>" + "x" * 70 + "</AdrLine>"))
        address = file.instructions[0].transactions[0].creditor.address
        assert address is not None
        assert (address.town, address.country, len(address.lines[0])) == ("Bern", "CH", 70)


class TestSums:
    @pytest.mark.parametrize(
        ("body", "code", "figures"),
        [
            (payment_file([transaction(1)], count="2"), "wrong_count", ("2", "1")),
            (
                payment_file([transaction(1)], group_sum="<CtrlSum>1.24</CtrlSum>"),
                "wrong_control_sum",
                ("1.24", "1.25"),
            ),
            (payment_file([transaction(1)], info="<NbOfTxs>3</NbOfTxs>"), "wrong_count", ("3", "1")),
            (
                payment_file([transaction(1), transaction(2)], info="<CtrlSum>2.51</CtrlSum>"),
                "wrong_control_sum",
                ("2.51", "2.50"),
            ),
        ],
    )
    def test_a_wrong_one_is_refused_with_both_figures(self, body: bytes, code: str, figures: tuple[str, str]) -> None:
        refusal = refused(body)
        assert refusal.code == code
        assert all(figure in refusal.words for figure in figures)


@settings(deadline=None)  # the first example also imports a library
@given(st.lists(st.integers(1, 10**14), min_size=1, max_size=20))
def test_a_right_sum_is_accepted_whatever_the_amounts(minors: list[int]) -> None:
    amounts = [f"{minor // 100}.{minor % 100:02}" for minor in minors]
    total = f"{sum(minors) // 100}.{sum(minors) % 100:02}"
    body = payment_file(
        [transaction(n, amount=amount) for n, amount in enumerate(amounts)],
        group_sum=f"<CtrlSum>{total}</CtrlSum>",
    )
    assert sum(entry.amount.minor for entry in accepted(body).instructions[0].transactions) == sum(minors)


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("0.00", "EUR", "bad_amount"),
        ("-1.00", "EUR", "bad_amount"),
        ("1.005", "EUR", "bad_amount"),
        ("1,00", "EUR", "bad_amount"),
        ("1e3", "EUR", "bad_amount"),
        ("NaN", "EUR", "bad_amount"),
        ("1.5", "JPY", "bad_amount"),
        ("1.0005", "KWD", "bad_amount"),
        ("999999999999999999.99", "EUR", "bad_amount"),
        ("1.00", "XXX", "unknown_currency"),  # ISO 4217: no currency
        ("1.00", "eur", "unknown_currency"),
    ],
)
def test_what_is_no_amount_is_refused(amount: str, currency: str, code: str) -> None:
    refusal = refused(payment_file([transaction(1, amount=amount, currency=currency)]))
    assert refusal.code == code
    assert "CdtTrfTxInf[1]/Amt/InstdAmt" in refusal.where


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"<EndToEndId>E-1</EndToEndId>", b"", "missing_element"),
        (b"<Cdtr><Nm>Creditor 1</Nm></Cdtr>", b"<Cdtr/>", "missing_element"),
        (b"<PmtMtd>TRF</PmtMtd>", b"<PmtMtd>CHK</PmtMtd>", "bad_value"),
        (b"<MsgId>M-1</MsgId>", b"<MsgId>" + b"x" * 36 + b"</MsgId>", "too_long"),
        (b"<MsgId>M-1</MsgId>", b"<MsgId/>", "empty_element"),
        (b"<MsgId>M-1</MsgId>", b"<MsgId>1</MsgId><MsgId>2</MsgId>", "repeated_element"),
        (b"2026-11-16T10:00:00Z", b"yesterday", "bad_date"),
        (b"<Dt>2026-11-17</Dt>", b"<Dt>2026-02-30</Dt>", "bad_date"),
        (b"<Dt>2026-11-17</Dt>", b"", "bad_date"),
        (b"-4a9b-", b"-1a9b-", "bad_value"),
        (b' Ccy="EUR"', b"", "missing_element"),
        (b"<Id><IBAN>DE89370400440532013000</IBAN></Id>", b"<Id/>", "missing_element"),
        (b"<Cdtr>", b"<IntrmyAgt1/><Cdtr>", "unsupported_element"),
        (b"<Cdtr>", b"<ChqInstr/><Cdtr>", "unsupported_element"),
        (b"<Cdtr>", b"<Payee>x</Payee><Cdtr>", "unknown_element"),
    ],
)
def test_what_is_missing_or_wrong_is_refused(old: bytes, new: bytes, code: str) -> None:
    body = payment_file([transaction(1)])
    assert old in body
    assert refused(body.replace(old, new)).code == code


def test_a_wrong_iban_is_kept_as_written_for_it_rejects_one_payment_and_not_the_file() -> None:
    body = payment_file([transaction(1)]).replace(b"DE89370400440532013000", b"DE00370400440532013000")
    assert accepted(body).instructions[0].transactions[0].creditor_account.iban == "DE00370400440532013000"
