"""A camt.053 becomes statements that add up, with signs, parties and references in their places; or it is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from command_api.statement_import import clear_line
from contracts.file_refusals import FileRefusal
from contracts.statements.camt053 import read_camt053
from contracts.statements.statement import BankLine, BankStatement, Counterparty
from tests.contracts.bank_samples import ENVELOPES, enveloped, sample

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."


def accepted(body: bytes) -> tuple[BankStatement, ...]:
    statements = read_camt053(body)
    assert isinstance(statements, tuple), statements
    return statements


def refused(body: bytes) -> FileRefusal:
    refusal = read_camt053(body)
    assert isinstance(refusal, FileRefusal), refusal
    return refusal


def decimal(minor: int) -> str:
    return f"{abs(minor) // 100}.{abs(minor) % 100:02}"


def direction(minor: int) -> str:
    return "CRDT" if minor >= 0 else "DBIT"


def balance(kind: str, minor: int, *, currency: str = "EUR") -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="{currency}">{decimal(minor)}</Amt>'
        f"<CdtDbtInd>{direction(minor)}</CdtDbtInd><Dt><Dt>2026-11-16</Dt></Dt></Bal>"
    )


def entry(minor: int, *, currency: str = "EUR", status: str = "BOOK", extra: str = "") -> str:
    return (
        f'<Ntry><Amt Ccy="{currency}">{decimal(minor)}</Amt><CdtDbtInd>{direction(minor)}</CdtDbtInd>{extra}'
        f"<Sts>{status}</Sts><BookgDt><Dt>2026-11-16</Dt></BookgDt></Ntry>"
    )


def statement_file(parts: str, *, version: str = "02") -> bytes:
    return (
        f'<Document xmlns="{NAMESPACE}{version}"><BkToCstmrStmt><Stmt><Id>S</Id>'
        f"<Acct><Id><IBAN>DE89370400440532013000</IBAN></Id><Ccy>EUR</Ccy></Acct>{parts}</Stmt></BkToCstmrStmt></Document>"
    ).encode()


def test_several_statements_in_one_file() -> None:
    first, second = accepted(sample("two-statements.camt.053.001.02.xml"))
    assert (first.statement_id, first.sequence, first.iban) == (
        "253EURNL26VAYB8060476890",
        "12312",
        "NL26VAYB8060476890",
    )
    assert (first.opening.amount_minor, first.booked_minor, first.closing.amount_minor) == (1815, 885, 2700)
    assert (second.opening.amount_minor, second.booked_minor, second.closing.amount_minor) == (2700, -700, 2000)
    line = second.lines[0]
    assert (line.booked_on, line.valued_on, line.code) == (date(2014, 12, 31), date(2015, 1, 2), "544")
    assert line.counterparty == Counterparty(name="Company Name 2", iban="NL56AGDH9619008421")
    assert (line.references.end_to_end_id, line.remittance) == ("000000002", "Transaction Description 2")
    assert line.batch is None


def test_a_bank_that_gives_no_details() -> None:
    (statement,) = accepted(sample("rabobank.camt.053.001.02.xml"))
    assert [line.amount_minor for line in statement.lines] == [20_000, -5_000]
    assert [line.code for line in statement.lines] == ["PMNT-RCDT-ESCT", "PMNT-ICDT-ESCT"]
    assert statement.lines[0].references.account_servicer_ref == "59999208N1"
    assert statement.lines[0].entry_ref == "011111333306999888000000001"


def test_an_overdrawn_account_with_charges_on_their_value_dates() -> None:
    """SWIFT's sample of a payment and its charges: prefixed names, balances of debit, no booking dates."""
    (statement,) = accepted(sample("swift-charges.camt.053.001.08.xml"))
    assert (statement.statement_id, statement.sequence) == ("100-01", "1001")
    figures = (statement.opening.amount_minor, statement.booked_minor, statement.closing.amount_minor)
    assert figures == (-10_00, -2_460_00, -2_470_00)
    assert [(line.amount_minor, line.currency, line.code) for line in statement.lines] == [
        (-2_450_00, "GBP", "PMNT-ICDT-XBCT"),
        (-10_00, "GBP", "PMNT-ICDT-CHRG"),
    ]
    payment, charge = (line.references for line in statement.lines)
    assert (payment.instruction_id, payment.end_to_end_id) == ("pacs008bzmsgid-1", "pacs008EndToEndId-001")
    assert payment.uetr == charge.uetr == "7a562c67-ca16-48ba-b074-65581be6f001"
    assert (payment.account_servicer_ref, charge.account_servicer_ref) == ("ABKREF-125646", "ABCREF-125678")
    assert charge.transaction_id == "camt105chrgid1"
    assert {(line.booked_on, line.valued_on) for line in statement.lines} == {(date(2022, 10, 20), date(2022, 10, 20))}


