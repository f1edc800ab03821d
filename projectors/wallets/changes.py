"""What a batch changes in ``wallets``, netted: each key at most once, however many events touched it.

Netting is what makes the model fast: of five hundred movements on a hot account the last balance and the newest fifty
statement lines survive, and only those are encoded and sent.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from typing import Final, NamedTuple, get_args

import msgspec

from contracts.events import PaymentStatus
from contracts.ids import position_of
from contracts.read_models import (
    STATEMENT_LINES_MAX,
    StatementLine,
    WalletsKeys,
    statement_score,
    volume_fields,
)

PAYMENT_STATUSES: Final[tuple[str, ...]] = get_args(PaymentStatus)
RECEIVED: Final = "RCVD"  # the status from which every other one is reached

Command = list[str]  # text only: the MessagePack of Redis knows no bytes

_encode: Final = msgspec.json.Encoder().encode


class PaymentMove(NamedTuple):
    """A payment's status after the batch; ``is_new``: the batch initiated it."""

    status: str
    is_new: bool


class Changes:
    """Everything a batch sets, adds or counts. Amounts are decimal text."""

    def __init__(self) -> None:
        self.accounts: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.opened_accounts: list[str] = []
        self.lines: defaultdict[str, deque[StatementLine]] = defaultdict(lambda: deque(maxlen=STATEMENT_LINES_MAX))
        self.holds: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.open_holds: dict[str, list[str]] = {}  # placed in this batch and still open -> accounts it touches
        self.ended_holds: list[str] = []  # placed before this batch, ended in it
        self.payments: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.payment_moves: dict[str, PaymentMove] = {}
        self.counts: Counter[str] = Counter()
        self.volume_minor: Counter[str] = Counter()

    def place_hold(self, hold_id: str, accounts: list[str]) -> None:
        """Index a new hold under its accounts."""
        self.open_holds[hold_id] = accounts
        self.counts["holds_open"] += 1

    def end_hold(self, hold_id: str) -> None:
        """Take a hold out of the index, or never put it there."""
        self.counts["holds_open"] -= 1
        if self.open_holds.pop(hold_id, None) is None:
            self.ended_holds.append(hold_id)

    def move_payment(self, payment_id: str, status: str) -> None:
        """Move a payment between the sets of its statuses, and the counters with it."""
        before = self.payment_moves.get(payment_id)
        is_new = status == RECEIVED or (before is not None and before.is_new)
        if status != RECEIVED:
            self.counts[f"payments:{RECEIVED}"] -= 1
        self.counts[f"payments:{status}"] += 1
        self.payment_moves[payment_id] = PaymentMove(status, is_new)


def commands_of(changes: Changes, keys: WalletsKeys) -> list[Command]:
    """Write the changes as Redis commands, in any order but one: what only overwrites comes before what counts."""
    return [
        *_account_commands(changes, keys),
        *_statement_commands(changes, keys),
        *_hold_commands(changes, keys),
        *_payment_commands(changes, keys),
        *_total_commands(changes, keys),
    ]


def _account_commands(changes: Changes, keys: WalletsKeys) -> list[Command]:
    commands: list[Command] = [
        _hset(keys.account(account_id), fields) for account_id, fields in changes.accounts.items()
    ]
    commands += [["ZADD", keys.accounts, "0", account_id] for account_id in changes.opened_accounts]
    return commands


def _statement_commands(changes: Changes, keys: WalletsKeys) -> list[Command]:
    commands: list[Command] = []
    for account_id, lines in changes.lines.items():
        key = keys.statement(account_id)
        add: Command = ["ZADD", key]
        for line in lines:
            add += (str(statement_score(line.position, line.leg)), _encode(line).decode())
        commands.append(add)
        commands.append(["ZREMRANGEBYRANK", key, "0", str(-STATEMENT_LINES_MAX - 1)])
    return commands


def _hold_commands(changes: Changes, keys: WalletsKeys) -> list[Command]:
    commands: list[Command] = [_hset(keys.hold(hold_id), fields) for hold_id, fields in changes.holds.items()]
    for hold_id, accounts in changes.open_holds.items():
        score = str(position_of(hold_id))
        commands += [["ZADD", keys.holds(account_id), score, hold_id] for account_id in accounts]
    return commands


def _payment_commands(changes: Changes, keys: WalletsKeys) -> list[Command]:
    commands: list[Command] = [_hset(keys.payment(payment), fields) for payment, fields in changes.payments.items()]
    for payment_id, move in changes.payment_moves.items():
        score = str(position_of(payment_id))
        if move.is_new:
            commands.append(["ZADD", keys.payments, score, payment_id])
        else:
            elsewhere = (status for status in PAYMENT_STATUSES if status != move.status)
            commands += [["ZREM", keys.payments_in(status), payment_id] for status in elsewhere]
        commands.append(["ZADD", keys.payments_in(move.status), score, payment_id])
    return commands


def _total_commands(changes: Changes, keys: WalletsKeys) -> list[Command]:
    counts = dict(changes.counts)
    for currency, volume_minor in changes.volume_minor.items():
        counts.update(volume_fields(currency, volume_minor))
    return [["HINCRBY", keys.totals, field, str(count)] for field, count in counts.items() if count]


def _hset(key: str, fields: dict[str, str]) -> Command:
    command: Command = ["HSET", key]
    for name, value in fields.items():
        command += (name, value)
    return command
