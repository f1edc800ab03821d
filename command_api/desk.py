"""The desk: takes commands from the routes, waits for the sequencer, words the answer."""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from litestar import Request, Response
from litestar.datastructures import State as AppState
from msgspec import Struct

from command_api.assessing import Assessor, KeyedCommand
from command_api.keys import read_key
from command_api.problems import status_of
from contracts.commands import BatchItem, Command
from contracts.envelope import Actor, encode_actor
from ledger.domain.webhooks import WithSecret
from ledger.sequencer.queue import (
    BATCH_COMMANDS_CAP,
    Accepted,
    Outcome,
    QueueFull,
    Submission,
    Unavailable,
    Wish,
    assessed_wish_of,
)
from ledger.sequencer.sequencer import Sequencer
from runtime.auth import Principal
from runtime.clock import Clock
from runtime.http.framework import problem_response
from runtime.http.problems import problem_of
from runtime.ids import new_webhook_secret
from runtime.outbound import Reach
from runtime.trace import current_trace

COMMAND_WAIT_S: Final = 5.0  # after this the client is told to ask again with the same key
BATCH_WAIT_S: Final = 30.0
RETRY_AFTER_S: Final = 1

AnyRequest = Request[Any, Any, AppState]


class Desk:
    """Stands between HTTP and the sequencer."""

    def __init__(self, *, sequencer: Sequencer, clock: Clock, assessor: Assessor, reach: Reach | None = None) -> None:
        """``reach``: how far webhooks go; by default not to this machine."""
        self.reach = reach or Reach()
        self._sequencer = sequencer
        self._clock = clock
        self.assessor = assessor
        self._assessor = assessor
        self.erasure_wanted = asyncio.Event()  # set when somebody has to be forgotten, see command_api/erasures.py

    async def send(self, request: AnyRequest, command: Command) -> Response[Any]:
        """Send one command and answer with its event or its refusal."""
        principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # put there by Authenticate
        key = read_key(request)
        try:
            wish = await self.assessor.wish_for(command, key=key, principal=principal)
            (outcome,) = await self._outcomes_of([(wish,)], principal, atomic=False, wait_s=COMMAND_WAIT_S)
        except Unavailable as unavailable:
            return unavailable_response(unavailable)
        return answer_of(outcome)

    async def submit(self, command: Command, *, key: str, principal: Principal) -> Outcome:
        """Send one command for a principal that no token names: a rail that signed its message. Raises Unavailable."""
        wish = await self.assessor.wish_for(command, key=key, principal=principal)
        return await self.settle(wish, principal=principal)

    async def settle(self, wish: Wish, *, principal: Principal) -> Outcome:
        """Have one prepared wish decided. Raises Unavailable."""
        (outcome,) = await self._outcomes_of([(wish,)], principal, atomic=False, wait_s=COMMAND_WAIT_S)
        return outcome

    async def submit_all(self, wishes: Sequence[Wish], *, principal: Principal) -> list[Outcome]:
        """Send many wishes that somebody else prepared, each on its own; outcomes in order. Raises Unavailable."""
        return await self._outcomes_of(list(_chunks(wishes)), principal, atomic=False, wait_s=BATCH_WAIT_S)

    async def send_with_secret(
        self, request: AnyRequest, command: Command, *, carry: Callable[[str], WithSecret]
    ) -> Response[Any]:
        """Send a command that a new secret goes with, sealed; an accepted one is answered with it, this once.

        A repeat under the same key is answered with the event alone: the secret is not known here any more.
        """
        principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # put there by Authenticate
        key, secret = read_key(request), new_webhook_secret()
        try:
            assessed = carry(await self.assessor.seal_secret(secret))
            wish = assessed_wish_of(command, assessed=assessed, stored=command, key=key, tenant=principal.tenant)
            (outcome,) = await self._outcomes_of([(wish,)], principal, atomic=False, wait_s=COMMAND_WAIT_S)
        except Unavailable as unavailable:
            return unavailable_response(unavailable)
        return answer_of(outcome) if outcome.replayed else _with_secret(answer_of(outcome), secret)

    async def send_batch(
        self, request: AnyRequest, items: Sequence[BatchItem], *, atomic: bool, receipts: bool
    ) -> Response[Any]:
        """Send many commands and answer each; a refusal of one is not a refusal of the request."""
        principal: Principal = request.scope["principal"]  # type: ignore[typeddict-item]  # put there by Authenticate
        keyed = [KeyedCommand(item.command, item.idempotency_key) for item in items]
        try:
            wishes = await self.assessor.wishes_for(keyed, principal)
            groups = [wishes] if atomic else list(_chunks(wishes))
            outcomes = await self._outcomes_of(groups, principal, atomic=atomic, wait_s=BATCH_WAIT_S)
        except Unavailable as unavailable:
            return unavailable_response(unavailable)
        return Response(batch_body(outcomes, receipts=receipts), status_code=200, media_type="application/json")

    async def _outcomes_of(
        self, groups: Iterable[Sequence[Wish]], principal: Principal, *, atomic: bool, wait_s: float
    ) -> list[Outcome]:
        """Submit groups of wishes, in order, and wait for all. Raises Unavailable."""
        loop = asyncio.get_running_loop()
        trace = current_trace.get()
        actor = Actor(
            subject=principal.subject, tenant=principal.tenant, device=principal.device, address=principal.address
        )
        submissions = [
            Submission(
                wishes=tuple(wishes),
                tenant=principal.tenant,
                actor_json=encode_actor(actor),
                trace=None if trace is None else trace.traceparent,
                occurred_at=self._clock.now(),
                atomic=atomic,
                deadline=time.monotonic() + wait_s,
                done=loop.create_future(),
                subject=principal.subject,
            )
            for wishes in groups
        ]
        self._sequencer.submit(*submissions)
        try:
            async with asyncio.timeout(wait_s):
                settled = await asyncio.gather(*(submission.done for submission in submissions), return_exceptions=True)
        except TimeoutError:
            raise Unavailable("the outcome is not known yet", may_have_happened=True) from None
        return _all_of(settled)


