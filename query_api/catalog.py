"""The catalog: the views that ad-hoc questions may name, one file per view, each with a header that documents it.

Lines of the header: `title: …`, `description: …` (may repeat), `column: name type unit|- text | example` in the order
of the view's columns, and `example: title` followed by the question, each of its lines after three spaces. Types are
text, integer, date and timestamp. The statement below the header makes the view, whose name is the file's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from contracts.sql_views import CatalogEntry

_FOLDER: Final = Path(__file__).with_name("catalog")
_LINE: Final = re.compile(r"-- (title|description|column|example): (.+)")
_SQL: Final = re.compile(r"--   (.+)")


class Catalog(msgspec.Struct, frozen=True):
    """The views with the statements that make them. None uses another, so their order is the alphabet's."""

    entries: tuple[CatalogEntry, ...]
    definitions: tuple[str, ...]

    @classmethod
    def load(cls) -> Catalog:
        """Read all files. Raises ValueError for a header that cannot be read."""
        texts = {file.stem: file.read_text(encoding="utf-8") for file in sorted(_FOLDER.glob("*.sql"))}
        entries = tuple(_describe(name, text) for name, text in texts.items())
        return cls(entries, tuple(text.rstrip(";\n ") for text in texts.values()))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the views."""
        return tuple(entry.name for entry in self.entries)


def _describe(name: str, text: str) -> CatalogEntry:
    said: dict[str, list[str]] = {"title": [], "description": [], "column": [], "example": []}
    examples: list[dict[str, str]] = []
    for kind, words in _header(text):
        if kind == "example":
            examples.append({"title": words, "sql": ""})
        elif kind == "sql":
            examples[-1]["sql"] = f"{examples[-1]['sql']}\n{words}".lstrip("\n")
        else:
            said[kind].append(words)
    try:
        return msgspec.convert(
            {
                "name": name,
                "title": " ".join(said["title"]),
                "description": " ".join(said["description"]),
                "columns": [_column(line) for line in said["column"]],
                "examples": examples,
            },
            CatalogEntry,
        )
    except (ValueError, msgspec.ValidationError) as error:
        raise ValueError(f"{name}.sql: header cannot be read: {error}") from error


def _header(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if match := _LINE.fullmatch(line):
            yield match[1], match[2]
        elif match := _SQL.fullmatch(line):
            yield "sql", match[1]


def _column(line: str) -> dict[str, str]:
    name, kind, unit, rest = line.split(" ", 3)
    text, _, example = rest.rpartition(" | ")
    if not text:
        raise ValueError(f"column {name} has no example; end its line with ` | value`")
    return {"name": name, "type": kind, "unit": "" if unit == "-" else unit, "description": text, "example": example}
