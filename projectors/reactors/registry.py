"""Which reactors there are.

Each line names a function `build(supplies: Supplies) -> Reactor` as "module:function", so that a context's reactor can
use this package while this package lists it. A name that leads nowhere stops the start, and a test.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Final, cast

import msgspec

from projectors.book import Book
from projectors.reactors.commands import CommandClient
from projectors.reactors.settings import Settings
from projectors.reactors.tasks import Chance, Reactor
from runtime.clock import Clock

REACTORS: Final[tuple[str, ...]] = ()


class Supplies(msgspec.Struct, frozen=True, kw_only=True):
    """What a reactor is built from."""

    settings: Settings
    commands: CommandClient
    book: Book
    clock: Clock
    chance: Chance


def build_reactors(supplies: Supplies, names: Sequence[str] = REACTORS) -> list[Reactor]:
    """Build every reactor. Raises ImportError, AttributeError for a name that leads nowhere, ValueError for twins."""
    reactors = [find_builder(name)(supplies) for name in names]
    twins = {one.name for one in reactors if sum(one.name == other.name for other in reactors) > 1}
    if twins:
        raise ValueError(f"two reactors have the same name, and so would share a checkpoint: {sorted(twins)}")
    return reactors


def find_builder(name: str) -> Callable[[Supplies], Reactor]:
    """Return the function that a name stands for."""
    module, _, function = name.partition(":")
    return cast(Callable[[Supplies], Reactor], getattr(importlib.import_module(module), function))
