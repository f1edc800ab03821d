"""One slice of one side: read both, compare, and look again before anything is said to differ."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import duckdb
import pyarrow as pa
from deltalake.exceptions import DeltaError
from nats.aio.client import Client
from nats.errors import Error as NatsError
from redis.exceptions import RedisError

from contracts.audits import AuditDifference, AuditSide
from contracts.desk import DESK_VERSION, DeskKeys
from contracts.read_models import DESK, WALLETS, WALLETS_VERSION, Fields, WalletsKeys
from contracts.subjects import stream_name
from projectors.apply import Fenced
from projectors.auditor import desk_side, redis_side, totals_side, wallets_side
from projectors.auditor.book_side import audit_book
from projectors.auditor.findings import READABLE, Subject
from projectors.auditor.lake_side import audit_lake, lake_position, read_lake
from projectors.auditor.plan import LOOKS, SLICE_TIMEOUT_S
from projectors.auditor.reading import LATER_EVENTS_MAX, BookReader, TooFarBehind
from projectors.auditor.redis_side import Asked, Read
from projectors.auditor.stream_side import audit_stream, read_stream
from projectors.book import BookUnreachable
from projectors.events import Event, Unreadable, decode_event
from projectors.lake.fold import opened_accounts, touched_accounts
from projectors.lake.tables import TableUnreadable
from projectors.stores.lake import serving_folder
from projectors.stores.redis import serving_version
from projectors.wallets.fold import fold
from runtime.jetstream import (
    STREAM_NOT_FOUND,
    IncompleteRange,
    JetStreamRefused,
    connect_nats,
    first_sequence,
    last_sequence,
)
from runtime.redis_client import connect_redis

PART: Final = 100  # things of Redis that are read and compared at once
T = TypeVar("T")
K = TypeVar("K")


class Waiting(Exception):
    """A side cannot be compared now; the text says why. It is tried again."""


class Slice(NamedTuple):
    """What comparing a slice gave: how many values were compared, and which differ."""

    compared: int
    differences: list[AuditDifference]


class Auditor:
    """Compares slices of the sides of one ledger. Connects to a store when it is first asked about."""

    def __init__(
        self,
        book: BookReader,
        *,
        redis_url: str,
        nats_url: str,
        lake_dir: Path,
        reach_within_s: float = SLICE_TIMEOUT_S,
    ) -> None:
        """``reach_within_s``: how long a store may take to say how far it is."""
        ledger = book.ledger
        self.reach_within_s = reach_within_s
        self.ledger = ledger
        self._book = book
        self._redis_url = redis_url
        self._nats_url = nats_url
        self._stream = stream_name(ledger)
        self.keys = WalletsKeys(ledger)
        self.desk_keys = DeskKeys(ledger)
        self._lake = lake_dir / ledger
        self._folder = self._lake  # of the version that serves, as the keys are: `reached` follows the pointers
        self._redis: Any = None
        self._nats: Client | None = None
        self._look: dict[AuditSide, Callable[[int, int], Awaitable[Slice]]] = {
            "book": self._look_at_book,
            "stream": self._look_at_stream,
            "redis": self._look_at_redis,
            "lake": self._look_at_lake,
        }

    async def close(self) -> None:
        """Close the connections."""
        if self._redis is not None:
            await self._redis.aclose()
        if self._nats is not None:
            await self._nats.close()

    async def reached(self, side: AuditSide) -> int:
        """Return up to which position a side can be compared. Raises Waiting."""
        return await _answered(side, self._reached(side), within_s=self.reach_within_s)

    async def audit(self, side: AuditSide, low: int, high: int) -> Slice:
        """Compare positions (low, high] of a side; what differs does so at every one of LOOKS looks. Raises Waiting."""
        first = low + 1
        found = await _answered(side, self._look[side](first, high))
        for _ in range(LOOKS - 1):
            if not found.differences:
                break
            again = await _answered(side, self._look[side](first, high))
            known = {_identity(difference) for difference in found.differences}
            found = Slice(found.compared, [one for one in again.differences if _identity(one) in known])
        if found.differences and await self.reached(side) < high:
            raise Waiting(f"{side}: it was at position {high} and is not any more: it is being built again")
        return found

    async def count(self, low: int, high: int) -> Counter[str]:
        """Count what positions (low, high] add to the counters of Redis. Raises Waiting."""
        return totals_side.count(await _answered("redis", self._events(low + 1, high)))

    async def audit_totals(self, counted: Counter[str], *, up_to: int) -> list[AuditDifference]:
        """Compare the counters of Redis with what was counted of positions 1 to ``up_to``. Raises Waiting."""
        position, found, lengths = await _answered("redis", self._read_totals())
        if not 0 <= position - up_to <= LATER_EVENTS_MAX:
            raise Waiting(f"redis: at position {position}, and {up_to} was counted")
        later = await self.count(up_to, position)
        return totals_side.audit_totals(found, lengths, counted + later, position=position)

    async def _read_totals(self) -> tuple[int, Fields, dict[str, int]]:
        return await redis_side.read_totals(await self.redis(), self.keys, wallets_side.STATUSES)

    async def redis(self) -> Any:
        """Return the connection to Redis. Raises RedisError."""
        if self._redis is None:
            self._redis = await connect_redis(self._redis_url)
        return self._redis

    async def nats(self) -> Client:
        """Return the connection to NATS. Raises NatsError, OSError."""
        if self._nats is None or self._nats.is_closed:
            self._nats = await connect_nats(self._nats_url, name="auditor", on_closed=lambda: None)
        return self._nats

    async def _reached(self, side: AuditSide) -> int:
        head = await self._book.head()
        if side == "stream":
            return min(head, await last_sequence(await self.nats(), self._stream))
        if side == "redis":
            client = await self.redis()
            self.keys = WalletsKeys(self.ledger, await serving_version(client, self.ledger, WALLETS, WALLETS_VERSION))
            self.desk_keys = DeskKeys(self.ledger, await serving_version(client, self.ledger, DESK, DESK_VERSION))
            positions = [
                await redis_side.read_position(client, checkpoint)
                for checkpoint in (self.keys.checkpoint, self.desk_keys.checkpoint)
            ]
            return min(head, *positions)
        if side == "lake":
            self._folder = await asyncio.to_thread(serving_folder, self._lake)
            return min(head, await asyncio.to_thread(lake_position, self._folder))
        return head

    async def _look_at_book(self, first: int, last: int) -> Slice:
        page = await self._book.page(first, last)
        return Slice(len(page.events) + len(page.entries), audit_book(page, ledger=self.ledger))

    async def _look_at_stream(self, first: int, last: int) -> Slice:
        """Compare what the stream still holds: it is a window on the book."""
        client = await self.nats()
        first = max(first, await first_sequence(client, self._stream))
        if first > last:
            return Slice(0, [])
        found = await read_stream(client, self._stream, first, last)
        expected = await self._book.events(first, last)
        return Slice(len(expected), audit_stream(found, expected))

    async def _look_at_lake(self, first: int, last: int) -> Slice:
        events = await self._events(first, last)
        facts = opened_accounts(events)
        facts |= await self._book.openings(touched_accounts(events) - facts.keys())
        try:
            found = await asyncio.to_thread(read_lake, self._folder, first, last)
        except (duckdb.Error, pa.ArrowException, TableUnreadable) as fault:
            subject = Subject(side="lake", model="lake", name=f"files of positions {first} to {last}", position=last)
            return Slice(0, [subject.differs(READABLE, found=type(fault).__name__, expected="rows")])
        return Slice(*audit_lake(found, events, facts, position=last))

    async def _look_at_redis(self, first: int, last: int) -> Slice:
        events = await self._events(first, last)
        touched = wallets_side.touched_in(events)
        differences: list[AuditDifference] = []
        for part in _parts(sorted(touched.accounts)):
            differences += await self._look_at_accounts(part, touched.accounts, first, last)
        for part in _parts(sorted(touched.holds)):
            differences += await self._look_at_holds({one: touched.holds[one] for one in part}, last)
        for part in _parts(sorted(touched.payments)):
            differences += await self._look_at_payments({one: touched.payments[one] for one in part}, last)
        things = desk_side.touched_in(events)
        for some in _parts(sorted(things)):
            differences += await self._look_at_things({one: things[one] for one in some}, last)
        compared = len(touched.accounts) + len(touched.holds) + len(touched.payments) + len(things)
        return Slice(compared, differences)

    async def _look_at_accounts(
        self, account_ids: Sequence[str], touched_at: dict[str, int], first: int, last: int
    ) -> list[AuditDifference]:
        """Compare accounts; statement and holds once per account: where it was opened or last moved."""
        client = await self.redis()
        now = await self._book.account_facts(account_ids, position=last)
        in_full = {
            one for one, facts in now.items() if facts.row.account_no >= first or facts.row.last_position >= first
        }
        position, found = await redis_side.read_accounts(client, self.keys, account_ids, in_full=in_full)
        if position < last:
            raise Waiting(f"wallets is at position {position} and was further: it is being rebuilt")
        facts = await self._book.account_facts(account_ids, position=position)
        named_at = {account_id: _changed_at(found[account_id].fields) for account_id in account_ids}
        named = {event.position: event for event in await self._book.events_at(
            {at for at in named_at.values() if 0 < at <= position}
        )}  # fmt: skip
        lines = fold(await self._book.statement_events(sorted(in_full), position=position)).lines
        differences: list[AuditDifference] = []
        for account_id in account_ids:
            if account_id not in facts:
                continue  # the page of the book says that an event moves an account that is not there
            of_account = facts[account_id]
            subject = wallets_side.subject_of(
                "account", account_id, position=position, account_id=account_id, currency=of_account.row.currency
            )
            differences += wallets_side.audit_account(
                subject,
                found[account_id],
                of_account,
                touched_at=touched_at[account_id],
                named=named.get(named_at[account_id]),
                statement=lines[account_id] if account_id in in_full else None,
            )
        return differences

    async def _look_at_holds(self, touched: Mapping[str, set[int]], last: int) -> list[AuditDifference]:
        asked = {hold_id: Asked(self.keys.hold(hold_id), hold_id) for hold_id in touched}
        _, histories = await self._read(asked, touched)
        lists = {
            hold_id: [self.keys.holds(account_id) for account_id in wallets_side.accounts_held(events, hold_id)]
            for hold_id, events in histories.items()
        }
        asked = {hold_id: one._replace(lists=lists[hold_id]) for hold_id, one in asked.items()}
        found, histories = await self._read(asked, touched)
        return [
            difference
            for hold_id, read in found.items()
            for difference in wallets_side.audit_hold(
                wallets_side.subject_of("hold", hold_id, position=last), read, histories[hold_id], self.keys
            )
        ]

    async def _look_at_payments(self, touched: Mapping[str, set[int]], last: int) -> list[AuditDifference]:
        asked = {payment_id: Asked(self.keys.payment(payment_id), payment_id) for payment_id in touched}
        _, histories = await self._read(asked, touched)
        asked = {
            payment_id: one._replace(lists=wallets_side.lists_to_ask(histories[payment_id], payment_id, self.keys))
            for payment_id, one in asked.items()
        }
        found, histories = await self._read(asked, touched)
        return [
            difference
            for payment_id, read in found.items()
            for difference in wallets_side.audit_payment(
                wallets_side.subject_of("payment", payment_id, position=last), read, histories[payment_id], self.keys
            )
        ]

    async def _look_at_things(self, touched: Mapping[desk_side.Thing, set[int]], last: int) -> list[AuditDifference]:
        keys = self.desk_keys
        asked = {thing: Asked(keys.thing(*thing), thing[1], (), keys.steps(*thing)) for thing in touched}
        _, histories = await self._read(asked, touched)
        asked = {
            thing: one._replace(lists=desk_side.lists_of(histories[thing], thing, keys)) for thing, one in asked.items()
        }
        found, histories = await self._read(asked, touched)
        return [
            difference
            for thing, read in found.items()
            for difference in desk_side.audit_thing(
                desk_side.subject_of(thing, position=last), thing, read, histories[thing], keys
            )
        ]

    async def _read(
        self, asked: Mapping[K, Asked], touched: Mapping[K, set[int]]
    ) -> tuple[dict[K, Read], dict[K, list[Event]]]:
        """Read things, and of each the events that it says it was made of or that the slice has of it."""
        client = await self.redis()
        found = dict(zip(asked, await redis_side.read_things(client, list(asked.values())), strict=True))
        made_of = {
            name: touched[name] | wallets_side.positions_in(read.fields, read.steps) for name, read in found.items()
        }
        events = {event.position: event for event in await self._book.events_at(set().union(*made_of.values()))}
        histories = {name: [events[at] for at in sorted(made) if at in events] for name, made in made_of.items()}
        return found, histories

    async def _events(self, first: int, last: int) -> list[Event]:
        """Return the readable events of a range; the page of the book says which are not."""
        events = []
        for position, body in await self._book.events(first, last):
            try:
                events.append(decode_event(position, body, ledger=self.ledger))
            except Unreadable:
                continue
        return events


def _parts(things: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), PART):
        yield things[start : start + PART]


def _changed_at(fields: Any) -> int:
    text = fields.get(b"position", b"")
    return int(text) if text.isdigit() and len(text) < 19 else 0


def _identity(difference: AuditDifference) -> tuple[str, str, str]:
    return difference.model, difference.subject, difference.field


async def _answered(side: AuditSide, asking: Awaitable[T], *, within_s: float = SLICE_TIMEOUT_S) -> T:
    """Wait for a side's answer; say in one way that it cannot be had now."""
    try:
        async with asyncio.timeout(within_s):
            return await asking
    except TimeoutError as fault:
        raise Waiting(f"{side}: no answer within {within_s:.0f} s") from fault
    except JetStreamRefused as fault:
        absent = "the stream is not there yet; the relay makes it" if fault.code == STREAM_NOT_FOUND else str(fault)
        raise Waiting(f"{side}: {absent}") from fault
    except (TooFarBehind, Fenced) as fault:
        raise Waiting(f"{side}: {fault}") from fault
    except (
        BookUnreachable, RedisError, NatsError, IncompleteRange, DeltaError, TableUnreadable, OSError
    ) as fault:  # fmt: skip
        raise Waiting(f"{side}: does not answer ({type(fault).__name__})") from fault
