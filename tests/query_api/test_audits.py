"""`GET /v1/audits` shows what the auditor keeps; `POST /v1/audits/heal` asks it for a repair."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec

from contracts.audits import AuditCursor, AuditDifference, heal_key
from runtime.redis_client import connect_redis
from tests.query_api.test_access import bearer
from tests.query_api.windows import Window

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DIFFERENCE = AuditDifference(
    side="redis",
    model="wallets",
    subject="account customers:alice:eur",
    field="posted_minor",
    position=12,
    account_id="customers:alice:eur",
    currency="EUR",
    expected="100",
    found="1",
)


async def execute(window: Window, statement: str, *values: Any) -> None:
    """Write what an auditor keeps."""
    connection = await asyncpg.connect(window.owner_dsn)
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


def encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def test_before_any_audit_nothing_is_proved(own_window: Window) -> None:
    await own_window.write_all()
    answer = await own_window.get("/audits")
    assert (answer["state"], answer["last_run"]["position"], answer["differences"]) == ("never", 0, [])
    assert [cursor["side"] for cursor in answer["sides"]] == ["book", "stream", "redis", "lake"]


async def test_differences_are_shown_and_a_repair_can_be_asked_for(own_window: Window) -> None:
    await own_window.write_all()
    cursors = [AuditCursor(side=side, audited_to=12, looked_at=NOW) for side in ("book", "stream", "redis", "lake")]
    for cursor in cursors:
        await execute(
            own_window, "INSERT INTO reactions.audits VALUES ($1, $2::json, '{}')", cursor.side, encoded(cursor)
        )
    answer = await own_window.get("/audits")
    assert (answer["state"], answer["last_run"]["position"], answer["last_run"]["differences"]) == ("sound", 12, 0)
    one = DIFFERENCE
    await execute(
        own_window,
        "INSERT INTO reactions.audit_differences VALUES ($1, $2, $3, $4, 0, 12, $5::json)",
        *(one.model, one.subject, one.field, one.side, encoded(one)),
    )
    answer = await own_window.get("/audits")
    assert (answer["state"], answer["last_run"]["differences"]) == ("different", 1)
    [shown] = answer["differences"]
    assert shown.pop("found_at")
    assert shown == msgspec.to_builtins(one)

    refused = await own_window.client.post("/v1/audits/heal", headers=bearer(own_window.token(["projections:read"])))
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
    taken = await own_window.client.post("/v1/audits/heal", headers=bearer(own_window.token(["projections:operate"])))
    assert (taken.status_code, taken.json()) == (202, {"state": "requested", "differences": 1})
    redis: Any = await connect_redis(own_window.settings.redis_url)
    try:
        assert await redis.getdel(heal_key(own_window.bank.ledger)) == b"clerk"
    finally:
        await redis.aclose()
