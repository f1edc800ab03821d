"""A number in a small file that others follow: replaced in one step, so that a reader finds the old or the new one."""

from __future__ import annotations

import os
from pathlib import Path


def read_pointer(file: Path, *, default: int) -> int:
    """Read the number; the default where there is no file. Raises OSError, also for a file without a number."""
    try:
        return int(file.read_text(encoding="ascii"))
    except FileNotFoundError:
        return default
    except ValueError as error:
        raise OSError(f"{file} holds no number; write the version that readers should use into it") from error


def write_pointer(file: Path, number: int) -> None:
    """Replace the number, durably. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
    with fresh.open("w", encoding="ascii") as written:
        written.write(f"{number}\n")
        written.flush()
        os.fsync(written.fileno())
    fresh.rename(file)