def _with_secret(answer: Response[Any], secret: str) -> Response[Any]:
    """Put the secret at the end of an accepted command's event."""
    if answer.status_code == 201:
        answer.content = b'%b,"secret":"%b"}' % (answer.content.removesuffix(b"}"), secret.encode())
        answer.headers["Cache-Control"] = "no-store"
    return answer


def _all_of(settled: Sequence[list[Outcome] | BaseException]) -> list[Outcome]:
    """Put the parts of a request together. Raises Unavailable, never "nothing happened" when a part of it did."""
    outcomes: list[Outcome] = []
    faults: list[Unavailable] = []
    for part in settled:
        if isinstance(part, Unavailable):
            faults.append(part)
        elif isinstance(part, BaseException):
            raise part
        else:
            outcomes += part
    if not faults:
        return outcomes
    may_have_happened = bool(outcomes) or any(fault.may_have_happened for fault in faults)
    raise Unavailable(str(faults[0]), may_have_happened=may_have_happened)


def answer_of(outcome: Outcome) -> Response[Any]:
    """Word one outcome."""
    headers = {"Idempotency-Replayed": "true"} if outcome.replayed else {}
    if isinstance(outcome, Accepted):
        headers["Bursar-Position"] = str(outcome.position)
        return Response(outcome.answer, status_code=201, headers=headers, media_type="application/json")
    status = status_of(outcome.answer)
    return Response(outcome.answer, status_code=status, headers=headers, media_type="application/problem+json")


def unavailable_response(unavailable: Unavailable) -> Response[Any]:
    """Say that there is no outcome now, and whether there may be one already."""
    if isinstance(unavailable, QueueFull):
        code = "queue_full"
    else:
        code = "outcome_unknown" if unavailable.may_have_happened else "not_taken"
    detail = f"{unavailable}; send the same request again with the same idempotency key"
    return problem_response(problem_of(503, detail, code=code), headers={"Retry-After": str(RETRY_AFTER_S)})


class _Counts(Struct):
    accepted: int = 0
    refused: int = 0
    replayed: int = 0


def batch_body(outcomes: Sequence[Outcome], *, receipts: bool) -> bytes:
    """Put the outcomes of a batch together from their stored bytes."""
    counts = _Counts()
    results = []
    for outcome in outcomes:
        counts.replayed += outcome.replayed
        replayed = b"true" if outcome.replayed else b"false"
        if isinstance(outcome, Accepted):
            counts.accepted += 1
            receipt = b',"receipt":' + outcome.answer if receipts else b""
            results.append(b'{"status":201,"position":%d,"replayed":%b%b}' % (outcome.position, replayed, receipt))
        else:
            counts.refused += 1
            status = status_of(outcome.answer)
            results.append(b'{"status":%d,"replayed":%b,"problem":%b}' % (status, replayed, outcome.answer))
    head = b'{"accepted":%d,"refused":%d,"replayed":%d,' % (counts.accepted, counts.refused, counts.replayed)
    return head + b'"results":[' + b",".join(results) + b"]}"


def _chunks(wishes: Sequence[Wish]) -> Iterable[Sequence[Wish]]:
    """Cut independent commands to commit size, so that a large batch does not hold up everybody else."""
    for start in range(0, len(wishes), BATCH_COMMANDS_CAP):
        yield wishes[start : start + BATCH_COMMANDS_CAP]
