"""`bursar status`: what runs in a folder, where, and how far the book, the stream and every read model are."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import rich_click as click

from cli.options import data_dir_option, json_option

if TYPE_CHECKING:
    from cli.devstack.state import DataDir

STATUS_PATH = "/v1/status"
NO_POSITIONS: dict[str, Any] = {"book": None, "stream": None, "read_models": {}}
EXIT_NOT_READY = 3


@click.command(name="status")
@data_dir_option
@json_option
def command(data_dir: Path, as_json: bool) -> None:
    """Show addresses, processes, positions and lags.

    Ends with exit code 3 when the stack is not ready.
    """
    from cli.devstack.state import DataDir
    from cli.status_box import show_status

    data = DataDir(data_dir)
    status = asyncio.run(read_status(data))
    if as_json:
        click.echo(json.dumps(status, indent=2))
    else:
        show_status(status)
    if not status["ready"]:
        raise SystemExit(EXIT_NOT_READY)


async def read_status(data: DataDir) -> dict[str, Any]:
    """Return {ready, data_dir, addresses, token, processes, positions}; what is not known is null."""
    from cli.devstack.identity import ready_made_token

    state = data.read_state()
    running = data.is_running()
    token = ready_made_token(data) if running else None
    processes = [
        {"name": p.name, "pid": p.pid, "state": p.state, "restarts": p.restarts} if running
        else {"name": p.name, "pid": None, "state": "stopped", "restarts": 0}
        for p in state.processes
    ]  # fmt: skip
    return {
        "ready": running and state.ready and all(process["state"] == "ready" for process in processes),
        "data_dir": str(data.path),
        "addresses": state.addresses if running else {},
        "token": token,
        "processes": processes,
        "positions": await _read_positions(state.addresses, token) if token else NO_POSITIONS,
    }


async def _read_positions(addresses: dict[str, str], token: str) -> dict[str, Any]:
    """Ask the query API; everything is null while it does not answer."""
    from cli.devstack.http_probe import http_get
    from contracts.views import StatusView

    url = addresses.get("query_api")
    if url is None:
        return NO_POSITIONS
    try:
        code, body = await http_get(url + STATUS_PATH, headers={"Authorization": f"Bearer {token}"})
    except OSError:  # down or restarting; `processes` says so
        return NO_POSITIONS
    if code != HTTPStatus.OK:
        return NO_POSITIONS
    view = msgspec.json.decode(body, type=StatusView)
    return {
        "book": view.book.position if view.book else None,
        "stream": view.stream.last if view.stream else None,
        "read_models": {
            name: {
                "position": model.position,
                "lag_events": model.lag_events,
                "lag_s": model.lag_s,
                "visible_s": None if model.visible is None else msgspec.to_builtins(model.visible),
            }
            for name, model in view.read_models.items()
        },
    }
