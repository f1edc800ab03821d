"""Mappings: the shipped example works, and every mistake is named by file, key and rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.importing.mapping import MappingError
from cli.importing.mapping_rules import load_mapping
from cli.importing.templates import Template, TemplateError
from tests.importing.conftest import MAPPING

# (text of the example, what stands there instead, key named in the message, words of the rule)
MISTAKES = [
    ('name = "pkdd99"', 'name = "PKDD 99"', "name", "matching regex"),
    ('name = "pkdd99"', "", "top level", "missing required field `name`"),
    ('name = "pkdd99"', 'name = "pkdd99"\ncolour = "red"', "top level", "unknown field `colour`"),
    ('encoding = "utf-8"', 'encoding = "utf-99"', "file.encoding", "not an encoding"),
    ('encoding = "utf-8"', 'encoding = "utf-16"', "file.encoding", "line"),
    ('delimiter = ";"', 'delimiter = ";;"', "file.delimiter", "length <= 1"),
    ('delimiter = ";"', "delimiter = '\"'", "file.delimiter", "different"),
    ("header = true", 'header = "yes"', "file.header", "Expected `bool`"),
    ('name = "bank", type = "text"', 'name = "bank", type = "string"', "file.columns[8].type", "Invalid enum value"),
    ('name = "bank", type', 'name = "account", type', "file.columns[9].name", "described twice"),
    ('{ name = "amount", type = "decimal", scale = 2 }', '{ name = "amount", type = "decimal" }', "scale", "decimal"),
    ('"type", type = "text"', '"type", type = "text", scale = 2', "file.columns[3].scale", "only"),
    ('format = "%y%m%d"', 'format = "%y%m"', "file.columns[2].format", "year, month and day"),
    (', format = "%y%m%d"', "", "file.columns[2].format", "strptime"),
    ("{account_id}:czk", "{acount_id}:czk", "account.id", "did you mean 'account_id'"),
    ("customers:{account_id}:czk", "customers:all:czk", "account.id", "would be the same"),
    ("customers:{account_id}:czk", "customers:{account_id!r}:czk", "account.id", "only names"),
    ("customers:{account_id}:czk", "customers:{account_id", "account.id", "expected '}'"),
    ('currency = "CZK"', 'currency = "JPY"', "transfer.amount", "JPY has 0"),
    ('overdraft = "unlimited"', 'overdraft = "limited"', "account.credit_limit_minor", "above zero"),
    ('account_type = "liability"', 'account_type = "debt"', "account.account_type", "Invalid enum value"),
    ('by = "column"', 'by = "moon"', "direction.by", "Invalid value"),
    ('column = "type"', 'column = "amount"', "direction.column", "is decimal"),
    ('debit = ["VYDAJ", "VYBER"]', 'debit = ["VYDAJ", "PRIJEM"]', "direction", "PRIJEM cannot be credit and debit"),
    ('key = "pkdd99:{trans_id}"', 'key = "pkdd99"', "transfer.key", "would be the same"),
    ('key = "pkdd99:{trans_id}"', 'key = "pkdd99:{k_symbol}"', "transfer.key", "must not be optional"),
    ('amount = "amount"', 'amount = "type"', "transfer.amount", "needed is decimal"),
    ('effective_date = "date"', 'effective_date = "day"', "transfer.effective_date", "no column 'day'"),
    ('bank = "bank",', 'bank = "bnak",', "transfer.metadata.bank", "did you mean 'bank'"),
    ('zero_amount = "skip"', 'zero_amount = "ignore"', "transfer.zero_amount", "Invalid enum value"),
    ('id = "bank:cash:czk"', 'id = "Bank:Cash"', "counter_accounts[3].id", "matching regex"),
    ('when = { operation = ["VYBER KARTOU"] }', "", "counter_accounts[4].when", "must be the last"),
    ('when = { operation = ["VYBER KARTOU"] }', 'when = { oper = ["X"] }', "counter_accounts[4].when", "no column"),
    ('id = "bank:fees:czk"', 'id = "bank:cash:czk"', "counter_accounts[3].account_type", "income in another rule"),
    ('balance = "balance"', 'balance = "trans_id"', "reconciliation.balance", "is integer"),
    ('tolerance = "0.60"', 'tolerance = "0.6"', "reconciliation.tolerance", "exactly 2 decimal places"),
    ('tolerance = "0.60"', "tolerance = 0.6", "reconciliation.tolerance", "Expected `str`"),
    ("[file]", "[file", "is not TOML", "line"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "instead", "key", "rule"), MISTAKES)
def test_a_mistake_names_file_key_and_rule(tmp_path: Path, text: str, instead: str, key: str, rule: str) -> None:
    """Whoever wrote the mapping knows which line to change, and to what."""
    example = MAPPING.read_text(encoding="utf-8")
    assert text in example
    file = tmp_path / "mapping.toml"
    file.write_text(example.replace(text, instead, 1), encoding="utf-8")
    with pytest.raises(MappingError) as caught:
        load_mapping(file)
    message = str(caught.value)
    assert message.startswith(str(file))
    assert key in message
    assert rule in message


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Nobody repairs a file one message at a time."""
    example = MAPPING.read_text(encoding="utf-8")
    file = tmp_path / "mapping.toml"
    file.write_text(example.replace('"date"\nzero', '"day"\nzero').replace('"0.60"', '"0.6"'), encoding="utf-8")
    with pytest.raises(MappingError) as caught:
        load_mapping(file)
    assert len(caught.value.mistakes) == 2


def test_a_missing_file_is_a_mapping_error(tmp_path: Path) -> None:
    """It names the file instead of showing a traceback."""
    with pytest.raises(MappingError, match=r"nowhere\.toml: cannot be read"):
        load_mapping(tmp_path / "nowhere.toml")


def test_the_shipped_example_is_valid() -> None:
    """It is what users start from."""
    assert load_mapping(MAPPING).name == "pkdd99"


@pytest.mark.parametrize("text", ["{a.b}", "{a[0]}", "{}", "{a:>5}", "{a!s}", "{", "}"])
def test_a_template_takes_nothing_but_names(text: str) -> None:
    """No format, conversion, attribute or index: a name that looks like one is not a column."""
    try:
        names = Template(text).names
    except TemplateError:
        return
    assert names in (["a.b"], ["a[0]"])  # plain names, looked up as they are, never evaluated
