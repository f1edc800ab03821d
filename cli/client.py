"""The HTTP client of Bursar's own programs: bearer token, idempotency key, and bounded patience.

Only what is safe to repeat is repeated: reads, and commands under the same idempotency key. "Nobody answered", "the
queue is full" and "the outcome is not known" all mean "send it again"; every other answer is handed back as it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

import httpx2
import msgspec
import stamina

from runtime.outbound.urls import LOOPBACK_HOSTS

RETRY_FOR_S: Final = 60.0
RETRY_WAIT_MAX_S: Final = 5.0
RETRY_WAIT_FIRST_S: Final = 0.1
RETRY_JITTER_S: Final = 0.2
CONNECT_WITHIN_S: Final = 3.0
ANSWER_WITHIN_S: Final = 30.0
CONNECTIONS_MAX: Final = 16

BATCHES: Final = "/v1/batches?receipts=false"
IDEMPOTENCY_KEY: Final = "Idempotency-Key"
_REPEATABLE: Final = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE}

TokenSource = Callable[[], str]


class Problem(msgspec.Struct, frozen=True):
    """What Bursar says when it refuses (RFC 9457)."""

    status: int
    code: str = "unknown"
    title: str = ""
    detail: str = ""
    retryable: bool = False


class Unreachable(Exception):
    """Nobody gave a usable answer for as long as the client was willing to repeat the request."""


class ApiRefused(Exception):
    """An answer that the caller did not expect."""

    def __init__(self, request: str, problem: Problem) -> None:
        super().__init__(f"{request}: {problem.status} {problem.code}: {problem.detail or problem.title}")
        self.problem = problem


class _SayAgain(Exception):
    """An answer that asks for the same request again, after a while."""

    def __init__(self, request: str, answer: Answer) -> None:
        super().__init__(f"{request}: {answer.problem.status} {answer.problem.code}: {answer.problem.detail}")
        self.after_s = answer.retry_after_s


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP answer; header names are in lower case."""

    request: str
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300

    @property
    def replayed(self) -> bool:
        """Whether it is the stored answer to a key seen before."""
        return self.headers.get("idempotency-replayed") == "true"

    @property
    def retry_after_s(self) -> float | None:
        """What the server asks to wait, at most what this client waits anyway."""
        text = self.headers.get("retry-after", "")
        return min(float(text), RETRY_WAIT_MAX_S) if text.isdecimal() else None

    @property
    def problem(self) -> Problem:
        """The refusal; something that is not one of Bursar's is shown by its beginning."""
        try:
            return msgspec.json.decode(self.content, type=Problem)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return Problem(status=self.status, detail=self.content[:200].decode(errors="replace"))

    def require(self) -> Answer:
        """Give back this answer if it is a success; raises ApiRefused."""
        if not self.ok:
            raise ApiRefused(self.request, self.problem)
        return self


class BatchResult(msgspec.Struct, frozen=True):
    """The answer to one command of a batch: the position of its event, or the problem."""

    status: int
    replayed: bool
    position: int | None = None
    problem: Problem | None = None


class _BatchAnswer(msgspec.Struct, frozen=True):
    results: list[BatchResult]


_batch_answers: Final = msgspec.json.Decoder(_BatchAnswer)


class BursarClient:
    """Talks to one API. Raises Unreachable after `retry_for_s` of trying."""

    def __init__(self, http: httpx2.AsyncClient, token: TokenSource, *, retry_for_s: float = RETRY_FOR_S) -> None:
        self._http = http
        self._token = token
        self._retry_for_s = retry_for_s

    def with_token(self, token: TokenSource) -> BursarClient:
        """Return a client over the same connections that speaks as somebody else."""
        return BursarClient(self._http, token, retry_for_s=self._retry_for_s)

    async def post(self, path: str, body: bytes, *, key: str | None = None, accept: str = "*/*") -> Answer:
        """Send a command (or a batch, whose items carry their own keys), or a question, until it is answered."""
        headers = {"Content-Type": "application/json", "Accept": accept}
        if key is not None:
            headers[IDEMPOTENCY_KEY] = key
        return await self._persist("POST", path, headers=headers, content=body)

    async def send_batch(self, items: Sequence[bytes]) -> list[BatchResult]:
        """Send encoded batch items, each standing for itself, and give their answers in order. Raises ApiRefused."""
        body = b'{"atomic":false,"commands":[' + b",".join(items) + b"]}"
        answer = (await self.post(BATCHES, body)).require()
        return _batch_answers.decode(answer.content).results

    async def get(self, path: str, params: Mapping[str, str | int] | None = None, *, accept: str = "*/*") -> Answer:
        """Read."""
        return await self._persist("GET", path, headers={"Accept": accept}, params=params)

    async def _persist(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str],
        params: Mapping[str, str | int] | None = None,
        content: bytes | None = None,
    ) -> Answer:
        attempts = stamina.retry_context(
            on=_worth_repeating,
            attempts=None,
            timeout=self._retry_for_s,
            wait_initial=RETRY_WAIT_FIRST_S,
            wait_max=RETRY_WAIT_MAX_S,
            wait_jitter=RETRY_JITTER_S,
        )
        try:
            async for attempt in attempts:
                with attempt:
                    headers["Authorization"] = f"Bearer {self._token()}"
                    response = await self._http.request(method, path, headers=headers, params=params, content=content)
                    return _answer(f"{method} {path}", response)
        except (httpx2.TransportError, _SayAgain) as error:
            raise Unreachable(
                f"{self._http.base_url} gave no usable answer for {self._retry_for_s:g} s; "
                f"the last was {type(error).__name__.strip('_')}: {error}"
            ) from error
        raise AssertionError("the last attempt answers or raises")


@asynccontextmanager
async def open_client(
    base_url: str, token: TokenSource, *, retry_for_s: float = RETRY_FOR_S
) -> AsyncIterator[BursarClient]:
    """Open connections to one API for the length of the block; this machine's own is never asked through a proxy."""
    async with httpx2.AsyncClient(
        base_url=base_url,
        timeout=httpx2.Timeout(ANSWER_WITHIN_S, connect=CONNECT_WITHIN_S),
        limits=httpx2.Limits(max_connections=CONNECTIONS_MAX),
        trust_env=urlsplit(base_url).hostname not in LOOPBACK_HOSTS,
    ) as http:
        yield BursarClient(http, token, retry_for_s=retry_for_s)


def _answer(request: str, response: httpx2.Response) -> Answer:
    answer = Answer(
        request=request,
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        content=response.content,
    )
    if answer.status in _REPEATABLE:
        raise _SayAgain(request, answer)
    return answer


def _worth_repeating(error: Exception) -> bool | float:
    """Tell stamina whether to try again; a number is the pause that the server asked for."""
    if isinstance(error, _SayAgain):
        return True if error.after_s is None else error.after_s
    return isinstance(error, httpx2.TransportError)
