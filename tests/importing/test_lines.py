"""Lines: what is in them arrives exactly, and whatever is wrong with one is named and stops nothing."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest

from cli.importing.lines import BadLine, HeaderMismatch, LineReader
from cli.importing.mapping import Mapping, SignOfAmount
from cli.importing.mapping_rules import load_mapping
from cli.importing.movements import Movement, MovementReader, NothingMoves
from cli.importing.source import LINE_BYTES_MAX, RawLine, Source
from contracts.commands import BatchItem, PostTransfer
from tests.importing.bank import HEADER
from tests.importing.conftest import MAPPING

GOOD = b'7;12;930331;"VYDAJ";"VYBER";14.60;-25.20;"SLUZBY";"";'

BAD = [
    (b'7;12;930331;"VYDAJ";"VYBER";14.60', "wrong_column_count", None),
    (GOOD + b";", "wrong_column_count", None),
    (GOOD.replace(b"930331", b"930231"), "bad_date", "date"),
    (GOOD.replace(b"930331", b"1993-03-31"), "bad_date", "date"),
    (GOOD.replace(b"930331", b"93033"), "bad_date", "date"),
    (GOOD.replace(b"14.60", b"14.6"), "bad_amount", "amount"),
    (GOOD.replace(b"14.60", b"14.600"), "bad_amount", "amount"),
    (GOOD.replace(b"14.60", b"14"), "bad_amount", "amount"),
    (GOOD.replace(b"14.60", b"14,60"), "bad_amount", "amount"),
    (GOOD.replace(b"14.60", b"1e3"), "bad_amount", "amount"),
    (GOOD.replace(b"14.60", b"NaN"), "bad_amount", "amount"),
    (GOOD.replace(b"14.60", b"-14.60"), "bad_amount", "amount"),
    (GOOD.replace(b"14.60", b"99999999999999999.99"), "bad_amount", "amount"),
    (GOOD.replace(b"14.60", "١٤.60".encode()), "bad_amount", "amount"),
    (GOOD.replace(b"-25.20", b"?"), "bad_amount", "balance"),
    (GOOD.replace(b"VYDAJ", b"VYDEJ"), "unknown_type", "type"),
    (GOOD.replace(b"VYDAJ", b"vydaj"), "unknown_type", "type"),
    (GOOD.replace(b'"VYDAJ"', b'""'), "missing_value", "type"),
    (GOOD.replace(b";12;", b";;"), "missing_value", "account_id"),
    (GOOD.replace(b";12;", b";twelve;"), "bad_integer", "account_id"),
    (GOOD.replace(b";12;", b";-12;"), "not_a_command", None),
    (GOOD.replace(b";12;", b";" + b"1" * 40 + b";"), "bad_integer", "account_id"),
    (GOOD.replace(b"SLUZBY", b"SLU\xe9BY"), "wrong_encoding", None),
    (GOOD.replace(b"SLUZBY", b"SLU\x00BY"), "not_a_command", None),
    (GOOD.replace(b"SLUZBY", b"X" * 300), "not_a_command", None),
    (GOOD.replace(b'"SLUZBY"', b'"SLUZBY'), "malformed_csv", None),
    (GOOD.replace(b'"SLUZBY"', b'"SLU"ZBY"'), "malformed_csv", None),
]


@pytest.fixture(scope="module")
def mapping() -> Mapping:
    """The shipped example."""
    return load_mapping(MAPPING)


def read(text: bytes, mapping: Mapping) -> Movement:
    """Read one line."""
    return MovementReader(mapping).read(LineReader(mapping.file).read(RawLine(2, text)))


def command_of(movement: Movement) -> PostTransfer:
    """The command that a movement sends."""
    command = msgspec.json.decode(movement.item, type=BatchItem).command
    assert isinstance(command, PostTransfer)
    return command


def test_a_good_line_becomes_a_transfer_with_its_history(mapping: Mapping) -> None:
    """Original id as reference and key, original date, both sides, the rest as metadata."""
    movement = read(GOOD, mapping)
    command = command_of(movement)
    assert [(p.account_id, p.side, p.amount_minor) for p in command.postings] == [
        ("customers:12:czk", "debit", 1460),
        ("bank:fees:czk", "credit", 1460),
    ]
    assert (movement.key, command.reference, command.effective_date) == ("pkdd99:7", "7", date(1993, 3, 31))
    assert command.metadata == {"type": "VYDAJ", "operation": "VYBER", "k_symbol": "SLUZBY"}
    assert movement.balance_minor == -2520


@pytest.mark.parametrize(
    ("kind", "operation", "k_symbol", "counter"),
    [
        ("PRIJEM", "VKLAD", "", "bank:cash:czk"),
        ("PRIJEM", "", "UROK", "bank:interest-expense:czk"),
        ("PRIJEM", "PREVOD Z UCTU", "DUCHOD", "bank:interbank:czk"),
        ("VYDAJ", "PREVOD NA UCET", " ", "bank:interbank:czk"),
        ("VYBER", "VYBER", "", "bank:cash:czk"),
        ("VYDAJ", "VYBER KARTOU", "", "bank:card-clearing:czk"),
        ("VYDAJ", "VYBER", "SANKC. UROK", "bank:penalty-interest:czk"),
        ("VYDAJ", "SOMETHING NEW", "", "bank:suspense:czk"),
    ],
)
def test_the_first_fitting_rule_gives_the_counter_account(
    mapping: Mapping, kind: str, operation: str, k_symbol: str, counter: str
) -> None:
    """Every combination that the bank uses, on the right side."""
    text = f'7;12;930331;"{kind}";"{operation}";14.60;0.00;"{k_symbol}";;'.encode()
    postings = {posting.side: posting.account_id for posting in command_of(read(text, mapping)).postings}
    expected = {"credit": "customers:12:czk", "debit": counter} if kind == "PRIJEM" else {
        "debit": "customers:12:czk", "credit": counter
    }  # fmt: skip
    assert postings == expected


@pytest.mark.parametrize(("text", "reason", "column"), BAD)
def test_a_bad_line_is_refused_with_reason_and_column(
    mapping: Mapping, text: bytes, reason: str, column: str | None
) -> None:
    """Nothing is guessed: a type or amount that the mapping does not describe is never booked."""
    with pytest.raises(BadLine) as caught:
        read(text, mapping)
    assert (caught.value.reason, caught.value.column) == (reason, column)


def test_a_line_over_nothing_is_left_out_if_the_mapping_says_so(mapping: Mapping) -> None:
    """Skipped by this mapping, refused by one that does not expect it."""
    zero = GOOD.replace(b"14.60", b"0.00")
    with pytest.raises(NothingMoves):
        read(zero, mapping)
    strict = msgspec.structs.replace(mapping, transfer=msgspec.structs.replace(mapping.transfer, zero_amount="refuse"))
    with pytest.raises(BadLine, match="above zero"):
        read(zero, strict)


def test_the_sign_of_the_amount_can_give_the_direction(mapping: Mapping) -> None:
    """For banks that print one signed column."""
    signed = msgspec.structs.replace(mapping, direction=SignOfAmount(positive="credit"))
    assert read(GOOD, signed).side == "credit"
    withdrawal = read(GOOD.replace(b"14.60", b"-14.60"), signed)
    assert (withdrawal.side, withdrawal.amount_minor) == ("debit", 1460)


def test_a_decimal_comma_is_read_where_the_mapping_says_so(mapping: Mapping) -> None:
    """And the point is refused then."""
    columns = [msgspec.structs.replace(c, mark=",") if c.type == "decimal" else c for c in mapping.file.columns]
    with_comma = msgspec.structs.replace(mapping, file=msgspec.structs.replace(mapping.file, columns=tuple(columns)))
    text = GOOD.replace(b"14.60", b"14,60").replace(b"-25.20", b"-25,20")
    assert read(text, with_comma).amount_minor == 1460
    with pytest.raises(BadLine):
        read(GOOD, with_comma)


def test_columns_may_stand_in_another_order(mapping: Mapping) -> None:
    """The header decides."""
    reader = LineReader(mapping.file)
    names = [name.strip('"') for name in HEADER.split(";")]
    reader.read_header(RawLine(1, ";".join(reversed(names)).encode()))
    fields = reader.read(RawLine(2, b";".join(reversed(GOOD.split(b";")))))
    assert fields.values["trans_id"] == 7
    assert fields.values["date"] == date(1993, 3, 31)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (HEADER.replace("amount", "sum"), "missing: 'amount'; not described: 'sum'"),
        (HEADER + ";more", "not described: 'more'"),
        (HEADER.rsplit(";", 1)[0], "missing: 'account'"),
        (HEADER + ';"type"', "11 columns"),
        ("\xff", "missing"),
    ],
)
def test_another_header_is_another_format(mapping: Mapping, header: str, words: str) -> None:
    """The import stops before the first line, naming what differs."""
    with pytest.raises(HeaderMismatch, match=words):
        LineReader(mapping.file).read_header(RawLine(1, header.encode()))


def test_the_source_numbers_lines_and_never_holds_a_long_one(tmp_path: Path, mapping: Mapping) -> None:
    """A byte order mark, blank lines, a missing last line end, and a line without end among good ones."""
    file = tmp_path / "bank.csv"
    file.write_bytes(b"\xef\xbb\xbfhead\r\n\r\n" + b"x" * (5 * LINE_BYTES_MAX) + b"\r\nlast")
    source = Source(file)
    lines = list(source.lines())
    assert [(line.number, line.too_long) for line in lines] == [(1, False), (3, True), (4, False)]
    assert (lines[0].text, lines[2].text) == (b"head", b"last")
    assert len(lines[1].text) == LINE_BYTES_MAX
    assert source.read_bytes == source.size_bytes
    with pytest.raises(BadLine, match="longer than"):
        LineReader(mapping.file).read(lines[1])
