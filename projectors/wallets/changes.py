"""What a batch changes in ``wallets``, netted: each key at most once, however many events touched it.

Netting is what makes the model fast: of five hundred movements on a hot account the last balance and the newest fifty
statement lines survive, and only those are encoded and sent.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from typing import Final

import msgspec

from contracts.ids import position_of
from contracts.read_models import (
    QUEUES,
    STATEMENT_LINES_MAX,
    StatementLine,
    WalletsKeys,
    statement_score,
    volume_fields,
)

Command = list[str]  # text only: the MessagePack of Redis knows no bytes

_encode: Final = msgspec.json.Encoder().encode
_pack: Final = msgspec.msgpack.Encoder().encode


class Changes:
    """Everything a batch sets, adds or counts. Amounts are decimal text."""

    def __init__(self) -> None:
        self.accounts: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.opened_accounts: list[str] = []
        self.lines: defaultdict[str, deque[StatementLine]] = defaultdict(lambda: deque(maxlen=STATEMENT_LINES_MAX))
        self.holds: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.open_holds: dict[str, list[str]] = {}  # placed in this batch and still open -> accounts it touches
        self.ended_holds: list[str] = []
        self.payments: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.payment_indexes: list[tuple[str, str, str]] = []  # name, value, payment
        self.begun: set[str] = set()  # payments initiated in this batch: on no list yet
        self.queued: dict[str, str] = {}  # -> the queue a payment waits in after the batch, or ""
        self.payment_moves: dict[str, str] = {}  # -> the status after the batch
        self.counts: Counter[str] = Counter()
        self.volume_minor: Counter[str] = Counter()

    def place_hold(self, hold_id: str, accounts: list[str]) -> None:
        """Index a new hold under its accounts."""
        self.open_holds[hold_id] = accounts
        self.counts["holds_open"] += 1

    def end_hold(self, hold_id: str) -> None:
        """Take a hold out of the index.

        Also one that this batch placed: a smaller batch that was cut off half-way may have put it there.
        """
        self.counts["holds_open"] -= 1
        self.open_holds.pop(hold_id, None)
        self.ended_holds.append(hold_id)

    def queue(self, payment: str, waits_in: str) -> None:
        """Have a payment wait in a queue; "" takes it out of whichever it is in."""
        if waits_in or payment in self.queued or payment not in self.begun:
            self.queued[payment] = waits_in

    def moves(self) -> list[tuple[str, str, str]]:
        """The payments that moved: id, status, and the position that initiated each."""
        return [(payment, status, str(position_of(payment))) for payment, status in self.payment_moves.items()]


def packed(changes: Changes, keys: WalletsKeys) -> bytes:
    """Write the changes as the script reads them, see apply.lua: what counts apart from what only overwrites."""
    return _pack((changes.ended_holds, changes.moves(), commands_of(changes, keys), _counters(changes)))


def commands_of(changes: Changes, keys: WalletsKeys) -> list[Command]:
    """Write what only overwrites as Redis commands, in any order."""
    return [
        *_account_commands(changes, keys),
        *_statement_commands(changes, keys),
        *_hold_commands(changes, keys),
        *_payment_commands(changes, keys),
    ]


def encode_line(line: StatementLine) -> str:
    """Write a statement line as the model keeps it."""
    return _encode(line).decode()


def _account_commands(changes: Changes, keys: WalletsKeys) -> list[Command]:
    account = keys.account("")  # a key's beginning is spelled once for all of them
    commands: list[Command] = [_hset(account + account_id, fields) for account_id, fields in changes.accounts.items()]
    listed = keys.accounts
    commands += [["ZADD", listed, "0", account_id] for account_id in changes.opened_accounts]
    return commands


def _statement_commands(changes: Changes, keys: WalletsKeys) -> list[Command]:
    statement, oldest_kept = keys.statement(""), str(-STATEMENT_LINES_MAX - 1)
    commands: list[Command] = []
    for account_id, lines in changes.lines.items():
        key = statement + account_id
        add: Command = ["ZADD", key]
        for line in lines:
            add += (str(statement_score(line.position, line.leg)), encode_line(line))
        commands.append(add)
        commands.append(["ZREMRANGEBYRANK", key, "0", oldest_kept])
    return commands


def _hold_commands(changes: Changes, keys: WalletsKeys) -> list[Command]:
    commands: list[Command] = [_hset(keys.hold(hold_id), fields) for hold_id, fields in changes.holds.items()]
    for hold_id, accounts in changes.open_holds.items():
        score = str(position_of(hold_id))
        commands += [["ZADD", keys.holds(account_id), score, hold_id] for account_id in accounts]
    return commands


def _payment_commands(changes: Changes, keys: WalletsKeys) -> list[Command]:
    payment_key = keys.payment("")
    commands: list[Command] = [
        _hset(payment_key + payment, fields) for payment, fields in changes.payments.items() if fields
    ]
    for name, value, payment in changes.payment_indexes:
        commands.append(["ZADD", keys.payments_by(name, value), str(position_of(payment)), payment])
    for payment, waits_in in changes.queued.items():
        for queue in QUEUES:
            key = keys.payments_by("queue", queue)
            score = str(position_of(payment))
            commands.append(["ZADD", key, score, payment] if queue == waits_in else ["ZREM", key, payment])
    return commands


def _counters(changes: Changes) -> list[str]:
    """Flat: counter, increment; and so on."""
    counts = dict(changes.counts)
    for currency, volume_minor in changes.volume_minor.items():
        counts.update(volume_fields(currency, volume_minor))
    return [text for field, count in counts.items() if count for text in (field, str(count))]


def _hset(key: str, fields: dict[str, str]) -> Command:
    command: Command = ["HSET", key]
    for name_and_value in fields.items():
        command += name_and_value
    return command
