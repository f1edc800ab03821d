"""Cookies that only we can read or make: AES-256-GCM, with keys from a file.

Each kind of cookie is sealed under its own purpose, so that one cannot be sent in the place of another.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from litestar.datastructures import Cookie

from runtime.http.asgi import Scope
from runtime.ids import random_bytes

KEY_BYTES: Final = 32
KEYS_MAX: Final = 8
NONCE_BYTES: Final = 12
KEYS_FILE_BYTES_MAX: Final = 4096
COOKIE_CHARS_MAX: Final = 3800  # browsers drop a cookie of more than 4096 bytes, name and attributes included


class BadKeys(ValueError):
    """The file of session keys is not what it should be; the text says how, and repeats no key."""


class CookieTooLarge(ValueError):
    """What should be sealed does not fit into a cookie."""


class Seal:
    """Seals with the first key and opens with any, so that keys can be exchanged while sessions last."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        """Take 1 to KEYS_MAX keys of KEY_BYTES. Raises BadKeys."""
        if not 1 <= len(keys) <= KEYS_MAX or any(len(key) != KEY_BYTES for key in keys):
            raise BadKeys(f"give 1 to {KEYS_MAX} keys of {KEY_BYTES} bytes")
        self._ciphers = [AESGCM(key) for key in keys]

    def seal(self, content: bytes, *, purpose: str) -> str:
        """Return the value of a cookie. Raises CookieTooLarge."""
        nonce = random_bytes(NONCE_BYTES)
        sealed = nonce + self._ciphers[0].encrypt(nonce, content, purpose.encode())
        value = urlsafe_b64encode(sealed).rstrip(b"=").decode()
        if len(value) > COOKIE_CHARS_MAX:
            raise CookieTooLarge(f"{len(value)} characters, {COOKIE_CHARS_MAX} allowed")
        return value

    def open(self, value: str, *, purpose: str) -> bytes | None:
        """Return what was sealed for the purpose; None for everything that we did not make."""
        if len(value) > COOKIE_CHARS_MAX:
            return None
        try:
            sealed = urlsafe_b64decode(value + "=" * (-len(value) % 4))
        except (binascii.Error, ValueError):
            return None
        if len(sealed) <= NONCE_BYTES:
            return None
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
            except InvalidTag:
                continue
        return None


def read_seal(path: Path) -> Seal:
    """Read a file of keys: 64 hex digits a line, the first seals, the others still open. Raises BadKeys."""
    try:
        with path.open("rb") as file:
            content = file.read(KEYS_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise BadKeys(f"cannot read {path}: {error.strerror}") from error
    try:
        return Seal([bytes.fromhex(line) for line in content.decode("ascii").split()])
    except (UnicodeDecodeError, ValueError):
        raise BadKeys(f"{path}: write 1 to {KEYS_MAX} lines of {2 * KEY_BYTES} hex digits") from None


def cookie_in(scope: Scope, name: str) -> str | None:
    """Return the value of a cookie; None when it is missing, or there twice: which one counts would be a guess."""
    wanted = name.encode()
    parts = [part.strip() for key, line in scope["headers"] if key == b"cookie" for part in line.split(b";")]
    values = [part.partition(b"=")[2] for part in parts if part.partition(b"=")[0] == wanted]
    return values[0].decode("latin-1") if len(values) == 1 else None


def cookie_for(name: str, value: str, *, path: str, lifetime_s: int, secure: bool) -> Cookie:
    """Make a cookie that no script reads and no other site's form sends; a lifetime of 0 makes browsers forget it."""
    return Cookie(key=name, value=value, path=path, max_age=lifetime_s, httponly=True, samesite="lax", secure=secure)
