"""The child: reads a job, answers it, and is gone after the first one of which anything ran.

It is started ahead of time, confined before it reads a question, and knows no secret: no environment, no connection,
only two pipes and the lake's folder.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import BinaryIO, Final
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa

from query_api.adhoc import jobs
from query_api.adhoc.answering import TooLarge, render
from query_api.adhoc.confinement import close_files, die_with_parent, limit_cpu, limit_processes, limit_resources
from query_api.adhoc.grammar import NotAllowed, Unreadable, check_question
from query_api.adhoc.jobs import Job, Outcome, Reply
from query_api.adhoc.lockdown import open_locked
from runtime.sql_files import load_queries

DETAIL_CHARS_MAX: Final = 600

_WARM_UP: Final = load_queries(Path(__file__).parent / "sql" / "engine.sql")["warm_up"]
_ZONES: Final[list[ZoneInfo]] = []  # held, so that Python does not read them again
# Errors whose words are about the question; of any other only its kind is told, because it may name places.
_ABOUT_THE_QUESTION: Final = (
    *(duckdb.BinderException, duckdb.CatalogException, duckdb.ConversionException, duckdb.DataError),
    *(duckdb.InvalidInputException, duckdb.InvalidTypeException, duckdb.OutOfRangeException, duckdb.ParserException),
    *(duckdb.SyntaxException, duckdb.TypeMismatchException, duckdb.NotImplementedException, duckdb.ConstraintException),
)
_LAKE_MOVED: Final = (duckdb.IOException, duckdb.PermissionException, duckdb.HTTPException)


def main(*, calls_refused: bool) -> None:
    """Serve the parent on standard input and output until a question was run or the parent is gone."""
    source, answers = sys.stdin.buffer, _take_output()
    start = jobs.decode_start(_read(source))
    die_with_parent(start.parent)
    os.chdir(start.folder)
    _warm_up()
    limit_resources(start.allowance.memory_mb)
    walls = {"seccomp": calls_refused, "landlock": close_files(start.folder)}
    database = open_locked(start.folder, start.allowance)
    limit_processes()
    _write(answers, jobs.encode([name for name, stands in walls.items() if not stands]))
    spent = False
    while not spent:
        limit_cpu(start.allowance.timeout_s)
        reply = _answer(database, jobs.decode_job(_read(source)))
        _write(answers, jobs.encode(reply))
        spent = reply.spent


def _answer(database: duckdb.DuckDBPyConnection, job: Job) -> Reply:
    try:
        check_question(database.cursor(), job.sql, job.views)
    except NotAllowed as refused:
        return Reply(outcome="not_allowed", detail=str(refused)[:DETAIL_CHARS_MAX], spent=False)
    except Unreadable as unreadable:
        return Reply(outcome="failed", detail=str(unreadable)[:DETAIL_CHARS_MAX], spent=False)
    began = time.monotonic()
    try:
        for definition in job.definitions:
            database.execute(definition)
        question = database.sql(job.sql, params=job.parameters)
        return render(question, job, lambda: int((time.monotonic() - began) * 1000))
    except (duckdb.Error, pa.ArrowException, MemoryError, TooLarge, ValueError, OverflowError) as error:
        # The last two: values that Python has no room for, such as days after the year 9999.
        outcome, detail = _reason(error)
        return Reply(outcome=outcome, detail=detail)


def _reason(error: Exception) -> tuple[Outcome, str]:
    """Say what went wrong without saying where anything is."""
    text = str(error).partition("\n\nStack Trace")[0][:DETAIL_CHARS_MAX]
    match error:
        case TooLarge():
            return "over_limit", f"a row is larger than {jobs.ANSWER_BYTES_MAX} bytes; ask for less of it"
        case MemoryError() | duckdb.OutOfMemoryException() | pa.ArrowMemoryError():
            return "over_limit", "it needs more memory than a question may use; ask for less at once"
        case _ if isinstance(error, _LAKE_MOVED):
            return "lake_moved", "the lake's files changed"
        case _ if isinstance(error, _ABOUT_THE_QUESTION) and ".parquet" not in text:
            return "failed", text
        case _:
            return "failed", f"the engine cannot answer it ({type(error).__name__})"


def _warm_up() -> None:
    """Load what Python and Arrow load at their first result, on a database that is closed again."""
    with duckdb.connect() as database:
        for column in database.sql(_WARM_UP).to_arrow_table().columns:
            column.to_pylist()
    _ZONES.extend(ZoneInfo(name) for name in ("UTC", "Etc/UTC"))


def _take_output() -> BinaryIO:
    """Keep the way to the parent for replies: whatever a library prints goes where errors go."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return answers


def _read(source: BinaryIO) -> bytes:
    """Read one frame; the end of the pipe is the end of the parent, and of this process."""
    length = source.read(jobs.LENGTH_BYTES)
    message = source.read(int.from_bytes(length, "big")) if len(length) == jobs.LENGTH_BYTES else b""
    if not message:
        raise SystemExit(0)
    return message


def _write(answers: BinaryIO, message: bytes) -> None:
    answers.write(jobs.frame(message))
    answers.flush()
