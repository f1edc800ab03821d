"""A reactor for the tests of the process: whoever opens an account gets two gifts, the small one first."""

from __future__ import annotations

from contracts.events import AccountOpened
from projectors.events import Event
from projectors.reactors.commands import result_of
from projectors.reactors.registry import Supplies
from projectors.reactors.tasks import Reactor, Result, Retry, Task, Turn, always

NAME = "welcome"
GIFTS_MINOR = (1, 2)


def react(event: Event) -> list[Task]:
    if not isinstance(event.data, AccountOpened) or not event.data.account_id.startswith("customers:"):
        return []
    account_id = event.data.account_id
    return [
        Task(kind="give", key=account_id, payload={"account_id": account_id, "amount_minor": amount_minor})
        for amount_minor in GIFTS_MINOR
    ]


async def build(supplies: Supplies) -> Reactor:
    async def perform(turn: Turn) -> Result:
        sides = (("debit", "world"), ("credit", turn.payload["account_id"]))
        postings = [
            {"account_id": of, "side": side, "amount_minor": turn.payload["amount_minor"], "currency": "EUR"}
            for side, of in sides
        ]
        return result_of(
            await supplies.commands.send("/v1/transfers", {"postings": postings}, key=turn.idempotency_key)
        )

    return Reactor(
        name=NAME,
        prepare=always(react),
        perform=perform,
        retries={"give": Retry(base_s=0.05, cap_s=0.5)},
        begins="at_zero",
    )
