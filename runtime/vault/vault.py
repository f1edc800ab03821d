"""The vault: seals texts under a key per data subject, opens them again, and makes them unreadable for good.

A subject's data key (AES-256) is made at first use and kept in PostgreSQL, wrapped with the ring's active
key-encryption key. Destroying it makes every copy of the subject's sealed texts unreadable, wherever they are: in the
book, in streams, read models, the lake, and exports. What cannot be opened for any other reason is an error, never a
wrong text; only a destroyed key answers ERASED.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from hmac import compare_digest
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.clock import Clock, SystemClock
from runtime.ids import random_bytes
from runtime.sql_files import load_queries
from runtime.vault.errors import KeyExhausted, RingRefused, SealBroken, SubjectErased, VaultError
from runtime.vault.key_cache import HeldKey, KeyCache
from runtime.vault.ring import KEY_BYTES, KeyRing
from runtime.vault.sealing import Place, open_text, parse_sealed, require_names, seal_text, unwrap_key, wrap_key

MESSAGES_PER_KEY_MAX: Final = 2**30  # a quarter of the 2^32 at which random nonces of one key become likely to meet
MESSAGES_CLAIMED: Final = 256  # counted ahead in one write, so that sealing does not write every time
FIELDS_MAX: Final = 64
KEYS_PER_QUESTION_MAX: Final = 1_000
FIRST_KEY_ATTEMPTS_MAX: Final = 3
SAID_CHARS_MAX: Final = 200  # of who destroyed a key and why

QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "queries.sql")


class Erased(enum.Enum):
    """What a sealed text opens to once its key is destroyed: no text, and not equal to any."""

    ERASED = "[erased]"

    def __str__(self) -> str:
        return self.value


ERASED: Final = Erased.ERASED


class Destruction(msgspec.Struct, frozen=True, kw_only=True):
    """The proof that a subject's keys are destroyed: which, when, by whom and why, as the database keeps it."""

    subject: str
    key_nos: tuple[int, ...]  # empty when the subject had no key yet
    destroyed_at: datetime
    destroyed_by: str
    reason: str


