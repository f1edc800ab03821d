"""What the parts of a mapping must agree on. Every mistake is found at once and named by its key."""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

from cli.importing.mapping import Column, ColumnKind, Mapping, MappingError, SignByColumn, read_mapping
from cli.importing.templates import Template, TemplateError
from contracts.currencies import SCALE_OF_CURRENCY
from contracts.money import minor_of

A_DAY = date(2001, 2, 3)  # year, month and day all differ, so a format that loses one of them is found out

Mistakes = Iterator[str]


def load_mapping(file: Path) -> Mapping:
    """Read and check a mapping file. Raises MappingError with every mistake."""
    mapping = read_mapping(file)
    mistakes = [*_format(mapping), *_account(mapping), *_direction(mapping), *_transfer(mapping)]
    mistakes += [*_counter_accounts(mapping), *_reconciliation(mapping)]
    if mistakes:
        raise MappingError(file, mistakes)
    return mapping


def _format(mapping: Mapping) -> Mistakes:
    form = mapping.file
    try:
        codecs.lookup(form.encoding)
        if "\n".encode(form.encoding) != b"\n":
            yield f"file.encoding: {form.encoding} does not end lines as ASCII does; convert the file to UTF-8 first"
    except LookupError:
        yield f"file.encoding: {form.encoding!r} is not an encoding that Python knows"
    except UnicodeEncodeError:
        yield f"file.encoding: {form.encoding!r} cannot write a line end"
    if form.delimiter == form.quote or {form.delimiter, form.quote} & set("\r\n"):
        yield "file.delimiter, file.quote: must be two different characters, neither a line end"
    seen: set[str] = set()
    for index, column in enumerate(form.columns):
        at = f"file.columns[{index}]"
        if column.name in seen:
            yield f"{at}.name: {column.name!r} is described twice"
        seen.add(column.name)
        yield from _column(column, at)


def _column(column: Column, at: str) -> Mistakes:
    if (column.scale is None) == (column.type == "decimal"):
        yield f"{at}.scale: decimals need the number of their decimal places, and only they have one"
    if (column.format is None) == (column.type == "date"):
        yield f"{at}.format: dates need their strptime format, and only they have one"
    if column.type == "date" and column.format is not None and not _keeps_a_day(column.format):
        yield f"{at}.format: {column.format!r} does not read back year, month and day"


def _keeps_a_day(form: str) -> bool:
    try:
        return datetime.strptime(A_DAY.strftime(form), form).date() == A_DAY
    except ValueError:
        return False


def _account(mapping: Mapping) -> Mistakes:
    account = mapping.account
    yield from _template(mapping, "account.id", account.id, must_vary=True)
    if (account.overdraft == "limited") != (account.credit_limit_minor > 0):
        yield "account.credit_limit_minor: must be above zero with overdraft 'limited' and zero otherwise"


def _direction(mapping: Mapping) -> Mistakes:
    direction = mapping.direction
    if not isinstance(direction, SignByColumn):
        return
    yield from _reference(mapping, "direction.column", direction.column, ("text",))
    both = sorted(set(direction.credit) & set(direction.debit))
    if both:
        yield f"direction: {', '.join(both)} cannot be credit and debit"


def _transfer(mapping: Mapping) -> Mistakes:
    transfer = mapping.transfer
    yield from _template(mapping, "transfer.key", transfer.key, must_vary=True)
    if transfer.reference is not None:
        yield from _template(mapping, "transfer.reference", transfer.reference, must_vary=False)
    yield from _reference(mapping, "transfer.amount", transfer.amount, ("decimal",), required=True)
    yield from _reference(mapping, "transfer.effective_date", transfer.effective_date, ("date",), required=True)
    for name, column in transfer.metadata.items():
        yield from _reference(mapping, f"transfer.metadata.{name}", column, ("text", "integer", "decimal", "date"))
    amount = next((column for column in mapping.file.columns if column.name == transfer.amount), None)
    scale = SCALE_OF_CURRENCY.get(mapping.account.currency)
    if amount is not None and amount.scale is not None and scale is not None and amount.scale != scale:
        yield f"transfer.amount: has {amount.scale} decimal places, {mapping.account.currency} has {scale}"


def _counter_accounts(mapping: Mapping) -> Mistakes:
    types: dict[str, str] = {}
    for index, rule in enumerate(mapping.counter_accounts):
        at = f"counter_accounts[{index}]"
        if not rule.when and index < len(mapping.counter_accounts) - 1:
            yield f"{at}.when: a rule without conditions catches everything, so it must be the last"
        for column in rule.when:
            yield from _reference(mapping, f"{at}.when", column, ("text", "integer"))
        if types.setdefault(rule.id, rule.account_type) != rule.account_type:
            yield f"{at}.account_type: {rule.id} is {types[rule.id]} in another rule"


def _reconciliation(mapping: Mapping) -> Mistakes:
    rule = mapping.reconciliation
    if rule is None:
        return
    yield from _reference(mapping, "reconciliation.balance", rule.balance, ("decimal",), required=True)
    balance, amount = (
        next((column.scale for column in mapping.file.columns if column.name == name), None)
        for name in (rule.balance, mapping.transfer.amount)
    )
    if balance is None or amount is None:
        return
    if balance != amount:
        yield f"reconciliation.balance: must have as many decimal places as {mapping.transfer.amount}"
    try:
        if rule.tolerance.strip("0.") != "":
            minor_of(rule.tolerance, scale=balance)
    except ValueError as error:
        yield f"reconciliation.tolerance: {error}"


def _template(mapping: Mapping, at: str, text: str, *, must_vary: bool) -> Mistakes:
    try:
        names = Template(text).names
    except TemplateError as error:
        yield f"{at}: {error}"
        return
    if must_vary and not names:
        yield f"{at}: must name a column in braces, or every line would be the same"
    for name in names:
        yield from _reference(mapping, at, name, ("text", "integer"), required=must_vary)


def _reference(
    mapping: Mapping, at: str, name: str, kinds: Iterable[ColumnKind], *, required: bool = False
) -> Mistakes:
    """Check the use of a column: it exists, has one of the types and, where it is required, is not optional."""
    columns = {column.name: column for column in mapping.file.columns}
    column = columns.get(name)
    if column is None:
        near = difflib.get_close_matches(name, columns, n=1)
        yield f"{at}: no column {name!r} in file.columns" + (f"; did you mean {near[0]!r}?" if near else "")
        return
    if column.type not in kinds:
        yield f"{at}: column {name!r} is {column.type}, needed is {' or '.join(kinds)}"
    if required and column.optional:
        yield f"{at}: column {name!r} must not be optional"
