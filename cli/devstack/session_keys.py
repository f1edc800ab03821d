"""The key that seals session cookies in the local stack: made once, like its passwords."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from cli.devstack.state import DataDir

KEY_BYTES = 32


def session_keys_file(data: DataDir) -> Path:
    """Return the file of a stack's session keys, made when it is missing."""
    path = data.session_keys_file
    with suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
    return path
