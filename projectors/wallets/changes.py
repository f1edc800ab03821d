"""What a batch changes in ``wallets``, netted: each key at most once, however many events touched it.

Netting is what makes the model fast: of five hundred movements on a hot account the last balance and the newest fifty
statement lines survive, and only those are encoded and sent.
"""

from __future__ import annotations

from collections import defaultdict, deque
from datetime import date, datetime
from typing import Final, NamedTuple

import msgspec

from contracts.events import PostedPosting
from contracts.ids import position_of
from contracts.read_models import (
    QUEUES,
    STATEMENT_LINES_MAX,
    StatementLine,
    WalletsKeys,
    statement_score,
    volume_fields,
)

BALANCE_FIELDS: Final = ("posted_minor", "held_minor", "position")

_encode: Final = msgspec.json.Encoder().encode
_pack: Final = msgspec.msgpack.Encoder().encode

Command = list[str]  # text only: the MessagePack of Redis knows no bytes


class LineParts(NamedTuple):
    """A statement line before it is known to survive its batch: most lines of a hot account do not."""

    position: int
    leg: int
    booked: Booked
    posting: PostedPosting

    def written(self) -> StatementLine:
        """The line as the model keeps it."""
        return StatementLine(
            position=self.position,
            leg=self.leg,
            id=self.booked.transfer_id,
            type=self.booked.type,
            side=self.posting.side,
            amount_minor=self.posting.amount_minor,
            posted_minor=self.posting.posted_minor,
            effective_date=self.booked.effective_date,
            recorded_at=self.booked.recorded_at,
            reference=self.booked.reference,
        )


class Booked(NamedTuple):
    """What the lines of one event share."""

    transfer_id: str
    type: str
    effective_date: date
    recorded_at: datetime
    reference: str | None


class Changes:
    """Everything a batch sets, adds or counts."""

    def __init__(self) -> None:
        self.accounts: defaultdict[str, dict[str, str]] = defaultdict(dict)  # all but the balances
        self.balances: dict[str, tuple[int, int, int]] = {}  # posted, held, position
        self.opened_accounts: list[str] = []
        self.lines: defaultdict[str, deque[LineParts]] = defaultdict(lambda: deque(maxlen=STATEMENT_LINES_MAX))
        self.holds: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.open_holds: dict[str, list[str]] = {}  # placed in this batch and still open -> accounts it touches
        self.ended_holds: list[str] = []
        self.payments: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.payment_indexes: list[tuple[str, str, str]] = []  # name, value, payment
        self.begun: set[str] = set()  # payments initiated in this batch: on no list yet
        self.queued: dict[str, str] = {}  # -> the queue a payment waits in after the batch, or ""
        self.payment_moves: dict[str, str] = {}  # -> the status after the batch
        self.counts: defaultdict[str, int] = defaultdict(int)
        self.entries: defaultdict[str, int] = defaultdict(int)  # by currency, as is volume_minor
        self.volume_minor: defaultdict[str, int] = defaultdict(int)

    def change_status(self, account_id: str, status: str, position: int) -> None:
        """Give an account another status; that is its last change, whatever moved its balance before."""
        fields = self.accounts[account_id]
        fields["status"], fields["position"] = status, str(position)
        if (balance := self.balances.get(account_id)) is not None:
            self.balances[account_id] = (*balance[:2], position)

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
    """Write the changes as the script reads them, see apply.lua: text only, and what counts apart from what sets."""
    return _pack(
        (
            changes.ended_holds,
            changes.moves(),
            _set_commands(changes, keys),
            _balances(changes),
            _statements(changes),
            _totals(changes),
            STATEMENT_LINES_MAX,
        )
    )


def encode_line(line: LineParts) -> str:
    """Write a statement line as the model keeps it."""
    return _encode(line.written()).decode()


def balance_fields(balance: tuple[int, int, int]) -> dict[str, str]:
    """Name what `Changes.balances` holds of an account, as the script writes it into the account's hash."""
    return dict(zip(BALANCE_FIELDS, map(str, balance), strict=True))


def _set_commands(changes: Changes, keys: WalletsKeys) -> list[Command]:
    prefix = keys.prefix  # spelled anew by every property of the keys
    commands: list[Command] = [
        _hset(f"{prefix}account:{account_id}", fields) for account_id, fields in changes.accounts.items()
    ]
    commands += [["ZADD", keys.accounts, "0", account_id] for account_id in changes.opened_accounts]
    commands += [_hset(f"{prefix}hold:{hold_id}", fields) for hold_id, fields in changes.holds.items()]
    for hold_id, accounts in changes.open_holds.items():
        score = str(position_of(hold_id))
        commands += [["ZADD", f"{prefix}holds:{account_id}", score, hold_id] for account_id in accounts]
    commands += [_hset(f"{prefix}payment:{name}", fields) for name, fields in changes.payments.items() if fields]
    for name, value, payment in changes.payment_indexes:
        commands.append(["ZADD", f"{prefix}payments:{name}:{value}", str(position_of(payment)), payment])
    for payment, waits_in in changes.queued.items():
        for queue in QUEUES:
            key = f"{prefix}payments:queue:{queue}"
            score = str(position_of(payment))
            commands.append(["ZADD", key, score, payment] if queue == waits_in else ["ZREM", key, payment])
    return commands


def _balances(changes: Changes) -> list[str]:
    """Flat: account, posted, held, position; and so on."""
    flat: list[str] = []
    for account_id, (posted_minor, held_minor, position) in changes.balances.items():
        flat += (account_id, str(posted_minor), str(held_minor), str(position))
    return flat


def _statements(changes: Changes) -> list[tuple[str, list[str]]]:
    """By account: score, line as JSON; and so on."""
    statements = []
    for account_id, lines in changes.lines.items():
        scored: list[str] = []
        for line in lines:
            scored += (str(statement_score(line.position, line.leg)), encode_line(line))
        statements.append((account_id, scored))
    return statements


def _totals(changes: Changes) -> list[str]:
    """Flat: counter, increment; and so on."""
    counts = dict(changes.counts)
    for currency, entries in changes.entries.items():
        counts[f"entries:{currency}"] = entries
    for currency, volume_minor in changes.volume_minor.items():
        counts.update(volume_fields(currency, volume_minor))
    return [text for field, count in counts.items() if count for text in (field, str(count))]


def _hset(key: str, fields: dict[str, str]) -> Command:
    command: Command = ["HSET", key]
    for name_and_value in fields.items():
        command += name_and_value
    return command
