"""`bursar catalog`: the views that questions in SQL may name, with their columns and example questions."""

from __future__ import annotations

import asyncio
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from cli.options import Failure, json_option
from cli.sql import ASK_FOR_S, queries_options

if TYPE_CHECKING:
    from cli.connection import Queries
    from contracts.sql_views import CatalogEntry, CatalogView

LINE_CHARS = 100


@click.command(name="catalog")
@click.argument("view", required=False)
@queries_options
@json_option
def command(view: str | None, query_api: str | None, token_file: Path | None, data_dir: Path, as_json: bool) -> None:
    """List the views that `bursar sql` may ask about; with a VIEW, its columns and examples."""
    import msgspec

    from cli.connection import queries_of
    from contracts.sql_views import CatalogView

    content = _read(queries_of(query_api, token_file, data_dir))
    catalog = msgspec.json.decode(content, type=CatalogView)
    if as_json:
        click.echo(msgspec.json.format(content).decode())
    elif view is None:
        click.echo(_list(catalog))
    else:
        found = next((entry for entry in catalog.views if entry.name == view), None)
        if found is None:
            raise Failure(f"there is no view {view}; there are {', '.join(entry.name for entry in catalog.views)}")
        click.echo(_describe(found))


def _read(queries: Queries) -> bytes:
    from cli.client import ApiRefused, Unreachable, open_client

    async def read() -> bytes:
        async with open_client(queries.url, queries.token, retry_for_s=ASK_FOR_S) as client:
            return (await client.get("/v1/catalog")).require().content

    try:
        return asyncio.run(read())
    except (Unreachable, ApiRefused) as error:
        raise Failure(str(error)) from error


def _list(catalog: CatalogView) -> str:
    width = max(len(entry.name) for entry in catalog.views)
    return "\n".join(f"{entry.name.ljust(width)}  {entry.title}: {_sentence(entry)}" for entry in catalog.views)


def _sentence(entry: CatalogEntry) -> str:
    return entry.description.partition(". ")[0].rstrip(".").removesuffix(":")


def _describe(entry: CatalogEntry) -> str:
    width = max(len(column.name) for column in entry.columns)
    lines = [entry.title, *textwrap.wrap(entry.description, LINE_CHARS), ""]
    for column in entry.columns:
        unit = f" ({column.unit})" if column.unit else ""
        lines.append(f"  {column.name.ljust(width)}  {column.type}{unit}: {column.description}, e.g. {column.example}")
    for example in entry.examples:
        lines += ["", example.title, textwrap.indent(example.sql, "  ")]
    return "\n".join(lines)
