"""A call: everything about one request but who sends it. Made by the functions in `calls`, sent by a client.

A call is a value: it may be kept and sent again. A command carries its idempotency key from the moment it is made, so
sending the same call twice asks for the same thing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final, Generic, Literal, TypeVar
from urllib.parse import quote

import msgspec

from bursar_client.chance import new_key
from bursar_client.content import JSON, Content
from bursar_client.wire import Response

T = TypeVar("T")
Page = TypeVar("Page")
Item = TypeVar("Item")

Api = Literal["commands", "queries"]
Value = str | int | bool | date | datetime | None

CURSOR: Final = "cursor"
MIN_POSITION: Final = "min_position"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call(Generic[T]):
    """A request and how its answer is read.

    `key`: the idempotency key. `is_repeatable`: it may be sent again when nobody knows whether it arrived.
    `has_min_position`: it can be asked to wait for a position.
    """

    name: str
    api: Api
    method: str
    path: str
    read: Callable[[Response], T]
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    media_type: str = JSON
    accept: str = JSON
    key: str | None = None
    is_repeatable: bool
    has_min_position: bool = False

    def with_query(self, name: str, value: Value) -> Call[T]:
        """Return the same call with one more query parameter, or another value for it."""
        kept = tuple(pair for pair in self.query if pair[0] != name)
        return dataclasses.replace(self, query=(*kept, *query_of({name: value})))

    def rendered_as(self, media_type: str) -> Call[Content]:
        """Return the same question, to be answered in another media type."""
        return Call(
            name=self.name,
            api=self.api,
            method=self.method,
            path=self.path,
            read=read_content,
            query=self.query,
            body=self.body,
            media_type=self.media_type,
            accept=media_type,
            key=self.key,
            is_repeatable=self.is_repeatable,
            has_min_position=self.has_min_position,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class PagedCall(Call[Page], Generic[Page, Item]):
    """A call whose answer is a page of a list."""

    items_of: Callable[[Page], Sequence[Item]]
    cursor_of: Callable[[Page], str | None]

    def page_after(self, cursor: str) -> PagedCall[Page, Item]:
        """Return the call for the page behind a cursor."""
        kept = tuple(pair for pair in self.query if pair[0] != CURSOR)
        return dataclasses.replace(self, query=(*kept, (CURSOR, cursor)))


def key_of(given: str | None) -> str:
    """Return the given idempotency key, or a new one."""
    return new_key() if given is None else given


def path_of(template: str, parts: dict[str, str | int]) -> str:
    """Fill a path. Raises ValueError for a part that would lead to another path."""
    for name, part in parts.items():
        if str(part) in ("", ".", ".."):
            raise ValueError(f"{name} {part!r} cannot stand in a path")
    return template.format(**{name: quote(str(part), safe=":") for name, part in parts.items()})


def query_of(values: dict[str, Value]) -> tuple[tuple[str, str], ...]:
    """Write query parameters; None is left out."""
    return tuple((name, _text_of(value)) for name, value in values.items() if value is not None)


def body_of(value: Any) -> bytes:
    """Write a body."""
    return msgspec.json.encode(value)


def file_of(content: bytes | str) -> bytes:
    """Return a file as it is sent: bytes as they are, text as UTF-8."""
    return content.encode() if isinstance(content, str) else content


def read_as(kind: type[T]) -> Callable[[Response], T]:
    """Return what reads a JSON answer of a kind; fields that this version does not know are ignored."""
    decoder: msgspec.json.Decoder[T] = _decoder(kind)  # type: ignore[arg-type]  # classes and aliases are hashable

    def read(response: Response) -> T:
        return decoder.decode(response.content)

    return read


def read_content(response: Response) -> Content:
    """Read an answer as bytes."""
    media_type = response.headers.get("content-type", "").partition(";")[0].strip()
    return Content(media_type=media_type, data=response.content, headers=response.headers)


def read_nothing(response: Response) -> None:
    """Read an answer without content."""


@cache
def _decoder(kind: Any) -> Any:
    return msgspec.json.Decoder(kind)


def _text_of(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case date() | datetime():
            return value.isoformat()
    return str(value)
