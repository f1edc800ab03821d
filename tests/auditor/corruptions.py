"""Single values changed in the copies by somebody who has every key, one per thing at a time, and put back after."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from contracts.read_models import LAKE_TABLES
from contracts.subjects import events_subject
from projectors.auditor.lake_side import KEYS
from runtime.jetstream import StreamSpec, delete_stream, ensure_stream, publish_batch
from tests.auditor.surroundings import Audited

PUBLISH_MAX = 500


def another_text(chance: random.Random, text: bytes) -> bytes:
    """The text with one character of it changed: a digit to another digit, anything else to a letter."""
    if not text:
        return b"x"
    at = chance.randrange(len(text))
    choices = b"0123456789" if text[at : at + 1].isdigit() else b"abcxyz"
    put = chance.choice([one for one in choices if one != text[at]])
    return text[:at] + bytes([put]) + text[at + 1 :]


def _things_of(name: str, member: str | None) -> str:
    """The thing that a key without prefix, and a member of it, is about, as the auditor names it."""
    family, _, rest = name.partition(":")
    if family in ("account", "hold", "payment"):
        return f"{family} {rest}"
    if family == "statement":
        return f"account {rest}"
    if family == "accounts":
        return f"account {member}"
    if family == "holds":
        return f"hold {member}"
    if family == "payments":
        return f"payment {member}"
    if family in ("thing", "steps"):
        kind, _, identifier = rest.partition(":")
        return f"{kind} {identifier}"
    if family == "things":
        return f"{rest.partition(':')[0]} {member}"
    return "totals"


WAYS = ("score", "removed", "member")


@asynccontextmanager
async def redis_corrupted(
    audited: Audited, chance: random.Random, count: int, *, models: Sequence[Any] = (), ways: Sequence[str] = WAYS
) -> AsyncIterator[dict[str, str]]:
    """Change up to ``count`` values of different things; gives what was done by the thing.

    ``models``: the keys of those that are changed, else both; ``ways``: what is done to members of sorted sets.
    """
    client = audited.place.redis
    all_keys = models or (audited.place.keys, audited.desk_keys)
    choices = [choice for keys in all_keys async for choice in _choices(client, keys)]
    chance.shuffle(choices)
    planted: dict[str, str] = {}
    before: dict[bytes, bytes | None] = {}
    for thing, key, kind, name in choices:
        if thing in planted or len(planted) == count:
            continue
        before.setdefault(key, await client.dump(key))
        planted[thing] = await _corrupt(client, chance, key, kind, name, ways)
    try:
        yield planted
    finally:
        for key, dumped in before.items():
            await client.restore(key, 0, dumped, replace=True)


async def _choices(client: Any, keys: Any) -> AsyncIterator[tuple[str, bytes, str, bytes]]:
    async for key in client.scan_iter(match=f"{keys.prefix}*", count=1000):
        if key.decode() == keys.checkpoint:
            continue
        name = key.decode().removeprefix(keys.prefix)
        kind = (await client.type(key)).decode()
        values = await (client.hkeys(key) if kind == "hash" else client.zrange(key, 0, -1))
        for value in values:
            yield _things_of(name, value.decode() if kind == "zset" else None), key, kind, value


async def _corrupt(client: Any, chance: random.Random, key: bytes, kind: str, name: bytes, ways: Sequence[str]) -> str:
    where = f"{key.decode()} {name.decode()}"
    if kind == "hash":
        if chance.random() < 0.2:
            await client.hdel(key, name)
            return f"{where}: deleted"
        value = await client.hget(key, name)
        put = another_text(chance, value)
        if value.isdigit() and int(put) == int(value):
            put = value + b"1"
        await client.hset(key, name, put)
        return f"{where}: {value!r} -> {put!r}"
    what = chance.choice(ways)
    score = await client.zscore(key, name)
    if what == "score":
        await client.zadd(key, {name: score + 1})
        return f"{where}: score {score} + 1"
    await client.zrem(key, name)
    if what == "member":
        put = another_text(chance, name)
        await client.zadd(key, {put: score})
        return f"{where}: member -> {put!r}"
    return f"{where}: removed"


@asynccontextmanager
async def lake_corrupted(audited: Audited, chance: random.Random, count: int) -> AsyncIterator[dict[str, str]]:
    """Change one cell in each of ``count`` rows of the lake's tables."""
    files = {name: _files(audited.lake / name) for name in LAKE_TABLES}
    before = {file: file.read_bytes() for paths in files.values() for file in paths}
    try:
        yield corrupt_lake(audited, chance, count)
    finally:
        for file, content in before.items():
            file.write_bytes(content)


