"""Sending a wish: as whom, where to, what, under which key; and counting what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from cli.client import Answer, BursarClient, Unreachable
from cli.demo.people import APP, People, Person

UNAUTHORIZED: Final = (401, 403)


class Request(NamedTuple):
    """One wish: where to send it, what, under which key."""

    path: str
    body: bytes
    key: str


class Receipt(msgspec.Struct, frozen=True):
    """An accepted command's event: what happened, and to what."""

    type: str
    data: dict[str, Any]


Heard = Callable[[Request], None]


def unheard(request: Request) -> None:
    """Tell nobody."""


class Sender:
    """Sends requests for everybody. ``counts`` says how many were refused, by code, and how many replayed."""

    def __init__(self, people: People, *, heard: Heard = unheard) -> None:
        """``heard`` is told every request before it is sent."""
        self.people = people
        self.counts: Counter[str] = Counter()
        self._heard = heard
        self._last: Request | None = None

    async def send(self, path: str, command: object, *, key: str, person: Person = APP) -> Answer:
        """Send a command as somebody. Raises Unreachable."""
        request = Request(path, msgspec.json.encode(command), key)
        if person is APP:
            self._last = request
        return await self._request(request, self.people.speaking_as(person))

    async def confirm(self, path: str, command: object, *, key: str) -> Answer:
        """Send a command as the payer who has just authenticated strongly. Raises Unreachable."""
        return await self._request(Request(path, msgspec.json.encode(command), key), self.people.confirming())

    async def again(self) -> None:
        """Send the app's last request again, as an impatient client does; the ledger gives the same answer."""
        if self._last is not None:
            await self._request(self._last, self.people.speaking_as(APP))

    async def _request(self, request: Request, client: BursarClient) -> Answer:
        self._heard(request)
        answer = await client.post(request.path, request.body, key=request.key)
        self.counts["replayed"] += answer.replayed
        if not answer.ok:
            self.counts[f"refused:{answer.problem.code}"] += 1
        if answer.status in UNAUTHORIZED:
            raise Unreachable(f"{answer.problem.detail}; a new token is issued")
        return answer


def receipt_of(answer: Answer) -> Receipt:
    """Read an accepted command's event."""
    return msgspec.json.decode(answer.content, type=Receipt)
