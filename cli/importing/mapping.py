"""The mapping: what a bank's CSV format means, written once per format as a TOML file.

Only the shape is described here; what the parts must agree on is in mapping_rules.py. An unknown name is refused: a
misspelled rule must never be taken for "no rule". docs/guides/importing.md explains every key.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from contracts.commands import AccountType, LimitMinor, MetadataKey, Overdraft
from contracts.ids import AccountId
from contracts.money import SCALE_MAX, CurrencyCode, DecimalText

MAPPING_BYTES_MAX: Final = 262_144

ColumnName = Annotated[str, Meta(min_length=1, max_length=100)]
OneCharacter = Annotated[str, Meta(min_length=1, max_length=1)]
MappingName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}\Z")]
ColumnKind = Literal["text", "integer", "decimal", "date"]


class MappingError(Exception):
    """A mapping that cannot be used. One line per mistake: file, key, rule."""

    def __init__(self, file: Path, mistakes: list[str]) -> None:
        super().__init__("\n".join(f"{file}: {mistake}" for mistake in mistakes))
        self.mistakes = mistakes


class Column(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One column. `optional`: may be empty. `scale` and `mark` belong to decimals, `format` (strptime's) to dates."""

    name: ColumnName
    type: ColumnKind
    optional: bool = False
    scale: Annotated[int, Meta(ge=0, le=SCALE_MAX)] | None = None
    mark: Literal[".", ","] = "."
    format: str | None = None


class FileFormat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the bytes are read. With a header its names may stand in any order; without, `columns` is the order."""

    columns: Annotated[tuple[Column, ...], Meta(min_length=1, max_length=256)]
    encoding: str = "utf-8"
    delimiter: OneCharacter = ","
    quote: OneCharacter = '"'
    header: bool = True


class ImportedAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The account whose history the file is; `id` is a template."""

    id: str
    currency: CurrencyCode
    account_type: AccountType = "liability"
    overdraft: Overdraft = "unlimited"
    credit_limit_minor: LimitMinor = 0


class SignByColumn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="by", tag="column"):
    """A column says whether the account is credited or debited; amounts are positive."""

    column: ColumnName
    credit: Annotated[tuple[str, ...], Meta(min_length=1)]
    debit: Annotated[tuple[str, ...], Meta(min_length=1)]


class SignOfAmount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="by", tag="amount"):
    """The amount's own sign says it."""

    positive: Literal["credit", "debit"]


class TransferRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a line becomes. `key` (unique for the bank, whatever the file) and `reference` are templates."""

    key: str
    amount: ColumnName
    effective_date: ColumnName
    reference: str | None = None
    metadata: dict[MetadataKey, ColumnName] = {}
    zero_amount: Literal["refuse", "skip"] = "refuse"


class CounterAccount(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the other posting goes when every column named in `when` has one of its values. No `when`: always."""

    id: AccountId
    account_type: AccountType
    when: dict[ColumnName, Annotated[tuple[str, ...], Meta(min_length=1)]] = {}


class Reconciliation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The bank's running balance, positive when the account is on its normal side, and how far it may be off."""

    balance: ColumnName
    tolerance: DecimalText


class Mapping(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A bank's CSV format."""

    name: MappingName
    file: FileFormat
    account: ImportedAccount
    direction: SignByColumn | SignOfAmount
    transfer: TransferRule
    counter_accounts: Annotated[tuple[CounterAccount, ...], Meta(min_length=1, max_length=1000)]
    reconciliation: Reconciliation | None = None


def read_mapping(file: Path) -> Mapping:
    """Read a mapping file for its shape. Raises MappingError naming file, key and rule."""
    try:
        with file.open("rb") as opened:
            text = opened.read(MAPPING_BYTES_MAX + 1)
        if len(text) > MAPPING_BYTES_MAX:
            raise MappingError(file, [f"larger than {MAPPING_BYTES_MAX} bytes; this is not a mapping"])
        return msgspec.convert(tomllib.loads(text.decode()), Mapping)
    except OSError as error:
        raise MappingError(file, [f"cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise MappingError(file, [f"is not UTF-8 text: {error}"]) from error
    except tomllib.TOMLDecodeError as error:
        raise MappingError(file, [f"is not TOML: {error}"]) from error
    except msgspec.ValidationError as error:
        rule, _, path = str(error).partition(" - at `$")
        raise MappingError(file, [f"{path.rstrip('`').removeprefix('.') or 'top level'}: {rule}"]) from error
