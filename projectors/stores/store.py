"""What every store of a read model can do. The conductor knows models by this alone."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, NamedTuple, Protocol

from contracts.projections import Comparison
from projectors.feed import Pace
from projectors.stores.holding import Gate, Kept


class Side(NamedTuple):
    """A version that is compared, and the gate through which it is written."""

    version: int
    gate: Gate


class Store(Protocol):
    """Where one model is kept. Methods that reach it raise TargetUnreachable."""

    @property
    def model(self) -> str:
        """Name of the model."""
        ...

    @property
    def layout(self) -> int:
        """What this program's keys and columns of the model mean."""
        ...

    @property
    def pace(self) -> Pace:
        """How the model likes its batches."""
        ...

    def target(self, version: int) -> Kept:
        """Return a version as a target."""
        ...

    def upkeep(self, version: int) -> Coroutine[Any, Any, None] | None:
        """Return what runs for ever beside the projection of a version, None when there is nothing."""
        ...

    async def read_pointer(self) -> int:
        """Read which version readers follow: the first one of the layout where nothing was ever said."""
        ...

    async def point_at(self, version: int) -> None:
        """Point readers at a version, in one step."""
        ...

    async def require_whole(self, version: int) -> None:
        """Raise NotLevel while parts of a version may be ahead of its position: nobody is to read it then."""
        ...

    async def compare(self, serving: Side, candidate: Side) -> Comparison:
        """Compare two versions that are kept up here, each part of them at one position. Raises NotLevel."""
        ...

    async def clear(self, version: int) -> int:
        """Remove all of a version, and return how many keys or files that were. Interrupted, it can be run again."""
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...
