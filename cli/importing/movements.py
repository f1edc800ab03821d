"""A line's values as one command: which accounts, which side, which key."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

import msgspec

from cli.importing.lines import BadLine, Fields
from cli.importing.mapping import CounterAccount, Mapping, SignByColumn
from cli.importing.templates import Template
from contracts.commands import BatchItem, OpenAccount, Posting, PostTransfer, Side

ACCOUNT_KEY: Final = "{name}:account:{account_id}"

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(BatchItem)


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """One line as a command. `amount_minor` is positive; `item` is the encoded batch item under `key`."""

    key: str
    account: OpenAccount
    counter: OpenAccount
    side: Side
    amount_minor: int
    day: date
    balance_minor: int | None
    item: bytes


class NothingMoves(Exception):
    """The line is fine and carries no money, and the mapping says that such lines are left out."""


class MovementReader:
    """Turns fields into movements as the mapping says."""

    def __init__(self, mapping: Mapping) -> None:
        """Prepare templates and rules."""
        self._mapping = mapping
        self._account_id = Template(mapping.account.id)
        self._key = Template(mapping.transfer.key)
        self._reference = Template(mapping.transfer.reference) if mapping.transfer.reference is not None else None
        self._rules = [(rule, _counter_account(rule, mapping)) for rule in mapping.counter_accounts]
        self._sides = _sides(mapping)

    def read(self, fields: Fields) -> Movement:
        """Read one line. Raises BadLine, or NothingMoves."""
        transfer = self._mapping.transfer
        side, amount_minor = self._side_and_amount(fields)
        if amount_minor == 0:
            if transfer.zero_amount == "skip":
                raise NothingMoves("the amount is zero")
            raise BadLine("zero_amount", "a transfer moves an amount above zero", column=transfer.amount)
        account, counter = self._account(fields), self._counter(fields)
        command = PostTransfer(
            postings=self._postings(account.account_id, counter.account_id, side, amount_minor),
            effective_date=_day(fields, transfer.effective_date),
            reference=self._reference.fill(fields.texts) or None if self._reference else None,
            metadata={n: t for n, c in transfer.metadata.items() if (t := fields.texts[c])} or None,
        )
        key = self._key.fill(fields.texts)
        return Movement(
            key=key,
            account=account,
            counter=counter,
            side=side,
            amount_minor=amount_minor,
            day=_day(fields, transfer.effective_date),
            balance_minor=self._balance(fields),
            item=encode_item(key, command),
        )

    def _side_and_amount(self, fields: Fields) -> tuple[Side, int]:
        transfer, direction = self._mapping.transfer, self._mapping.direction
        amount_minor = _number(fields, transfer.amount)
        if not isinstance(direction, SignByColumn):
            return self._sides["+" if amount_minor >= 0 else "-"], abs(amount_minor)
        side = self._sides.get(fields.texts[direction.column])
        if side is None:
            raise BadLine(
                "unknown_type",
                f"{fields.texts[direction.column]!r} is neither a credit nor a debit in the mapping",
                column=direction.column,
            )
        if amount_minor < 0:
            raise BadLine("bad_amount", "is negative, but a column gives the direction", column=transfer.amount)
        return side, amount_minor

    def _account(self, fields: Fields) -> OpenAccount:
        terms = self._mapping.account
        return OpenAccount(
            account_id=self._account_id.fill(fields.texts),
            currency=terms.currency,
            account_type=terms.account_type,
            overdraft=terms.overdraft,
            credit_limit_minor=terms.credit_limit_minor,
        )

    def _counter(self, fields: Fields) -> OpenAccount:
        for rule, account in self._rules:
            if all(fields.texts[column] in values for column, values in rule.when.items()):
                return account
        raise BadLine("no_counter_account", "no rule of counter_accounts fits this line")

    def _postings(self, account_id: str, counter_id: str, side: Side, amount_minor: int) -> tuple[Posting, Posting]:
        debited, credited = (account_id, counter_id) if side == "debit" else (counter_id, account_id)
        currency = self._mapping.account.currency
        return (
            Posting(account_id=debited, side="debit", amount_minor=amount_minor, currency=currency),
            Posting(account_id=credited, side="credit", amount_minor=amount_minor, currency=currency),
        )

    def _balance(self, fields: Fields) -> int | None:
        rule = self._mapping.reconciliation
        return None if rule is None else _number(fields, rule.balance)


def account_item(mapping: Mapping, account: OpenAccount) -> bytes:
    """Encode the opening of an account under a key that is the same for every file of this bank."""
    return encode_item(ACCOUNT_KEY.format(name=mapping.name, account_id=account.account_id), account)


def encode_item(key: str, command: PostTransfer | OpenAccount) -> bytes:
    """Encode a batch item, checked as the command API will check it: one bad item would refuse its whole batch."""
    item = _encoder.encode(BatchItem(idempotency_key=key, command=command))
    try:
        _decoder.decode(item)
    except msgspec.ValidationError as error:
        rule, _, path = str(error).partition(" - at `$.")
        raise BadLine("not_a_command", f"{path.rstrip('`')}: {rule}") from error
    return item


def _counter_account(rule: CounterAccount, mapping: Mapping) -> OpenAccount:
    return OpenAccount(
        account_id=rule.id, currency=mapping.account.currency, account_type=rule.account_type, overdraft="unlimited"
    )


def _sides(mapping: Mapping) -> dict[str, Side]:
    direction = mapping.direction
    if isinstance(direction, SignByColumn):
        credits: dict[str, Side] = dict.fromkeys(direction.credit, "credit")
        debits: dict[str, Side] = dict.fromkeys(direction.debit, "debit")
        return {**credits, **debits}
    negative: Side = "debit" if direction.positive == "credit" else "credit"
    return {"+": direction.positive, "-": negative}


def _number(fields: Fields, column: str) -> int:
    value: Any = fields.values[column]
    assert isinstance(value, int)  # mapping_rules.py: a decimal that is not optional
    return value


def _day(fields: Fields, column: str) -> date:
    value: Any = fields.values[column]
    assert isinstance(value, date)  # mapping_rules.py: a date that is not optional
    return value
