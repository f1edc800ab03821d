"""`bursar rebuild`: drop a read model; the projectors build it again from the book while everything else goes on."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from cli.options import Failure, data_dir_option, json_option

if TYPE_CHECKING:
    from cli.devstack.state import DataDir

MODELS = ("wallets", "desk", "lake", "risk", "public_events")
WITHOUT_POSITION = {"public_events"}  # the query API answers nothing from it, so `bursar status` shows no position
REBUILT_WITHIN_S = 600.0
POLL_S = 0.5
LEDGER = "main"  # of the local stack


@click.command(name="rebuild")
@click.argument("model", type=click.Choice(MODELS))
@data_dir_option
@json_option
@click.option("--no-wait", is_flag=True, help="Return when the data is dropped, not when it is rebuilt.")
def command(model: str, data_dir: Path, as_json: bool, no_wait: bool) -> None:
    """Drop one read model of the local stack and wait until it has caught up with the book.

    Nothing is lost: the book is the record. Until it has caught up, answers from the model say how far they are.
    """
    from cli.devstack.state import DataDir
    from runtime.logs import configure_logging

    configure_logging("rebuild", "error")
    data = DataDir(data_dir)
    if not data.is_running():
        raise Failure(f"no stack runs in {data.path}; start it with `bursar up`")
    started = time.perf_counter()
    removed = asyncio.run(_drop(model, data))
    click.echo(f"dropped {model}: {removed} keys, files or messages", err=True)
    position = None if no_wait or model in WITHOUT_POSITION else asyncio.run(_wait(model, data))
    seconds = round(time.perf_counter() - started, 1)
    if as_json:
        click.echo(json.dumps({"model": model, "removed": removed, "position": position, "seconds": seconds}))
    else:
        click.echo(f"{model} is rebuilt up to position {position} ({seconds} s)" if position else f"{model} is dropped")


async def _drop(model: str, data: DataDir) -> int:
    from projectors.rebuild import rebuild
    from projectors.settings import Settings

    addresses = data.read_state().addresses
    return await rebuild(
        model,
        Settings(
            database_url=addresses["postgres"],
            nats_url=addresses["nats"],
            redis_url=addresses["redis"],
            lake_dir=str(data.lake),
        ),
    )


async def _wait(model: str, data: DataDir) -> int:
    """Wait until the model is level with the book, telling how far it is."""
    from cli.status import read_status

    deadline = time.monotonic() + REBUILT_WITHIN_S
    while time.monotonic() < deadline:
        status = await read_status(data)
        progress = status["positions"]["read_models"].get(model) or await _risk_progress(model, status)
        if progress is not None:
            click.echo(
                f"\r{model}: position {progress['position']}, {progress['lag_events']} to go ", nl=False, err=True
            )
            if progress["lag_events"] == 0:
                click.echo(err=True)
                return int(progress["position"])
        await asyncio.sleep(POLL_S)
    raise Failure(f"{model} has not caught up within {REBUILT_WITHIN_S:.0f} s; see {data.logs}/projectors.log")


async def _risk_progress(model: str, status: dict[str, Any]) -> dict[str, int] | None:
    """The score's own model is no window for clients, so the query API does not show it; Redis is asked instead."""
    from contracts.read_models import checkpoint_of
    from contracts.risk_features import RISK, RISK_VERSION, RiskKeys
    from contracts.subjects import active_version_key
    from runtime.redis_client import connect_redis

    book = status["positions"]["book"]
    if model != RISK or book is None:
        return None
    client = await connect_redis(status["addresses"]["redis"])
    try:
        version = int(await client.get(active_version_key(LEDGER, RISK)) or RISK_VERSION)
        fields: Any = await client.hgetall(RiskKeys(LEDGER, version).checkpoint)
    finally:
        await client.aclose()
    position = checkpoint_of(fields).position
    return {"position": position, "lag_events": max(book - position, 0)}
