"""`bursar vault`: the keys of personal data: make them, rotate them, destroy a person's, and say how things stand."""

from __future__ import annotations

import asyncio
import fcntl
import getpass
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import rich_click as click

from cli.migrate import LEDGER_DEFAULT
from cli.options import Failure, data_dir_option, json_option

if TYPE_CHECKING:
    import asyncpg

    from runtime.vault import KeyRing, VaultState

F = TypeVar("F", bound=Callable[..., Any])

KEEP_IT = "Keep a copy where the database and its backups are not: without it no personal data opens again."


class Place(NamedTuple):
    """Which vault a verb works on: the database as its writing role, the ring's file, and the ledger's name."""

    database_url: str
    keys_file: Path
    ledger: str


@click.group(name="vault")
def command() -> None:
    """Look after the keys that personal data is sealed with.

    Without --database-url and --keys-file the vault of the local stack in --data-dir is meant.
    """


def vault_options(function: F) -> F:
    """Add the options that say which vault is meant; the verb gets them as one `Place`."""

    @wraps(function)
    def with_place(
        data_dir: Path, database_url: str | None, keys_file: Path | None, ledger: str, **others: Any
    ) -> None:
        from runtime.logs import configure_logging

        configure_logging("vault", "error")
        function(_place(data_dir, database_url, keys_file, ledger), **others)

    options = (
        click.option("--ledger", default=LEDGER_DEFAULT, envvar="BURSAR_LEDGER", help="Name of the ledger."),
        click.option(
            "--keys-file",
            type=click.Path(dir_okay=False, path_type=Path),
            envvar="BURSAR_VAULT_KEYS_FILE",
            help="File of the ring of key-encryption keys.",
        ),
        click.option(
            "--database-url",
            envvar="BURSAR_VAULT_DATABASE_URL",
            help="postgresql:// URL of the role bursar_writer.",
        ),
        data_dir_option,
    )
    decorated: Any = with_place
    for option in options:
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]  # the same function with options; click has no type for it


@command.command(name="init")
@click.option(
    "--keys-file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="BURSAR_VAULT_KEYS_FILE",
    required=True,
    help="File to make; one that exists is left alone.",
)
def init(keys_file: Path) -> None:
    """Make a ring of keys for a new installation, in a file that only you can read (0600).

    The local stack makes its own.
    """
    from runtime.vault import new_ring, write_ring

    try:
        write_ring(keys_file, new_ring(_new_kek_id([])))
    except FileExistsError as error:
        raise Failure(f"{keys_file} exists already and is left as it is; `bursar vault rotate` adds a key") from error
    except OSError as error:
        raise Failure(f"cannot make {keys_file}: {error.strerror}") from error
    click.echo(f"made {keys_file}. {KEEP_IT}")


@command.command(name="rotate")
@vault_options
@json_option
@click.option("--resume", is_flag=True, help="Finish a rotation that was interrupted; adds no key.")
def rotate(place: Place, as_json: bool, resume: bool) -> None:
    """Add a key-encryption key, make it the active one, and wrap every data key with it.

    Nothing that is sealed is rewritten. Running processes read the ring again when they meet the new key. The old key
    stays in the ring until `bursar vault retire`.
    """
    with _refusals(), _alone_with(place.keys_file):
        state = asyncio.run(_rotate(place, resume=resume))
    if as_json:
        click.echo(json.dumps(_as_json(state)))
    else:
        click.echo(f"every data key is wrapped with {state.active}. {KEEP_IT}")


@command.command(name="retire")
@click.argument("kek_id")
@vault_options
def retire(place: Place, kek_id: str) -> None:
    """Take a key-encryption key out of the ring, once no data key needs it.

    Copies of the key table from before the rotation, such as backups, open with that key alone.
    """
    from runtime.vault import read_ring, write_ring

    with _refusals(), _alone_with(place.keys_file):
        fresh = read_ring(place.keys_file).without_kek(kek_id)
        state = asyncio.run(_status(place))
        if needed := state.keys_by_kek.get(kek_id, 0):
            raise Failure(
                f"{needed} data keys are still wrapped with {kek_id}: run `bursar vault rotate --resume` first"
            )
        write_ring(place.keys_file, fresh, replace=True)
    click.echo(f"{kek_id} is no longer in {place.keys_file}")


