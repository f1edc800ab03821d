"""Windows of history for ``wallets``: folded like one large batch, and cut into what Redis can take at once.

    slices   what only overwrites, as transactions past the script
    parts    what asks the model how it was: holds that ended, payments that moved
    rest     what counts, with the checkpoint

Everything before the rest can be done again, by a window that ends elsewhere too: docs/decisions/0037.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Final, NamedTuple

from contracts.read_models import WalletsKeys
from projectors.book import Book
from projectors.events import Event
from projectors.redis_slices import Slice, slices_of
from projectors.wallets.changes import Changes, commands_of, packed_counters, packed_looks
from projectors.wallets.fold import gather

WINDOW_EVENTS: Final = 200_000  # a worker needs up to 400 MB for it; what is sent is about 130 MB
LOOKS_AT_ONCE: Final = 250  # about five commands each: three milliseconds of Redis' time


class WindowChanges(NamedTuple):
    """What a window changes, see above."""

    slices: list[Slice]
    parts: list[bytes]
    rest: bytes


class WalletsFold:
    """What a worker does with a window."""

    def __init__(self, keys: WalletsKeys) -> None:
        self._keys = keys

    async def fold(self, book: Book, pages: AsyncIterator[list[Event]]) -> WindowChanges:
        """Net all pages into one set of changes, and cut it."""
        changes = Changes()
        async for page in pages:
            gather(changes, page)
        changes.settle()
        return cut(changes, self._keys)


def cut(changes: Changes, keys: WalletsKeys) -> WindowChanges:
    """Cut changes into what Redis can take at once."""
    return WindowChanges([*slices_of(commands_of(changes, keys))], [*_parts(changes)], packed_counters(changes))


def _parts(changes: Changes) -> Iterator[bytes]:
    ended, moves = changes.ended_holds, changes.moves()
    for first in range(0, max(len(ended), len(moves)), LOOKS_AT_ONCE):
        some = slice(first, first + LOOKS_AT_ONCE)
        yield packed_looks(ended[some], moves[some])
