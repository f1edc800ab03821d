"""The checkout as the rules see it: every file that belongs to Bursar, and nothing that a tool or an editor left."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("contracts", "runtime", "ledger", "command_api", "query_api", "projectors", "cli")
# Hidden entries of the root that are ours; an editor's folder is nobody's business.
HIDDEN_AT_ROOT: Final = {".ci", ".gitignore"}
# Files of others, kept as they came, and what a build makes of ours and theirs.
VENDORED: Final = ("runtime/http/swagger/", "query_api/dashboard/static/")
# What a program wrote: a test compares it with what that program writes, and a reader reads the program.
GENERATED: Final = ("client/src/bursar_client/generated/",)
TEXT_SUFFIXES: Final = {
    ".py",
    ".sql",
    ".lua",
    ".md",
    ".toml",
    ".yaml",
    ".yml",
    ".conf",
    ".sh",
    ".in",
    ".txt",
    ".json",
    ".ts",
    ".tsx",
    ".css",
    ".mjs",
    "",
}


def name_of(path: Path) -> str:
    """Return a path as the rules and messages write it: relative to the checkout, with slashes."""
    return path.relative_to(ROOT).as_posix()


@cache
def files() -> tuple[Path, ...]:
    """Return every file of the checkout, in order."""
    return tuple(sorted(_walk(ROOT)))


def python_files(*folders: str) -> list[Path]:
    """Return the Python files that a person wrote below `folders`; without one, all of them."""
    below = tuple(f"{folder}/" for folder in folders) or ("",)
    return [
        path
        for path in files()
        if path.suffix == ".py" and name_of(path).startswith(below) and not name_of(path).startswith(GENERATED)
    ]


def text_files() -> list[Path]:
    """Return every file that a person wrote."""
    return [path for path in files() if path.suffix in TEXT_SUFFIXES and not name_of(path).startswith(VENDORED)]


@cache
def syntax_of(path: Path) -> ast.Module:
    """Parse a file once, however many rules look at it."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=name_of(path))


def _walk(folder: Path) -> Iterator[Path]:
    ignored = _ignored()
    for entry in folder.iterdir():
        hidden = entry.name.startswith(".") and entry.name not in HIDDEN_AT_ROOT
        if hidden or entry.name in ignored or entry.suffix == ".pyc" or entry.is_symlink():
            continue
        if entry.is_dir():
            yield from _walk(entry)
        else:
            yield entry


@cache
def _ignored() -> frozenset[str]:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip("/") for line in lines if line and not line.startswith(("#", "*")))
