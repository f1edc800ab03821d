"""`bursar import`: a bank's history from a CSV file, with its ids and dates, checked against its own balances."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from cli.connection import Apis, local_apis, token_in
from cli.options import Failure, data_dir_option, json_option

if TYPE_CHECKING:
    from cli.importing.mapping import Mapping
    from cli.importing.progress import Progress
    from cli.importing.refusals import RefusalReport
    from cli.importing.run import Import, Outcome

EXIT_NOT_CLEAN = 3
REPORTS_FOLDER = "imports"
DIFFERENCES_SHOWN_MAX = 20

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The options as given."""

    file: Path
    mapping: Path
    report: Path | None
    check: bool
    command_api: str | None
    query_api: str | None
    token_file: Path | None
    data_dir: Path
    as_json: bool


@click.command(name="import")
@click.argument("file", type=FILE)
@click.option("--mapping", type=FILE, required=True, help="What the format means; a TOML file.")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), help="Where refused lines go (JSON lines).")
@click.option("--check", is_flag=True, help="Only read the file against the mapping; book nothing.")
@click.option("--command-api", help="Address of a command API other than the local stack's.")
@click.option("--query-api", help="Address of its query API.")
@click.option("--token-file", type=FILE, help="File with a token for them.")
@data_dir_option
@json_option
def command(**options: Any) -> None:
    """Import a bank's history from a CSV file.

    Original ids become references, original dates effective dates. Importing again, also after a kill, books only what
    is missing. Lines that cannot be booked go to the report and do not stop the others. At the end every account is
    compared with the bank's own balance. docs/guides/importing.md describes the mapping; docs/examples/imports has one.

    Ends with exit code 0 when nothing was refused and no account differs beyond the tolerance, with 3 otherwise.
    """
    import msgspec

    from cli.importing.mapping import MappingError
    from cli.importing.mapping_rules import load_mapping
    from cli.importing.progress import Progress
    from cli.importing.refusals import RefusalReport

    asked = Asked(**options)
    try:
        mapping = load_mapping(asked.mapping)
    except MappingError as error:
        raise Failure(str(error)) from error
    apis = None if asked.check else _apis(asked)
    report = asked.report or asked.data_dir / REPORTS_FOLDER / f"{asked.file.name}.refused.jsonl"
    if report.exists() and report.samefile(asked.file):
        raise Failure(f"{report}: the report would overwrite the file that is imported")
    progress = Progress(sys.stderr)
    try:
        with RefusalReport(report) as refusals:
            outcome = _run(asked.file, mapping, refusals, progress, apis)
    except OSError as error:
        raise Failure(f"{error.filename}: {error.strerror}") from error
    click.echo(msgspec.json.format(msgspec.json.encode(outcome)).decode() if asked.as_json else _describe(outcome))
    if not outcome.clean:
        raise SystemExit(EXIT_NOT_CLEAN)


def _apis(asked: Asked) -> Apis:
    """Take the given addresses, or those of the stack that runs in the data folder."""
    given = (asked.command_api, asked.query_api, asked.token_file)
    if asked.command_api and asked.query_api and asked.token_file:
        return Apis(asked.command_api, asked.query_api, token_in(asked.token_file))
    if any(given):
        raise Failure("--command-api, --query-api and --token-file belong together: give all three or none")
    return local_apis(asked.data_dir, subject="import")


def _run(file: Path, mapping: Mapping, report: RefusalReport, progress: Progress, apis: Apis | None) -> Outcome:
    from cli.client import ApiRefused, Unreachable
    from cli.importing.posting import ImportStopped
    from cli.importing.run import Import

    job = Import(file, mapping, report=report, progress=progress)
    try:
        return job.check() if apis is None else asyncio.run(_book(job, apis, progress))
    except ImportStopped as error:
        raise Failure(str(error)) from error
    except (Unreachable, ApiRefused) as error:
        raise Failure(f"{error}\nWhat is booked stays booked; run the same import again to go on.") from error


async def _book(job: Import, apis: Apis, progress: Progress) -> Outcome:
    import stamina.instrumentation

    from cli.client import open_client

    stamina.instrumentation.set_on_retry_hooks(
        [lambda retry: progress.tell(f"no answer yet ({retry.caused_by}); again in {retry.wait_for:.1f} s")]
    )
    async with (
        open_client(apis.commands_url, apis.token) as commands,
        open_client(apis.queries_url, apis.token) as queries,
    ):
        return await job.book(commands, queries)


def _describe(outcome: Outcome) -> str:
    """Word the outcome for people."""
    lines = [
        f"{outcome.lines:,} lines: {outcome.accepted:,} booked, {outcome.replayed:,} already in the book, "
        f"{outcome.skipped:,} without money, {outcome.refused:,} refused ({outcome.seconds:.1f} s)"
    ]
    lines += [f"{count:>9,} x {reason}" for reason, count in sorted(outcome.refused_by_reason.items())]
    lines += [
        f"{currency}: credits {money.credits}, debits {money.debits}, net {money.net}"
        for currency, money in outcome.totals.items()
    ]
    if outcome.refused or outcome.skipped:
        lines.append(f"left out, line by line: {outcome.report}")
    reconciled = outcome.reconciliation
    if reconciled is not None:
        lines.append(
            f"{reconciled.accounts:,} accounts against the bank's balances: {reconciled.equal:,} equal, "
            f"{reconciled.within_tolerance:,} within the tolerance, {reconciled.beyond_tolerance:,} beyond it"
        )
        lines += [
            f"  {d.account_id} on {d.day}: book {d.book_minor}, bank {d.bank_minor}, difference {d.difference_minor}"
            for d in reconciled.differences[:DIFFERENCES_SHOWN_MAX]
        ]
        left = len(reconciled.differences) - DIFFERENCES_SHOWN_MAX
        lines += [f"  and {left:,} more; --json lists all"] if left > 0 else []
    return "\n".join(lines)
