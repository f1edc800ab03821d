"""`bursar projections`: see how the read models are, and operate them: pause, rebuild, compare, promote, roll back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import rich_click as click

from cli.options import Failure, data_dir_option, json_option

if TYPE_CHECKING:
    from cli.client import BursarClient
    from contracts.projection_views import OperationView, ProjectionLine

T = TypeVar("T")
WAIT_S = 900.0  # for an operation to end
LOOK_S = 0.5
PATH = "/v1/projections"
EXIT_NOT_WELL = 3
EXIT_DIFFERENT = 1


def api_options(function: Any) -> Any:
    """Add where the query API is; a local stack's when nothing is said."""
    function = click.option("--query-api", help="Address of a query API other than the local stack's.")(function)
    function = click.option(
        "--token-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File with a token for it: scopes projections:read, projections:operate.",
    )(function)
    return json_option(data_dir_option(function))


@click.group(name="projections")
def command() -> None:
    """Look at the read models and operate them.

    NAME is a model, such as wallets, or one version of it, such as wallets.v3.
    """


@command.command(name="list")
@api_options
def list_all(as_json: bool, **where: Any) -> None:
    """List every version: state, position, lag, what it waits for.

    Ends with exit code 3 when one that serves is stopped.
    """
    from contracts.projection_views import ProjectionsView

    view = _with_api(where, lambda api: _get(api, PATH, ProjectionsView))
    if as_json:
        _print_json(view)
    else:
        click.echo(
            f"{'name':<18} {'state':<11} {'position':>10} {'behind':>9} {'lag s':>8} {'per s':>8}  visible p50/p99"
        )
        for line in view.projections:
            _show(line)
    for source, why in view.unavailable.items():
        click.echo(f"{source}: {why}", err=True)
    if any(line.is_serving and line.state == "stopped" for line in view.projections):
        raise SystemExit(EXIT_NOT_WELL)


@command.command(name="parked")
@api_options
def parked(as_json: bool, **where: Any) -> None:
    """List reactions that wait for a person; `bursar reactors` lets them go on.

    Ends with exit code 3 when there are any.
    """
    from contracts.projection_views import ParkedView

    view = _with_api(where, lambda api: _get(api, f"{PATH}/parked", ParkedView))
    if as_json:
        _print_json(view)
    for task in [] if as_json else view.tasks:
        click.echo(
            f"{task.reactor} {task.position}.{task.step}  {task.kind} of {task.key}, {task.behind} behind it: "
            f"{task.last_error}"
        )
    if view.total:
        raise SystemExit(EXIT_NOT_WELL)
    if not as_json:
        click.echo("nothing is parked")


@command.command(name="compare")
@click.argument("name")
@api_options
def compare(name: str, as_json: bool, **where: Any) -> None:
    """Compare the candidate with the version that serves, at the same position.

    Ends with exit code 1 when they differ.
    """
    from contracts.projection_views import ComparisonView

    async def work(api: BursarClient) -> ComparisonView:
        await _operate(api, name, "compare")
        return await _get(api, f"{PATH}/{name}/compare", ComparisonView)

    found = _with_api(where, work).comparison
    if found is None:
        raise Failure(f"{name} was not compared; see `bursar projections list`")
    if as_json:
        _print_json(found)
    else:
        of = f"v{found.candidate} and v{found.serving} of {found.model}, position {found.position}"
        click.echo(f"{'equal' if found.equal else 'DIFFERENT'}: {of}")
        for what, side in (("serves", found.of_serving), ("candidate", found.of_candidate)):
            click.echo(f"  {what:<10} {side.hash}  {_pairs(side.counts)}  {_pairs(side.sums_minor)}")
        for difference in found.differences:
            click.echo(f"  {difference}")
    if not found.equal:
        raise SystemExit(EXIT_DIFFERENT)


def _operation(action: str, summary: str) -> click.Command:
    @click.argument("name")
    @api_options
    def operate(name: str, as_json: bool, **where: Any) -> None:
        done = _with_api(where, lambda api: _operate(api, name, action))
        if as_json:
            _print_json(done)
        else:
            click.echo(f"{done.model}: {done.detail}")

    operate.__doc__ = summary
    return click.command(name=action)(operate)


for _action, _summary in (
    ("pause", "Stop keeping a version up; answers from it say how old they are."),
    ("resume", "Go on keeping a version up."),
    ("promote", "Let the candidate serve; the old version is kept for a roll-back."),
    ("roll-back", "Let the version serve again that did so before the promotion."),
    ("drop", "Remove a candidate or a retired version."),
):
    command.add_command(_operation(_action, _summary))


