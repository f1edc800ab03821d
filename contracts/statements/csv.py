"""Statements that a bank exports as CSV, described by a TOML file: one description per bank's format, not per file.

The keys are those of an import's mapping (docs/guides/importing.md) as far as they mean the same: `file.*`, and
`direction`. Unknown keys are refused: a misspelled rule must never be taken for "no rule". Nothing is guessed; what the
file does not say (the opening balance, say) is computed from what it does, and everything must add up.
"""

import csv
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from io import StringIO
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from contracts.file_refusals import FileRefusal, FileRefusalCode, Unreadable, quoted, wrong
from contracts.money import CurrencyCode
from contracts.statements.statement import (
    LINES_MAX,
    Balance,
    BankLine,
    BankStatement,
    Counterparty,
    References,
    checked,
)
from contracts.written_amounts import written_minor

BYTES_MAX: Final = 64 * 1024 * 1024
DESCRIPTION_BYTES_MAX: Final = 65_536
CELL_CHARS_MAX: Final = 4_096

ColumnName = Annotated[str, Meta(min_length=1, max_length=100)]
OneCharacter = Annotated[str, Meta(min_length=1, max_length=1)]


class CsvFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the bytes are read. ``skip_lines`` stand before the header. ``group`` is a mark between thousands."""

    encoding: Literal["utf-8", "latin-1", "cp1252", "iso-8859-15", "utf-8-sig"] = "utf-8-sig"
    delimiter: OneCharacter = ","
    quote: OneCharacter = '"'
    skip_lines: Annotated[int, Meta(ge=0, le=100)] = 0
    mark: Literal[".", ","] = "."
    group: Literal["", ".", ",", "'", " "] = ""
    date_format: str = "%Y-%m-%d"
    order: Literal["oldest_first", "newest_first"] = "oldest_first"


class CsvAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account that the file is about: an IBAN or another id, and its currency."""

    currency: CurrencyCode
    iban: str | None = None
    other_account_id: str | None = None


class ByColumn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="by", tag="column"):
    """A column says whether money came in (credit) or went out (debit); amounts have no sign."""

    column: ColumnName
    credit: Annotated[tuple[str, ...], Meta(min_length=1)]
    debit: Annotated[tuple[str, ...], Meta(min_length=1)]


class ByAmount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="by", tag="amount"):
    """The amount's own sign says it."""

    positive: Literal["credit", "debit"] = "credit"


class ByTwoColumns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="by", tag="two_columns"):
    """Money that went out stands in a column of its own; `columns.amount` holds what came in."""

    debit_amount: ColumnName


class CsvColumns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The columns by what they mean. ``balance`` is the account's after the line. ``remittance`` may be several."""

    amount: ColumnName
    booked_on: ColumnName
    balance: ColumnName
    valued_on: ColumnName | None = None
    currency: ColumnName | None = None
    code: ColumnName | None = None
    end_to_end_id: ColumnName | None = None
    mandate_id: ColumnName | None = None
    account_servicer_ref: ColumnName | None = None
    counterparty_name: ColumnName | None = None
    counterparty_iban: ColumnName | None = None
    counterparty_bic: ColumnName | None = None
    remittance: tuple[ColumnName, ...] = ()


