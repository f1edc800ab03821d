"""Links to exports that need no token: signed with a key of this installation, and good until the export expires."""

from __future__ import annotations

import contextlib
import hmac
import os
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from runtime.ids import SECRET_BYTES, new_opaque_id, random_bytes

KEY_CHARS_MIN: Final = 32
_PURPOSE: Final = "bursar export file"


class BadKey(Exception):
    """The file with the key cannot be used; the text says why."""


class LinkSigner(Struct, frozen=True):
    """Signs and checks links to the exports of one ledger."""

    key: bytes
    ledger: str

    def path_of(self, export_id: str, expires: int) -> str:
        """Write the link: a path on this API. ``expires``: Unix time in seconds."""
        return f"/v1/exports/{export_id}/file?expires={expires}&signature={self.sign(export_id, expires)}"

    def sign(self, export_id: str, expires: int) -> str:
        """Sign what a link grants: this file, of this ledger, until then."""
        said = "\n".join((_PURPOSE, self.ledger, export_id, str(expires)))
        return hmac.new(self.key, said.encode(), sha256).hexdigest()

    def is_signed(self, export_id: str, expires: int, signature: str) -> bool:
        """Say whether the signature is ours, in a time that tells nothing about it."""
        return hmac.compare_digest(self.sign(export_id, expires).encode(), signature.encode())


def read_key(file: Path) -> bytes:
    """Read the key of links; a file that is not there yet is made, for its owner alone. Raises BadKey."""
    try:
        if not file.exists():
            _make_key(file)
        key = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadKey(f"{file}: cannot be read: {error}") from error
    if len(key) < KEY_CHARS_MIN:
        raise BadKey(f"{file}: the key has fewer than {KEY_CHARS_MIN} characters")
    return key.encode()


def _make_key(file: Path) -> None:
    """Make a key whole, or leave the one that another process was quicker to make."""
    made = file.with_name(new_opaque_id("key"))
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as opened:
        opened.write(random_bytes(SECRET_BYTES).hex())
    with contextlib.suppress(FileExistsError):
        file.hardlink_to(made)
    made.unlink()
