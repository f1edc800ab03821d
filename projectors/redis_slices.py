"""Overwriting commands of a window, cut into slices: each a transaction of Redis that is small enough to wait for.

Redis executes a command that arrives as it is in half the time that it takes a script to say it. What a slice may hold,
and why a window that was cut off between two does no harm: docs/decisions/0037.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import hiredis

PARTS_MAX: Final = 4_000  # words of the commands of a slice; one command more may follow: about 1 ms of Redis' time

as_redis_reads: Final[Callable[[tuple[str, ...]], bytes]] = hiredis.pack_command  # type: ignore[assignment]  # its stub means one word
_MULTI, _EXEC = (as_redis_reads((word,)) for word in ("MULTI", "EXEC"))


class Slice(NamedTuple):
    """So many commands, as Redis reads them, from MULTI to EXEC."""

    commands: int
    packed: bytes


def slices_of(commands: Iterable[Sequence[str]]) -> Iterator[Slice]:
    """Cut the commands into slices, in their order."""
    packed, parts = [_MULTI], 0
    for command in commands:
        packed.append(as_redis_reads(tuple(command)))
        parts += len(command)
        if parts >= PARTS_MAX:
            yield Slice(len(packed) - 1, b"".join([*packed, _EXEC]))
            packed, parts = [_MULTI], 0
    if parts:
        yield Slice(len(packed) - 1, b"".join([*packed, _EXEC]))
