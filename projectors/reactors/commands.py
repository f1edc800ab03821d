"""The command API as Bursar's own processes use it: a bearer token from a file, a key with every command, one attempt.

Nothing is repeated here. "Nobody answered" and "not now" come back as `Unavailable`: whoever asked keeps the wish, in a
table, and sends it again later under the same key. A token that is refused is not a refusal of the command: it is
`Unavailable` too, until somebody puts a better token into the file.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx2
import msgspec
import structlog

from projectors.reactors.tasks import Again, Done, Park, Result
from runtime.trace import current_trace

CONNECT_WITHIN_S: Final = 3.0
ANSWER_WITHIN_S: Final = 10.0  # the command API itself answers after 5 s that it does not know yet
CONNECTIONS_MAX: Final = 32
IDLE_CONNECTIONS_MAX: Final = 8  # the client looks at each of them before every request
TOKEN_BYTES_MAX: Final = 16_384
POSITION: Final = "bursar-position"

# The caller's own credentials or the server's state, not the command: the same wish may succeed later.
_NOT_NOW: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
)

_log = structlog.get_logger(__name__)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """The command was taken: the position of its event and the event's bytes. ``replayed``: it was known already."""

    position: int
    body: bytes
    replayed: bool = False


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The command may not happen; ``retryable``: under another key, later, it may."""

    status: int
    code: str = "unknown"
    detail: str = ""
    retryable: bool = False


class Unavailable(msgspec.Struct, frozen=True, kw_only=True):
    """There is no answer now; the same command under the same key may be sent again, after ``after_s`` if given."""

    why: str
    after_s: float | None = None


Reply = Answer | Refused | Unavailable


class TokenFile:
    """A bearer token in a file, read again when the file changes, so that a token can be renewed while we run."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._token = ""

    def read(self) -> str:
        """Return the token. Raises OSError or ValueError when the file has none."""
        status = self._path.stat()
        seen = (status.st_ino, status.st_mtime_ns, status.st_size)
        if seen != self._seen:
            if status.st_size > TOKEN_BYTES_MAX:
                raise ValueError(f"{self._path} is larger than a token")
            self._token = self._path.read_text(encoding="ascii").strip()
            self._seen = seen
        if not self._token:
            raise ValueError(f"{self._path} is empty")
        return self._token


class CommandClient:
    """Sends commands. Made by `open_commands`."""

    def __init__(self, http: httpx2.AsyncClient, token: TokenFile) -> None:
        self._http = http
        self._token = token

    async def send(self, path: str, body: msgspec.Struct | Mapping[str, Any] | bytes, *, key: str) -> Reply:
        """POST a command under an idempotency key, once. The trace of the work in progress goes with it."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        try:
            headers = {"Authorization": f"Bearer {self._token.read()}"}
        except (OSError, ValueError) as error:
            return Unavailable(why=f"no service token: {error}")
        headers |= {"Content-Type": "application/json", "Idempotency-Key": key}
        trace = current_trace.get()
        if trace is not None:
            headers["traceparent"] = trace.traceparent
        try:
            response = await self._http.post(path, content=content, headers=headers)
        except httpx2.TransportError as error:
            return Unavailable(why=f"the command API does not answer: {type(error).__name__}")
        return _reply(response)


@asynccontextmanager
async def open_commands(url: str, token_file: Path) -> AsyncIterator[CommandClient]:
    """Open the client of the command API at ``url``."""
    http = httpx2.AsyncClient(
        base_url=url,
        timeout=httpx2.Timeout(ANSWER_WITHIN_S, connect=CONNECT_WITHIN_S),
        limits=httpx2.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=IDLE_CONNECTIONS_MAX),
        follow_redirects=False,
        trust_env=False,  # a proxy variable of the machine must not see our token
        verify=ssl.create_default_context() if url.startswith("https:") else False,
    )
    async with http:
        yield CommandClient(http, TokenFile(token_file))


def result_of(reply: Reply) -> Result:
    """Return what most tasks make of a reply: a taken command is done, a refused one needs a person."""
    match reply:
        case Answer():
            return Done({"position": reply.position})
        case Refused():
            return Park(f"refused: {reply.status} {reply.code}")
        case Unavailable():
            return Again(why=reply.why, after_s=reply.after_s)


def _reply(response: httpx2.Response) -> Reply:
    status = response.status_code
    if status in (HTTPStatus.OK, HTTPStatus.CREATED):
        return Answer(
            position=int(response.headers.get(POSITION, "0")),
            body=response.content,
            replayed=response.headers.get("idempotency-replayed") == "true",
        )
    refused = _refusal(response)
    if status in _NOT_NOW or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            _log.error("service_token_refused", status=status, code=refused.code)
        after = response.headers.get("retry-after", "")
        return Unavailable(why=f"{status} {refused.code}", after_s=int(after) if after.isdecimal() else None)
    return refused


def _refusal(response: httpx2.Response) -> Refused:
    try:
        return msgspec.json.decode(response.content, type=Refused)
    except (msgspec.MsgspecError, UnicodeDecodeError):  # not one of Bursar's: something stands in between
        return Refused(status=response.status_code, code="unreadable_answer")
