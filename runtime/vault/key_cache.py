"""Unwrapped data keys in memory: few, for a short time, and gone when their subject is erased."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.clock import Clock

KEYS_KEPT_MAX: Final = 10_000  # about 10 MB
KEY_AGE_S_MAX: Final = 30.0  # how long another process may still open what was destroyed here


class HeldKey(msgspec.Struct, kw_only=True):
    """One unwrapped key; `messages_left` is how many texts this process has counted and not yet sealed with it."""

    key_no: int
    cipher: AESGCM
    read_at_s: float
    messages_left: int = 0

    def __repr__(self) -> str:
        return f"HeldKey(key_no={self.key_no}, messages_left={self.messages_left}, cipher=***)"


class KeyCache:
    """At most `keys_max` keys, none used when it was read more than `age_s_max` seconds ago; the longest unused leaves.

    A key read before a destruction must not come in after it. A reader therefore takes `turn` before it asks the
    database, and its key is kept only if nothing was destroyed since.
    """

    def __init__(self, clock: Clock, *, keys_max: int = KEYS_KEPT_MAX, age_s_max: float = KEY_AGE_S_MAX) -> None:
        self._clock = clock
        self._keys_max = keys_max
        self._age_s_max = age_s_max
        self._held: OrderedDict[tuple[str, int], HeldKey] = OrderedDict()
        self._newest: dict[str, tuple[int, float]] = {}  # key number, and when it was read that it is the newest
        self.turn = 0

    def __len__(self) -> int:
        return len(self._held)

    def now_s(self) -> float:
        """The time from which the age of a key counts: read it before asking the database."""
        return self._clock.monotonic()

    def get(self, subject: str, key_no: int) -> HeldKey | None:
        """Return a key that is fresh enough to open with."""
        held = self._held.get((subject, key_no))
        if held is None or self._is_old(held.read_at_s):
            return None
        self._held.move_to_end((subject, key_no))
        return held

    def newest(self, subject: str) -> HeldKey | None:
        """Return the key that new texts of a subject are sealed with, if it was the newest not too long ago."""
        key_no, read_at_s = self._newest.get(subject, (0, 0.0))
        return None if key_no == 0 or self._is_old(read_at_s) else self.get(subject, key_no)

    def newest_no(self, subject: str) -> int:
        """Return the number of the newest key as far as is known, however old; 0 without one."""
        return self._newest.get(subject, (0, 0.0))[0]

    def take_left(self, subject: str, key_no: int) -> int:
        """Take the counted and unused messages out of a held key, however old: whoever takes them spends them."""
        held = self._held.get((subject, key_no))
        if held is None:
            return 0
        left, held.messages_left = held.messages_left, 0
        return left

    def put(self, subject: str, key: HeldKey, *, turn: int, is_newest: bool) -> None:
        """Keep a key, unless something was destroyed since its reader took its `turn`."""
        if turn != self.turn:
            return
        self._held[subject, key.key_no] = key
        self._held.move_to_end((subject, key.key_no))
        if is_newest:
            self._newest[subject] = (key.key_no, key.read_at_s)
        while len(self._held) > self._keys_max:
            (gone_subject, gone_no), _ = self._held.popitem(last=False)
            if self.newest_no(gone_subject) == gone_no:
                del self._newest[gone_subject]

    def forget(self, subject: str) -> None:
        """Drop all keys of a subject, and whatever a reader is about to bring."""
        self.turn += 1
        self._newest.pop(subject, None)
        for place in [place for place in self._held if place[0] == subject]:
            del self._held[place]

    def forget_newest(self, subject: str) -> None:
        """Ask the database again which key new texts are sealed with; the held ones still open."""
        self._newest.pop(subject, None)

    def _is_old(self, read_at_s: float) -> bool:
        return self._clock.monotonic() - read_at_s > self._age_s_max
