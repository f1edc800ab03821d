"""Repairs a copy from the book; never the book.

What differs                               is repaired by
----------------------------------------   -------------------------------------------------------------------
accounts, holds, payments in Redis         folding the events about each again and setting what they give
counters, the desk, more than that         rebuilding the model
rows of the lake                           rebuilding the lake
messages of the stream                     deleting the stream; the relay fills it again

While the book differs from itself nothing is repaired: what it says is not known to be right.

One thing is set by a script that does nothing when the thing has changed since it was read, or when the model has been
rolled back or fenced. So a repair never undoes what a projector applied meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from contracts.audits import AuditDifference
from contracts.ids import position_of
from contracts.read_models import DESK, QUEUES, WALLETS, WalletsKeys
from contracts.subjects import stream_name
from projectors.auditor.auditing import Auditor
from projectors.auditor.reading import BookReader
from projectors.auditor.redis_side import read_position
from projectors.auditor.totals_side import LISTS
from projectors.auditor.wallets_side import STATUSES, SUBJECTS, lists_of
from projectors.events import Event
from projectors.rebuild import drop_keys, drop_lake
from projectors.wallets.changes import Command
from projectors.wallets.fold import fold
from runtime.jetstream import delete_stream

SUBJECTS_MAX: Final = 200  # more things than that are repaired by rebuilding the model
SCAN_EVENTS_MAX: Final = 1_000_000  # events read for the history of one thing; a longer one is rebuilt
ATTEMPTS_MAX: Final = 20
PAUSE_S: Final = 0.05

HEAL_LUA: Final = (Path(__file__).parent / "heal.lua").read_text(encoding="utf-8")
_pack: Final = msgspec.msgpack.Encoder().encode
_log = structlog.get_logger(__name__)


class HealRefused(Exception):
    """Nothing may be repaired now; the text says why."""


class Healed(NamedTuple):
    """What was done: things set from their events, and models that are being built again."""

    things: list[str]
    rebuilt: list[str]


class Places(NamedTuple):
    """Where the copies are."""

    redis_url: str
    lake_dir: Path


async def heal(auditor: Auditor, book: BookReader, differences: Sequence[AuditDifference], places: Places) -> Healed:
    """Repair whatever differs. Raises HealRefused, BookUnreachable, RedisError, JetStreamRefused, OSError."""
    wrong = [difference for difference in differences if difference.side == "book"]
    if wrong:
        first = wrong[0]
        raise HealRefused(
            f"the book differs from itself at {first.subject} ({first.field}), so nothing can be repaired from it; "
            "run `bursar verify`, and restore the book"
        )
    ledger = auditor.ledger
    rebuilt: list[str] = []
    sides = {difference.side for difference in differences}
    if "stream" in sides:
        await delete_stream(await auditor.nats(), stream_name(ledger))
        rebuilt.append("stream")
    if "lake" in sides:
        await asyncio.to_thread(drop_lake, places.lake_dir / ledger)
        rebuilt.append("lake")
    if any(difference.model == DESK for difference in differences):
        await drop_keys(places.redis_url, auditor.desk_keys, model=DESK)
        rebuilt.append(DESK)
    things, whole = await _heal_wallets(auditor, book, differences)
    if not whole:
        await drop_keys(places.redis_url, auditor.keys, model=WALLETS)
        rebuilt.append(WALLETS)
    _log.info("healed", things=len(things), rebuilt=rebuilt)
    return Healed(things, rebuilt)


async def _heal_wallets(
    auditor: Auditor, book: BookReader, differences: Sequence[AuditDifference]
) -> tuple[list[str], bool]:
    """Repair things one by one, holds before the accounts whose indexes name them; False: rebuild the model."""
    subjects = {difference.subject for difference in differences if difference.model == WALLETS}
    if subjects - {LISTS}:
        subjects -= {LISTS}  # a list that lacks a thing is too short; if it is still wrong, the next repair rebuilds it
    things = [(kind, name) for kind in ("hold", "payment", "account") for name in sorted(subjects) if _is(name, kind)]
    if len(things) != len(subjects) or len(things) > SUBJECTS_MAX:
        return [], False
    healed: list[str] = []
    for kind, name in things:
        if not await heal_thing(auditor, book, kind, name.removeprefix(SUBJECTS[kind])):
            return healed, False
        healed.append(name)
    return healed, True


def _is(name: str, kind: str) -> bool:
    return name.startswith(SUBJECTS[kind])


async def heal_thing(auditor: Auditor, book: BookReader, kind: str, identifier: str) -> bool:
    """Set one thing of ``wallets`` to what its events say; False when it cannot be done one by one."""
    client, keys = await auditor.redis(), auditor.keys
    begins = await _begin_of(book, kind, identifier)
    if begins is None:
        return False
    own = _own_keys(kind, identifier, keys)
    for _ in range(ATTEMPTS_MAX):
        position = await read_position(client, keys.checkpoint)
        dumps = [await client.dump(key) or b"" for key in own]
        if position < begins or position - begins > SCAN_EVENTS_MAX:
            return False
        events = await book.events_naming(identifier, begins, position)
        commands = await _commands_of(client, kind, identifier, events, keys)
        answer = await client.eval(
            HEAL_LUA, 1 + len(own), keys.checkpoint, *own, str(position), _pack(commands), *dumps
        )
        if answer == b"healed":
            return True
        await asyncio.sleep(PAUSE_S)  # a projector was faster: read again
    return False


async def _begin_of(book: BookReader, kind: str, identifier: str) -> int | None:
    """Give the position that a thing began at; None for what the book does not know."""
    if kind == "account":
        opened = await book.opened_at([identifier])
        return opened.get(identifier)
    try:
        return position_of(identifier)
    except ValueError:
        return None


def _own_keys(kind: str, identifier: str, keys: WalletsKeys) -> list[str]:
    """Name the keys that hold nothing but this thing: when they are as they were, nobody has touched it."""
    if kind == "account":
        return [keys.account(identifier), keys.statement(identifier), keys.holds(identifier)]
    return [keys.hold(identifier) if kind == "hold" else keys.payment(identifier)]


async def _commands_of(
    client: Any, kind: str, identifier: str, events: Sequence[Event], keys: WalletsKeys
) -> list[Command]:
    if kind == "account":
        return await _account_commands(client, identifier, events, keys)
    changes = fold(events)
    if kind == "hold":
        fields = changes.holds[identifier]
        key = keys.hold(identifier)
        score = str(position_of(identifier))
        lists = [keys.holds(account_id) for account_id in fields.get("accounts", "").split()]
        on = set(lists) if fields.get("status") == "open" else set()
    else:
        fields = dict(changes.payments[identifier])
        if identifier in changes.payment_moves:
            fields["status"] = changes.payment_moves[identifier]
        key = keys.payment(identifier)
        score = str(position_of(identifier))
        on = lists_of(changes, identifier, keys)
        lists = [keys.payments_in(status) for status in STATUSES]
        lists += [keys.payments_by("queue", queue) for queue in QUEUES]
    commands = [["DEL", key], ["HSET", key, *_flat(fields)]] if fields else [["DEL", key]]
    commands += [["ZREM", name, identifier] for name in sorted({*lists} - on)]
    return commands + [["ZADD", name, score, identifier] for name in sorted(on)]


async def _account_commands(client: Any, account_id: str, events: Sequence[Event], keys: WalletsKeys) -> list[Command]:
    """Holds that touch the account are open or not by their own hashes, which were repaired before."""
    changes = fold(events)
    hash_, statement, held = keys.account(account_id), keys.statement(account_id), keys.holds(account_id)
    commands: list[Command] = [["DEL", hash_, statement, held]]
    if account_id in changes.accounts:
        commands.append(["HSET", hash_, *_flat(changes.accounts[account_id])])
        commands.append(["ZADD", keys.accounts, "0", account_id])
    if account_id in changes.lines:
        commands.append(["ZADD", statement, *changes.lines[account_id]])
    for hold_id, fields in changes.holds.items():
        if account_id not in fields.get("accounts", "").split():
            continue
        if await client.hget(keys.hold(hold_id), "status") == b"open":
            commands.append(["ZADD", held, str(position_of(hold_id)), hold_id])
    return commands


def _flat(fields: dict[str, str]) -> list[str]:
    return [part for pair in fields.items() for part in pair]
