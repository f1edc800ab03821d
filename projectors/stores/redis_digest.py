"""Comparing two versions of a model in Redis, key by key, each pair of keys while both versions stand at one position.

The names of all keys are collected first, while everything moves; what is made after that is not looked at. Then, slice
by slice, both versions are held for HOLD_S at most and a slice of the names is digested on both sides. So the version
that serves is late by that at most, however large it is; only a single sorted set is never cut between two holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

import msgspec
import redis.asyncio as redis

from contracts.projections import Comparison
from projectors.stores.comparing import DIFFERENCES_SHOWN, Tally
from projectors.stores.holding import NotLevel, held

if TYPE_CHECKING:
    from projectors.stores.store import Side

HOLD_S: Final = 0.25
BREATH_S: Final = 0.1  # between two holds, for what has gathered meanwhile
SCAN_KEYS: Final = 1000
KEYS_AT_ONCE: Final = 100  # digested in one call, which takes Redis about a millisecond
MEMBERS_AT_ONCE: Final = 2_000  # of a sorted set

_FOLDER: Final = Path(__file__).parent
DIGEST_LUA: Final = (_FOLDER / "digest.lua").read_text(encoding="utf-8")
SLICE_LUA: Final = (_FOLDER / "digest_slice.lua").read_text(encoding="utf-8")


class Keys(Protocol):
    """What the keys of every model in Redis have."""

    @property
    def prefix(self) -> str:
        """What each of them begins with."""
        ...

    @property
    def checkpoint(self) -> str:
        """Where the model says how far it is."""
        ...


class Summed(NamedTuple):
    """Hashes whose amounts are summed: what their names begin with, the field of the currency, the amounts."""

    names: str
    label: str
    amounts: tuple[str, ...]


class Counted(NamedTuple):
    """A hash of counters that can say the same in more than one way: what it is called, and what its fields say."""

    name: str
    meaning: Callable[[Mapping[bytes, bytes]], msgspec.Struct]


class VersionKeys(NamedTuple):
    """A version that is compared, and its keys."""

    side: Side
    keys: Keys

    def key(self, name: str) -> str:
        """Return the key of this version for a name."""
        return self.keys.prefix + name


Pair = tuple[VersionKeys, VersionKeys]


class Digester:
    """Compares versions in one Redis. ``forgets``: a key that will leave by itself may be missing."""

    def __init__(
        self,
        client: redis.Redis,
        *,
        summed: Summed | None,
        forgets: bool,
        counted: Counted | None = None,
        read_s: int | None = None,
    ) -> None:
        """``read_s``: members of sorted sets are seconds, and those older than this are never read."""
        self._client = client
        self._read_s = read_s
        self._read_since = ""
        self._summed = summed
        self._counted = counted
        self._forgets = forgets
        self._digest: Any = client.register_script(DIGEST_LUA)
        self._slice: Any = client.register_script(SLICE_LUA)

    async def compare(self, model: str, serving: VersionKeys, candidate: VersionKeys) -> Comparison:
        """Compare all keys. Raises NotLevel, and what Redis raises."""
        if self._read_s is not None:
            second, _ = await self._client.time()
            self._read_since = str(second - self._read_s)
        names = sorted(await self._names(serving) | await self._names(candidate))
        tallies = Tally(), Tally()
        differences: list[str] = []
        positions: list[int] = []
        clock = asyncio.get_running_loop().time
        done = 0
        while done < len(names) or not positions:  # each hold digests at least one slice
            async with held(serving.side.gate, candidate.side.gate) as position:
                positions.append(position)
                until = clock() + HOLD_S
                while done < len(names) and clock() < until:
                    slice_ = names[done : done + KEYS_AT_ONCE]
                    differences += await self._both(slice_, (serving, candidate), position, tallies)
                    done += len(slice_)
            await asyncio.sleep(BREATH_S)
        return Comparison(
            model=model,
            serving=serving.side.version,
            candidate=candidate.side.version,
            equal=not differences,
            from_position=positions[0],
            position=positions[-1],
            of_serving=tallies[0].sums(),
            of_candidate=tallies[1].sums(),
            differences=tuple(differences[:DIFFERENCES_SHOWN]),
        )

    async def _names(self, version: VersionKeys) -> set[str]:
        """Collect what the keys of a version are called in it, all but the checkpoint."""
        prefix = version.keys.prefix
        names: set[str] = set()
        cursor = 0
        while True:  # ends when SCAN has come round
            found: Any
            cursor, found = await self._client.scan(cursor, match=literal(prefix) + "*", count=SCAN_KEYS)
            names.update(key.decode()[len(prefix) :] for key in found)
            if cursor == 0:
                return names - {version.keys.checkpoint[len(prefix) :]}

    async def _both(
        self, names: Sequence[str], versions: Pair, position: int, tallies: tuple[Tally, Tally]
    ) -> list[str]:
        """Digest a slice of the names on both sides, add them up, and say what differs."""
        found = [await self._digests(names, version, position) for version in versions]
        differences = []
        for name, *entries in zip(names, *found, strict=True):
            if self._forgets and not all(entries) and await self._will_leave(name, versions):
                continue
            for entry, tally in zip(entries, tallies, strict=True):
                self._add(name, entry, tally)
            if entries[0] != entries[1]:
                differences.append(_difference(name, entries, versions))
        return differences

    async def _digests(self, names: Sequence[str], version: VersionKeys, position: int) -> list[list[Any]]:
        """Return for each name what digest.lua does, with the large sorted sets digested as well."""
        summed = self._summed or Summed("", "", ())
        at, *found = await self._digest(
            keys=[version.keys.checkpoint, *(version.key(name) for name in names)],
            args=[
                MEMBERS_AT_ONCE,
                self._read_since,
                version.key(summed.names) if self._summed else "",
                summed.label,
                *summed.amounts,
            ],
        )
        _require(int(at), position, version)
        for index, name in enumerate(names):
            if found[index] and isinstance(found[index][0], int):
                found[index] = [await self._large(name, found[index][0], version, position)]
            elif found[index] and self._counted is not None and name == self._counted.name:
                found[index] = [await self._meant(self._counted, version, position)]
        return list(found)

    async def _meant(self, counted: Counted, version: VersionKeys, position: int) -> bytes:
        """Digest what counters say: how a sum is spread over them depends on the batches that made it."""
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.hget(version.keys.checkpoint, "position")
            pipeline.hgetall(version.key(counted.name))
            at, fields = await pipeline.execute()
        _require(int(at or 0), position, version)
        said = msgspec.json.encode(counted.meaning(fields), order="deterministic")
        return sha1(said, usedforsecurity=False).hexdigest().encode()

    async def _large(self, name: str, members: int, version: VersionKeys, position: int) -> bytes:
        """Digest a sorted set in slices, all within the hold: ranks mean the same only while nothing moves."""
        whole = sha1(usedforsecurity=False)
        for first in range(0, members, MEMBERS_AT_ONCE):
            at, digest = await self._slice(
                keys=[version.keys.checkpoint, version.key(name)], args=[first, first + MEMBERS_AT_ONCE - 1]
            )
            _require(int(at), position, version)
            whole.update(digest)
        return whole.hexdigest().encode()

    async def _will_leave(self, name: str, versions: Pair) -> bool:
        """Tell whether the key has an end, on the side that has it."""
        ends = [await self._client.pttl(version.key(name)) for version in versions]
        return max(ends) > 0

    def _add(self, name: str, entry: list[Any], tally: Tally) -> None:
        if not entry:
            return
        tally.count(name.partition(":")[0])
        tally.take(name, entry[0].decode())
        if self._summed is not None and len(entry) > 1:
            for field, amount in zip(self._summed.amounts, entry[2:], strict=True):
                tally.sum(f"{entry[1].decode()} {field.removesuffix('_minor')}", int(amount or 0))


def literal(text: str) -> str:
    """Write text as a pattern that matches only itself."""
    return "".join(f"\\{char}" if char in "*?[]\\" else char for char in text)


def _require(found: int, position: int, version: VersionKeys) -> None:
    if found != position:
        raise NotLevel(
            f"version {version.side.version} moved to {found} while it was held at {position}: another process keeps "
            "it up too; compare with one projector"
        )


def _difference(name: str, entries: list[list[Any]], versions: Pair) -> str:
    if all(entries):
        return f"{name} differs"
    has = versions[0] if entries[0] else versions[1]
    return f"{name} is in version {has.side.version} only"
