"""One call from the first attempt to its result, without doing any I/O: a generator that says what is to be done next.

It yields `GetToken`, `Send` and `Pause`; whoever drives it does that and sends back what came of it: the token or the
exception instead of it, a `Response` or `Broken`, nothing. It returns the `Answer`, or raises what became of the call.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import msgspec

from bursar_client.call import MIN_POSITION, Call
from bursar_client.errors import BursarError, NoAnswer, UnreadableAnswer, class_of, problem_of
from bursar_client.positions import PositionTracker
from bursar_client.retrying import may_have_happened
from bursar_client.terms import Terms
from bursar_client.tokens import AsyncTokenSource, TokenSource
from bursar_client.wire import Broken, Request, Response

T = TypeVar("T")

POSITION: Final = "bursar-position"
USER_AGENT: Final = "bursar-client/0.1.0"


@dataclass(frozen=True, slots=True)
class GetToken:
    """Ask the source; reply with the token, or the exception that it raised."""

    source: TokenSource | AsyncTokenSource


@dataclass(frozen=True, slots=True)
class Send:
    """Send the request; reply with a Response or Broken."""

    request: Request


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait; reply with None."""

    seconds: float


Step = GetToken | Send | Pause
Conversation = Generator[Step, Any, "Answer[T]"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer(Generic[T]):
    """A result and what came with it.

    `position`: of the command's event, or of the newest of a batch. `replayed`: the key was answered before.
    """

    value: T
    status: int
    headers: dict[str, str]
    attempts: int
    position: int | None = None

    @property
    def replayed(self) -> bool:
        """Whether it is the stored answer to a key that was known."""
        return self.headers.get("idempotency-replayed") == "true"

    @property
    def trace_id(self) -> str | None:
        """What to search the server's logs for."""
        return self.headers.get("trace-id")


def converse(call: Call[T], terms: Terms) -> Conversation[T]:
    """Lead one call to its result. Raises CallFailed and what the token's source raises."""
    began = terms.clock()
    attempts, unsure = 0, False
    while True:  # ends at the latest with the policy's last attempt
        token: str | Exception = yield GetToken(terms.token)
        if isinstance(token, Exception):
            raise _without_token(token, call, attempts, unsure)
        attempts += 1
        outcome: Response | Broken = yield Send(_request(call, terms, token))
        if isinstance(outcome, Response) and outcome.is_success:
            return _answer(call, outcome, terms.positions, attempts)
        unsure = may_have_happened(outcome, before=unsure)
        pause_s = terms.retries.pause_before_retry(
            outcome,
            attempts=attempts,
            elapsed_s=terms.clock() - began,
            is_repeatable=call.is_repeatable,
            chance=terms.chance(),
        )
        if pause_s is None:
            _observe(call, outcome, terms.positions)
            raise _failure(call, outcome, attempts, unsure)
        yield Pause(pause_s)


def _request(call: Call[Any], terms: Terms, token: str) -> Request:
    is_told = any(name == MIN_POSITION for name, _ in call.query)
    if terms.read_your_writes and call.has_min_position and not is_told and terms.positions.highest:
        call = call.with_query(MIN_POSITION, terms.positions.highest)
    headers = {"Authorization": f"Bearer {token}", "Accept": call.accept, "User-Agent": USER_AGENT}
    if call.body is not None:
        headers["Content-Type"] = call.media_type
    if call.key is not None:
        headers["Idempotency-Key"] = call.key
    address = terms.commands_url if call.api == "commands" else terms.queries_url
    return Request(
        method=call.method,
        url=address.rstrip("/") + call.path,
        query=call.query,
        headers=headers,
        content=call.body,
    )


def _answer(call: Call[T], response: Response, positions: PositionTracker, attempts: int) -> Answer[T]:
    position = _observe(call, response, positions)
    try:
        value = call.read(response)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        happened = call.api == "commands"
        raise UnreadableAnswer(str(error), call=call, attempts=attempts, may_have_happened=happened) from error
    return Answer(
        value=value,
        status=response.status,
        headers=dict(response.headers),
        attempts=attempts,
        position=position,
    )


class _BatchResult(msgspec.Struct):
    position: int | None = None


class _Positions(msgspec.Struct):
    results: list[_BatchResult] = []


def _observe(call: Call[Any], outcome: Response | Broken, positions: PositionTracker) -> int | None:
    """Take note of the position that a command has; a batch has one in each result instead of the header."""
    if isinstance(outcome, Broken) or call.api != "commands":
        return None
    text = outcome.headers.get(POSITION, "")
    found = [int(text)] if text.isdecimal() else []
    if not found and outcome.is_success:
        try:
            results = msgspec.json.decode(outcome.content, type=_Positions).results
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return None  # whoever reads the answer says what is wrong with it
        found = [result.position for result in results if result.position is not None]
    if not found:
        return None
    positions.observe(max(found))
    return max(found)


def _without_token(error: Exception, call: Call[Any], attempts: int, unsure: bool) -> Exception:
    """Before the first attempt the source's own words are all there is to say; later the call must not be lost."""
    if attempts == 0:
        return error
    said = f"no token for another attempt after {attempts}: {error}"
    failure = NoAnswer(said, call=call, attempts=attempts, may_have_happened=unsure)
    failure.__cause__ = error
    return failure


def _failure(call: Call[Any], outcome: Response | Broken, attempts: int, unsure: bool) -> BursarError:
    if isinstance(outcome, Broken):
        failure = NoAnswer(
            f"no answer after {attempts} attempts; the last: {type(outcome.error).__name__}: {outcome.error}",
            call=call,
            attempts=attempts,
            may_have_happened=unsure,
        )
        failure.__cause__ = outcome.error
        return failure
    problem = problem_of(outcome)
    return class_of(problem)(problem, call=call, attempts=attempts, may_have_happened=unsure)
