"""The read models added up in the plainest way: event by event, no batches, no netting, no store.

What an account holds at the end is not even folded: the book that decided the story says it.
"""

from __future__ import annotations

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
    lines: dict[str, list[Any]] = {}
    changed: dict[str, int] = {}
    holds: dict[str, Any] = {}
    payments: dict[str, Any] = {}
    totals: dict[str, Any] = {"accounts": 0, "transfers": 0, "volume": {}, "entries": {}}
    for event in story.events:
        data: Any = event.data
        position = event.position
        if type(data) in STATUS:
            changed[data.account_id] = position
            totals["accounts"] += isinstance(data, e.AccountOpened)
        for leg, posting in enumerate(getattr(data, "postings", ())):
            changed[posting.account_id] = position
            line = [position, leg, posting.side, posting.amount_minor, posting.posted_minor, event.envelope.type]
            lines.setdefault(posting.account_id, []).append(line)
            currency = posting.currency
            totals["entries"][currency] = totals["entries"].get(currency, 0) + 1
            debit_minor = posting.amount_minor if posting.side == "debit" else 0
            totals["volume"][currency] = totals["volume"].get(currency, 0) + debit_minor
        totals["transfers"] += bool(getattr(data, "postings", ()))
        changed |= {balance.account_id: position for balance in getattr(data, "balances", ())}
        if hasattr(data, "hold_id"):
            holds.setdefault(data.hold_id, []).append(position)
        if hasattr(data, "payment_id"):
            payment = payments.setdefault(data.payment_id, {"steps": [], "queue": None})
            payment["steps"].append(position)
            payment["status"] = data.status
            if type(data) in WAITS_IN:
                payment["queue"] = WAITS_IN[type(data)]
            elif isinstance(data, GOES_ON):
                payment["queue"] = None
    book = story.book
    state = {f"hold_{no}": found for no, found in book.state.holds.items()}
    by_status: dict[str, int] = {}
    for payment in payments.values():
        by_status[payment["status"]] = by_status.get(payment["status"], 0) + 1
    return {
        "accounts": {
            name: [*book.balances(name)[0], account.status, changed[name]]
            for name, account in book.state.accounts.items()
        },
        "lines": {name: kept[-STATEMENT_LINES_MAX:] for name, kept in lines.items()},
        "holds": {
            name: [
                state[name].status,
                [leg.remaining_minor if state[name].status == "open" else 0 for leg in state[name].legs],
                steps,
            ]
            for name, steps in holds.items()
        },
        "open holds": sorted(
            {
                f"{account_id} {name}"
                for name in holds
                if state[name].status == "open"
                for leg in state[name].legs
                for account_id in (leg.debit_account_id, leg.credit_account_id)
            }
        ),
        "payments": {name: [payment["status"], payment["steps"]] for name, payment in payments.items()},
        "in status": sorted(f"{payment['status']} {name}" for name, payment in payments.items()),
        "queued": sorted(f"{payment['queue']} {name}" for name, payment in payments.items() if payment["queue"]),
        "totals": {
            **totals,
            "payments": by_status,
            "holds_open": sum(found.status == "open" for found in state.values()),
            "entries": totals["entries"],
        },
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
    return rows


COLUMNS: Final = {
    "entries": (
        "position", "leg", "account_id", "currency", "scale", "account_type",
        "amount_minor", "posted_minor", "effective_date", "recorded_at", "event_type",
    ),
    "accounts": ("position", "account_id", "currency", "account_type", "status", "recorded_at"),
    "payments": ("position", "payment_id", "type", "status", "recorded_at"),
}  # fmt: skip


def read_lake(folder: Path) -> dict[str, Any]:
    """What the tables hold, in the order of the book."""
    content = {}
    for name, columns in COLUMNS.items():
        table = DeltaTable(folder / name).to_pyarrow_table().select(list(columns))
        content[name] = sorted([*row.values()] for row in table.to_pylist())
    return content
