"""Two of every process at once: two sequencers, two relays, two projectors, and one order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

import pytest

from cli.devstack import BURSAR_PROCESSES
from cli.devstack.http_probe import http_get
from cli.devstack.ports import LOOPBACK, choose_ports
from cli.devstack.processes import READY_PATH, service_of
from tests.chaos.customers import paying, until_paid
from tests.command_api.door import new_key
from tests.e2e.whole import Whole

WISHES = 60
TWINS = ("command-api", "relay", "projectors")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@asynccontextmanager
async def twins(whole: Whole) -> AsyncIterator[dict[str, str]]:
    """Start a second one of each; gives their addresses by name."""
    stack = whole.stack
    names = [f"second-{name}" for name in TWINS]
    ports = choose_ports(names, {}, data_dir=stack.servers.data.path)
    urls: dict[str, str] = {}
    try:
        for spec in BURSAR_PROCESSES:
            if spec.name not in TWINS:
                continue
            name = f"second-{spec.name}"
            url = urls[spec.name] = f"http://{LOOPBACK}:{ports[name]}"
            first = service_of(spec, stack.servers)
            assert first.env is not None
            await stack.supervisor.start(
                replace(
                    first,
                    name=name,
                    env={**first.env, f"{spec.prefix}PORT": str(ports[name])},
                    ready=partial(answers, url),
                )
            )
        yield urls
    finally:
        for name in names:
            if name in {process.name for process in stack.supervisor.processes()}:
                await stack.supervisor.stop_one(name)


async def answers(url: str) -> bool:
    """Whether the process there is ready."""
    return (await http_get(url + READY_PATH))[0] == 200


async def test_two_of_each_keep_one_order(whole: Whole) -> None:
    """Customers use both doors in turn, also for the same wish; nothing is doubled, no copy goes astray."""
    async with twins(whole) as urls:
        doors = [whole.stack.url("command-api"), urls["command-api"]]
        async with paying(whole, new_key(), doors=doors) as customers:
            await until_paid(customers, WISHES)
            await whole.stack.kill("relay")
            await whole.stack.kill("projectors")
            await until_paid(customers, WISHES)
            await whole.stack.kill("command-api")
            await until_paid(customers, WISHES)
        assert await whole.failures() == []
