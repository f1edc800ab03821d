"""How one function that makes a call becomes a method of both clients.

`open_account = Method(calls.open_account)` in a class that both clients inherit gives `Client` a method that returns
the receipt, and `AsyncClient` one that is awaited for it, with the function's parameters and docstring. No endpoint is
written twice.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Generic, ParamSpec, Self, TypeVar, overload

from bursar_client.call import Call, PagedCall
from bursar_client.content import Content
from bursar_client.errors import CursorRepeated

P = ParamSpec("P")
T = TypeVar("T")
Page = TypeVar("Page")
Item = TypeVar("Item")


class Caller(ABC):
    """A client that answers at once."""

    @abstractmethod
    def run(self, call: Call[T]) -> T:
        """Send a call and return its result."""


class AsyncCaller(ABC):
    """A client that is awaited."""

    @abstractmethod
    async def run(self, call: Call[T]) -> T:
        """Send a call and return its result."""


class SyncMethod(Generic[P, T]):
    """A method of `Client`."""

    def __init__(self, build: Callable[P, Call[T]], caller: Caller) -> None:
        self._build = build
        self._caller = caller
        functools.update_wrapper(self, build)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it."""
        return self._caller.run(self._build(*args, **kwargs))


class AsyncMethod(Generic[P, T]):
    """A method of `AsyncClient`."""

    def __init__(self, build: Callable[P, Call[T]], caller: AsyncCaller) -> None:
        self._build = build
        self._caller = caller
        functools.update_wrapper(self, build)

    async def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do it."""
        return await self._caller.run(self._build(*args, **kwargs))


class SyncRenderedMethod(SyncMethod[P, T]):
    """A method of `Client` whose answer can be had in other media types than JSON."""

    def rendered(self, media_type: str, /, *args: P.args, **kwargs: P.kwargs) -> Content:
        """Ask the same for an answer in another media type."""
        return self._caller.run(self._build(*args, **kwargs).rendered_as(media_type))


class AsyncRenderedMethod(AsyncMethod[P, T]):
    """A method of `AsyncClient` whose answer can be had in other media types than JSON."""

    async def rendered(self, media_type: str, /, *args: P.args, **kwargs: P.kwargs) -> Content:
        """Ask the same for an answer in another media type."""
        return await self._caller.run(self._build(*args, **kwargs).rendered_as(media_type))


class SyncPagedMethod(SyncMethod[P, Page], Generic[P, Page, Item]):
    """A method of `Client` that reads a list: called, it gives one page."""

    def __init__(self, build: Callable[P, PagedCall[Page, Item]], caller: Caller) -> None:
        super().__init__(build, caller)
        self._build_paged = build

    def pages(self, *args: P.args, **kwargs: P.kwargs) -> Iterator[Page]:
        """Read page after page to the end of the list."""
        call: PagedCall[Page, Item] | None = self._build_paged(*args, **kwargs)
        while call is not None:
            page = self._caller.run(call)
            yield page
            call = following(call, page)

    def all(self, *args: P.args, **kwargs: P.kwargs) -> Iterator[Item]:
        """Read everything that the list holds, page after page."""
        call = self._build_paged(*args, **kwargs)
        for page in self.pages(*args, **kwargs):
            yield from call.items_of(page)


class AsyncPagedMethod(AsyncMethod[P, Page], Generic[P, Page, Item]):
    """A method of `AsyncClient` that reads a list: called, it gives one page."""

    def __init__(self, build: Callable[P, PagedCall[Page, Item]], caller: AsyncCaller) -> None:
        super().__init__(build, caller)
        self._build_paged = build

    async def pages(self, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[Page]:
        """Read page after page to the end of the list."""
        call: PagedCall[Page, Item] | None = self._build_paged(*args, **kwargs)
        while call is not None:
            page = await self._caller.run(call)
            yield page
            call = following(call, page)

    async def all(self, *args: P.args, **kwargs: P.kwargs) -> AsyncIterator[Item]:
        """Read everything that the list holds, page after page."""
        call = self._build_paged(*args, **kwargs)
        async for page in self.pages(*args, **kwargs):
            for item in call.items_of(page):
                yield item


class Method(Generic[P, T]):
    """A function that makes a call, as a method of the clients."""

    def __init__(self, build: Callable[P, Call[T]]) -> None:
        self.build = build

    @overload
    def __get__(self, caller: None, owner: type) -> Self: ...
    @overload
    def __get__(self, caller: Caller, owner: type) -> SyncMethod[P, T]: ...
    @overload
    def __get__(self, caller: AsyncCaller, owner: type) -> AsyncMethod[P, T]: ...
    def __get__(self, caller: Caller | AsyncCaller | None, owner: type) -> Self | SyncMethod[P, T] | AsyncMethod[P, T]:
        """Bind it to a client."""
        if caller is None:
            return self
        return SyncMethod(self.build, caller) if isinstance(caller, Caller) else AsyncMethod(self.build, caller)


class RenderedMethod(Generic[P, T]):
    """A function that makes a call with a choice of media types, as a method of the clients."""

    def __init__(self, build: Callable[P, Call[T]]) -> None:
        self.build = build

    @overload
    def __get__(self, caller: None, owner: type) -> Self: ...
    @overload
    def __get__(self, caller: Caller, owner: type) -> SyncRenderedMethod[P, T]: ...
    @overload
    def __get__(self, caller: AsyncCaller, owner: type) -> AsyncRenderedMethod[P, T]: ...
    def __get__(
        self, caller: Caller | AsyncCaller | None, owner: type
    ) -> Self | SyncRenderedMethod[P, T] | AsyncRenderedMethod[P, T]:
        """Bind it to a client."""
        if caller is None:
            return self
        if isinstance(caller, Caller):
            return SyncRenderedMethod(self.build, caller)
        return AsyncRenderedMethod(self.build, caller)


class PagedMethod(Generic[P, Page, Item]):
    """A function that makes a call for a page, as a method of the clients."""

    def __init__(self, build: Callable[P, PagedCall[Page, Item]]) -> None:
        self.build = build

    @overload
    def __get__(self, caller: None, owner: type) -> Self: ...
    @overload
    def __get__(self, caller: Caller, owner: type) -> SyncPagedMethod[P, Page, Item]: ...
    @overload
    def __get__(self, caller: AsyncCaller, owner: type) -> AsyncPagedMethod[P, Page, Item]: ...
    def __get__(
        self, caller: Caller | AsyncCaller | None, owner: type
    ) -> Self | SyncPagedMethod[P, Page, Item] | AsyncPagedMethod[P, Page, Item]:
        """Bind it to a client."""
        if caller is None:
            return self
        if isinstance(caller, Caller):
            return SyncPagedMethod(self.build, caller)
        return AsyncPagedMethod(self.build, caller)


def following(call: PagedCall[Page, Any], page: Page) -> PagedCall[Page, Any] | None:
    """Return the call for the next page; None: this was the last. Raises CursorRepeated."""
    cursor = call.cursor_of(page)
    if cursor is None:
        return None
    after = call.page_after(cursor)
    if after == call:
        raise CursorRepeated(f"{call.name}: the next page is the one just read")
    return after
