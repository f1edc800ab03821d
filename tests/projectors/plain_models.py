"""The read models added up in the plainest way: event by event, no batches, no netting, no store.

What an account holds at the end is not even folded: the book that decided the story says it.
"""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from deltalake import DeltaTable

from contracts import events as e
from contracts.read_models import (
    LAKE_WRITE_ORDER,
    STATEMENT_LINES_MAX,
    WalletsKeys,
    account_of,
    hold_of,
    payment_of,
    totals_of,
)
from projectors.lake.things import thing_rows
from tests.projectors.decided_stories import Story

WAITS_IN: Final[dict[type, str]] = {e.PaymentHeldForReview: "review"}
GOES_ON: Final = (e.PaymentReviewed, e.PaymentSettled, e.PaymentRejected)
STATUS: Final[dict[type, str]] = {
    e.AccountOpened: "open",
    e.AccountFrozen: "frozen",
    e.AccountUnfrozen: "open",
    e.AccountClosed: "closed",
}


def model_hash(content: Any) -> str:
    """One figure for all that a model holds, whatever order a store gives it in."""
    return sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()


def plain_wallets(story: Story) -> dict[str, Any]:
    """The wallets model, as `read_wallets` gives it."""
    return {**_money(story), **_holds(story), **_payments(story), "totals": _totals(story)}


def _money(story: Story) -> dict[str, Any]:
    lines: dict[str, list[Any]] = {}
    changed: dict[str, int] = {}
    for event in story.events:
        data: Any = event.data
        if type(data) in STATUS:
            changed[data.account_id] = event.position
        for leg, posting in enumerate(getattr(data, "postings", ())):
            changed[posting.account_id] = event.position
            figures = [posting.side, posting.amount_minor, posting.posted_minor]
            line = [event.position, leg, *figures, event.envelope.type]
            lines.setdefault(posting.account_id, []).append(line)
        changed |= {balance.account_id: event.position for balance in getattr(data, "balances", ())}
    return {
        "accounts": {
            name: [*story.book.balances(name)[0], account.status, changed[name]]
            for name, account in story.book.state.accounts.items()
        },
        "lines": {name: kept[-STATEMENT_LINES_MAX:] for name, kept in lines.items()},
    }


def _holds(story: Story) -> dict[str, Any]:
    steps: dict[str, list[int]] = {}
    for event in story.events:
        if (name := getattr(event.data, "hold_id", None)) is not None:
            steps.setdefault(name, []).append(event.position)
    held = {f"hold_{no}": found for no, found in story.book.state.holds.items()}
    still_open = {name: hold for name, hold in held.items() if hold.status == "open"}
    return {
        "holds": {
            name: [hold.status, [leg.remaining_minor * (name in still_open) for leg in hold.legs], steps[name]]
            for name, hold in held.items()
        },
        "open holds": sorted(
            {
                f"{account_id} {name}"
                for name, hold in still_open.items()
                for leg in hold.legs
                for account_id in (leg.debit_account_id, leg.credit_account_id)
            }
        ),
    }


def _payments(story: Story) -> dict[str, Any]:
    steps: dict[str, list[int]] = {}
    status: dict[str, str] = {}
    queue: dict[str, str | None] = {}
    for event in story.events:
        data: Any = event.data
        if hasattr(data, "payment_id"):
            steps.setdefault(data.payment_id, []).append(event.position)
            status[data.payment_id] = data.status
            if type(data) in WAITS_IN:
                queue[data.payment_id] = WAITS_IN[type(data)]
            elif isinstance(data, GOES_ON):
                queue[data.payment_id] = None
    return {
        "payments": {name: [status[name], positions] for name, positions in steps.items()},
        "in status": sorted(f"{now} {name}" for name, now in status.items()),
        "queued": sorted(f"{waits_in} {name}" for name, waits_in in queue.items() if waits_in),
    }


def _totals(story: Story) -> dict[str, Any]:
    postings = [posting for event in story.events for posting in getattr(event.data, "postings", ())]
    told: list[Any] = [event.data for event in story.events if hasattr(event.data, "payment_id")]
    statuses = {data.payment_id: data.status for data in told}
    return {
        "accounts": len(story.book.state.accounts),
        "transfers": sum(bool(getattr(event.data, "postings", ())) for event in story.events),
        "volume": {
            currency: sum(p.amount_minor for p in postings if p.currency == currency and p.side == "debit")
            for currency in {posting.currency for posting in postings}
        },
        "entries": Counter(posting.currency for posting in postings),
        "payments": Counter(statuses.values()),
        "holds_open": sum(hold.status == "open" for hold in story.book.state.holds.values()),
    }


