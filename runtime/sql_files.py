"""Named queries from `.sql` files.

A file is a list of statements, each under a header `-- name: verb_noun` and a sentence that says why it is written
that way. The sentences are for readers of the file; the server is sent the statement alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

_HEADER: Final = re.compile(r"^--\s*name:[ \t]*(.*?)\s*$", re.MULTILINE)
_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class SqlFileError(ValueError):
    """A `.sql` file that cannot be read as a list of named queries; the text names file and remedy."""


def load_queries(path: Path) -> Mapping[str, str]:
    """Read every query of a file, by name, in the file's order.

    Raises SqlFileError for a bad or repeated name, a name without a statement, and a statement without a name.
    """
    preamble, *rest = _HEADER.split(path.read_text(encoding="utf-8"))
    if _statement_of(preamble):
        raise SqlFileError(f"{path}: the first statement has no name; put `-- name: verb_noun` above it")
    queries: dict[str, str] = {}
    for name, body in zip(rest[::2], rest[1::2], strict=True):
        if not _NAME.fullmatch(name):
            raise SqlFileError(f"{path}: {name!r} is no query name; use lower-case letters, digits and underscores")
        if name in queries:
            raise SqlFileError(f"{path}: the name {name!r} is used twice; rename one of the two queries")
        statement = _statement_of(body)
        if not statement:
            raise SqlFileError(f"{path}: {name!r} has no statement under it; add one or remove the header")
        queries[name] = statement
    return MappingProxyType(queries)


def _statement_of(body: str) -> str:
    """Drop the leading comment lines and surrounding white space; comments inside the statement stay."""
    lines = body.strip().splitlines()
    while lines and (not lines[0].strip() or lines[0].lstrip().startswith("--")):
        del lines[0]
    return "\n".join(lines).strip()
