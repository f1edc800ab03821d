"""The ring of keys that seals personal data in the local stack: made once, like its passwords."""

from __future__ import annotations

import contextlib
from pathlib import Path

from cli.devstack.state import DataDir

FIRST_KEK = "k1"


def vault_keys_file(data: DataDir) -> Path:
    """Return the ring file of a stack's folder, made when it is missing."""
    from runtime.vault.ring import new_ring, write_ring

    if not data.vault_keys_file.exists():
        with contextlib.suppress(FileExistsError):  # two commands at once: the first one's keys count
            write_ring(data.vault_keys_file, new_ring(FIRST_KEK))
    return data.vault_keys_file
