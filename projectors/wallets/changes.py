"""What a batch changes in ``wallets``, netted: each key at most once, however many events touched it.

Netting is what makes the model fast: of five hundred movements on a hot account the last balance and the newest fifty
statement lines survive, and only those are sent.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

import msgspec

from contracts.ids import position_of
from contracts.read_models import (
    QUEUES,
    STATEMENT_LINES_MAX,
    WalletsKeys,
    volume_fields,
)

MEMBERS_AT_ONCE: Final = 100  # of one sorted set, in one command

Command = list[str]  # text only: the MessagePack of Redis knows no bytes

_pack: Final = msgspec.msgpack.Encoder().encode


class Changes:
    """Everything a batch sets, adds or counts. Amounts are decimal text. `settle` ends it."""

    def __init__(self) -> None:
        self.accounts: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.opened_accounts: list[str] = []
        self.balances: dict[str, tuple[int, int, int]] = {}  # the last one: its position, posted, held
        self.lines: defaultdict[str, list[str]] = defaultdict(list)  # flat: score, StatementLine as JSON; and so on
        self.holds: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.open_holds: dict[str, list[str]] = {}  # placed in this batch and still open -> accounts it touches
        self.ended_holds: list[str] = []
        self.payments: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self.payment_indexes: list[tuple[str, str, str]] = []  # name, value, payment
        self.begun: set[str] = set()  # payments initiated in this batch: on no list yet
        self.queued: dict[str, str] = {}  # -> the queue a payment waits in after the batch, or ""
        self.payment_moves: dict[str, str] = {}  # -> the status after the batch
        self.counts: Counter[str] = Counter()
        self.entries: Counter[str] = Counter()
        self.volume_minor: Counter[str] = Counter()

    def settle(self) -> None:
        """Write down what is kept apart while events are folded: of what came often, only the last is made text."""
        for account_id, (position, posted_minor, held_minor) in self.balances.items():
            fields = self.accounts[account_id]
            fields["posted_minor"] = str(posted_minor)
            fields["held_minor"] = str(held_minor)
            fields["position"] = str(max(position, int(fields.get("position", 0))))
        self.balances.clear()
        for lines in self.lines.values():
            del lines[: -2 * STATEMENT_LINES_MAX]
        for currency, entries in self.entries.items():
            self.counts[f"entries:{currency}"] += entries
        self.entries.clear()

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
    return _pack((changes.ended_holds, changes.moves(), [*commands_of(changes, keys)], _counters(changes)))


def packed_looks(ended_holds: list[str], moves: list[tuple[str, str, str]]) -> bytes:
    """Write for the script only what it has to look at the model for."""
    return _pack((ended_holds, moves, (), ()))


def packed_counters(changes: Changes) -> bytes:
    """Write for the script only what counts."""
    return _pack(((), (), (), _counters(changes)))


def commands_of(changes: Changes, keys: WalletsKeys) -> Iterator[Command]:
    """Write what only overwrites as Redis commands, in any order."""
    yield from _account_commands(changes, keys)
    yield from _statement_commands(changes, keys)
    yield from _hold_commands(changes, keys)
    yield from _payment_commands(changes, keys)


def _account_commands(changes: Changes, keys: WalletsKeys) -> Iterator[Command]:
    account = keys.account("")  # a key's beginning is spelled once for all of them
    for account_id, fields in changes.accounts.items():
        yield _hset(account + account_id, fields)
    yield from _many("ZADD", keys.accounts, [("0", account_id) for account_id in changes.opened_accounts])


def _statement_commands(changes: Changes, keys: WalletsKeys) -> Iterator[Command]:
    statement, oldest_kept = keys.statement(""), str(-STATEMENT_LINES_MAX - 1)
    for account_id, lines in changes.lines.items():
        key = statement + account_id
        yield ["ZADD", key, *lines]
        yield ["ZREMRANGEBYRANK", key, "0", oldest_kept]


def _hold_commands(changes: Changes, keys: WalletsKeys) -> Iterator[Command]:
    for hold_id, fields in changes.holds.items():
        yield _hset(keys.hold(hold_id), fields)
    for hold_id, accounts in changes.open_holds.items():
        score = str(position_of(hold_id))
        for account_id in accounts:
            yield ["ZADD", keys.holds(account_id), score, hold_id]


def _payment_commands(changes: Changes, keys: WalletsKeys) -> Iterator[Command]:
    payment_key = keys.payment("")
    for payment, fields in changes.payments.items():
        if fields:
            yield _hset(payment_key + payment, fields)
    listed: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for name, value, payment in changes.payment_indexes:
        listed[keys.payments_by(name, value)].append((str(position_of(payment)), payment))
    for key, members in listed.items():
        yield from _many("ZADD", key, members)
    for queue in QUEUES if changes.queued else ():
        key = keys.payments_by("queue", queue)
        waiting = [payment for payment, waits_in in changes.queued.items() if waits_in == queue]
        others = [(payment,) for payment, waits_in in changes.queued.items() if waits_in != queue]
        yield from _many("ZADD", key, [(str(position_of(payment)), payment) for payment in waiting])
        yield from _many("ZREM", key, others)


def _many(name: str, key: str, members: Sequence[tuple[str, ...]]) -> Iterator[Command]:
    """Change many members of one sorted set, MEMBERS_AT_ONCE of them in a command."""
    for first in range(0, len(members), MEMBERS_AT_ONCE):
        yield [name, key, *chain.from_iterable(members[first : first + MEMBERS_AT_ONCE])]


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
