"""`bursar reports`: which there are, what one takes, and one into a file or onto the screen."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from cli.options import F, Failure, data_dir_option, json_option

if TYPE_CHECKING:
    from cli.client import Answer, BursarClient

FORMATS = ("json", "csv", "parquet", "arrow", "xlsx")
FILE = click.Path(dir_okay=False, path_type=Path)
EXPORT_WITHIN_S = 900.0
LOOK_PERIOD_S = 0.5


def asking_options(function: F) -> F:
    """Add where to ask, and as whom: the local stack, or an address with a token in a file."""
    function = click.option("--token-file", type=FILE, help="With --query-api: the token to ask with.")(function)
    function = click.option("--query-api", metavar="URL", help="Another query API than the local stack's.")(function)
    return data_dir_option(function)


@click.group(name="reports")
def command() -> None:
    """Reports over the whole history: list them, run one, export a large one.

    docs/guides/reports.md explains them.
    """


@command.command(name="list")
@asking_options
@json_option
def list_command(data_dir: Path, query_api: str | None, token_file: Path | None, as_json: bool) -> None:
    """List the reports with their parameters."""
    catalogue = asyncio.run(_ask(_client_of(data_dir, query_api, token_file), lambda api: api.get("/v1/reports")))
    if as_json:
        click.echo(catalogue.content)
        return
    for report in json.loads(catalogue.content)["reports"]:
        click.echo(f"{report['name']:22} {report['title']}")
        for one in report["parameters"]:
            default = f" (default {one['default']})" if one["default"] is not None else ""
            click.echo(f"{'':22}   {one['name']}{'*' if one['required'] else ''}: {one['description']}{default}")
    click.echo("\n* has to be given. `bursar reports run NAME --param name=value`; --compare-to takes a second period.")


@command.command(name="run")
@click.argument("name")
@click.option("--param", "-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter; repeat for more.")
@click.option("--compare-to", metavar="PERIOD", help="2026-03, 2026-Q1, previous, year-before ...")
@click.option(
    "--format", "written_as", type=click.Choice(FORMATS), help="Without it: by the output's ending, else csv."
)
@click.option("--output", "-o", type=FILE, help="File to write; without it, standard output.")
@click.option("--export", "is_export", is_flag=True, help="As a job on the server: for more rows than one answer has.")
@asking_options
def run_command(  # noqa: PLR0913 - one parameter per option
    name: str,
    parameters: tuple[str, ...],
    compare_to: str | None,
    written_as: str | None,
    output: Path | None,
    is_export: bool,
    data_dir: Path,
    query_api: str | None,
    token_file: Path | None,
) -> None:
    """Run a report: `bursar reports run balance-sheet -p as_of=2026-03-31 -o sheet.xlsx`."""
    asked = _parameters_of(parameters)
    if compare_to is not None:
        asked["compare_to"] = compare_to
    chosen = written_as or _format_by_ending(output)
    api = _client_of(data_dir, query_api, token_file)
    if is_export:
        answer = asyncio.run(_ask(api, lambda client: _export(client, name, asked, chosen)))
    else:
        path, query = f"/v1/reports/{name}", {**asked, "format": chosen}
        answer = asyncio.run(_ask(api, lambda client: client.get(path, query)))
    if output is None:
        if chosen not in ("json", "csv") and sys.stdout.isatty():
            raise Failure(f"{chosen} is nothing to read on a screen; give --output")
        sys.stdout.buffer.write(answer.content)
        return
    output.write_bytes(answer.content)
    position = answer.headers.get("as-of-position", "unknown")
    click.echo(f"{output}: {len(answer.content)} bytes, as of position {position}", err=True)


def _parameters_of(given: tuple[str, ...]) -> dict[str, str | int]:
    asked: dict[str, str | int] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Failure(f"--param takes NAME=VALUE, not {text!r}")
        if name in asked:
            raise Failure(f"--param {name} is given twice")
        asked[name] = value
    return asked


def _format_by_ending(output: Path | None) -> str:
    ending = "" if output is None else output.suffix.removeprefix(".")
    return {"arrows": "arrow"}.get(ending, ending) if ending in (*FORMATS, "arrows") else "csv"


def _client_of(data_dir: Path, query_api: str | None, token_file: Path | None) -> tuple[str, Callable[[], str]]:
    from cli.connection import local_apis, token_in

    if query_api is None:
        if token_file is not None:
            raise Failure("--token-file goes with --query-api")
        apis = local_apis(data_dir, subject="reports")
        return apis.queries_url, apis.token
    if token_file is None:
        raise Failure("--query-api needs --token-file")
    return query_api, token_in(token_file)


async def _ask(where: tuple[str, Callable[[], str]], ask: Callable[[BursarClient], Any]) -> Answer:
    """Ask and require an answer. Raises Failure with what the API said."""
    from cli.client import ApiRefused, Unreachable, open_client

    try:
        async with open_client(*where) as client:
            answer: Answer = (await ask(client)).require()
    except (ApiRefused, Unreachable) as error:
        raise Failure(str(error)) from error
    return answer


async def _export(client: BursarClient, name: str, asked: dict[str, str | int], written_as: str) -> Answer:
    """Ask for an export, wait for it, fetch its file. Raises ApiRefused, Failure."""
    body = json.dumps({"report": name, "parameters": asked, "format": written_as}).encode()
    export = json.loads((await client.post("/v1/exports", body)).require().content)
    deadline = asyncio.get_running_loop().time() + EXPORT_WITHIN_S
    while export["status"] != "done":
        if export["status"] == "failed":
            raise Failure(f"export {export['export_id']} failed: {export['failure']}")
        if asyncio.get_running_loop().time() > deadline:
            raise Failure(f"export {export['export_id']} is not done after {EXPORT_WITHIN_S:g} s; it goes on")
        await asyncio.sleep(LOOK_PERIOD_S)
        export = json.loads((await client.get(f"/v1/exports/{export['export_id']}")).require().content)
    return await client.get(export["link"])
