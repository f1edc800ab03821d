"""Each wall around a question holds by itself: the parser, DuckDB's lock, the kernel. Each is taken away once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from cli.options import CHECKOUT
from query_api.adhoc import lockdown
from query_api.adhoc.grammar import NotAllowed, Unreadable, check_question
from query_api.adhoc.jobs import Allowance
from query_api.adhoc.lockdown import NotLocked, open_locked
from query_api.adhoc.vocabulary import FUNCTIONS, TABLE_FUNCTIONS
from query_api.catalog import Catalog
from tests.query_api.adhoc.bombs import BOMBS
from tests.query_api.adhoc.escapes import ELSEWHERE, ESCAPES, FILES, SETTINGS

# What DuckDB does when locked, too, and what leads nowhere: it forgets it with the child.
HARMLESS = {
    "ATTACH ':memory:' AS other",
    "USE memory",
    "SET search_path = 'pg_catalog'",
    "SET VARIABLE x = 1",
    "RESET VARIABLE x",
    "PRAGMA enable_object_cache",
    "SELECT write_log('x')",
    "SELECT setseed(0.5)",
    "EXPLAIN SET threads = 4",
}
VIEWS = Catalog.load().names
ENDED_WITHIN_S = 60
REFUSALS_MIN = 150
QUESTIONS = (
    *BOMBS,
    "SELECT 1",
    "select account_id from ENTRIES",
    "EXPLAIN SELECT * FROM entries",
    "explain\nselect 1",
    "FROM entries",
    "TABLE entries",
    "VALUES (1, 'a')",
    "SELECT 1; ",
    "SELECT 1 -- ; DROP VIEW entries",
    "SELECT ';' AS semicolon, '/etc/passwd' AS a_text",
    "WITH a AS (SELECT 1 AS n), b AS (SELECT n FROM a) SELECT * FROM a, b",
    "WITH entries AS (SELECT 1 AS n) SELECT n FROM entries",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT * FROM t",
    "SELECT currency, sum(amount_minor) FROM entries GROUP BY ALL HAVING count(*) > 1 ORDER BY ALL LIMIT 5 OFFSET 1",
    "SELECT sum(signed_minor) OVER (PARTITION BY account_id ORDER BY position ROWS 3 PRECEDING) FROM entries",
    "SELECT list_transform([1, 2], lambda x: x + 1), [y * 2 FOR y IN [1, 2]], {'a': 1}.a, MAP {'k': 1}",
    "SELECT * EXCLUDE (reference) REPLACE (upper(currency) AS currency) FROM entries",
    "SELECT count(*) FILTER (WHERE side = 'debit'), count(DISTINCT account_id) FROM entries",
    "SELECT * FROM entries e JOIN accounts a USING (account_id) WHERE EXISTS (SELECT 1 FROM payments)",
    "SELECT date_trunc('month', effective_date), extract(year FROM effective_date), today() - 1 FROM entries",
    "PIVOT entries ON currency IN ('EUR', 'JPY') USING sum(amount_minor) GROUP BY side",
    "SELECT * FROM range(10) r(n) ASOF JOIN entries ON n >= position",
    "SELECT CAST('1.5' AS DECIMAL(9, 2)), try_cast('x' AS INT), '2026-01-01'::DATE, $x",
    "SELECT 1 UNION ALL SELECT 2 EXCEPT SELECT 3 INTERSECT SELECT 4",
)


@pytest.fixture
def parser() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as database:
        yield database


def test_the_table_is_long_enough() -> None:
    assert len(set(ESCAPES)) == len(ESCAPES) > REFUSALS_MIN


def test_the_parser_refuses_every_escape(parser: duckdb.DuckDBPyConnection) -> None:
    assert [sql for sql in ESCAPES if is_question(parser, sql)] == []


def test_the_parser_lets_questions_through(parser: duckdb.DuckDBPyConnection) -> None:
    """A wall that stops everything would pass the test above."""
    for sql in QUESTIONS:
        check_question(parser, sql, VIEWS)


def test_the_parser_runs_nothing(parser: duckdb.DuckDBPyConnection) -> None:
    for sql in ("CREATE TABLE planted (a INT)", "SET VARIABLE planted = 1", "SELECT 1; CREATE TABLE planted (a INT)"):
        assert not is_question(parser, sql)
    assert parser.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
    assert parser.execute("SELECT getvariable('planted')").fetchall() == [(None,)]


def test_the_vocabulary_is_the_engines_and_has_none_that_look_around(parser: duckdb.DuckDBPyConnection) -> None:
    """A renamed function would be a promise that nothing keeps; those with side effects are known by their names."""
    rows = parser.execute("SELECT lower(function_name), function_type, has_side_effects FROM duckdb_functions()")
    known = rows.fetchall()
    assert {name for name, _, _ in known} >= FUNCTIONS | TABLE_FUNCTIONS
    changing = {name for name, _, has_side_effects in known if has_side_effects}
    assert FUNCTIONS & changing <= {"random"}
    looking = ("duckdb_", "pragma_", "read_", "parquet_", "pg_", "current_s", "current_d", "getenv", "query", "write_")
    assert sorted(name for name in FUNCTIONS if name.startswith(looking)) == [
        "current_date",
        "pg_size_pretty",
        "pg_typeof",
    ]


def test_duckdb_is_locked_by_itself(tmp_path: Path) -> None:
    """Without the parser in front: nothing is read, written, fetched or set."""
    database = open_locked(str(tmp_path), Allowance())
    got = {sql for sql in (*FILES, *ELSEWHERE, *SETTINGS) if gets_anything(database, sql)}
    assert got - HARMLESS == set()
    assert list(tmp_path.iterdir()) == []


def test_without_the_lock_the_escapes_work() -> None:
    """The planted fault that the test above would find."""
    with duckdb.connect() as unlocked:
        assert gets_anything(unlocked, "SELECT * FROM read_text('/etc/passwd')")
        assert gets_anything(unlocked, "SET threads = 4")


def test_a_lock_that_did_not_close_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    really_set = lockdown._set

    def set_all_but_one(database: duckdb.DuckDBPyConnection, name: str, value: str) -> None:
        if name != "enable_external_access":
            really_set(database, name, value)

    monkeypatch.setattr(lockdown, "_set", set_all_but_one)
    with pytest.raises(NotLocked, match="enable_external_access"):
        open_locked(str(tmp_path), Allowance())


KERNEL = """
import os, socket, sys
sys.path.insert(0, {checkout!r})
from query_api.adhoc.confinement import close_files, limit_resources, refuse_calls
walls = {{"calls": refuse_calls, "files": lambda: close_files({folder!r}), "none": lambda: True}}
if not all(walls[name]() for name in sys.argv[1:]):
    sys.exit("no such wall here")
