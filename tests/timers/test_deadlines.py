"""What is due is told once, refusals are tried again under another key, and nothing due stands in another's way."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry

from projectors.reactors.commands import Answer, Refused, Reply, Unavailable
from projectors.timers.deadlines import COMMANDS_AT_ONCE, HOLDS, PAGE_SUBJECTS, Deadline, DueSubjects, Watch
from projectors.timers.jobs import timer_key
from projectors.timers.metrics import TimerMetrics
from projectors.timers.registry import DEADLINES
from tests.timers.clocks import lease_of

ORDERS = Deadline(
    kind="standing_order", path="/v1/standing-orders/{subject}/run", body=lambda _, due_at: {"due": due_at.isoformat()}
)
PAST = datetime(2026, 1, 1, tzinfo=UTC)


class Bank:
    """A command API with a memory for keys, and with replies that a test plants."""

    def __init__(self, owner: Any) -> None:
        self._owner = owner
        self.sent: list[tuple[str, str]] = []
        self.replies: dict[str, Reply] = {}
        self.silent = False

    async def send(self, path: str, body: dict[str, Any], key: str) -> Reply:
        self.sent.append((path, key))
        if self.silent:
            return Unavailable(why="planted")
        subject = path.split("/")[3]
        reply = self.replies.pop(subject, None)
        if reply is None:
            await self._owner.execute("UPDATE records SET due_at = NULL WHERE id = $1", subject)
            reply = Answer(position=1, body=b"{}")
        return reply


async def due_orders(owner: Any, count: int, *, due_at: datetime = PAST, kind: str = "standing_order") -> None:
    rows = [(kind, f"{kind}_{n:05}", due_at + timedelta(seconds=n // 3), "{}") for n in range(count)]
    await owner.executemany("INSERT INTO records (kind, id, due_at, state) VALUES ($1, $2, $3, $4)", rows)


async def watching(pool: Any, bank: Bank, deadline: Deadline = ORDERS) -> Any:
    lease = lease_of(pool, "a")
    assert await lease.acquire()
    watch = Watch(deadline, DueSubjects(pool), bank.send, metrics=TimerMetrics(CollectorRegistry()))

    async def look() -> int:
        before = len(bank.sent)
        await watch.run(lease.now(), lease)
        return len(bank.sent) - before

    return look


async def test_everything_due_of_the_kind_is_told_once_page_by_page(pool: Any, owner: Any) -> None:
    await due_orders(owner, 2 * PAGE_SUBJECTS + 7)
    await due_orders(owner, 3, kind="payment")
    await owner.execute("INSERT INTO records VALUES ('standing_order', 'later', now() + interval '1 hour', '{}')")
    bank = Bank(owner)
    look = await watching(pool, bank)

    assert await look() == 2 * PAGE_SUBJECTS + 7
    assert await look() == 0
    assert len({key for _, key in bank.sent}) == len(bank.sent)
    assert bank.sent[0] == (
        "/v1/standing-orders/standing_order_00000/run",
        timer_key("due_standing_order", "standing_order_00000", PAST),
    )


async def test_a_refused_subject_waits_and_comes_back_under_another_key(pool: Any, owner: Any) -> None:
    """A refusal is remembered under its key for ever: the same key would get the same refusal for ever."""
    await due_orders(owner, 2)
    bank = Bank(owner)
    bank.replies["standing_order_00000"] = Refused(status=409, code="hold_deadline_not_passed", retryable=True)
    look = await watching(pool, bank)

    assert await look() == 2
    assert await look() == 0
    await owner.execute("UPDATE reactions.timer_refusals SET not_before = now()")
    assert await look() == 1
    assert [key for path, key in bank.sent if "00000" in path] == [
        timer_key("due_standing_order", "standing_order_00000", PAST),
        timer_key("due_standing_order", "standing_order_00000", PAST, attempts=1),
    ]
    assert await look() == 0


async def test_what_is_refused_for_good_stands_in_nobodys_way(pool: Any, owner: Any) -> None:
    await due_orders(owner, PAGE_SUBJECTS + 1)
    bank = Bank(owner)
    bank.replies = {
        f"standing_order_{n:05}": Refused(status=422, code="planted", retryable=False) for n in range(PAGE_SUBJECTS)
    }
    look = await watching(pool, bank)

    assert await look() == PAGE_SUBJECTS + 1
    assert await owner.fetchval("SELECT count(*) FROM records WHERE due_at IS NOT NULL") == PAGE_SUBJECTS
    assert await owner.fetchval("SELECT min(not_before) > now() + interval '30 seconds' FROM reactions.timer_refusals")


async def test_when_nobody_answers_the_look_ends_and_the_next_one_sends_the_same_keys(pool: Any, owner: Any) -> None:
    await due_orders(owner, 100)
    bank = Bank(owner)
    bank.silent = True
    look = await watching(pool, bank)
    assert await look() == COMMANDS_AT_ONCE
    unanswered = {key for _, key in bank.sent}
    bank.silent = False

    assert await look() == 100
    assert unanswered <= {key for _, key in bank.sent[COMMANDS_AT_ONCE:]}


async def test_holds_are_found_by_their_deadline(pool: Any, owner: Any) -> None:
    await owner.execute(
        "INSERT INTO holds (hold_no, status, expires_at, legs) VALUES "
        "(7, 'open', now() - interval '1 minute', '[]'), (8, 'open', now() + interval '1 minute', '[]'), "
        "(9, 'captured', now() - interval '1 minute', '[]')"
    )
    bank = Bank(owner)
    look = await watching(pool, bank, HOLDS)
    assert await look() == 1
    assert bank.sent[0][0] == "/v1/holds/hold_7/expire"


async def test_what_a_payment_is_told_depends_on_its_state(pool: Any, owner: Any) -> None:
    states = ("scheduled", "awaiting_authorisation", "awaiting_payer", "settled")
    for number, state in enumerate(states, start=1):
        record = json.dumps({"state": state})
        await owner.execute("INSERT INTO records VALUES ('payment', $1, $2, $3)", f"pay_{number}", PAST, record)
    bank = Bank(owner)
    for deadline in DEADLINES:
        lease = lease_of(pool, deadline.job)
        await lease.acquire()
        watch = Watch(deadline, DueSubjects(pool), bank.send, metrics=TimerMetrics(CollectorRegistry()))
        await watch.run(lease.now(), lease)
        await lease.give_up()

    assert sorted(path for path, _ in bank.sent) == [
        "/v1/payments/pay_1/start",
        "/v1/payments/pay_2/expire",
        "/v1/payments/pay_3/expire",
    ]