@command.command(name="erase")
@click.argument("subject")
@vault_options
@json_option
@click.option("--reason", required=True, help="Why, such as a case number; kept in clear for ever.")
@click.option("--by", default=None, help="Who decides; your user name without it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(place: Place, as_json: bool, subject: str, reason: str, by: str | None, yes: bool) -> None:
    """Destroy the keys of a data subject: whatever was sealed for it can never be opened again, by anybody.

    Nothing else changes: the book, its hashes and every sum stay. Running processes notice within 30 seconds.
    """
    from msgspec import json as msgspec_json

    if not yes:
        click.confirm(f"Destroy the keys of {subject}? There is no way back.", abort=True, err=True)
    with _refusals():
        proof = asyncio.run(_erase(place, subject, by=by or getpass.getuser(), reason=reason))
    if as_json:
        click.echo(msgspec_json.encode(proof).decode())
        return
    keys = ", ".join(map(str, proof.key_nos)) or "none had been made"
    click.echo(f"erased {proof.subject} at {proof.destroyed_at.isoformat()} by {proof.destroyed_by}: {proof.reason}")
    click.echo(f"destroyed keys: {keys}")


@command.command(name="status")
@vault_options
@json_option
def status(place: Place, as_json: bool) -> None:
    """Say which key-encryption keys are in use and how many subjects are erased."""
    with _refusals():
        state = asyncio.run(_status(place))
    if as_json:
        click.echo(json.dumps(_as_json(state)))
        return
    for kek_id, count in sorted({state.active: 0, **state.keys_by_kek}.items()):
        click.echo(f"{kek_id}: wraps {count} data keys{', active' if kek_id == state.active else ''}")
    click.echo(f"{state.erased_subjects} subjects erased")
    if state.waiting:
        click.echo(f"{state.waiting} data keys wait for `bursar vault rotate --resume`")


async def _rotate(place: Place, *, resume: bool) -> VaultState:
    from runtime.ids import random_bytes
    from runtime.vault import read_ring, read_state, rotate_keks, write_ring
    from runtime.vault.ring import KEY_BYTES

    async with _vault(place) as (pool, ring):
        waiting = (await read_state(pool, ring)).waiting
        if waiting and not resume:
            raise Failure(f"{waiting} data keys wait for an earlier rotation: finish it with --resume first")
        if not resume:
            fresh = ring.with_new_kek(_new_kek_id(ring.kek_ids), random_bytes(KEY_BYTES))
            write_ring(place.keys_file, fresh, replace=True)
            ring = read_ring(place.keys_file)
        async for page in rotate_keks(pool, ring, ledger=place.ledger):
            click.echo(f"{page.rewrapped} data keys wrapped with {ring.active_id}", err=True)
        return await read_state(pool, ring)


async def _status(place: Place) -> VaultState:
    from runtime.vault import read_state

    async with _vault(place) as (pool, ring):
        return await read_state(pool, ring)


async def _erase(place: Place, subject: str, *, by: str, reason: str) -> Any:
    from runtime.vault import Vault

    async with _vault(place) as (pool, ring):
        return await Vault(pool, ring, ledger=place.ledger).destroy(subject, by=by, reason=reason)


@asynccontextmanager
async def _vault(place: Place) -> AsyncIterator[tuple[asyncpg.Pool[Any], KeyRing]]:
    """Open a pool and read the ring, which must be the one that the database was first used with."""
    from runtime.postgres import create_pool
    from runtime.vault import Vault, read_ring

    ring = read_ring(place.keys_file)
    pool = await create_pool(place.database_url, application_name="bursar-vault", size_max=2)
    try:
        await Vault(pool, ring, ledger=place.ledger).check_ring()
        yield pool, ring
    finally:
        await pool.close()


def _place(data_dir: Path, database_url: str | None, keys_file: Path | None, ledger: str) -> Place:
    from cli.devstack import postgres
    from cli.devstack.state import DataDir

    if database_url is not None and keys_file is not None:
        return Place(database_url, keys_file, ledger)
    if database_url is not None or keys_file is not None:
        raise Failure("--database-url and --keys-file belong together: give both, or none for the local stack")
    data = DataDir(data_dir)
    if not data.is_running():
        raise Failure(
            f"no stack runs in {data.path}; start it with `bursar up`, or give --database-url and --keys-file"
        )
    port = data.read_state().ports["postgres"]
    url = postgres.dsn(postgres.WRITER, password=data.secret(postgres.WRITER), port=port)
    return Place(url, data.vault_keys_file, ledger)


def _new_kek_id(taken: list[str]) -> str:
    """Name a key after its day, and the second one of a day with a number."""
    day = f"kek-{datetime.now(UTC):%Y%m%d}"
    names = (day if number == 1 else f"{day}-{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _as_json(state: VaultState) -> dict[str, Any]:
    return {
        "active": state.active,
        "keys_by_kek": state.keys_by_kek,
        "waiting": state.waiting,
        "erased_subjects": state.erased_subjects,
    }


@contextmanager
def _alone_with(keys_file: Path) -> Iterator[None]:
    """Keep a second command from changing the same ring; the kernel lets go when this one ends, however it does."""
    try:
        folder = os.open(keys_file.parent, os.O_RDONLY)
    except OSError as error:
        raise Failure(f"cannot enter {keys_file.parent}: {error.strerror}") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise Failure(f"another command is changing {keys_file}; wait until it has ended") from error
    finally:
        os.close(folder)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what the vault and the database refuse into the one way a command ends with an error."""
    import asyncpg

    from runtime.vault import VaultError

    try:
        yield
    except (VaultError, OSError, asyncpg.PostgresError) as error:
        raise Failure(str(error)) from error
