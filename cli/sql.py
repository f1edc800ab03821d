"""`bursar sql`: ask the lake a question in SQL and see the answer as a table, CSV or JSON."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from cli.options import Failure, data_dir_option

if TYPE_CHECKING:
    from cli.client import Answer
    from cli.connection import Queries

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FORMATS = {"table": "application/json", "json": "application/json", "csv": "text/csv"}
ASK_FOR_S = 10.0  # while others are being answered
CELL_CHARS_MAX = 60

_WHOLE_NUMBER = re.compile(r"-?\d{1,18}")


def queries_options(function: Any) -> Any:
    """Add the options that say which query API is asked: the local stack's without them."""
    function = click.option(
        "--token-file", type=FILE, envvar="BURSAR_TOKEN_FILE", help="File with a token for --query-api."
    )(function)
    function = click.option(
        "--query-api", envvar="BURSAR_QUERY_API", help="Address of a query API other than the local stack's."
    )(function)
    return data_dir_option(function)


@click.command(name="sql")
@click.argument("sql")
@click.option(
    "--param", "-p", "parameters", multiple=True, metavar="NAME=VALUE", help="Value of $NAME; repeat for more."
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=1_000, show_default=True, help="Most rows.")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="table", show_default=True)
@click.option("--as-of-position", type=click.IntRange(1), help="Only events up to this position.")
@queries_options
def command(**options: Any) -> None:
    """Answer a question in SQL: one SELECT over the views that `bursar catalog` lists; `-` reads standard input.

    docs/guides/sql.md shows how. Every question is kept on record.
    """
    import msgspec

    from cli.connection import queries_of

    form = options["form"]
    sql = sys.stdin.read() if options["sql"] == "-" else options["sql"]
    question = {"sql": sql, "limit": options["limit"], "parameters": dict(map(_parameter, options["parameters"]))}
    position = options["as_of_position"]
    path = "/v1/sql" if position is None else f"/v1/sql?as_of_position={position}"
    queries = queries_of(options["query_api"], options["token_file"], options["data_dir"])
    answer = _ask(queries, path, msgspec.json.encode(question), accept=FORMATS[form])
    if form == "table":
        click.echo(_table(msgspec.json.decode(answer.content)))
    else:
        click.echo(answer.content.decode().rstrip("\n"))
        if answer.headers.get("truncated") == "true":
            click.echo("there are more rows; raise --limit or ask for less", err=True)


def _ask(queries: Queries, path: str, body: bytes, *, accept: str) -> Answer:
    from cli.client import ApiRefused, Unreachable, open_client

    async def ask() -> Answer:
        async with open_client(queries.url, queries.token, retry_for_s=ASK_FOR_S) as client:
            return (await client.post(path, body, accept=accept)).require()

    try:
        return asyncio.run(ask())
    except (Unreachable, ApiRefused) as error:
        raise Failure(str(error)) from error


def _parameter(text: str) -> tuple[str, str | int]:
    name, equals, value = text.partition("=")
    if not equals:
        raise Failure(f"--param {text}: write it as name=value")
    return name, int(value) if _WHOLE_NUMBER.fullmatch(value) else value


def _table(view: dict[str, Any]) -> str:
    """Lay the rows out under their columns; numbers to the right."""
    names = [column["name"] for column in view["columns"]]
    rows = [[_cell(value) for value in row] for row in view["rows"]]
    widths = [max([len(name), *(len(row[i]) for row in rows)]) for i, name in enumerate(names)]
    numeric = [all(isinstance(row[i], int | None) for row in view["rows"]) for i in range(len(names))]

    def line(cells: list[str]) -> str:
        placed = zip(cells, widths, numeric, strict=True)
        return "  ".join(cell.rjust(width) if right else cell.ljust(width) for cell, width, right in placed).rstrip()

    lines = [line(names), line(["-" * width for width in widths]), *map(line, rows)]
    more = "; there are more: raise --limit or ask for less" if view["truncated"] else ""
    return "\n".join([*lines, "", f"{len(rows)} rows as of position {view['position']}{more}"])


def _cell(value: Any) -> str:
    text = "" if value is None else str(value).replace("\n", " ")
    return text if len(text) <= CELL_CHARS_MAX else text[: CELL_CHARS_MAX - 1] + "…"