def test_references_batches_reversals_and_what_is_only_pending() -> None:
    (statement,) = accepted(sample("own-batches.camt.053.001.08.xml"))
    assert (statement.opening.kind, statement.opening.amount_minor) == ("PRCD", -10_000)
    assert (statement.closing.kind, statement.closing.amount_minor) == ("CLBD", 86_975)
    credit, batch, returned, pending = statement.lines
    assert credit.references.uetr == "eb6305c9-1f7c-4a9b-9b1e-2c2f4e7a91d4"
    assert (credit.references.instruction_id, credit.references.account_servicer_ref) == ("INSTR-1", "ASR-1")
    # ISO 9362: XXX is the head office
    assert credit.counterparty == Counterparty(name="Weaver Mill Ltd", iban="DK5000400440116243", bic="DABADKKKXXX")
    assert credit.remittance == "Wool, November\nRF18539007547034"
    assert batch.batch is not None
    assert (batch.batch.transaction_count, batch.batch.payment_info_id) == (3, "P-7")
    assert [detail.amount_minor for detail in batch.batch.details] == [-5_025, -50]
    assert [detail.references.mandate_id for detail in batch.batch.details] == ["MANDATE-1", "MANDATE-2"]
    assert batch.batch.details[0].counterparty == Counterparty(name="Power Company", other_id="ACC-9")
    assert batch.batch.details[1].remittance == "fee"
    assert (returned.amount_minor, returned.reversal) == (2_000, True)
    assert returned.counterparty == Counterparty(name="Closed Account")
    assert (pending.status, pending.amount_minor) == ("PDNG", 777)
    assert statement.booked_minor == 96_975


def details(*references: str) -> str:
    """Transactions with these references, to be put into an entry."""
    return f"<NtryDtls>{''.join(f'<TxDtls><Refs>{each}</Refs></TxDtls>' for each in references)}</NtryDtls>"


def line_with(*references: str) -> BankLine:
    parts = balance("OPBD", 0) + balance("CLBD", -5) + entry(-5, extra=details(*references))
    (statement,) = accepted(statement_file(parts, version="08"))
    return statement.lines[0]


def test_a_cheque_number_is_read_as_it_is_written_and_is_a_reference_of_the_line() -> None:
    line = line_with("<EndToEndId>E-1</EndToEndId><ChqNb> 000123 </ChqNb>")
    assert (line.references.end_to_end_id, line.references.cheque_number) == ("E-1", "000123")
    assert clear_line(line).line.references == ("E-1", "000123")
    assert line_with("<ChqNb/>").references.cheque_number is None


def test_the_cheques_of_a_batch_are_those_of_its_transactions() -> None:
    line = line_with("<ChqNb>1001</ChqNb>", "<ChqNb>1002</ChqNb>")
    assert line.batch is not None
    assert [each.references.cheque_number for each in line.batch.details] == ["1001", "1002"]
    assert line.references.cheque_number is None
    assert clear_line(line).line.references == ("1001", "1002")


@pytest.mark.parametrize("number", ["************6579", "xxxxxxxxxxxx1234", "541333XXXXXX4242"])
def test_a_masked_card_number_is_kept_but_names_no_payment(number: str) -> None:
    """Some banks write it where the cheque's number belongs; it is the same for every payment by the card."""
    line = line_with(f"<ChqNb>{number}</ChqNb><EndToEndId>E-1</EndToEndId>")
    assert line.references.cheque_number == number
    assert clear_line(line).line.references == ("E-1",)


@pytest.mark.parametrize("kind", ENVELOPES)
@pytest.mark.parametrize(
    "name",
    ["swift-charges.camt.053.001.08.xml", "two-statements.camt.053.001.02.xml", "own-batches.camt.053.001.08.xml"],
)
def test_in_an_envelope_a_file_says_the_same(kind: str, name: str) -> None:
    assert accepted(enveloped(sample(name), kind)) == accepted(sample(name))


def test_in_an_envelope_a_refusal_names_the_same_place() -> None:
    bare = statement_file(balance("OPBD", 0) + balance("CLBD", 1) + entry(1, currency="USD"))
    assert refused(enveloped(bare, "SWIFT")) == refused(bare)


def test_two_files_in_one_envelope_are_refused() -> None:
    bare = statement_file(balance("OPBD", 0) + balance("CLBD", 0))
    assert refused(enveloped(bare + bare, "ISO, flat")).code == "several_documents"