class Vault:
    """Seals, opens and destroys for one ledger, over a pool of `bursar_writer`, or of `bursar_opener` to open alone.

    `reread`, when given, brings the ring again if a data key is wrapped with a KEK that this one lacks, so that a
    rotation needs no restart. Another process that destroys a subject is noticed within KEY_AGE_S_MAX seconds.
    """

    def __init__(
        self,
        pool: asyncpg.Pool[Any],
        ring: KeyRing,
        *,
        ledger: str = "main",
        reread: Callable[[], KeyRing] | None = None,
        clock: Clock | None = None,
        cache: KeyCache | None = None,
    ) -> None:
        self.ring = ring
        self._pool = pool
        self._ledger = ledger
        self._reread = reread
        self._cache = KeyCache(clock or SystemClock()) if cache is None else cache  # an empty cache is false

    async def check_ring(self, *, may_mark: bool = True) -> None:
        """Compare ring and ledger with those the database was first used with; call it when a process starts.

        The first caller leaves the mark, which takes the role bursar_writer; an opener says `may_mark=False`. Raises
        RingRefused: another index secret would give every payee another id, and nobody would notice.
        """
        mark = self.ring.mark(self._ledger)
        if may_mark:
            await self._pool.execute(QUERIES["insert_ring_mark"], mark)
        known = await self._pool.fetchval(QUERIES["read_ring_mark"])
        if known is not None and not compare_digest(bytes(known), mark):
            raise RingRefused(
                f"this database was first used with another ring, or for another ledger than {self._ledger!r}: "
                "give the process the ring file that belongs to it"
            )

    def blind_index(self, value: str, *, purpose: str) -> str:
        """Return 32 hex digits by which equal values are found without being seen; see KeyRing.blind_index."""
        return self.ring.blind_index(value, purpose=purpose)

    async def seal(self, subject: str, fields: Mapping[str, str]) -> dict[str, str]:
        """Seal every text of a subject under its field's name; the subject's key is made at first use.

        Raises Unsealable, SubjectErased, KeyExhausted, KekMissing or KekWrong; then nothing is sealed.
        """
        require_names(subject, fields)
        if len(fields) > FIELDS_MAX:
            raise VaultError(f"{len(fields)} fields at once; at most {FIELDS_MAX} are sealed together")
        if not fields:
            return {}
        key = self._cache.newest(subject)
        if key is None or key.messages_left < len(fields):
            key = await self._sealing_key(subject, len(fields))
        key.messages_left -= len(fields)
        place = Place(self._ledger, subject, key.key_no)
        return {field: seal_text(key.cipher, place, field, text) for field, text in fields.items()}

    async def open(self, subject: str, fields: Mapping[str, str]) -> dict[str, str | Erased]:
        """Open every sealed text of a subject; ERASED where its key is destroyed.

        Raises SealBroken, KekMissing or KekWrong; then nothing is opened.
        """
        (opened,) = await self.open_many([(subject, fields)])
        return opened

    async def open_many(self, sealed: Sequence[tuple[str, Mapping[str, str]]]) -> list[dict[str, str | Erased]]:
        """Open the texts of many subjects, such as a page of payments, with one question to the database.

        The answers stand in the order of the questions. Raises what `open` raises, for the first that does not open.
        """
        numbers = [
            {field: parse_sealed(field, text)[0] for field, text in fields.items()} for _, fields in sealed
        ]  # also refuses what is no sealed text before the database is asked
        for subject, fields in sealed:
            require_names(subject, fields)
        wanted = {(subject, no) for (subject, _), nos in zip(sealed, numbers, strict=True) for no in nos.values()}
        ciphers = await self._ciphers(wanted)
        return [
            {
                field: self._open_one(
                    ciphers[subject, nos[field]], Place(self._ledger, subject, nos[field]), field, text
                )
                for field, text in fields.items()
            }
            for (subject, fields), nos in zip(sealed, numbers, strict=True)
        ]

    async def destroy(self, subject: str, *, by: str, reason: str) -> Destruction:
        """Destroy all keys of a subject, for good, and return the proof; the first proof if they already were.

        `by` and `reason` are kept in clear for ever: an operator and a case number, nothing about the subject.
        """
        require_names(subject)
        for name, said in (("by", by), ("reason", reason)):
            if not said.strip() or len(said) > SAID_CHARS_MAX or not said.isprintable():
                raise VaultError(f"{name!r} takes 1 to {SAID_CHARS_MAX} printable characters")
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(QUERIES["lock_subject"], subject)
                await connection.execute(QUERIES["destroy_keys"], subject, by, reason)
                await connection.execute(QUERIES["insert_destroyed"], subject, by, reason, self.ring.active_id)
                rows = await connection.fetch(QUERIES["read_destroyed"], subject)
        finally:  # also when the answer to the commit was lost
            self._cache.forget(subject)
        return Destruction(
            subject=subject,
            key_nos=tuple(row["key_no"] for row in rows if row["key_no"] > 0),
            destroyed_at=rows[0]["destroyed_at"],
            destroyed_by=rows[0]["destroyed_by"],
            reason=rows[0]["reason"],
        )

    async def rotate_subject(self, subject: str) -> int:
        """Make a new data key for what is sealed from now on and return its number; the earlier ones still open.

        Other processes seal with it once their held key is too old. Raises SubjectErased.
        """
        require_names(subject)
        newest = await self._pool.fetchrow(QUERIES["read_newest_key"], subject)
        key_no = 1 if newest is None else newest["key_no"] + 1
        await self._insert_key(subject, key_no, random_bytes(KEY_BYTES), messages=0)
        self._cache.forget_newest(subject)
        return key_no

    async def _sealing_key(self, subject: str, count: int) -> HeldKey:
        """Return the subject's newest key with at least `count` messages counted for this process."""
        for _ in range(FIRST_KEY_ATTEMPTS_MAX):
            key = await self._renewed_key(subject, count) or await self._claimed_key(subject)
            if key is not None:
                return key
            newest = await self._pool.fetchrow(QUERIES["read_newest_key"], subject)
            if newest is None:
                key = await self._first_key(subject)
            elif newest["wrapped_key"] is None:
                raise SubjectErased(f"the keys of subject {subject!r} are destroyed: nothing is sealed for it any more")
            elif newest["messages"] + MESSAGES_CLAIMED > MESSAGES_PER_KEY_MAX:
                raise KeyExhausted(
                    f"key {newest['key_no']} of subject {subject!r} has sealed as many texts as one key may "
                    f"({MESSAGES_PER_KEY_MAX}): call rotate_subject"
                )
            if key is not None:
                return key
        raise VaultError(f"other processes changed the keys of subject {subject!r} at every attempt; try again")

    async def _renewed_key(self, subject: str, count: int) -> HeldKey | None:
        """Look again whether a key with counted messages left is still the newest, without counting new ones."""
        key_no = self._cache.newest_no(subject)
        left = self._cache.take_left(subject, key_no)
        if left < count:
            return None
        turn, now_s = self._cache.turn, self._cache.now_s()
        row = await self._pool.fetchrow(QUERIES["read_newest_key"], subject)
        if row is None or row["key_no"] != key_no or row["wrapped_key"] is None:
            return None
        return self._held(subject, row, turn=turn, now_s=now_s, messages=left)

    async def _claimed_key(self, subject: str) -> HeldKey | None:
        turn, now_s = self._cache.turn, self._cache.now_s()
        row = await self._pool.fetchrow(QUERIES["claim_messages"], subject, MESSAGES_CLAIMED, MESSAGES_PER_KEY_MAX)
        return None if row is None else self._held(subject, row, turn=turn, now_s=now_s, messages=MESSAGES_CLAIMED)

    async def _first_key(self, subject: str) -> HeldKey | None:
        """Make key 1; None when another process was first."""
        turn, now_s = self._cache.turn, self._cache.now_s()
        key = random_bytes(KEY_BYTES)
        if not await self._insert_key(subject, 1, key, messages=MESSAGES_CLAIMED):
            return None
        held = HeldKey(key_no=1, cipher=AESGCM(key), read_at_s=now_s, messages_left=MESSAGES_CLAIMED)
        self._cache.put(subject, held, turn=turn, is_newest=True)
        return held

    async def _insert_key(self, subject: str, key_no: int, key: bytes, *, messages: int) -> bool:
        kek_id = self.ring.active_id
        wrapped = wrap_key(self.ring.kek(kek_id), Place(self._ledger, subject, key_no), key)
        try:
            made = await self._pool.fetchval(QUERIES["insert_key"], subject, key_no, wrapped, kek_id, messages)
        except asyncpg.RestrictViolationError:
            raise SubjectErased(f"the keys of subject {subject!r} are destroyed: it gets no new one") from None
        return made is not None

    async def _ciphers(self, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], AESGCM | Erased]:
        """Return the cipher of every wanted key, or ERASED. Raises SealBroken for a key that was never here."""
        held = {place: self._cache.get(*place) for place in wanted}
        ciphers: dict[tuple[str, int], AESGCM | Erased] = {p: key.cipher for p, key in held.items() if key is not None}
        unread = sorted(place for place, key in held.items() if key is None)
        for first in range(0, len(unread), KEYS_PER_QUESTION_MAX):
            page = unread[first : first + KEYS_PER_QUESTION_MAX]
            turn, now_s = self._cache.turn, self._cache.now_s()
            rows = await self._pool.fetch(QUERIES["read_keys"], [s for s, _ in page], [no for _, no in page])
            for row in rows:
                subject, place = row["subject"], (row["subject"], row["key_no"])
                is_whole = row["wrapped_key"] is not None
                ciphers[place] = self._held(subject, row, turn=turn, now_s=now_s).cipher if is_whole else ERASED
        missing = next((place for place in unread if place not in ciphers), None)
        if missing is not None:
            raise SealBroken(f"subject {missing[0]!r} never had a key {missing[1]}: the value belongs to another one")
        return ciphers

    def _held(
        self, subject: str, row: Mapping[str, Any], *, turn: int, now_s: float, messages: int | None = None
    ) -> HeldKey:
        """Unwrap a row and keep the key; `messages` is None for a key that is only opened with."""
        place = Place(self._ledger, subject, row["key_no"])
        key = unwrap_key(self._kek(row["kek_id"]), place, row["wrapped_key"])
        left = self._cache.take_left(subject, place.key_no) + (messages or 0)
        held = HeldKey(key_no=place.key_no, cipher=AESGCM(key), read_at_s=now_s, messages_left=left)
        self._cache.put(subject, held, turn=turn, is_newest=messages is not None)
        return held

    def _kek(self, kek_id: str) -> bytes:
        """Return a KEK, after reading the ring again if this one lacks it."""
        if kek_id not in self.ring.kek_ids and self._reread is not None:
            fresh = self._reread()
            if not fresh.has_same_index(self.ring):
                raise RingRefused("the ring that was read again has another index secret; restore the original one")
            self.ring = fresh
        return self.ring.kek(kek_id)

    def _open_one(self, cipher: AESGCM | Erased, place: Place, field: str, sealed: str) -> str | Erased:
        return ERASED if isinstance(cipher, Erased) else open_text(cipher, place, field, sealed)