class CsvDescription(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bank's CSV statement."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}\Z")]
    account: CsvAccount
    columns: CsvColumns
    direction: ByColumn | ByAmount | ByTwoColumns
    file: CsvFile = CsvFile()


def read_csv_description(toml: bytes) -> CsvDescription | FileRefusal:
    """Read a description, or name the key and the rule it breaks."""
    try:
        if len(toml) > DESCRIPTION_BYTES_MAX:
            raise wrong(FileRefusalCode.TOO_LARGE, f"it has more than {DESCRIPTION_BYTES_MAX} bytes")
        description = msgspec.convert(tomllib.loads(toml.decode()), CsvDescription)
        account = description.account
        if (account.iban is None) == (account.other_account_id is None):
            raise wrong(
                FileRefusalCode.BAD_VALUE, "exactly one of iban and other_account_id must stand here", "account"
            )
        if description.file.mark == description.file.group:
            raise wrong(FileRefusalCode.BAD_VALUE, "mark and group must differ", "file")
    except Unreadable as error:
        return error.refusal
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        return wrong(FileRefusalCode.BAD_VALUE, str(error)).refusal
    return description


def read_csv_statement(body: bytes, description: CsvDescription, *, statement_id: str) -> BankStatement | FileRefusal:
    """Read an export as one statement, under an id that the caller gives it; or say why not."""
    try:
        rows = _rows(body, description)
        lines = [_Line(row, number, description) for number, row in rows]
        if description.file.order == "newest_first":
            lines.reverse()
        return _statement(lines, description, statement_id)
    except Unreadable as error:
        return error.refusal


def _rows(body: bytes, description: CsvDescription) -> list[tuple[int, Mapping[str, str]]]:
    """The rows as texts by column, numbered as in the file. Each line of the file is one row."""
    form = description.file
    if len(body) > BYTES_MAX:
        raise wrong(FileRefusalCode.TOO_LARGE, f"it has more than {BYTES_MAX} bytes")
    try:
        text = body.decode(form.encoding)
    except UnicodeDecodeError as error:
        raise wrong(FileRefusalCode.WRONG_ENCODING, f"byte {error.start} is not {form.encoding}") from error
    numbered = enumerate(StringIO(text, newline=None), start=1)
    kept = [(number, line) for number, line in numbered if number > form.skip_lines and line.strip()]
    if not kept:
        raise wrong(FileRefusalCode.MISSING_ELEMENT, "it has no header")
    if len(kept) > LINES_MAX:
        raise wrong(FileRefusalCode.TOO_MANY_LINES, f"it has more than {LINES_MAX} lines")
    header = [name.strip() for name in _cells(*kept[0], form)]
    missing = sorted(_named(description) - set(header))
    if missing:
        raise wrong(FileRefusalCode.MISSING_ELEMENT, f"the header lacks {', '.join(map(repr, missing))}", "header")
    if len(set(header)) != len(header):
        raise wrong(FileRefusalCode.REPEATED_ELEMENT, "the header has a name twice", "header")
    rows: list[tuple[int, Mapping[str, str]]] = []
    for number, line in kept[1:]:
        cells = _cells(number, line, form)
        if len(cells) != len(header):
            raise wrong(
                FileRefusalCode.MALFORMED_LINE, f"{len(cells)} columns instead of {len(header)}", f"line {number}"
            )
        rows.append((number, dict(zip(header, (cell.strip() for cell in cells), strict=True))))
    return rows


def _cells(number: int, line: str, form: CsvFile) -> list[str]:
    try:
        cells = next(csv.reader([line], delimiter=form.delimiter, quotechar=form.quote, strict=True))
    except csv.Error as error:
        raise wrong(FileRefusalCode.MALFORMED_LINE, str(error), f"line {number}") from error
    if any(len(cell) > CELL_CHARS_MAX for cell in cells):
        raise wrong(FileRefusalCode.TOO_LONG, f"a value is longer than {CELL_CHARS_MAX} characters", f"line {number}")
    return cells


def _named(description: CsvDescription) -> set[str]:
    columns = msgspec.structs.asdict(description.columns)
    remittance = columns.pop("remittance")
    names = {name for name in columns.values() if name is not None} | set(remittance)
    match description.direction:
        case ByColumn(column=column):
            names.add(column)
        case ByTwoColumns(debit_amount=column):
            names.add(column)
        case ByAmount():
            pass
    return names


@cache
def _amount_pattern(mark: str, group: str) -> re.Pattern[str]:
    """Digits in threes where a group mark stands between them: "1.5" must never be read as 15."""
    grouped = rf"[0-9]{{1,3}}(?:{re.escape(group)}[0-9]{{3}})+|" if group else ""
    return re.compile(rf"([+-]?)({grouped}[0-9]{{1,18}})(?:{re.escape(mark)}([0-9]{{1,18}}))?\Z")


class _Line:
    """One row with the meanings that the description gives its columns."""

    def __init__(self, row: Mapping[str, str], number: int, description: CsvDescription) -> None:
        self._row = row
        self._description = description
        self.where = f"line {number}"
        self.amount_minor = self._signed_amount()
        self.balance_minor = self._minor(row[description.columns.balance])
        self.booked_on = self._day(row[description.columns.booked_on])

    def bank_line(self) -> BankLine:
        columns, row = self._description.columns, self._row
        valued = row[columns.valued_on] if columns.valued_on else ""
        party = Counterparty(
            name=self._text(columns.counterparty_name),
            iban=(self._text(columns.counterparty_iban) or "").replace(" ", "") or None,
            bic=self._text(columns.counterparty_bic),
        )
        return BankLine(
            amount_minor=self.amount_minor,
            currency=self._text(columns.currency) or self._description.account.currency,
            booked_on=self.booked_on,
            valued_on=self._day(valued) if valued else None,
            code=self._text(columns.code),
            references=References(
                end_to_end_id=self._text(columns.end_to_end_id),
                mandate_id=self._text(columns.mandate_id),
                account_servicer_ref=self._text(columns.account_servicer_ref),
            ),
            counterparty=None if party == Counterparty() else party,
            remittance="\n".join(text for name in columns.remittance if (text := row[name])),
        )

    def _text(self, name: str | None) -> str | None:
        return self._row[name] or None if name is not None else None

    def _signed_amount(self) -> int:
        amount = self._row[self._description.columns.amount]
        match self._description.direction:
            case ByAmount(positive=positive):
                return self._minor(amount) * (1 if positive == "credit" else -1)
            case ByTwoColumns(debit_amount=column):
                debit = self._row[column]
                if bool(amount) == bool(debit):
                    raise wrong(FileRefusalCode.BAD_AMOUNT, "one of both amounts must be empty, not both", self.where)
                return self._minor(amount) if amount else -abs(self._minor(debit))
            case ByColumn(column=column, credit=credit, debit=debit_words):
                word, minor = self._row[column], self._minor(amount)
                if minor < 0 or word not in (*credit, *debit_words):
                    raise wrong(
                        FileRefusalCode.BAD_VALUE, f"{quoted(word)} with {quoted(amount)} is unknown", self.where
                    )
                return minor if word in credit else -minor

    def _minor(self, text: str) -> int:
        form = self._description.file
        found = _amount_pattern(form.mark, form.group).match(text)
        if found is None:
            marks = f"decimals after {form.mark!r}" + (f", thousands after {form.group!r}" if form.group else "")
            raise wrong(FileRefusalCode.BAD_AMOUNT, f"{quoted(text)} is not an amount with {marks}", self.where)
        sign, whole, decimals = found.groups()
        plain = whole.replace(form.group, "") if form.group else whole
        written = f"{plain}.{decimals}" if decimals else plain
        minor = written_minor(written, currency=self._description.account.currency, where=self.where)
        return -minor if sign == "-" else minor

    def _day(self, text: str) -> date:
        form = self._description.file.date_format
        try:
            day = datetime.strptime(text, form).date()
        except ValueError as error:
            raise wrong(FileRefusalCode.BAD_DATE, f"{quoted(text)} is not written {form}", self.where) from error
        if day.strftime(form) != text:  # strptime forgives missing zeros
            raise wrong(FileRefusalCode.BAD_DATE, f"{quoted(text)} is not written {form}", self.where)
        return day


def _statement(lines: list[_Line], description: CsvDescription, statement_id: str) -> BankStatement:
    if not lines:
        raise wrong(FileRefusalCode.MISSING_BALANCE, "without a line there is no balance")
    balance = lines[0].balance_minor - lines[0].amount_minor
    opening = Balance(kind="OPBD", amount_minor=balance, on=lines[0].booked_on)
    for line in lines:
        balance += line.amount_minor
        if line.balance_minor != balance:
            raise wrong(
                FileRefusalCode.UNBALANCED_STATEMENT,
                f"the balance should be {balance} minor units after this line, the bank says {line.balance_minor}",
                line.where,
            )
    statement = BankStatement(
        statement_id=statement_id,
        currency=description.account.currency,
        opening=opening,
        closing=Balance(kind="CLBD", amount_minor=balance, on=lines[-1].booked_on),
        lines=tuple(line.bank_line() for line in lines),
        iban=description.account.iban,
        other_account_id=description.account.other_account_id,
        from_moment=lines[0].booked_on,
        to_moment=lines[-1].booked_on,
    )
    return checked(statement, description.name)