tries = {{
    "read": lambda: open({secret!r}).read(),
    "write": lambda: open({folder!r} + "/new", "w"),
    "remove": lambda: os.unlink({secret!r} + ".gone"),
    "fork": os.fork,
    "exec": lambda: os.execv("/bin/true", ["true"]),
    "socket": socket.socket,
    "signal": lambda: os.kill(os.getppid(), 0),
    "lake": lambda: open({folder!r} + "/entries").read(),
}}
for name, attempt in tries.items():
    try:
        if attempt() == 0:
            os._exit(0)
    except PermissionError:
        print(name, "refused", flush=True)
    except OSError as error:
        print(name, type(error).__name__, flush=True)
    else:
        print(name, "done", flush=True)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp are Linux's")
@pytest.mark.parametrize(
    ("wall", "refused"),
    [
        ("calls", {"fork", "exec", "socket", "signal"}),
        ("files", {"read", "write", "remove"}),
        ("none", set()),
    ],
)
def test_the_kernel_refuses_by_itself(tmp_path: Path, wall: str, refused: set[str]) -> None:
    """In a process without parser and DuckDB. With no wall everything is done: the planted fault."""
    folder, secret = tmp_path / "lake", tmp_path / "secret"
    folder.mkdir()
    (folder / "entries").write_text("rows")
    secret.write_text("secret")
    secret.with_suffix(".gone").write_text("remove me")
    program = KERNEL.format(checkout=str(CHECKOUT), folder=str(folder), secret=str(secret))
    tries = [sys.executable, "-I", "-c", program, wall]
    done = subprocess.run(tries, capture_output=True, text=True, timeout=ENDED_WITHIN_S, check=False)
    if "no such wall" in done.stderr:
        pytest.skip("this kernel has none")
    said = dict(line.split() for line in done.stdout.splitlines())
    assert {name for name, outcome in said.items() if outcome == "refused"} >= refused, done.stderr
    if wall != "none":
        assert said["lake"] == "done"


def is_question(parser: duckdb.DuckDBPyConnection, sql: str) -> bool:
    try:
        check_question(parser, sql, VIEWS)
    except (NotAllowed, Unreadable):
        return False
    return True


def gets_anything(database: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Whether a statement ran and gave something, or changed something."""
    try:
        [kind] = {statement.type for statement in database.extract_statements(sql)}
        if kind is not duckdb.StatementType.SELECT:
            database.cursor().execute(sql)
            return True
        return bool(database.cursor().sql(sql).to_arrow_table().num_rows)
    except (duckdb.Error, ValueError, RuntimeError):
        return False
