"""A described CSV export becomes a statement whose running balance was followed line by line; or it is refused."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from contracts.file_refusals import FileRefusal
from contracts.statements.csv import CsvDescription, CsvFile, read_csv_description, read_csv_statement
from contracts.statements.statement import BankStatement, Counterparty

TOML = b"""
name = "demo"
account = { iban = "DE89370400440532013000", currency = "EUR" }
direction = { by = "amount" }

[file]
delimiter = ";"
mark = ","
group = "."
date_format = "%d.%m.%Y"
order = "newest_first"
skip_lines = 1

[columns]
amount = "Betrag"
booked_on = "Buchungstag"
valued_on = "Wertstellung"
balance = "Saldo"
counterparty_name = "Name"
counterparty_iban = "IBAN"
end_to_end_id = "Referenz"
remittance = ["Zweck", "Zweck 2"]
"""
CSV = """Umsätze
Buchungstag;Wertstellung;Name;IBAN;Referenz;Zweck;Zweck 2;Betrag;Saldo
17.11.2026;;Power;DE89 3704 0044 0532 0130 00;E-2;"Bill; November";of 2026;-1.000,50;500,00
16.11.2026;16.11.2026;Weaver;;E-1;Wool;;1.000,5;1.500,50
""".encode()


def described(toml: bytes = TOML) -> CsvDescription:
    description = read_csv_description(toml)
    assert isinstance(description, CsvDescription), description
    return description


def accepted(body: bytes, description: CsvDescription) -> BankStatement:
    statement = read_csv_statement(body, description, statement_id="S-1")
    assert isinstance(statement, BankStatement), statement
    return statement


def refused(body: bytes, description: CsvDescription) -> FileRefusal:
    refusal = read_csv_statement(body, description, statement_id="S-1")
    assert isinstance(refusal, FileRefusal), refusal
    return refusal


def test_a_statement_is_read_oldest_line_first() -> None:
    statement = accepted(CSV, described())
    assert (statement.opening.amount_minor, statement.closing.amount_minor) == (50_000, 50_000)
    first, second = statement.lines
    assert (first.amount_minor, first.booked_on, first.valued_on) == (100_050, date(2026, 11, 16), date(2026, 11, 16))
    assert (second.amount_minor, second.valued_on, second.remittance) == (-100_050, None, "Bill; November\nof 2026")
    assert second.counterparty == Counterparty(name="Power", iban="DE89370400440532013000")
    assert second.references.end_to_end_id == "E-2"


@pytest.mark.parametrize(
    ("direction", "rows", "minors"),
    [
        (b'{ by = "amount", positive = "debit" }', b"1;5,00;-5,00;;\n2;-7,00;2,00;;\n", [-500, 700]),
        (b'{ by = "two_columns", debit_amount = "Aus" }', b"1;;-5,00;5,00;\n2;7,00;2,00;;\n", [-500, 700]),
        (
            b'{ by = "column", column = "S/H", credit = ["H"], debit = ["S"] }',
            b"1;5,00;-5,00;;S\n2;7,00;2,00;;H\n",
            [-500, 700],
        ),
    ],
)
def test_the_sign_comes_from_where_the_bank_puts_it(direction: bytes, rows: bytes, minors: list[int]) -> None:
    toml = (
        b'name = "d"\naccount = { other_account_id = "1", currency = "EUR" }\ndirection = ' + direction + b"\n"
        b'file = { delimiter = ";", mark = ",", date_format = "%d" }\n'
        b'columns = { amount = "Ein", booked_on = "Tag", balance = "Saldo" }\n'
    )
    statement = accepted(
        b"Tag;Ein;Saldo;Aus;S/H\n" + rows.replace(b"1;", b"01;", 1).replace(b"\n2;", b"\n02;"), described(toml)
    )
    assert [line.amount_minor for line in statement.lines] == minors


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("-1.000,50;500,00", "-1.000,50;500,01", "unbalanced_statement"),
        ("-1.000,50", "-1.00,50", "bad_amount"),
        ("-1.000,50", "-1,000.50", "bad_amount"),
        ("-1.000,50", "-1.000,505", "bad_amount"),
        ("-1.000,50", "", "bad_amount"),
        ("17.11.2026", "7.11.2026", "bad_date"),
        ("17.11.2026", "31.11.2026", "bad_date"),
        ("Saldo", "Balance", "missing_element"),
        ("Wertstellung;", "Buchungstag;", "missing_element"),
        (";of 2026", "", "malformed_line"),
        ('"Bill; November"', '"Bill', "malformed_line"),
    ],
)
def test_what_is_missing_or_wrong_is_refused(old: str, new: str, code: str) -> None:
    assert refused(CSV.replace(old.encode(), new.encode()), described()).code == code


def test_a_point_is_never_taken_for_a_decimal_mark_it_is_not() -> None:
    """With decimals after a comma and no mark between thousands, 1.000 is refused: it would be 1 or 1000."""
    plain = msgspec.structs.replace(described(), file=msgspec.structs.replace(described().file, group=""))
    assert refused(CSV, plain).code == "bad_amount"


def test_another_encoding_is_refused_and_the_right_one_read() -> None:
    body = CSV.decode().encode("cp1252")
    assert refused(body, described()).code == "wrong_encoding"
    western = msgspec.structs.replace(described(), file=msgspec.structs.replace(described().file, encoding="cp1252"))
    assert accepted(body, western).closing.amount_minor == 50_000


@pytest.mark.parametrize(
    "toml",
    [
        b"name = ",
        b"\xff",
        TOML.replace(b'balance = "Saldo"\n', b""),
        TOML.replace(b"remittance", b"remitance"),
        TOML.replace(b'iban = "DE89370400440532013000", ', b""),
        TOML.replace(b'group = "."', b'group = ","'),
        TOML.replace(b'"amount"', b'"guess"'),
        b"x = 1\n" * 20_000,
    ],
)
def test_a_description_with_a_mistake_is_refused(toml: bytes) -> None:
    refusal = read_csv_description(toml)
    assert isinstance(refusal, FileRefusal)
    assert refusal.words


def test_the_defaults_are_those_of_an_import() -> None:
    assert (CsvFile().delimiter, CsvFile().quote, CsvFile().mark) == (",", '"', ".")
