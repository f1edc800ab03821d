"""A DuckDB in memory that reads one folder and nothing else, and that nobody can talk out of it.

Each setting is read back: one that a release renamed, or that silently did nothing, stops the child at its start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import duckdb

from query_api.adhoc.jobs import Allowance
from runtime.sql_files import load_queries

_QUERIES: Final = load_queries(Path(__file__).parent / "sql" / "engine.sql")

SETTINGS_OFF: Final = (
    "autoinstall_known_extensions",
    "autoload_known_extensions",
    "allow_community_extensions",
    "allow_persistent_secrets",
    "python_enable_replacements",
    "enable_progress_bar",
    "enable_external_access",
)
SETTINGS_ON: Final = ("lock_configuration",)  # last: it locks the others


class NotLocked(RuntimeError):
    """A setting is not what it was set to."""


def open_locked(folder: str, allowance: Allowance) -> duckdb.DuckDBPyConnection:
    """Open a locked database that may read below `folder`. Raises NotLocked."""
    database = duckdb.connect(config={"memory_limit": f"{allowance.memory_mb}MiB", "threads": 1, "async_threads": 1})
    quoted = folder.replace("'", "''")
    settings = {
        "TimeZone": "'UTC'",
        "temp_directory": "''",
        "max_temp_directory_size": "'0B'",
        "allowed_directories": f"['{quoted}']",
        **dict.fromkeys(SETTINGS_OFF, "false"),
        **dict.fromkeys(SETTINGS_ON, "true"),
    }
    for name, value in settings.items():
        _set(database, name, value)
    _read_back(database)
    return database


def _set(database: duckdb.DuckDBPyConnection, name: str, value: str) -> None:
    database.execute(f"SET {name} = {value}")


def _read_back(database: duckdb.DuckDBPyConnection) -> None:
    found = dict(database.execute(_QUERIES["read_settings"]).fetchall())
    wanted = {
        **dict.fromkeys(SETTINGS_OFF, "false"),
        **dict.fromkeys(SETTINGS_ON, "true"),
        "temp_directory": "",
        "threads": "1",
    }
    for name, value in wanted.items():
        if found.get(name) != value:
            raise NotLocked(f"{name} is {found.get(name)!r} and should be {value!r}")
