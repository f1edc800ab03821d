"""Valkey 9 (Redis protocol) from its wheel. Its content can always be rebuilt, so an fsync per second is enough.

Its log may be four times as large as the data before it is rewritten: a gigabyte is read back in seconds, and
rewriting by the usual measure (from 64 MB on, at each doubling) takes a third of Redis' time while a model is built.
"""

from __future__ import annotations

import json
from pathlib import Path

import redis.asyncio
import redis.exceptions

from cli.devstack.binaries import VALKEY_MAJOR_MIN, require_version, valkey_binary
from cli.devstack.ports import LOOPBACK
from cli.devstack.state import DataDir
from cli.devstack.supervisor import Service

CONNECT_WITHIN_S = 2.0

CONFIGURATION = """\
bind {host}
port {port}
dir {folder}
requirepass {password}
appendonly yes
appendfsync everysec
auto-aof-rewrite-min-size 1gb
auto-aof-rewrite-percentage 300
save ""
maxmemory-policy noeviction
daemonize no
"""


def redis_url(*, password: str, port: int) -> str:
    """Return the client URL, with the password."""
    return f"redis://:{password}@{LOOPBACK}:{port}/0"


def prepare(data: DataDir, *, port: int) -> Service:
    """Write the configuration and return the service that runs the server."""
    configuration = data.valkey / "valkey.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        CONFIGURATION.format(
            host=LOOPBACK, port=port, folder=json.dumps(str(data.valkey)), password=data.secret("valkey")
        ),
        encoding="utf-8",
    )
    url = redis_url(password=data.secret("valkey"), port=port)
    return Service(
        name="valkey",
        argv=(str(valkey_binary()), str(configuration)),
        ready=lambda: _is_ready(url),
        cwd=Path("/"),
    )


async def _is_ready(url: str) -> bool:
    client = redis.asyncio.Redis.from_url(url, socket_connect_timeout=CONNECT_WITHIN_S, socket_timeout=CONNECT_WITHIN_S)
    try:
        server = await client.info("server")
    except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):  # not listening, or still loading
        return False
    finally:
        await client.aclose()
    require_version("Valkey", (int(str(server["valkey_version"]).split(".")[0]),), (VALKEY_MAJOR_MIN,))
    return True
