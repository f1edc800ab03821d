"""A read model in Redis that one script moves: data and checkpoint together, one call per batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha1
from typing import Any

import redis.asyncio as redis
from redis.exceptions import NoScriptError, RedisError

from contracts.read_models import checkpoint_of
from projectors.apply import Fenced, Outcome, TargetUnreachable
from projectors.redis_slices import Slice
from projectors.redis_writer import SliceWriter, Stand
from runtime.redis_client import connect_redis


class RedisModel:
    """The connection to one model. Connects when first asked, so that a dead Redis delays nothing else."""

    def __init__(self, redis_url: str, *, name: str, checkpoint: str, script: str) -> None:
        """``name``: the model's, as `bursar rebuild` takes it; ``checkpoint``: the key of its position and fence."""
        self._url = redis_url
        self._name = name
        self._checkpoint = checkpoint
        self._script = script
        self._script_name = sha1(script.encode(), usedforsecurity=False).hexdigest()  # as Redis names it
        self._client: redis.Redis | None = None
        self._writer: SliceWriter | None = None

    async def position(self) -> int:
        """Return the model's position; 0 in an empty Redis, which makes the loop build the model from the book.

        Raises Fenced, TargetUnreachable.
        """
        client = await self._connect()
        try:
            fields: dict[Any, Any] = await client.hgetall(self._checkpoint)
        except RedisError as error:
            raise TargetUnreachable(f"Redis does not answer: {_text(error)}") from error
        found = checkpoint_of(fields)
        if found.fence is not None:
            remedy = f"if no rebuild is running, run `bursar rebuild {self._name}`"
            raise Fenced(f"the model is fenced ({found.fence}); {remedy}")
        return found.position

    async def apply(self, *arguments: Any) -> Outcome:
        """Call the script with its keys' number, keys and values. Raises TargetUnreachable."""
        client = await self._connect()
        with _applying():
            return Outcome((await self._call(client, arguments)).decode())

    async def begin_window(self, script: str, *arguments: Any) -> Outcome:
        """Call the script that begins a window. Raises TargetUnreachable."""
        client = await self._connect()
        with _applying():
            answer: bytes = await client.eval(script, *arguments)
            return Outcome(answer.decode())

    async def write(self, slices: Sequence[Slice], stand: Stand) -> bool:
        """Write slices of a window; False when it may not be written any more. Raises TargetUnreachable."""
        if self._writer is None:
            self._writer = SliceWriter(self._url, self._checkpoint)
        with _applying():
            return await self._writer.write(slices, stand)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
        if self._writer is not None:
            self._writer.close()

    async def _call(self, client: redis.Redis, arguments: tuple[Any, ...]) -> bytes:
        """Call the script by its name, and with its text where that is not known: after a restart or SCRIPT FLUSH."""
        try:
            answer: bytes = await client.evalsha(self._script_name, *arguments)
        except NoScriptError:
            answer = await client.eval(self._script, *arguments)
        return answer

    async def _connect(self) -> redis.Redis:
        if self._client is None:
            try:
                self._client = await connect_redis(self._url)
            except RedisError as error:
                raise TargetUnreachable(f"Redis does not answer: {_text(error)}") from error
        return self._client


@contextmanager
def _applying() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise TargetUnreachable(f"Redis did not apply the batch: {_text(error)}") from error


def _text(error: RedisError) -> str:
    return str(error) or type(error).__name__
