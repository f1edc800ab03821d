"""Which reactors there are.

Each line names a function `async build(supplies: Supplies) -> Reactor` as "module:function", so that a context's
reactor can use this package while this package lists it. A name that leads nowhere stops the start, and a test.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Final, cast

import msgspec
from prometheus_client import CollectorRegistry

from projectors.book import Book
from projectors.reactors.commands import CommandClient
from projectors.reactors.settings import Settings
from projectors.reactors.tasks import Chance, Reactor
from runtime.clock import Clock
from runtime.vault import Vault

REACTORS: Final[tuple[str, ...]] = ("projectors.payments.building:build", "projectors.webhooks.reactor:build")


class Supplies(msgspec.Struct, frozen=True, kw_only=True):
    """What a reactor is built from; ``stack`` closes what it opens when the process ends."""

    settings: Settings
    commands: CommandClient
    book: Book
    clock: Clock
    chance: Chance
    registry: CollectorRegistry
    stack: AsyncExitStack
    vault: Vault | None


async def build_reactors(supplies: Supplies, names: Sequence[str] = REACTORS) -> list[Reactor]:
    """Build every reactor. Raises ImportError, AttributeError for a name that leads nowhere, ValueError for twins."""
    reactors = [await find_builder(name)(supplies) for name in names]
    twins = {one.name for one in reactors if sum(one.name == other.name for other in reactors) > 1}
    if twins:
        raise ValueError(f"two reactors have the same name, and so would share a checkpoint: {sorted(twins)}")
    return reactors


def find_builder(name: str) -> Callable[[Supplies], Awaitable[Reactor]]:
    """Return the function that a name stands for."""
    module, _, function = name.partition(":")
    return cast(Callable[[Supplies], Awaitable[Reactor]], getattr(importlib.import_module(module), function))
