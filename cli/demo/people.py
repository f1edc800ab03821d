"""The people of the demo: its app, two reviewers, an operator. Each has tokens of their own with few rights.

The local stack's issuer signs them. An ordinary token is renewed long before it expires; a token of strong
authentication is made for the moment in which the payer confirms something.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from cli.client import RETRY_FOR_S, BursarClient, TokenSource, open_client
from cli.devstack.identity import issue_token
from cli.devstack.state import DataDir
from contracts.payment_codes import SCA_ACR
from runtime.clock import Clock, SystemClock

TENANT: Final = "local"
TOKEN_LIFETIME_S: Final = 3600
RENEWED_AFTER_S: Final = TOKEN_LIFETIME_S / 2
STRONG_LIFETIME_S: Final = 120


class Person(msgspec.Struct, frozen=True):
    """Somebody with a name in the book, and what they may do."""

    subject: str
    scopes: tuple[str, ...]


APP: Final = Person(
    "demo:app",
    ("accounts:write", "customers:write", "holds:write", "payments:write", "transfers:write", "webhooks:write"),
)
RITA: Final = Person("demo:rita", ("customers:review", "payments:review"))
SAM: Final = Person("demo:sam", ("customers:review", "payments:review"))
OLGA: Final = Person("demo:olga", ("payments:operate", "payments:read", "settlements:operate"))
REVIEWERS: Final[Sequence[Person]] = (RITA, SAM)


class People:
    """Speaks to one command API as whoever is asked for."""

    def __init__(self, commands: BursarClient, data: DataDir, *, clock: Clock) -> None:
        """``commands``: any client of the API, ``data``: the folder of the stack whose issuer signs."""
        self._commands = commands
        self.clock = clock
        self._data = data
        self._tokens: dict[str, tuple[str, float]] = {}

    def speaking_as(self, person: Person) -> BursarClient:
        """Return a client that sends a person's requests."""
        return self._commands.with_token(self.token_of(person))

    def confirming(self) -> BursarClient:
        """Return a client for the payer who has just authenticated strongly, for some seconds."""
        token = issue_token(
            self._data, subject=APP.subject, tenant=TENANT, scopes=APP.scopes, lifetime_s=STRONG_LIFETIME_S, acr=SCA_ACR
        )
        return self._commands.with_token(lambda: token)

    def token_of(self, person: Person) -> TokenSource:
        """Return what is asked for a token before every request."""

        def current() -> str:
            now_s = self.clock.now().timestamp()
            token, issued_s = self._tokens.get(person.subject, ("", 0.0))
            if now_s - issued_s > RENEWED_AFTER_S:
                token = issue_token(
                    self._data, subject=person.subject, tenant=TENANT, scopes=person.scopes, lifetime_s=TOKEN_LIFETIME_S
                )
                self._tokens[person.subject] = (token, now_s)
            return token

        return current


@asynccontextmanager
async def speaking(
    url: str, data: DataDir, *, retry_for_s: float = RETRY_FOR_S, clock: Clock | None = None
) -> AsyncIterator[People]:
    """Open connections to a command API for everybody, for the length of the block."""
    async with open_client(url, _nobody, retry_for_s=retry_for_s) as commands:
        yield People(commands, data, clock=clock or SystemClock())


def _nobody() -> str:
    raise AssertionError("every request is somebody's")
