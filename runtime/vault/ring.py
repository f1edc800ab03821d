"""The ring: the key-encryption keys (KEKs) that wrap data keys, and the secret of the blind index.

A ring is a file (or an environment variable with the same text) that never enters the database. As JSON:

    {"active": "k2", "keks": [{"id": "k1", "key": "<base64>"}, {"id": "k2", "key": "<base64>"}], "index": "<base64>"}

or as lines `id:base64`, where the first KEK is the active one unless a line `active:<id>` names another, and the line
`index:base64` is the index secret. Every key has 32 bytes. The index secret outlives every KEK: what was looked up by
it before a rotation is found by it afterwards.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import re
import tempfile
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final, NoReturn

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from runtime.ids import random_bytes
from runtime.vault.errors import KekMissing, RingRefused

KEY_BYTES: Final = 32
RING_BYTES_MAX: Final = 65_536  # some hundred keys; anything larger is the wrong file
DISTINCT_BYTES_MIN: Final = 16  # 32 random bytes have about 30 different ones, and never as few as 15
INDEX_HEX_DIGITS: Final = 32  # 128 bits: no two of 2^50 values meet
PURPOSES_KEPT_MAX: Final = 1_024

_KEK_ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_PURPOSE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,99}")
_WORDS: Final = ("active", "index")  # of the line format; no KEK may be called so


class _WrittenKek(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    key: str


class _WrittenRing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keks: list[_WrittenKek]
    index: str
    active: str | None = None


class KeyRing:
    """Key-encryption keys by id, the active one first in use, and the index secret. Shows no key when printed."""

    __slots__ = ("_index_key_for", "_index_secret", "_keks", "active_id")

    def __init__(self, keks: Sequence[tuple[str, bytes]], *, index_secret: bytes, active_id: str | None = None) -> None:
        """Check every key. `active_id` wraps new data keys; without it the first one does. Raises RingRefused."""
        if not keks:
            raise RingRefused("the ring has no key-encryption key; `bursar vault init` makes one")
        for kek_id, key in keks:
            if not _KEK_ID.fullmatch(kek_id) or kek_id in _WORDS:
                raise RingRefused(f"{kek_id!r} is no key id: 1 to 32 of a-z, 0-9, _ and -; not one of {_WORDS}")
            _require_strong(kek_id, key)
        _require_strong("index", index_secret)
        if len({kek_id for kek_id, _ in keks}) < len(keks):
            raise RingRefused("two key-encryption keys have the same id")
        if len({index_secret, *(key for _, key in keks)}) < len(keks) + 1:
            raise RingRefused("two entries of the ring are the same key; every entry needs a key of its own")
        self.active_id = active_id or keks[0][0]
        self._keks = dict(keks)
        self._index_secret = index_secret
        self._index_key_for = lru_cache(PURPOSES_KEPT_MAX)(self._derive_index_key)
        if self.active_id not in self._keks:
            raise RingRefused(f"the active key {self.active_id!r} is not in the ring, which has {self.kek_ids}")

    def __repr__(self) -> str:
        return f"KeyRing(active={self.active_id!r}, keks={self.kek_ids}, keys=***)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a ring of keys is neither copied nor pickled")

    @property
    def kek_ids(self) -> list[str]:
        """The ids of all key-encryption keys, in the ring's order."""
        return list(self._keks)

    def kek(self, kek_id: str) -> bytes:
        """Return a key-encryption key. Raises KekMissing."""
        found = self._keks.get(kek_id)
        if found is None:
            raise KekMissing(
                f"a data key is wrapped with the key-encryption key {kek_id!r}, and the ring has {self.kek_ids}: "
                "put that key back into the ring"
            )
        return found

    def blind_index(self, value: str, *, purpose: str) -> str:
        """Return 32 hex digits that are equal for equal values of one purpose and say nothing else about them.

        HMAC-SHA256, cut to 128 bits, under a key that HKDF derives from the index secret for the purpose alone. The
        caller brings the value into its one spelling first. Raises ValueError for a badly named purpose.
        """
        return hmac.digest(self._index_key_for(purpose), value.encode(), "sha256").hex()[:INDEX_HEX_DIGITS]

    def mark(self, ledger: str) -> bytes:
        """Return 32 bytes by which a database recognises the ring of a ledger; every rotation leaves them alone."""
        return hmac.digest(self._index_secret, f"bursar.mark|1|{ledger}".encode(), "sha256")

    def has_same_index(self, other: KeyRing) -> bool:
        """Tell whether both rings find the same values."""
        return hmac.compare_digest(self._index_secret, other._index_secret)

    def with_new_kek(self, kek_id: str, key: bytes) -> KeyRing:
        """Return a ring with one more KEK, which is the active one. Raises RingRefused."""
        return KeyRing([*self._keks.items(), (kek_id, key)], index_secret=self._index_secret, active_id=kek_id)

    def without_kek(self, kek_id: str) -> KeyRing:
        """Return a ring without a KEK. Raises KekMissing, and RingRefused for the active one."""
        self.kek(kek_id)
        if kek_id == self.active_id:
            raise RingRefused(f"{kek_id!r} is the active key-encryption key: rotate to a new one first")
        kept = [(name, key) for name, key in self._keks.items() if name != kek_id]
        return KeyRing(kept, index_secret=self._index_secret, active_id=self.active_id)

    def written(self) -> bytes:
        """Return the text of a ring file, keys included: for the file alone."""
        keks = [_WrittenKek(kek_id, base64.b64encode(key).decode()) for kek_id, key in self._keks.items()]
        ring = _WrittenRing(keks, base64.b64encode(self._index_secret).decode(), self.active_id)
        return msgspec.json.format(msgspec.json.encode(ring)) + b"\n"

    def _derive_index_key(self, purpose: str) -> bytes:
        if not _PURPOSE.fullmatch(purpose):
            raise ValueError(f"{purpose!r} is no purpose: 1 to 100 letters, digits and _.:/-")
        return HKDF(SHA256(), KEY_BYTES, None, f"bursar.index|1|{purpose}".encode()).derive(self._index_secret)


