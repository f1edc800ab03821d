"""How an HTTP answer is given, and how it is spoilt on its way. Works on ASGI alone, where nothing is done for us."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from cli.simulators.callbacks import wait_for
from cli.simulators.misbehaviour import Kind
from runtime.http.asgi import ASGIApp, BodyTooLarge, Receive, Scope, Send

BODY_BYTES_MAX: Final = 16 * 1024 * 1024
HOLD_MAX_S: Final = 120.0  # whoever has not gone by then is cut
DRIP_EVERY_S: Final = 0.2
DRIPS_MAX: Final = 600
FLOOD_PART: Final = b"<!-- more -->" * 4096
FLOOD_PARTS_MAX: Final = 256
OWN_DELAY_HEADER: Final = b"bank-delay-ms"
GARBAGE: Final = b"\x00<Document><Unclosed xmlns='"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said."""

    body: bytes
    media_type: str
    status: int = 200
    headers: tuple[tuple[bytes, bytes], ...] = ()


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How fast it is: `delay_ms` before every answer, `late_s` before one that is to come too late."""

    delay_ms: int = 0
    late_s: float = 12.0

    def wait_s(self, kind: Kind) -> float:
        """Return how long to wait before an answer of this kind."""
        return self.delay_ms / 1000 + (self.late_s if kind is Kind.LATE else 0.0)

    def marked(self, answer: Answer) -> Answer:
        """Write the own delay into an answer's header, so that a benchmark can subtract it."""
        delay = (OWN_DELAY_HEADER, str(self.delay_ms).encode())
        return msgspec.structs.replace(answer, headers=(*answer.headers, delay))


def json_answer(value: object, *, status: int = 200) -> Answer:
    """Return `value` as a JSON answer."""
    return Answer(body=msgspec.json.encode(value), media_type="application/json", status=status)


async def give(send: Send, answer: Answer) -> None:
    """Send an answer as it should be sent."""
    await _start(send, answer, length=len(answer.body))
    await send({"type": "http.response.body", "body": answer.body})


async def serve(answering: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request; one that cannot be read is told why."""
    if scope["type"] != "http":
        return
    try:
        await answering(scope, receive, send)
    except (msgspec.MsgspecError, ValueError) as error:
        status = 413 if isinstance(error, BodyTooLarge) else 400
        await give(send, json_answer({"detail": str(error)}, status=status))


async def hold(receive: Receive, stop: asyncio.Event, seconds: float = HOLD_MAX_S) -> bool:
    """Say nothing until the other side goes, `stop` is set or the time is over; tell whether it is still there."""
    if seconds <= 0:
        return True
    gone = asyncio.create_task(_gone(receive))
    stopped = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait({gone, stopped}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return gone not in done and stopped not in done
    finally:
        gone.cancel()
        stopped.cancel()


async def give_spoilt(kind: Kind, answer: Answer, receive: Receive, send: Send, stop: asyncio.Event) -> None:
    """Send an answer the way `kind` says; kinds that spoil nothing on the wire send it as it is."""
    match kind:
        case Kind.SILENT | Kind.LOST | Kind.DAWDLING:
            await hold(receive, stop)
        case Kind.UNAVAILABLE:
            await give(send, Answer(body=b"", media_type="text/plain", status=503))
        case Kind.MALFORMED:
            await give(send, Answer(body=GARBAGE, media_type=answer.media_type))
        case Kind.EMPTY:
            await give(send, Answer(body=b"", media_type=answer.media_type))
        case Kind.DRIP:
            await _drip(send, answer, stop)
        case Kind.FLOOD:
            await _flood(send, answer)
        case _:
            await give(send, answer)


async def _drip(send: Send, answer: Answer, stop: asyncio.Event) -> None:
    await _start(send, answer, length=len(answer.body))
    for place in range(min(len(answer.body), DRIPS_MAX)):
        await send({"type": "http.response.body", "body": answer.body[place : place + 1], "more_body": True})
        await wait_for(stop, DRIP_EVERY_S)
        if stop.is_set():
            break
    await send({"type": "http.response.body", "body": answer.body[DRIPS_MAX:]})


async def _flood(send: Send, answer: Answer) -> None:
    await _start(send, answer, length=None)
    for _ in range(FLOOD_PARTS_MAX):
        await send({"type": "http.response.body", "body": FLOOD_PART, "more_body": True})
    await send({"type": "http.response.body", "body": answer.body})


async def _start(send: Send, answer: Answer, *, length: int | None) -> None:
    headers = [(b"content-type", answer.media_type.encode()), (b"cache-control", b"no-store"), *answer.headers]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def wants(scope: Scope, method: str, path: str) -> bool:
    """Whether a request is this method on this path."""
    return (scope["method"], scope["path"]) == (method, path)
