"""MT940 in the dialects of several banks becomes the same statements as everything else, or is refused."""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.file_refusals import FileRefusal
from contracts.statements.mt940 import read_mt940
from contracts.statements.statement import BankStatement, Counterparty
from tests.contracts.bank_samples import sample


def accepted(body: bytes) -> tuple[BankStatement, ...]:
    statements = read_mt940(body)
    assert isinstance(statements, tuple), statements
    return statements


def refused(body: bytes) -> FileRefusal:
    refusal = read_mt940(body)
    assert isinstance(refusal, FileRefusal), refusal
    return refusal


def statement(lines: str, *, opening: str = "C260710EUR0,", closing: str = "C260714EUR0,") -> bytes:
    return f":20:S-1\n:25:NL91ABNA0417164300\n:28C:1/1\n:60F:{opening}\n{lines}:62F:{closing}\n-\n".encode()


def test_dutch_slash_words() -> None:
    first, second = accepted(sample("rabobank-iban.sta"))
    assert (first.iban, first.opening.amount_minor, first.closing.amount_minor) == (
        "NL71RABO0123456789",
        100_000,
        96_500,
    )
    assert second.opening == first.closing.__class__(kind="OPBD", amount_minor=96_500, on=date(2013, 1, 8))
    line, other = first.lines
    assert line.references.end_to_end_id == "01-01-2013 12:00 0030000987654321"
    assert line.counterparty == Counterparty(name="CONTRA ACCOUNT HOLDER", iban="NL70ABNA0987654321")
    assert (other.counterparty, other.remittance) == (
        Counterparty(name="JOHN DOE", other_id="P001234567"),
        "Reference 201301234",
    )


def test_german_structure_with_sepa_words_and_reversals() -> None:
    first, second = accepted(sample("volksbank-sepa.sta"))
    line = first.lines[0]
    assert first.other_account_id == "50880050/0194780101888"
    assert line.references.end_to_end_id == "TFNR 21005 EndToEndId 00001"
    assert line.references.account_servicer_ref == "0724710352954937"
    assert line.counterparty == Counterparty(name="Florian Frech", iban="DE06508800500194780100", bic="DRESDEFF508")
    assert line.remittance == "Verwend CTSc-01 eBB TFNr 21005"
    assert second.opening.amount_minor == -236_882_787
    assert [entry.amount_minor for entry in second.lines] == [20_488, -20_488, -5_099_005, -17_545_422, -50_025_000]
    assert [entry.reversal for entry in second.lines] == [False, True, False, False, False]
    assert second.lines[3].references.instruction_id == "TFNr 01009 MSGID CTSc-01 EBB"
    assert "MTLG:SEPA-Ueberweisungsauftrag" in second.lines[3].remittance


def test_other_dialects_in_a_swift_envelope() -> None:
    (read,) = accepted(sample("own-dialects.sta"))
    slash, contra, arrows, free = read.lines
    assert (slash.references.end_to_end_id, slash.remittance) == ("E2E-77", "Invoice F2026-0011")
    assert slash.counterparty == Counterparty(name="BAR BETA", iban="NL02ABNA0123456789", bic="ABNANL2A")
    assert (contra.amount_minor, contra.reversal, contra.remittance) == (-2_500, True, "taken back")
    assert contra.counterparty == slash.counterparty
    assert (arrows.references.end_to_end_id, arrows.references.mandate_id) == ("E2E-78", "M-1")
    assert arrows.references.instruction_id == "KUNDENREF-7"
    # ISO 9362: XXX is the head office
    assert arrows.counterparty == Counterparty(name="Weaver Mill", iban="DE89370400440532013000", bic="COBADEFFXXX")
    assert arrows.remittance == "Wool and more"
    assert free.remittance == "Charges of the year\nbefore"
    assert (free.valued_on, free.booked_on) == (date(2025, 12, 31), date(2026, 1, 2))


@pytest.mark.parametrize(
    ("name", "figures"),
    [("postfinance.sta", ("229.20", "-69.80", "159.40", "159.60")), ("triodos.sta", ("4975.09", "4259.39", "4370.79"))],
)
def test_samples_that_do_not_add_up_are_refused_with_the_figures(name: str, figures: tuple[str, ...]) -> None:
    refusal = refused(sample(name))
    assert refusal.code == "unbalanced_statement"
    assert all(figure in refusal.words for figure in figures)


def test_a_day_that_does_not_exist_is_refused() -> None:
    assert refused(sample("deutsche-bank.sta")).code == "malformed_line"
    mended = accepted(sample("deutsche-bank.sta").replace(b"C021131", b"C021130"))
    assert [line.amount_minor for line in mended[0].lines] == [-80_000, 300_000]
    assert mended[0].lines[1].counterparty == Counterparty(name="MUELLER", other_id="0847564700", bic="50060400")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "unknown_format"),
        (b"Date;Amount\n", "unknown_format"),
        (b":20:A\0\n", "nul_byte"),
        (statement(":61:nonsense\n"), "malformed_line"),
        (statement(":61:2613010101C1,NTRFNONREF\n"), "malformed_line"),
        (statement("").replace(b":60F:C260710EUR0,\n", b""), "missing_balance"),
        (statement("").replace(b":25:NL91ABNA0417164300\n", b""), "missing_element"),
        (statement("", closing="C260714USD0,"), "currency_mismatch"),
        (statement(":61:260714C1,005NTRFNONREF\n", closing="C260714EUR1,"), "bad_amount"),
        # ISO 4217: XXX is no currency
        (statement("", opening="C260710XXX0,", closing="C260714XXX0,"), "unknown_currency"),
    ],
)
def test_what_is_missing_or_wrong_is_refused(body: bytes, code: str) -> None:
    assert refused(body).code == code


def test_a_body_that_is_a_files_name_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ":20:secret").write_bytes(sample("rabobank-iban.sta"))
    assert refused(b":20:secret").code == "missing_balance"


def test_names_in_a_line_that_cannot_be_read_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        refusal = refused(statement(":61:Jane Doe paid\n"))
    assert "Jane" not in refusal.words
    assert "Jane" not in caplog.text


@settings(deadline=None)  # the first example also imports a library
@given(
    st.integers(-(10**9), 10**9), st.lists(st.tuples(st.sampled_from(["C", "D", "RC", "RD"]), st.integers(1, 10**9)))
)
def test_marks_make_signs_and_the_statement_adds_up(opening: int, lines: list[tuple[str, int]]) -> None:
    def amount(minor: int) -> str:
        return f"{abs(minor) // 100},{abs(minor) % 100:02}"

    def balance(minor: int) -> str:
        return f"{'C' if minor >= 0 else 'D'}260714EUR{amount(minor)}"

    signed = [minor if mark in {"C", "RD"} else -minor for mark, minor in lines]
    text = "".join(f":61:2607140714{mark}{amount(minor)}NTRFNONREF\n" for mark, minor in lines)
    (read,) = accepted(statement(text, opening=balance(opening), closing=balance(opening + sum(signed))))
    assert [line.amount_minor for line in read.lines] == signed
    assert [line.reversal for line in read.lines] == [mark in {"RC", "RD"} for mark, _ in lines]
