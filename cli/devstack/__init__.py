"""A local stack with real servers (PostgreSQL 18, NATS 2.15, Valkey 9) from wheels: for `bursar up` and for tests.

    from cli.devstack import start_servers, running_servers

    servers = await start_servers(tmp_path / "stack")      # or: async with running_servers(path) as servers:
    servers.postgres_dsn("bursar_owner")                    # also bursar_writer, bursar_reader, postgres (superuser)
    servers.nats_url, servers.nats_monitor_url, servers.redis_url, servers.lake_dir
    async with servers.database("test_7") as dsn_of:        # own database per test; dsn_of("bursar_writer")
        ...
    await servers.kill("nats")                              # kill -9, returns when restarted and ready
    await servers.kill("nats", wait=False)                  # kill -9, returns at once
    await servers.stop_one("valkey")                        # stays down until start_one("valkey")
    await servers.pause("postgres")                         # SIGSTOP until resume("postgres")
    await servers.stop()

    async with DevStack(tmp_path / "stack", processes=BURSAR_PROCESSES) as stack:   # servers, migrations, processes
        stack.servers, stack.url("command-api"), stack.token(), await stack.kill("relay")

Data, ports and passwords live in the given folder and survive a stop. Start it from the main thread's event loop: the
servers are told to stop when the thread that started them ends.
"""

from __future__ import annotations

from cli.devstack.processes import BURSAR_PROCESSES, DEVELOPMENT, ProcessSpec
from cli.devstack.servers import Servers, running_servers, start_servers
from cli.devstack.stack import DevStack

__all__ = ["BURSAR_PROCESSES", "DEVELOPMENT", "DevStack", "ProcessSpec", "Servers", "running_servers", "start_servers"]
