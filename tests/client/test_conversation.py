"""The core alone: what it asks for next, answer by answer. It does no I/O, so these tests do none."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from bursar_client import NO_RETRIES, PositionTracker, RetryPolicy, calls, errors
from bursar_client.conversation import Answer, GetToken, Pause, Send, converse
from bursar_client.errors import TokenUnavailable
from bursar_client.terms import Terms
from bursar_client.wire import Broken, Request, Response

RECEIPT = {
    "position": 7,
    "type": "transfer_posted",
    "version": 1,
    "ledger": "main",
    "recorded_at": "2026-11-25T10:15:30Z",
    "occurred_at": "2026-11-25T10:15:30Z",
    "principal": {"subject": "ann", "tenant": "acme"},
    "key": "k",
    "trace": None,
    "data": {},
}
LOST = Broken(error=ConnectionResetError("cut"), was_sent=True)
UNREACHED = Broken(error=ConnectionRefusedError("closed"), was_sent=False)


def taken(position: int = 7, **headers: str) -> Response:
    return Response(
        status=201,
        headers={"bursar-position": str(position), **headers},
        content=msgspec.json.encode({**RECEIPT, "position": position}),
    )


def problem(status: int, code: str, *, retry_after: str | None = None, **more: Any) -> Response:
    body = {"type": "urn", "title": code, "status": status, "code": code, "detail": "", "retryable": False, **more}
    headers = {} if retry_after is None else {"retry-after": retry_after}
    return Response(status=status, headers=headers, content=msgspec.json.encode(body))


def terms(**changes: Any) -> Terms:
    """Terms with a clock that pauses alone move, and no jitter."""
    return Terms(
        **{
            "commands_url": "http://commands/",
            "queries_url": "http://queries",
            "token": lambda: "t",
            "chance": lambda: 0.0,
            "clock": lambda: 0.0,
            **changes,
        }
    )


class Told:
    """What a conversation asked for, while it was told these outcomes."""

    def __init__(
        self, call: Any, outcomes: Sequence[Response | Broken], *, tokens_max: int = 99, **changes: Any
    ) -> None:
        self.requests: list[Request] = []
        self.pauses: list[float] = []
        self.tokens = 0
        self.answer: Answer[Any] | None = None
        self.failure: errors.CallFailed | None = None
        waiting = iter(outcomes)
        conversation = converse(call, terms(**{"clock": lambda: sum(self.pauses), **changes}))
        reply: Any = None
        try:
            while True:  # ends when the conversation does
                match conversation.send(reply):
                    case GetToken():
                        self.tokens += 1
                        reply = f"token-{self.tokens}" if self.tokens <= tokens_max else TokenUnavailable("gone")
                    case Send(request):
                        self.requests.append(request)
                        reply = next(waiting)
                    case Pause(seconds):
                        self.pauses.append(seconds)
                        reply = None
        except StopIteration as end:
            self.answer = end.value
        except errors.CallFailed as failure:
            self.failure = failure


def transfer(**options: Any) -> Any:
    return calls.post_transfer(postings=[], **options)


def test_a_key_is_made_once_and_kept_through_every_attempt() -> None:
    told = Told(transfer(), [LOST, problem(503, "outcome_unknown", retry_after="1"), taken()])
    assert told.answer is not None
    assert told.answer.value.position == 7
    assert told.answer.attempts == 3
    keys = {request.headers["Idempotency-Key"] for request in told.requests}
    assert len(keys) == 1
    assert len({request.content for request in told.requests}) == 1
    assert keys != {transfer().key}
    assert transfer(idempotency_key="invoice-1").key == "invoice-1"


def test_each_attempt_asks_for_a_token() -> None:
    told = Told(transfer(), [LOST, taken()])
    assert [request.headers["Authorization"] for request in told.requests] == ["Bearer token-1", "Bearer token-2"]


def test_a_token_that_is_gone_does_not_lose_the_call() -> None:
    told = Told(transfer(idempotency_key="k-1"), [LOST], tokens_max=1)
    assert isinstance(told.failure, errors.NoAnswer)
    assert (told.failure.key, told.failure.attempts, told.failure.may_have_happened) == ("k-1", 1, True)
    with pytest.raises(TokenUnavailable):
        Told(transfer(), [], tokens_max=0)


@pytest.mark.parametrize("url", ["bursar.example", "ftp://bursar.example", "https://", "https://bursar.example?x=1"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        terms(queries_url=url)


@pytest.mark.parametrize(
    "refusal",
    [
        problem(422, "insufficient_funds", retryable=True),
        problem(409, "account_closed"),
        problem(404, "account_not_found"),
        problem(400, "invalid_body"),
        problem(401, "not_authenticated"),
        problem(403, "missing_scope"),
        problem(500, "internal_error", retryable=True),
    ],
    ids=lambda refusal: str(refusal.status),
)
def test_what_was_refused_is_never_repeated(refusal: Response) -> None:
    told = Told(transfer(), [refusal])
    assert told.pauses == []
    assert isinstance(told.failure, errors.ProblemError)
    assert told.failure.status == refusal.status


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (problem(400, "invalid_body"), errors.InvalidRequest),
        (problem(401, "not_authenticated"), errors.NotAuthenticated),
        (problem(403, "forbidden"), errors.NotAllowed),
        (problem(404, "account_not_found"), errors.NotFound),
        (problem(409, "account_closed"), errors.Conflict),
        (problem(422, "insufficient_funds"), errors.Rejected),
        (problem(422, "idempotency_key_reused"), errors.KeyReused),
        (problem(429, "too_many_requests"), errors.Unavailable),
        (problem(503, "outcome_unknown"), errors.OutcomeUnknown),
        (problem(503, "position_not_reached"), errors.PositionNotReached),
        (problem(500, "internal_error"), errors.ServerFault),
        (Response(status=502, headers={}, content=b"<html>"), errors.Unavailable),
    ],
)
def test_each_class_of_problem_has_its_exception(outcome: Response, kind: type[errors.ProblemError]) -> None:
    told = Told(transfer(), [outcome], retries=NO_RETRIES)
    assert type(told.failure) is kind


def test_a_failure_carries_what_the_server_said_and_what_was_asked() -> None:
    places = [{"pointer": "/postings/0", "code": "currency_mismatch", "detail": "EUR, not USD"}]
    call = transfer(idempotency_key="k-1")
    told = Told(call, [problem(422, "currency_mismatch", errors=places, trace_id="abc")])
    failure = told.failure
    assert isinstance(failure, errors.Rejected)
    assert failure.errors == (errors.FieldError("/postings/0", "currency_mismatch", "EUR, not USD"),)
    assert (failure.code, failure.trace_id, failure.key, failure.call) == ("currency_mismatch", "abc", "k-1", call)
    assert "/postings/0" in str(failure)


def test_a_pause_is_never_shorter_than_the_server_asks() -> None:
    told = Told(transfer(), [problem(429, "too_many_requests", retry_after="3"), LOST, taken()])
    assert told.pauses == [3.1, 0.2]


def test_pauses_double_up_to_a_bound_and_attempts_end() -> None:
    told = Told(transfer(), [LOST] * 9, retries=RetryPolicy(attempts_max=9))
    assert told.pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert isinstance(told.failure, errors.NoAnswer)
    assert told.failure.attempts == 9
    assert told.failure.__cause__ is LOST.error


def test_chance_shortens_a_pause_by_up_to_half() -> None:
    told = Told(transfer(), [LOST, LOST, taken()], chance=lambda: 1.0)
    assert told.pauses == [0.05, 0.1]


def test_no_attempt_begins_after_the_time_is_over() -> None:
    later = problem(503, "queue_full", retry_after="20")
    told = Told(transfer(), [later] * 9)
    assert told.pauses == [20.1, 20.2]
    assert isinstance(told.failure, errors.Unavailable)


@pytest.mark.parametrize(
    ("outcomes", "may_have_happened"),
    [
        ([UNREACHED], False),
        ([LOST], True),
        ([UNREACHED, LOST, UNREACHED], True),
        ([problem(503, "queue_full"), problem(429, "too_many_requests")], False),
        ([problem(503, "outcome_unknown"), problem(503, "queue_full")], True),
        ([problem(504, "deadline_exceeded")], True),
        ([problem(408, "request_timeout")], False),
        ([LOST, problem(401, "not_authenticated")], True),
        ([problem(401, "not_authenticated")], False),
        ([LOST, problem(422, "insufficient_funds")], False),  # the key's one outcome
        ([problem(500, "internal_error")], True),
    ],
)
def test_a_failure_says_whether_it_may_have_happened(
    outcomes: Sequence[Response | Broken], may_have_happened: bool
) -> None:
    told = Told(transfer(), outcomes, retries=RetryPolicy(attempts_max=len(outcomes)))
    assert told.failure is not None
    assert told.failure.may_have_happened is may_have_happened


def test_what_is_not_repeatable_is_sent_again_only_if_it_cannot_have_arrived() -> None:
    once = dataclasses.replace(transfer(), is_repeatable=False)
    assert Told(once, [LOST, taken()]).failure is not None
    assert Told(once, [problem(503, "unavailable")]).failure is not None
    assert Told(once, [UNREACHED, taken()]).answer is not None
    assert Told(once, [problem(503, "too_busy", retry_after="1"), taken()]).answer is not None


def test_positions_are_remembered_and_asked_for() -> None:
    positions = PositionTracker()
    Told(transfer(), [taken(12)], positions=positions)
    Told(transfer(), [taken(9)], positions=positions)
    assert positions.highest == 12
    batch = {
        "accepted": 1,
        "refused": 1,
        "replayed": 0,
        "results": [{"status": 201, "position": 15, "replayed": False}, {"status": 422, "replayed": False}],
    }
    answered = Response(status=200, headers={}, content=msgspec.json.encode(batch))
    told = Told(calls.send_batch(commands=[]), [answered], positions=positions)
    assert told.answer is not None
    assert told.answer.position == positions.highest == 15

    asked = Told(calls.read_balance("a:b"), [LOST], positions=positions, read_your_writes=True, retries=NO_RETRIES)
    assert asked.requests[0].query == (("min_position", "15"),)
    assert asked.requests[0].url == "http://queries/v1/accounts/a:b/balance"
    own = calls.read_balance("a:b", min_position=3)
    told = Told(own, [LOST], positions=positions, read_your_writes=True, retries=NO_RETRIES)
    assert told.requests[0].query == (("min_position", "3"),)
    told = Told(calls.read_balance("a:b"), [LOST], positions=positions, retries=NO_RETRIES)
    assert told.requests[0].query == ()
    told = Told(calls.read_status(), [LOST], positions=positions, read_your_writes=True, retries=NO_RETRIES)
    assert told.requests[0].query == ()  # has no min_position


def test_an_answer_that_cannot_be_read_says_that_the_command_was_taken() -> None:
    told = Told(transfer(), [Response(status=201, headers={"bursar-position": "8"}, content=b"{")])
    assert isinstance(told.failure, errors.UnreadableAnswer)
    assert told.failure.may_have_happened


def test_keys_do_not_repeat() -> None:
    keys = {transfer().key for _ in range(1000)}
    assert len(keys) == 1000
