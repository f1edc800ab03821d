"""One request to a URL that somebody else chose.

The name is resolved once. If any of its addresses is not the public internet's, nothing is sent; otherwise the
connection goes to one of the addresses that were checked, while Host, SNI and the certificate stay those of the name.
So a name that resolves differently a moment later (DNS rebinding) changes nothing. Redirects are answers like others.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import httpcore2
from msgspec import Struct

from runtime.outbound.addresses import is_loopback, why_not_public
from runtime.outbound.urls import HttpUrl, Reach, UrlRefused, parse_url

CONNECT_S: Final = 5.0
READ_S: Final = 10.0
WHOLE_S: Final = 15.0  # from the first packet to the last byte that is read of the answer
ANSWER_BYTES_MAX: Final = 4096  # nobody needs more of an answer than its status
ADDRESSES_MAX: Final = 4  # that are tried for one name
RESOLVED_MAX: Final = 64  # that a name may have

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Name and port -> addresses. Raises OSError when there are none."""


class Destination(Struct, frozen=True, kw_only=True):
    """Where a call goes: a URL that was read, and the addresses that were checked for it."""

    url: HttpUrl
    addresses: tuple[str, ...]


class Answered(Struct, frozen=True, kw_only=True):
    """The other side answered. ``retry_after`` is its header's text; the body is not kept."""

    status: int
    retry_after: str | None = None


class Content(Struct, frozen=True, kw_only=True):
    """The other side answered, and this is what it said, whole."""

    status: int
    body: bytes


class NotSent(Struct, frozen=True, kw_only=True):
    """No answer. ``refused``: nothing was sent, by our own rules; otherwise the message may have arrived."""

    why: str
    refused: bool = False


async def resolve_by_system(host: str, port: int) -> list[str]:
    """Ask the machine's resolver. Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))


class Sender:
    """Sends requests as far as ``reach`` allows. ``ssl_context`` None: the machine's trusted authorities."""

    def __init__(
        self,
        reach: Reach,
        *,
        resolve: Resolve = resolve_by_system,
        ssl_context: ssl.SSLContext | None = None,
        whole_s: float = WHOLE_S,
    ) -> None:
        self._reach = reach
        self._resolve = resolve
        self._ssl_context = ssl_context or ssl.create_default_context()
        self._whole_s = whole_s

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answered | NotSent:
        """Send one POST and read its status, within ``whole_s`` for everything."""
        sent = await self._exchange(_Call("POST", url, body, headers, ANSWER_BYTES_MAX))
        if isinstance(sent, NotSent):
            return sent
        response, _ = sent
        given = {name.lower(): value for name, value in response.headers}
        retry_after = given.get(b"retry-after")
        return Answered(
            status=response.status, retry_after=None if retry_after is None else retry_after.decode("latin-1")[:64]
        )

    async def fetch(
        self, url: str, *, bytes_max: int, form: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Content | NotSent:
        """Read what a URL answers, to a GET or to a POST of a form; more than ``bytes_max`` is no answer."""
        given = {"Accept": "application/json", **(headers or {})}
        if form is not None:
            given["Content-Type"] = "application/x-www-form-urlencoded"
        sent = await self._exchange(_Call("GET" if form is None else "POST", url, form or b"", given, bytes_max))
        if isinstance(sent, NotSent):
            return sent
        response, content = sent
        if len(content) > bytes_max:
            return NotSent(why=f"the answer has more than {bytes_max} bytes")
        return Content(status=response.status, body=content)

    async def _exchange(self, call: _Call) -> tuple[httpcore2.Response, bytes] | NotSent:
        try:
            async with asyncio.timeout(self._whole_s):
                return await self._send(await self.destination_of(call.url), call)
        except UrlRefused as refused:
            return NotSent(why=f"the address is refused: {refused}", refused=True)
        except TimeoutError:
            return NotSent(why=f"no answer within {self._whole_s:g} s")
        except (OSError, httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError) as error:
            return NotSent(why=f"no answer: {type(error).__name__}: {error}"[:300])

    async def destination_of(self, url: str) -> Destination:
        """Read a URL and check where its name leads. Raises UrlRefused, OSError when the name leads nowhere."""
        parsed = parse_url(url, self._reach)
        addresses = await self._resolve(parsed.host, parsed.port)
        if not 1 <= len(addresses) <= RESOLVED_MAX:
            raise UrlRefused(f"its name has {len(addresses)} addresses")
        for address in addresses:
            if parsed.is_loopback:
                if not is_loopback(address):
                    raise UrlRefused("its name should be this machine's and is not")
            elif (why := why_not_public(address)) is not None:
                raise UrlRefused(f"its name leads inside a network: {why}")
        return Destination(url=parsed, addresses=tuple(addresses[:ADDRESSES_MAX]))

    async def _send(self, destination: Destination, call: _Call) -> tuple[httpcore2.Response, bytes]:
        url = destination.url
        backend = _CheckedBackend(destination)
        fields = {"Host": url.authority, "Connection": "close", **call.headers}
        if call.method == "POST":
            fields["Content-Length"] = str(len(call.body))
        target = httpcore2.URL(scheme=url.scheme, host=url.host, port=url.port, target=url.target)
        timeouts = {"connect": CONNECT_S, "read": READ_S, "write": READ_S, "pool": CONNECT_S}
        async with (
            httpcore2.AsyncConnectionPool(
                ssl_context=self._ssl_context, max_keepalive_connections=0, retries=0, network_backend=backend
            ) as pool,
            pool.stream(
                call.method,
                target,
                headers=list(fields.items()),
                content=call.body or None,
                extensions={"timeout": timeouts},
            ) as response,
        ):
            return response, await _read_some(response, call.bytes_max)


class _Call(NamedTuple):
    """One request, and how much of its answer is read."""

    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    bytes_max: int


async def _read_some(response: httpcore2.Response, bytes_max: int) -> bytes:
    """Read up to a little more than `bytes_max`, so that a short answer is not cut off in its middle."""
    chunks: list[bytes] = []
    read = 0
    async for chunk in response.aiter_stream():
        chunks.append(chunk)
        read += len(chunk)
        if read > bytes_max:
            break
    return b"".join(chunks)


class _CheckedBackend(httpcore2.AsyncNetworkBackend):
    """Connects to the checked addresses of one destination, whatever name it is asked for."""

    def __init__(self, destination: Destination) -> None:
        self._destination = destination
        self._inner = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first checked address that answers."""
        url = self._destination.url
        if (host, port) != (url.host, url.port):
            raise httpcore2.ConnectError(f"asked to connect to {host}:{port}, which was not checked")
        for number, address in enumerate(self._destination.addresses, start=1):
            try:
                return await self._inner.connect_tcp(address, port, timeout=timeout, socket_options=socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if number == len(self._destination.addresses):
                    raise
        raise httpcore2.ConnectError("no address")

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.AsyncNetworkStream:
        """Refuse: no URL means a socket of this machine."""
        raise httpcore2.ConnectError("unix sockets are not called")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