def corrupt_lake(audited: Audited, chance: random.Random, count: int) -> dict[str, str]:
    """Change one cell in each of ``count`` rows, for good; gives what was done by the row."""
    files = {name: _files(audited.lake / name) for name in LAKE_TABLES}
    rows = [
        (name, file, at)
        for name, paths in files.items()
        for file in paths
        for at in range(pq.read_table(file, partitioning=None).num_rows)
    ]
    chosen = chance.sample(rows, count)
    planted: dict[str, str] = {}
    for file in {file for _, file, _ in chosen}:
        table = pq.read_table(file, partitioning=None)
        columns = table.to_pydict()
        for name, _, at in [one for one in chosen if one[1] == file]:
            key = ".".join(str(columns[column][at]) for column in KEYS[name])
            column = chance.choice(table.column_names)
            put = _another_cell(chance, columns[column][at], table.schema.field(column))
            planted[f"{name} {key}"] = f"{column}: {columns[column][at]!r} -> {put!r}"
            columns[column][at] = put
        pq.write_table(pa.Table.from_pydict(columns, schema=table.schema), file)
    return planted


def _files(path: Path) -> list[Path]:
    return [Path(file.removeprefix("file://")) for file in DeltaTable(path).file_uris()]


def _another_cell(chance: random.Random, value: Any, field: pa.Field) -> Any:
    if value is None:
        samples: dict[str, Callable[[], Any]] = {"string": lambda: "x", "int64": lambda: 7, "int16": lambda: 7}
        return samples.get(str(field.type), lambda: datetime(2026, 1, 1))()
    if field.nullable and chance.random() < 0.2:
        return None
    if isinstance(value, int):
        return value + chance.choice((1, -1, 100))
    if isinstance(value, (date, datetime)):
        return value + timedelta(days=1)
    return another_text(chance, value.encode()).decode(errors="replace")


@asynccontextmanager
async def stream_corrupted(audited: Audited, chance: random.Random, count: int) -> AsyncIterator[dict[str, str]]:
    """Make the stream anew with one byte changed in each of ``count`` messages."""
    try:
        yield await corrupt_stream(audited, chance, count)
    finally:
        await _publish(audited, [line.body for line in audited.book.lines])


async def corrupt_stream(audited: Audited, chance: random.Random, count: int) -> dict[str, str]:
    """Make the stream anew with one byte changed in each of ``count`` messages, for good."""
    bodies = [line.body for line in audited.book.lines]
    chosen = set(chance.sample(range(len(bodies)), count))
    await _publish(audited, [another_text(chance, body) if at in chosen else body for at, body in enumerate(bodies)])
    return {f"message {at + 1}": "one byte" for at in chosen}


async def _publish(audited: Audited, bodies: list[bytes]) -> None:
    place = audited.place
    await delete_stream(place.nc, place.stream)
    subject = events_subject(place.ledger)
    await ensure_stream(place.nc, StreamSpec(name=place.stream, subjects=(subject,)))
    for start in range(0, len(bodies), PUBLISH_MAX):
        await publish_batch(place.nc, subject, bodies[start : start + PUBLISH_MAX], expected_last=start)
