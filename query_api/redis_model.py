"""Reading a read model in Redis: every call returns data and checkpoint of one moment.

Redis runs one script at a time, and a projector moves data and checkpoint in one script, so what a script reads here is
exact as of the checkpoint it returns. A Redis that failed is left alone for PAUSE_AFTER_FAILURE_S, so that a frozen
server costs one request a wait, and not each of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from contracts.read_models import Checkpoint, Fields, checkpoint_of
from contracts.subjects import active_version_key
from query_api.refusals import SourceDown
from query_api.sources import Source
from runtime.clock import Clock

READ_TIMEOUT_S: Final = 0.5
PAUSE_AFTER_FAILURE_S: Final = 0.5
ACTIVE_VERSION_AGE_S: Final = 1.0  # a switch of versions is noticed within this
# A version that is behind what was answered before is not followed for so long; then the pointer has the last word.
SWITCH_PATIENCE_S: Final = 5.0
SWITCH_LOOK_S: Final = 0.005

_SCRIPTS: Final = Path(__file__).with_name("lua")


class Page(msgspec.Struct, frozen=True):
    """Members of a sorted set with the hash behind each (none for members that have no hash), and one hash beside."""

    checkpoint: Checkpoint
    beside: Fields
    members: list[bytes]
    hashes: list[Fields]


class ModelKeys(Protocol):
    """What the keys of every model in Redis have."""

    @property
    def version(self) -> int:
        """Which version of the model they are of."""
        ...

    @property
    def prefix(self) -> str:
        """What each of them begins with."""
        ...

    @property
    def checkpoint(self) -> str:
        """Where the model says how far it is."""
        ...


K = TypeVar("K", bound=ModelKeys)


class RedisModel(Generic[K]):
    """The active version of one read model of one ledger. All methods raise SourceDown.

    ``keys_of``: the keys of a version, of the newest without one.
    """

    def __init__(
        self, redis: Source[Redis], *, ledger: str, model: str, keys_of: Callable[..., K], clock: Clock
    ) -> None:
        self._redis = redis
        self._ledger = ledger
        self._model = model
        self._keys_of = keys_of
        self._clock = clock
        self._scripts = {file.stem: file.read_text(encoding="utf-8") for file in _SCRIPTS.glob("*.lua")}
        self._registered: dict[str, Any] = {}
        self._keys = keys_of(ledger)
        self._keys_until = 0.0
        self._answered = 0  # the greatest position that was answered
        self._patient_until: float | None = None  # set while a switch is not over
        self._resting_until = 0.0

    @property
    def version(self) -> int:
        """The version that answered last."""
        return self._keys.version

    async def read_checkpoint(self) -> Checkpoint:
        """Read how far the model is."""
        [checkpoint] = await self._call("read_hashes", lambda keys: [keys.checkpoint])
        return readable(checkpoint)

    async def read_hash(self, key_of: Callable[[K], str]) -> tuple[Checkpoint, Fields]:
        """Read one hash; empty when there is none."""
        checkpoint, fields = await self._call("read_hashes", lambda keys: [keys.checkpoint, key_of(keys)])
        return readable(checkpoint), pairs_of(fields)

    async def read_page(
        self,
        index_of: Callable[[K], str],
        zrange: Sequence[str | int],
        *,
        hash_of: Callable[[K, str], str] | None = None,
        beside: Callable[[K], str] | None = None,
    ) -> Page:
        """Read a range of a sorted set (arguments as ZRANGE takes them), its members' hashes and the hash `beside`."""

        def keys_of(keys: K) -> list[str]:
            return [keys.checkpoint, index_of(keys), (beside or index_of_nothing)(keys)]

        def arguments_of(keys: K) -> list[str | int]:
            return ["" if hash_of is None else hash_of(keys, ""), *zrange]

        checkpoint, fields, members, hashes = await self._call("read_page", keys_of, arguments_of)
        return Page(readable(checkpoint), pairs_of(fields), members, [pairs_of(flat) for flat in hashes])

    async def read_counts(
        self, hash_of: Callable[[K], str], sets_of: Callable[[K], Sequence[str]]
    ) -> tuple[Checkpoint, Fields, list[int]]:
        """Read one hash, and the sizes of sorted sets."""
        checkpoint, fields, sizes = await self._call(
            "read_counts", lambda keys: [keys.checkpoint, hash_of(keys), *sets_of(keys)]
        )
        return readable(checkpoint), pairs_of(fields), sizes

    async def _call(
        self,
        script: str,
        keys_of: Callable[[K], list[str]],
        arguments_of: Callable[[K], Sequence[str | int]] = lambda keys: (),
    ) -> list[Any]:
        redis = self._redis.get()
        if self._clock.monotonic() < self._resting_until:
            raise SourceDown("Redis: did not answer a moment ago")
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                while True:  # ends with the switch of versions, or at the timeout
                    keys = await self._active_keys(redis)
                    found: list[Any] = await self._script(redis, script)(keys=keys_of(keys), args=arguments_of(keys))
                    position = position_in(found[0])
                    if position >= self._answered or not self._is_switching():
                        self._answered = position
                        return found
                    await asyncio.sleep(SWITCH_LOOK_S)
        except (RedisError, OSError) as error:
            self._resting_until = self._clock.monotonic() + PAUSE_AFTER_FAILURE_S
            raise SourceDown(f"Redis: does not answer ({type(error).__name__})") from error

    def _is_switching(self) -> bool:
        """Whether readers were pointed at another version a moment ago: no answer may be older than one before it."""
        return self._patient_until is not None and self._clock.monotonic() < self._patient_until

    async def _active_keys(self, redis: Redis) -> K:
        """Return the keys of the version that serves, once it is as far as what was answered from the one before."""
        now = self._clock.monotonic()
        if now < self._keys_until:
            return self._keys
        active = await redis.get(active_version_key(self._ledger, self._model))
        named = self._keys_of(self._ledger) if active is None else self._keys_of(self._ledger, int(active))
        if named.version == self._keys.version:
            self._keys_until = now + ACTIVE_VERSION_AGE_S
            self._patient_until = None
            return self._keys
        if self._patient_until is None:
            self._patient_until = now + SWITCH_PATIENCE_S
        reached = int(await redis.hget(named.checkpoint, "position") or 0)
        if reached >= self._answered or not self._is_switching():
            self._keys = named
            self._keys_until = now + ACTIVE_VERSION_AGE_S
            self._patient_until = self._clock.monotonic() + ACTIVE_VERSION_AGE_S
        return self._keys

    def _script(self, redis: Redis, name: str) -> Any:
        if name not in self._registered:
            self._registered[name] = redis.register_script(self._scripts[name])
        return self._registered[name]


def index_of_nothing(keys: ModelKeys) -> str:
    """Name a key that never exists, for scripts that take an optional hash."""
    return f"{keys.prefix}nothing"


def position_in(flat: list[bytes]) -> int:
    """Return the position in a checkpoint as a script gives it; an empty one is at 0."""
    return int(flat[flat.index(b"position") + 1]) if b"position" in flat else 0


def pairs_of(flat: list[bytes]) -> Fields:
    """Turn a hash as a script gives it into a mapping."""
    items = iter(flat)
    return dict(zip(items, items, strict=True))


def readable(flat: list[bytes]) -> Checkpoint:
    """Decode a checkpoint. Raises SourceDown while the model is being emptied."""
    checkpoint = checkpoint_of(pairs_of(flat))
    if checkpoint.fence is not None:
        raise SourceDown("Redis: the read model is being rebuilt")
    return checkpoint