@command.command(name="rebuild")
@click.argument("name")
@click.option("--wait/--no-wait", default=True, help="Wait until the new version follows the book.")
@api_options
def rebuild(name: str, wait: bool, as_json: bool, **where: Any) -> None:
    """Build a new version from the book, beside the one that serves.

    Compare and promote it when it follows the book. It goes on where it was after anything is killed.
    """

    async def work(api: BursarClient) -> ProjectionLine | OperationView:
        done = await _operate(api, name, "rebuild")
        return await _follow(api, done.model) if wait else done

    found = _with_api(where, work)
    if as_json:
        _print_json(found)
    else:
        click.echo("the new version follows the book: compare and promote it" if wait else f"{name}: is being built")


async def _follow(api: BursarClient, model: str) -> ProjectionLine:
    """Show how far a candidate is until it follows the book."""
    from contracts.projection_views import ProjectionsView

    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        view = await _get(api, PATH, ProjectionsView)
        line = next((one for one in view.projections if one.model == model and one.role == "candidate"), None)
        if line is None:
            raise Failure(f"the candidate of {model} was dropped or promoted meanwhile")
        if line.state == "warming":
            click.echo(err=True)
            return line
        percent = 100 * (line.rebuild.progress if line.rebuild else 0.0)
        eta = f"{line.rebuild.eta_s:.0f} s to go" if line.rebuild and line.rebuild.eta_s is not None else line.state
        click.echo(f"\r{line.name}: {percent:5.1f} %, position {line.position}, {eta}   ", nl=False, err=True)
        await asyncio.sleep(LOOK_S)
    raise Failure(f"{model} does not follow the book after {WAIT_S:.0f} s; it goes on: see `bursar projections list`")


async def _operate(api: BursarClient, name: str, action: str) -> OperationView:
    """Ask for something and wait until it has ended. Raises Failure when it was refused."""
    from contracts.projection_views import OperationsView, OperationView

    answer = await api.post(f"{PATH}/{name}/{action}", b"")
    if not answer.ok:
        raise Failure(answer.problem.detail or answer.problem.title)
    import msgspec

    asked = msgspec.json.decode(answer.content, type=OperationView)
    deadline = time.monotonic() + WAIT_S
    while asked.ended_at is None:
        if time.monotonic() >= deadline:
            raise Failure(f"{action} of {name} has not ended after {WAIT_S:.0f} s; is a projector running?")
        await asyncio.sleep(LOOK_S)
        newest = await _get(api, f"{PATH}/operations", OperationsView)
        asked = next((one for one in newest.operations if one.id == asked.id), asked)
    if asked.state == "refused":
        raise Failure(f"{asked.model}: {asked.detail}")
    return asked


async def _get(api: BursarClient, path: str, kind: type[T]) -> T:
    import msgspec

    answer = await api.get(path)
    if not answer.ok:
        raise Failure(answer.problem.detail or answer.problem.title)
    return msgspec.json.decode(answer.content, type=kind)


def _with_api(where: dict[str, Any], work: Callable[[BursarClient], Awaitable[T]]) -> T:
    """Do something with the query API; what it does not answer ends in words."""
    from cli.client import Unreachable, open_client
    from cli.connection import local_apis, token_in

    url, token_file, data_dir = where["query_api"], where["token_file"], where["data_dir"]
    if (url is None) != (token_file is None):
        raise Failure("give --query-api and --token-file together, or neither for the local stack")
    if url is not None:
        token = token_in(token_file)
    else:
        _, url, token = local_apis(data_dir, subject="operator")

    async def run() -> T:
        async with open_client(url, token) as api:
            return await work(api)

    try:
        return asyncio.run(run())
    except Unreachable as error:
        raise Failure(str(error)) from error


def _show(line: ProjectionLine) -> None:
    visible = "" if line.visible is None else f"{1000 * line.visible.p50:.0f} / {1000 * line.visible.p99:.0f} ms"
    figures = (_or_dash(line.position), _or_dash(line.lag_events), _or_dash(line.lag_seconds))
    click.echo(
        f"{line.name:<18} {line.state:<11} {figures[0]:>10} {figures[1]:>9} {figures[2]:>8} {line.applied_per_s:>8}"
        f"  {visible}"
    )
    if line.rebuild is not None:
        eta = "" if line.rebuild.eta_s is None else f", {line.rebuild.eta_s:.0f} s to go"
        click.echo(f"{'':<18} built to {100 * line.rebuild.progress:.1f} %{eta}")
    if line.failure is not None:
        failure = line.failure
        click.echo(f"{'':<18} {failure.category} before position {failure.position}: {failure.detail}")


def _or_dash(value: object) -> str:
    return "-" if value is None else str(value)


def _pairs(values: dict[str, int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _print_json(view: Any) -> None:
    import msgspec

    click.echo(json.dumps(msgspec.to_builtins(view), indent=2))
