"""Asking in SQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from tests.query_api.windows import Window

Ask = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
def ask(window: Window) -> Ask:
    """`await ask(sql, limit=5)`: the answer, whatever it is."""

    async def ask_window(
        sql: str, *, accept: str = "application/json", query: str = "", **more: Any
    ) -> httpx2.Response:
        headers = {"accept": accept}
        return await window.client.post(f"/v1/sql{query}", json={"sql": sql, **more}, headers=headers, timeout=180)

    return ask_window
