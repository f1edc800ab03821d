"""The end of a connection: one that fails to close is said, and keeps no other from being closed."""

from __future__ import annotations

import pytest

from query_api.refusals import SourceDown
from query_api.sources import Source


async def opened() -> str:
    return "a connection"


async def test_a_connection_that_fails_to_close_is_closed_all_the_same() -> None:
    """As one does whose server has gone."""

    async def lost(connection: str) -> None:
        raise ConnectionResetError("Connection lost")

    source = Source("NATS", opened, close_it=lost)
    await source.open()
    await source.close()
    with pytest.raises(SourceDown):
        source.get()


async def test_a_bug_in_closing_is_not_hidden() -> None:
    async def wrong(connection: str) -> None:
        raise TypeError("a bug")

    source = Source("NATS", opened, close_it=wrong)
    await source.open()
    with pytest.raises(TypeError):
        await source.close()
