"""What a sealed text is: padding, AES-256-GCM, and the place it belongs to.

A sealed text is `sealed.v1.<key no>.<base64url of nonce, ciphertext and tag>`. The tag covers ledger, subject, field,
format version and key number as well, so that a value moved to another place does not open. Nonces are 96 random bits
(NIST SP 800-38D, 8.2.2); the vault counts texts per key and stops far below the 2^32 that this construction allows.

Texts are padded (a 0x80 byte, then zeros; ISO/IEC 7816-4) to 47, 95, 191, 383 and then every 384 bytes, so that
"Bo Li" and "Maximiliane von Trotha" look alike. Each size makes nonce, ciphertext and tag a multiple of three bytes,
which gives every value exactly one spelling in base64.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from runtime.ids import random_bytes
from runtime.vault.errors import KekWrong, SealBroken, Unsealable
from runtime.vault.ring import KEY_BYTES

FORMAT: Final = "v1"
PREFIX: Final = f"sealed.{FORMAT}."
TEXT_BYTES_MAX: Final = 65_536  # a document in words; files do not belong into events
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
SIZES_FIRST: Final = (47, 95, 191, 383)
SIZE_STEP: Final = 384

_SEALED: Final = re.compile(r"sealed\.v1\.([1-9][0-9]{0,8})\.((?:[A-Za-z0-9_-]{4}){25,})")
_SEALED_CHARS_MAX: Final = 4 * (TEXT_BYTES_MAX + SIZE_STEP + NONCE_BYTES + TAG_BYTES) // 3 + 64
_SUBJECT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,199}")
_FIELD: Final = re.compile(r"[a-z][a-z0-9_.]{0,63}")
_MARK: Final = b"\x80"


class Place(NamedTuple):
    """Where sealed texts belong: whose they are in which ledger, and under which of the subject's keys."""

    ledger: str
    subject: str
    key_no: int

    def bound_to(self, field: str) -> bytes:
        """Return what the tag covers beside the text. No part may contain a bar, so no two places read the same."""
        return f"bursar.sealed|{FORMAT}|{self.ledger}|{self.subject}|{field}|{self.key_no}".encode()


def seal_text(cipher: AESGCM, place: Place, field: str, text: str) -> str:
    """Seal one text under a new nonce. Raises Unsealable for a text that is too long or not valid Unicode."""
    nonce = random_bytes(NONCE_BYTES)
    sealed = cipher.encrypt(nonce, _padded(field, text), place.bound_to(field))
    return f"{PREFIX}{place.key_no}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def open_text(cipher: AESGCM, place: Place, field: str, sealed: str) -> str:
    """Return the text that was sealed at exactly this place. Raises SealBroken for anything else."""
    _, content = parse_sealed(field, sealed)
    try:
        padded = cipher.decrypt(content[:NONCE_BYTES], content[NONCE_BYTES:], place.bound_to(field))
    except InvalidTag:
        raise SealBroken(
            f"field {field!r} of subject {place.subject!r} does not open under key {place.key_no}: "
            "it was altered, or sealed for another subject, field or ledger"
        ) from None
    text, mark, _ = padded.rpartition(_MARK)
    if not mark:
        raise SealBroken(f"field {field!r} of subject {place.subject!r} has no end mark")
    return text.decode()


def parse_sealed(field: str, sealed: str) -> tuple[int, bytes]:
    """Split a sealed text into key number and nonce with ciphertext. Raises SealBroken, never repeating the value."""
    said = _SEALED.fullmatch(sealed) if len(sealed) <= _SEALED_CHARS_MAX else None
    if said is None:
        raise SealBroken(f"field {field!r} holds no sealed text of format {FORMAT}")
    return int(said[1]), base64.urlsafe_b64decode(said[2])


def wrap_key(kek: bytes, place: Place, key: bytes) -> bytes:
    """Wrap a data key (AES key wrap, RFC 3394) so that it unwraps in its own row alone."""
    return aes_key_wrap(_wrapping_key(kek, place), key)


def unwrap_key(kek: bytes, place: Place, wrapped_key: bytes) -> bytes:
    """Return the data key. Raises KekWrong when KEK, row or wrapped key are not the ones that belong together."""
    try:
        return aes_key_unwrap(_wrapping_key(kek, place), wrapped_key)
    except InvalidUnwrap:
        raise KekWrong(
            f"key {place.key_no} of subject {place.subject!r} does not unwrap: the ring has another key under this "
            "id, the ledger has another name, or the row was altered or moved"
        ) from None


def require_names(subject: str, fields: Iterable[str] = ()) -> None:
    """Raise Unsealable unless subject and fields can be named in a place."""
    if not _SUBJECT.fullmatch(subject):
        raise Unsealable(
            "a subject is an opaque id of 1 to 200 letters, digits and _.:/-, beginning with one of the first"
        )
    for field in fields:
        if not _FIELD.fullmatch(field):
            raise Unsealable(f"{field!r} is no field name: 1 to 64 of a-z, 0-9, _ and ., beginning with a letter")


def padded_size(text_bytes: int) -> int:
    """Return how many bytes a text of so many bytes, and its end mark, are padded to."""
    needed = text_bytes + len(_MARK)
    for size in SIZES_FIRST:
        if needed <= size:
            return size
    return SIZES_FIRST[-1] + SIZE_STEP * -(-(needed - SIZES_FIRST[-1]) // SIZE_STEP)


def _padded(field: str, text: str) -> bytes:
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise Unsealable(f"field {field!r} is not valid Unicode text") from None
    if len(encoded) > TEXT_BYTES_MAX:
        raise Unsealable(f"field {field!r} has {len(encoded)} bytes; at most {TEXT_BYTES_MAX} are sealed")
    return (encoded + _MARK).ljust(padded_size(len(encoded)), b"\x00")


def _wrapping_key(kek: bytes, place: Place) -> bytes:
    """Derive the KEK of one row: AES key wrap itself binds a key to nothing but its KEK."""
    info = f"bursar.wrap|1|{place.ledger}|{place.subject}|{place.key_no}".encode()
    return HKDF(SHA256(), KEY_BYTES, None, info).derive(kek)