async def read_wallets(client: Any, keys: WalletsKeys) -> dict[str, Any]:
    """What the model in Redis says, by the structs that readers use."""
    content: dict[str, Any] = {
        "accounts": {}, "lines": {}, "holds": {}, "open holds": [], "payments": {}, "in status": [], "queued": [],
        "totals": {},
    }  # fmt: skip
    async for key in client.scan_iter(match=f"{keys.prefix}*", count=1000):
        part, _, rest = key.decode().removeprefix(keys.prefix).partition(":")
        if part == "account":
            account = account_of(rest, await client.hgetall(key))
            content["accounts"][rest] = [account.posted_minor, account.held_minor, account.status, account.position]
        elif part == "statement":
            members = [msgspec.json.decode(member) for member in await client.zrange(key, 0, -1)]
            names = ("position", "leg", "side", "amount_minor", "posted_minor", "type")
            content["lines"][rest] = [[member[name] for name in names] for member in members]
        elif part == "hold":
            hold = hold_of(rest, await client.hgetall(key))
            steps = [step.position for step in hold.events]
            content["holds"][rest] = [hold.status, [leg.remaining_minor for leg in hold.legs], steps]
        elif part == "holds":
            content["open holds"] += [f"{rest} {name.decode()}" for name in await client.zrange(key, 0, -1)]
        elif part == "payment":
            payment = payment_of(rest, await client.hgetall(key))
            content["payments"][rest] = [payment.status, [step.position for step in payment.events]]
        elif part == "payments" and rest.startswith("queue:"):
            queue = rest.removeprefix("queue:")
            content["queued"] += [f"{queue} {name.decode()}" for name in await client.zrange(key, 0, -1)]
        elif part == "payments" and rest.isupper():
            content["in status"] += [f"{rest} {name.decode()}" for name in await client.zrange(key, 0, -1)]
    totals = totals_of(await client.hgetall(keys.totals))
    content["totals"] = {
        "accounts": totals.accounts,
        "transfers": totals.transfers,
        "volume": totals.volume_minor,
        "entries": totals.entries,
        "payments": totals.payments,
        "holds_open": totals.holds_open,
    }
    for name in ("open holds", "in status", "queued"):
        content[name].sort()
    return content


def plain_lake(story: Story) -> dict[str, Any]:
    """The lake's rows, as `read_lake` gives them."""
    rows: dict[str, list[Any]] = {name: [] for name in LAKE_WRITE_ORDER}
    for event in story.events:
        data: Any = event.data
        moment = event.envelope.recorded_at
        for leg, posting in enumerate(getattr(data, "postings", ())):
            amount_minor = posting.amount_minor if posting.side == "debit" else -posting.amount_minor
            account = story.book.account(posting.account_id).terms
            rows["entries"].append(
                [event.position, leg, posting.account_id, posting.currency, account.scale, account.account_type,
                 amount_minor, posting.posted_minor, data.effective_date, moment, event.envelope.type]
            )  # fmt: skip
        if type(data) in STATUS:
            account = story.book.account(data.account_id).terms
            row = [event.position, data.account_id, account.currency, account.account_type, STATUS[type(data)], moment]
            rows["accounts"].append(row)
        if hasattr(data, "payment_id"):
            row = [event.position, data.payment_id, event.envelope.type, data.status, moment]
            rows["payments"].append(row)
        # What is said of things has tests of its own; here it is that nothing is lost or doubled on the way.
        rows["things"] += [[*row[:5], moment] for row in thing_rows([event])]
    return rows


COLUMNS: Final = {
    "entries": (
        "position", "leg", "account_id", "currency", "scale", "account_type",
        "amount_minor", "posted_minor", "effective_date", "recorded_at", "event_type",
    ),
    "accounts": ("position", "account_id", "currency", "account_type", "status", "recorded_at"),
    "payments": ("position", "payment_id", "type", "status", "recorded_at"),
    "things": ("position", "ordinal", "kind", "thing_id", "type", "recorded_at"),
}  # fmt: skip


def read_lake(folder: Path) -> dict[str, Any]:
    """What the tables hold, in the order of the book."""
    content = {}
    for name, columns in COLUMNS.items():
        table = DeltaTable(folder / name).to_pyarrow_table().select(list(columns))
        content[name] = sorted([*row.values()] for row in table.to_pylist())
    return content
