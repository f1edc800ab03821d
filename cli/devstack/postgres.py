"""PostgreSQL 18 from its wheel: cluster, settings, roles and databases.

Durability is never traded for speed here (fsync and synchronous_commit stay on): the local stack makes the same
promises as production, and figures measured on it are honest.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from cli.devstack.binaries import POSTGRES_MAJOR_MIN, postgres_binary, require_version
from cli.devstack.ports import LOOPBACK
from cli.devstack.privileges import ServiceUser, child_setup, unprivileged_user
from cli.devstack.state import DataDir
from cli.devstack.supervisor import Service, StartFailed

SUPERUSER = "postgres"
OWNER = "bursar_owner"
WRITER = "bursar_writer"
READER = "bursar_reader"
OPENER = "bursar_opener"
REACTOR = "bursar_reactor"
PROJECTOR = "bursar_projector"
OPERATOR = "bursar_operator"
ASKER = "bursar_asker"
ROLES = (OWNER, WRITER, READER, OPENER, REACTOR, PROJECTOR, OPERATOR, ASKER)
DATABASE = "bursar"

CONNECT_WITHIN_S = 2.0
INITDB_WITHIN_S = 120.0
SOCKET_DIR_BYTES_MAX = 90  # the kernel allows 107 bytes, of which PostgreSQL's file name takes 15

SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "password_encryption": "scram-sha-256",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def dsn(role: str, *, password: str, port: int, database: str = DATABASE) -> str:
    """Return the connection URL of a role; passwords are hexadecimal, so nothing needs escaping.

    TLS is off by name: the cluster offers none, and drivers would look for certificates in the user's home first.
    """
    return f"postgresql://{role}:{password}@{LOOPBACK}:{port}/{database}?sslmode=disable"


def socket_dir(data: DataDir) -> Path | None:
    """Return the folder of the unix socket, or None when its path would be too long; TCP always works."""
    folder = data.postgres / "socket"
    return folder if len(str(folder).encode()) <= SOCKET_DIR_BYTES_MAX else None


def prepare(data: DataDir, *, port: int) -> Service:
    """Create the cluster if it is new and return the service that runs it.

    Raises `Unreachable` when root's stand-in cannot enter the folder and `StartFailed` when initdb fails.
    """
    data.postgres.mkdir(mode=0o700, exist_ok=True)
    user = unprivileged_user((data.postgres / "data", postgres_binary("postgres")))
    cluster = data.postgres / "data"
    sockets = socket_dir(data)
    _give(data.postgres, user)
    if sockets is not None:
        sockets.mkdir(mode=0o700, exist_ok=True)
        _give(sockets, user)
    if not cluster.exists():
        _initdb(data, cluster, user)
    options = {**SETTINGS, "port": str(port), "unix_socket_directories": str(sockets or "")}
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    superuser_dsn = dsn(SUPERUSER, password=data.secret(SUPERUSER), port=port, database="postgres")
    return Service(
        name="postgres",
        argv=(str(postgres_binary("postgres")), "-D", str(cluster), *arguments),
        ready=lambda: _is_ready(superuser_dsn),
        env=_environment(),
        user=user,
        stop_signal=signal.SIGINT,  # "fast" shutdown: disconnects clients, then writes a checkpoint
        stop_within_s=60.0,
        cwd=Path("/"),
    )


async def ensure_roles(superuser_dsn: str, passwords: Mapping[str, str]) -> None:
    """Create the login roles that are missing; nothing here may do more than log in before migrations grant it.

    What the reader may read, the reactor may read too.
    """
    connection = await asyncpg.connect(superuser_dsn)
    try:
        for role, password in passwords.items():
            if await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role) is None:
                await connection.execute(f"CREATE ROLE {role} LOGIN NOINHERIT PASSWORD '{password}'")
        await connection.execute(f"GRANT {READER} TO {REACTOR} WITH INHERIT TRUE")
    finally:
        await connection.close()


async def create_database(superuser_dsn: str, name: str, *, template: str | None = None) -> None:
    """Create a database owned by `bursar_owner` that only Bursar's roles may enter; an existing one is left alone."""
    connection = await asyncpg.connect(superuser_dsn)
    try:
        if await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name) is None:
            # Copied as files: through the log, dropping it again costs more than making it.
            source = f'TEMPLATE "{template}" STRATEGY file_copy' if template else ""
            await connection.execute(f'CREATE DATABASE "{name}" OWNER {OWNER} {source}')
        await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        await connection.execute(f'GRANT CONNECT ON DATABASE "{name}" TO {", ".join(ROLES[1:])}')
    finally:
        await connection.close()


async def drop_database(superuser_dsn: str, name: str) -> None:
    """Drop a database and disconnect whoever still uses it."""
    connection = await asyncpg.connect(superuser_dsn)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


async def _is_ready(superuser_dsn: str) -> bool:
    try:
        connection = await asyncpg.connect(superuser_dsn, timeout=CONNECT_WITHIN_S)
    except asyncpg.CannotConnectNowError:  # still starting, or recovering after a crash
        return False
    version = connection.get_server_version()
    await connection.close()
    require_version("PostgreSQL", (version.major, version.minor), (POSTGRES_MAJOR_MIN, 0))
    return True


def _initdb(data: DataDir, cluster: Path, user: ServiceUser | None) -> None:
    """Make the cluster under another name first, so that an interrupted initdb leaves nothing that looks finished."""
    unfinished = cluster.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    password_file = data.postgres / "initial_password"
    password_file.touch(mode=0o600)
    password_file.write_text(data.secret(SUPERUSER), encoding="ascii")
    _give(password_file, user)
    argv = [
        str(postgres_binary("initdb")),
        f"--pgdata={unfinished}",
        f"--username={SUPERUSER}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--data-checksums",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
    ]
    done = subprocess.run(
        argv,
        env=_environment(),
        cwd="/",
        capture_output=True,
        text=True,
        timeout=INITDB_WITHIN_S,
        check=False,
        preexec_fn=child_setup(user, death_signal=signal.SIGTERM),
    )
    password_file.unlink()
    (data.logs / "initdb.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    if done.returncode != 0:
        raise StartFailed(f"initdb failed in {unfinished}:\n{done.stderr}")
    unfinished.rename(cluster)


def _environment() -> dict[str, str]:
    """Pass on nothing that begins with PG: a user's own PGDATA or PGPORT must not reach our cluster."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
    return {**kept, "LC_ALL": "C"}


def _give(path: Path, user: ServiceUser | None) -> None:
    if user is not None:
        os.chown(path, user.uid, user.gid)
