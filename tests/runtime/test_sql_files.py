"""Named queries: what a file may look like, and what is said when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.sql_files import SqlFileError, load_queries


def test_queries_come_by_name_without_their_reasons(tmp_path: Path) -> None:
    """The reader's sentences stay in the file; comments inside a statement stay with it."""
    path = tmp_path / "queries.sql"
    path.write_text(
        "-- About this file.\n\n-- name: read_coins\n-- Sorted, because locks are.\nSELECT id -- the key\n"
        "  FROM coins\n ORDER BY id;\n\n-- name: append_coin\nINSERT INTO coins VALUES ($1);\n"
    )

    assert dict(load_queries(path)) == {
        "read_coins": "SELECT id -- the key\n  FROM coins\n ORDER BY id;",
        "append_coin": "INSERT INTO coins VALUES ($1);",
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("SELECT 1;\n-- name: read_one\nSELECT 1;", "the first statement has no name"),
        ("-- name: read_one\nSELECT 1;\n-- name: read_one\nSELECT 2;", "'read_one' is used twice"),
        ("-- name: Read One\nSELECT 1;", "'Read One' is no query name"),
        ("-- name:\nSELECT 1;", "'' is no query name"),
        ("-- name: read_one\n-- Only a reason.\n", "'read_one' has no statement"),
    ],
)
def test_a_malformed_file_is_refused_with_its_path(tmp_path: Path, text: str, complaint: str) -> None:
    """The complaint names the file and what is wrong in it."""
    path = tmp_path / "queries.sql"
    path.write_text(text)

    with pytest.raises(SqlFileError, match=complaint) as refused:
        load_queries(path)
    assert str(path) in str(refused.value)
