"""Whether the contracts still keep the promises of the published schemas: one of the checks of `bursar lint`.

Run alone as `python -m cli.published`. "Published" is what the trunk held before this work: the schemas of the merge
base with `main`, or of the previous commit on `main` itself. Without git there is nothing to compare with.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from cli.options import CHECKOUT
from contracts.compatibility import breaches_of, role_of
from contracts.json_schemas import schemas

FOLDER: Final = "contracts/schemas"
TRUNKS: Final = ("origin/main", "main")
GIT_WITHIN_S: Final = 30.0

REMEDY: Final = {
    "command": "clients send the old shape: keep the field, or make the new one optional",
    "event": "the book holds the old shape for ever: add an optional field, or a new version of the event beside the "
    "old one in EVENT_TYPES, with an upcaster",
    "public": "other systems read the old shape: add an optional field, or a new kind with the next version in "
    "contracts/public_events/kinds.py, and publish both for as long as somebody reads the old one",
}

Schemas = Mapping[str, Mapping[str, Any]]


def complaints(published: Schemas, current: Schemas) -> list[str]:
    """Say what breaks whom and what to do instead, one line per breach; [] when everything published still holds."""
    said = []
    for name, old in sorted(published.items()):
        role = role_of(name)
        if name not in current:
            said.append(f"{name}: it is gone; {REMEDY[role]}")
            continue
        for pointer, change in breaches_of(old, current[name], role=role):
            said.append(f"{name}{pointer}: {change}; {REMEDY[role]}")
    return said


def published_schemas(checkout: Path) -> dict[str, dict[str, Any]] | None:
    """Read the schemas of the trunk out of git; None without git or without a commit to compare with."""
    base = _base(checkout)
    names = None if base is None else _git(checkout, "ls-tree", "--name-only", base, f"{FOLDER}/")
    if base is None or names is None:
        return None
    found = {}
    for path in names.splitlines():
        if (text := _git(checkout, "show", f"{base}:{path}")) is not None:
            found[Path(path).name.removesuffix(".json")] = msgspec.json.decode(text)
    return found


def _base(checkout: Path) -> str | None:
    head = _git(checkout, "rev-parse", "HEAD")
    for trunk in TRUNKS:
        base = _git(checkout, "merge-base", "HEAD", trunk)
        if base is not None:
            return base.strip() if base != head else f"{base.strip()}^"
    return None


def _git(checkout: Path, *arguments: str) -> str | None:
    argv = ["git", "-C", str(checkout), *arguments]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, timeout=GIT_WITHIN_S, check=False)
    except FileNotFoundError:
        return None
    return done.stdout if done.returncode == 0 else None


def main() -> int:
    """Compare and print; 1 when a promise is broken."""
    published = published_schemas(CHECKOUT)
    if published is None:
        print("no published schemas to compare with: this checkout has no git history of main")
        return 0
    said = complaints(published, schemas())
    print("\n".join(said) if said else f"{len(published)} published schemas still hold")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
