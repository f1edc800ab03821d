"""Keyset cursors: where the next page starts, opaque to the client and checked when it comes back.

A cursor is the last key of a page plus a digest of the filters it was made for, so that one used with other filters is
refused instead of skipping rows. It carries no secret and grants nothing, hence no signature: whoever edits one gets
a page he could have asked for anyway.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import sha256
from typing import Final, TypeVar

import msgspec

from query_api.refusals import ReadRefused, Refusal

CURSOR_CHARS_MAX: Final = 512
FILTERS_DIGEST_CHARS: Final = 12

K = TypeVar("K")


class _Cursor(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    filters: str
    key: msgspec.Raw


def write_cursor(key: object, *, listing: str, filters: tuple[object, ...] = ()) -> str:
    """Make the cursor of the page that starts after `key`; read_cursor with the same listing and filters reads it."""
    packed = msgspec.json.encode([_digest(listing, filters), key])
    return urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def read_cursor(cursor: str, kind: type[K], *, listing: str, filters: tuple[object, ...] = ()) -> K:
    """Give back the key inside a cursor. Raises ReadRefused (cursor_invalid) for anything write_cursor did not make."""
    if len(cursor) > CURSOR_CHARS_MAX:
        raise _refused("it is too long")
    try:
        packed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        found = msgspec.json.decode(packed, type=_Cursor)
        key = msgspec.json.decode(found.key, type=kind)
    except (Base64Error, UnicodeEncodeError, ValueError) as error:
        raise _refused("it is damaged") from error
    if found.filters != _digest(listing, filters):
        raise _refused("it belongs to another listing or to other filters")
    return key


def _digest(listing: str, filters: tuple[object, ...]) -> str:
    return sha256(msgspec.json.encode([listing, filters])).hexdigest()[:FILTERS_DIGEST_CHARS]


def _refused(why: str) -> ReadRefused:
    return ReadRefused(
        Refusal.CURSOR_INVALID,
        f"this cursor cannot be used: {why}; send next_cursor of the previous page, with the same filters",
        parameter="cursor",
    )