def test_a_file_that_mixes_currencies_is_refused() -> None:
    refusal = refused(sample("three-currencies.camt.053.001.08.xml"))
    assert refusal.code == "currency_mismatch"
    assert "SEK" in refusal.words


def test_a_statement_that_is_off_by_one_minor_unit_is_refused_with_the_figures() -> None:
    refusal = refused(statement_file(balance("OPBD", 100) + balance("CLBD", 251) + entry(150)))
    assert refusal.code == "unbalanced_statement"
    assert all(figure in refusal.words for figure in ("1.00", "1.50", "2.50", "2.51", "EUR"))


@pytest.mark.parametrize(
    ("balances", "kinds"),
    [
        (balance("OPBD", 0) + balance("CLBD", 5), ("OPBD", "CLBD")),
        (balance("PRCD", 0) + balance("CLBD", 5) + balance("CLAV", 9), ("PRCD", "CLBD")),
        (balance("ITBD", 0) + balance("CLBD", 5), ("ITBD", "CLBD")),
        (balance("OPBD", 0) + balance("ITBD", 5), ("OPBD", "ITBD")),
        (balance("ITBD", 0) + balance("ITBD", 5), ("ITBD", "ITBD")),
        (balance("OPAV", 0) + balance("CLAV", 5), ("OPAV", "CLAV")),
    ],
)
def test_which_balances_a_statement_stands_between(balances: str, kinds: tuple[str, str]) -> None:
    (statement,) = accepted(statement_file(balances + entry(5)))
    assert (statement.opening.kind, statement.closing.kind) == kinds


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (balance("OPBD", 0), "missing_balance"),
        (balance("CLBD", 0), "missing_balance"),
        (balance("OPBD", 0) + balance("CLAV", 0), "missing_balance"),
        ("", "missing_balance"),
        (balance("OPBD", 0) + balance("CLBD", 1) + entry(1, currency="USD"), "currency_mismatch"),
        (balance("OPBD", 0, currency="USD") + balance("CLBD", 0, currency="USD"), "currency_mismatch"),
        (balance("OPBD", 0) + balance("CLBD", 1) + entry(1).replace("0.01", "0.015"), "bad_amount"),
        (balance("OPBD", 0) + balance("CLBD", 1) + entry(1).replace("CRDT", "IN"), "bad_value"),
        (balance("OPBD", 0) + balance("CLBD", 1) + entry(1).replace("<Sts>BOOK</Sts>", ""), "missing_element"),
        (balance("OPBD", 0) + balance("CLBD", 1) + entry(1).replace("2026-11-16", "16.11.2026"), "bad_date"),
        (balance("OPBD", 0) + balance("CLBD", 1) + entry(1).replace("BookgDt", "Dated"), "missing_element"),
    ],
)
def test_what_is_missing_or_wrong_is_refused(parts: str, code: str) -> None:
    assert refused(statement_file(parts)).code == code


def test_a_zone_behind_a_day_and_a_time_at_midnight_leave_the_day_as_the_bank_wrote_it() -> None:
    parts = balance("OPBD", 0) + balance("CLBD", 1) + entry(1)
    zoned = parts.replace("<Dt>2026-11-16</Dt></BookgDt>", "<DtTm>2026-11-16T00:30:00+02:00</DtTm></BookgDt>")
    (statement,) = accepted(
        statement_file(zoned.replace("<Dt><Dt>2026-11-16</Dt></Dt>", "<Dt><Dt>2026-11-16Z</Dt></Dt>"))
    )
    assert statement.lines[0].booked_on == date(2026, 11, 16)
    assert statement.opening.on == date(2026, 11, 16)


@settings(deadline=None)  # the first example also imports a library
@given(st.integers(-(10**12), 10**12), st.lists(st.integers(-(10**12), 10**12), max_size=12), st.booleans())
def test_opening_and_lines_make_closing_whatever_the_signs(opening: int, lines: list[int], reversal: bool) -> None:
    extra = "<RvslInd>true</RvslInd>" if reversal else ""
    parts = balance("OPBD", opening) + balance("CLBD", opening + sum(lines))
    (statement,) = accepted(statement_file(parts + "".join(entry(line, extra=extra) for line in lines)))
    assert [line.amount_minor for line in statement.lines] == lines
    assert all(line.reversal is reversal for line in statement.lines)


@settings(deadline=None)  # the first example also imports a library
@given(st.integers(-1000, 1000), st.lists(st.integers(-1000, 1000), max_size=5), st.integers(1, 1000))
def test_any_difference_is_refused(opening: int, lines: list[int], off: int) -> None:
    parts = balance("OPBD", opening) + balance("CLBD", opening + sum(lines) + off)
    assert refused(statement_file(parts + "".join(map(entry, lines)))).code == "unbalanced_statement"
