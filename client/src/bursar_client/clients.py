"""The two clients: each drives the same conversation, one in the calling thread, one in the event loop.

A client has a method for every command and every query (`bursar_client.generated.endpoints`), and `send` for a call
that was made with `bursar_client.calls`.
"""

from __future__ import annotations

import asyncio
import copy
import inspect
import time
from types import TracebackType
from typing import Self, TypeVar, Unpack

import httpx2

from bursar_client.call import Call
from bursar_client.carrying import Failures, arguments_of, broken_by, options_for, response_of
from bursar_client.conversation import Answer, GetToken, Pause, Send, converse
from bursar_client.generated.endpoints import Endpoints
from bursar_client.methods import AsyncCaller, Caller
from bursar_client.positions import PositionTracker
from bursar_client.terms import AsyncToken, Options, Terms, Token
from bursar_client.tokens import AsyncTokenSource, TokenSource, source_of
from bursar_client.wire import Broken, Request, Response

T = TypeVar("T")


class Client(Endpoints, Caller):
    """Bursar for programs with threads. One client serves all of them.

    `token`: a text, a function that is asked before each attempt, or a Path of a file that is read when it changes.
    `read_your_writes`: every read waits for the newest position that a command of this client, or of those it shares
    `positions` with, has had. `http`: connections of your own, which you close yourself.
    """

    def __init__(
        self,
        *,
        commands_url: str,
        queries_url: str,
        token: Token,
        http: httpx2.Client | None = None,
        **options: Unpack[Options],
    ) -> None:
        self._terms = Terms(commands_url=commands_url, queries_url=queries_url, token=source_of(token), **options)
        self._owns_http = http is None
        self._http = http or httpx2.Client(**options_for(commands_url, queries_url))

    @property
    def positions(self) -> PositionTracker:
        """How far the book is known to be."""
        return self._terms.positions

    def with_options(self, *, token: Token | None = None, **options: Unpack[Options]) -> Self:
        """Return a client over the same connections with another token or other options."""
        other = copy.copy(self)
        other._terms, other._owns_http = self._terms.changed(token, options), False
        return other

    def send(self, call: Call[T]) -> Answer[T]:
        """Send a call until it is answered, within the bounds of the retries. Raises BursarError."""
        conversation = converse(call, self._terms)
        reply: object = None
        while True:  # ends when the conversation does
            try:
                step = conversation.send(reply)
            except StopIteration as end:
                answer: Answer[T] = end.value
                return answer
            match step:
                case GetToken(source):
                    reply = self._token(source)
                case Send(request):
                    reply = self._carry(request)
                case Pause(seconds):
                    time.sleep(seconds)
                    reply = None

    def run(self, call: Call[T]) -> T:
        """Send a call and return its result. Raises BursarError."""
        return self.send(call).value

    def close(self) -> None:
        """Close the connections, unless they are yours."""
        if self._owns_http:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.close()

    def _token(self, source: TokenSource | AsyncTokenSource) -> object:
        try:
            return source()
        except Exception as error:
            return error  # the conversation raises it, with the call if that was sent before

    def _carry(self, request: Request) -> Response | Broken:
        try:
            return response_of(self._http.request(**arguments_of(request)))
        except Failures as error:
            return broken_by(error)


class AsyncClient(Endpoints, AsyncCaller):
    """Bursar for programs with an event loop; else as `Client`. The token's function may be a coroutine function."""

    def __init__(
        self,
        *,
        commands_url: str,
        queries_url: str,
        token: AsyncToken,
        http: httpx2.AsyncClient | None = None,
        **options: Unpack[Options],
    ) -> None:
        self._terms = Terms(commands_url=commands_url, queries_url=queries_url, token=source_of(token), **options)
        self._owns_http = http is None
        self._http = http or httpx2.AsyncClient(**options_for(commands_url, queries_url))

    @property
    def positions(self) -> PositionTracker:
        """How far the book is known to be."""
        return self._terms.positions

    def with_options(self, *, token: AsyncToken | None = None, **options: Unpack[Options]) -> Self:
        """Return a client over the same connections with another token or other options."""
        other = copy.copy(self)
        other._terms, other._owns_http = self._terms.changed(token, options), False
        return other

    async def send(self, call: Call[T]) -> Answer[T]:
        """Send a call until it is answered, within the bounds of the retries. Raises BursarError."""
        conversation = converse(call, self._terms)
        reply: object = None
        while True:  # ends when the conversation does
            try:
                step = conversation.send(reply)
            except StopIteration as end:
                answer: Answer[T] = end.value
                return answer
            match step:
                case GetToken(source):
                    reply = await self._token(source)
                case Send(request):
                    reply = await self._carry(request)
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                    reply = None

    async def run(self, call: Call[T]) -> T:
        """Send a call and return its result. Raises BursarError."""
        return (await self.send(call)).value

    async def aclose(self) -> None:
        """Close the connections, unless they are yours."""
        if self._owns_http:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _token(self, source: TokenSource | AsyncTokenSource) -> object:
        try:
            token = source()
            return await token if inspect.isawaitable(token) else token
        except Exception as error:
            return error  # the conversation raises it, with the call if that was sent before

    async def _carry(self, request: Request) -> Response | Broken:
        try:
            return response_of(await self._http.request(**arguments_of(request)))
        except Failures as error:
            return broken_by(error)