def new_ring(kek_id: str) -> KeyRing:
    """Make a ring of one new KEK and a new index secret."""
    return KeyRing([(kek_id, random_bytes(KEY_BYTES))], index_secret=random_bytes(KEY_BYTES))


def parse_ring(text: str) -> KeyRing:
    """Read a ring from JSON or lines. Raises RingRefused, which never repeats the text."""
    if not text.strip():
        raise RingRefused("the ring is empty; `bursar vault init` makes one")
    if not text.lstrip().startswith("{"):
        return _parse_lines(text)
    try:
        ring = msgspec.json.decode(text, type=_WrittenRing)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise RingRefused(f"the ring is not the JSON of a ring: {_without_value(error)}") from None
    keks = [(kek.id, _key_of(kek.id, kek.key)) for kek in ring.keks]
    return KeyRing(keks, index_secret=_key_of("index", ring.index), active_id=ring.active)


def read_ring(path: Path) -> KeyRing:
    """Read a ring file. Raises RingRefused, also for a file that everyone may change."""
    try:
        if path.stat().st_mode & 0o002:
            raise RingRefused(f"{path}: everyone may change this file; chmod it to 0600")
        with path.open("rb") as file:
            content = file.read(RING_BYTES_MAX + 1)
    except OSError as error:
        raise RingRefused(f"{path}: cannot read the ring: {error.strerror}; `bursar vault init` makes one") from error
    if len(content) > RING_BYTES_MAX:
        raise RingRefused(f"{path}: longer than {RING_BYTES_MAX} bytes, so it is no ring")
    try:
        return parse_ring(content.decode("ascii"))
    except UnicodeDecodeError:
        raise RingRefused(f"{path}: a ring is plain ASCII text") from None
    except RingRefused as error:
        raise RingRefused(f"{path}: {error}") from None


def write_ring(path: Path, ring: KeyRing, *, replace: bool = False) -> None:
    """Write a ring file with mode 0600, whole or not at all. Raises FileExistsError unless told to `replace`."""
    descriptor, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # made with mode 0600
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(ring.written())
            file.flush()
            os.fsync(file.fileno())
        if replace:
            os.replace(fresh, path)
        else:
            os.link(fresh, path)  # refuses a file that is already there, whoever made it first
    finally:
        fresh.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the file's name as durable as its bytes: a key that a crash takes away opens nothing."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _parse_lines(text: str) -> KeyRing:
    said: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, colon, value = (part.strip() for part in line.partition(":"))
        if not colon:
            raise RingRefused(f"line {number} of the ring is not `id:base64`")
        if name in said:
            raise RingRefused(f"line {number} of the ring repeats the id of an earlier line")
        said[name] = value
    active_id, index = said.pop("active", None), said.pop("index", None)
    if index is None:
        raise RingRefused("the ring has no line `index:base64`, the secret of the blind index")
    keks = [(name, _key_of(name, value)) for name, value in said.items()]
    return KeyRing(keks, index_secret=_key_of("index", index), active_id=active_id)


def _key_of(name: str, value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise RingRefused(f"the key {name!r} is not base64") from None


def _require_strong(name: str, key: bytes) -> None:
    """Refuse what no random generator makes: wrong length, few different bytes, a pattern, or typed text."""
    if len(key) != KEY_BYTES:
        raise RingRefused(f"the key {name!r} has {len(key)} bytes; AES-256 takes {KEY_BYTES}")
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    is_typed = all(0x20 <= byte < 0x7F for byte in key)
    if len(set(key)) < DISTINCT_BYTES_MIN or len(steps) < DISTINCT_BYTES_MIN // 2 or is_typed:
        raise RingRefused(
            f"the key {name!r} is not random; make keys with `bursar vault init` or `bursar vault rotate`"
        )


def _without_value(error: Exception) -> str:
    """Say where the JSON is wrong; a decoder's own text may quote what it read."""
    return str(error) if isinstance(error, msgspec.ValidationError) else type(error).__name__
