"""Receivers of webhooks on this machine: scripted ones, and the one of the examples."""

from __future__ import annotations

import asyncio
import importlib.util
import ssl
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Final

from contracts.public_events.accounts import PublicAccountClosed
from contracts.public_events.cloud_event import CloudEvent, Occurrence, cloud_event_of

SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # of the standard's own example
OTHER_SECRET: Final = "whsec_" + "b3RoZXItc2VjcmV0LW9mLTI0LWJ5dGVz"
EXAMPLE: Final = Path(__file__).parents[2] / "docs" / "examples" / "webhooks" / "receiver.py"

Script = Callable[[int], bytes]
"""The how-manieth request -> the whole HTTP answer; b"" answers nothing and keeps the connection open."""


@dataclass
class Request:
    """What arrived."""

    line: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Scripted:
    """A receiver that does what it is told, and keeps what arrived."""

    port: int
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


@asynccontextmanager
async def scripted(script: Script, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[Scripted]:
    """Receive as the script says."""
    receiver = Scripted(0)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (text.partition(": ") for text in lines)}
            body = await reader.readexactly(int(headers["content-length"]))
            receiver.requests.append(Request(line, headers, body))
            said = script(len(receiver.requests))
            if not said:
                await reader.read()  # until the other side gives up
            writer.write(said)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender went away; what the test looks at is the sender
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


def status(code: int, *headers: str, body: bytes = b"") -> bytes:
    """Write an HTTP answer."""
    lines = [f"HTTP/1.1 {code} Whatever", f"content-length: {len(body)}", "connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def an_event(position: int = 7, *, subject: str = "customers:alice:eur") -> CloudEvent:
    """Some public event."""
    occurrence = Occurrence(
        ledger="main", position=position, recorded_at=datetime(2026, 3, 1, tzinfo=UTC), tenant="acme", trace=None
    )
    return cloud_event_of(PublicAccountClosed(account_id=subject), subject=subject, number=0, occurrence=occurrence)


def example() -> ModuleType:
    """The receiver of the examples, as a module."""
    spec = importlib.util.spec_from_file_location("example_receiver", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
