"""The committed JSON Schemas. After changing a contract on purpose: ``python -m tests.support.schema_files``.

Whether such a change breaks somebody is a check of ``./bursar lint``, see cli/published.py.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from contracts.json_schemas import schemas

SCHEMAS = Path(__file__).parents[2] / "contracts" / "schemas"


def generated() -> dict[str, bytes]:
    """What the files must hold, by file name."""
    return {
        f"{name}.json": msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"
        for name, schema in schemas().items()
    }


def write() -> None:
    """Make the folder hold exactly the generated files."""
    SCHEMAS.mkdir(exist_ok=True)
    files = generated()
    for stale in {path.name for path in SCHEMAS.glob("*.json")} - files.keys():
        (SCHEMAS / stale).unlink()
    for name, content in files.items():
        (SCHEMAS / name).write_bytes(content)


if __name__ == "__main__":
    write()
