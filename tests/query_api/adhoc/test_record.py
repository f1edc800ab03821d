"""Every question is on record before it runs, with its end afterwards, and nobody edits the record."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from cli.devstack import Servers
from query_api.adhoc.store import SAVED_MAX
from tests.query_api.adhoc.conftest import Ask
from tests.query_api.windows import Window

LEFT_WITHIN_S = 60


async def newest(window: Window, **filters: str) -> dict[str, Any]:
    page = (await window.client.get("/v1/sql/audit", params={"limit": "1", **filters})).json()
    question: dict[str, Any] = page["questions"][0]
    return question


async def test_who_asked_what_of_which_position_and_how_it_ended(ask: Ask, window: Window) -> None:
    sql = "SELECT $n AS audited FROM range(3)"
    await ask(sql, parameters={"n": 5})
    asked = await newest(window)
    assert (asked["subject"], asked["tenant"], asked["sql"], asked["parameters"]) == ("clerk", "t1", sql, {"n": 5})
    assert (asked["outcome"], asked["rows"], asked["position"]) == ("answered", 3, window.bank.position)
    assert asked["elapsed_ms"] >= 0
    assert asked["asked_at"]


@pytest.mark.parametrize(
    ("sql", "outcome"),
    [
        ("SELECT * FROM read_text('/etc/passwd')", "sql_not_allowed"),
        ("SELECT nothing FROM entries", "sql_failed"),
        ("SELECT repeat('a', 1000000000)", "sql_over_limit"),
    ],
)
async def test_refusals_are_on_record(ask: Ask, window: Window, sql: str, outcome: str) -> None:
    assert (await ask(sql)).json()["code"] == outcome
    asked = await newest(window)
    assert (asked["sql"], asked["outcome"], asked["rows"]) == (sql, outcome, None)
    assert asked["detail"]


async def test_the_record_is_paged_and_filtered_and_of_one_tenant(ask: Ask, window: Window) -> None:
    for n in range(3):
        await ask(f"SELECT {n} AS paged")
    first = (await window.client.get("/v1/sql/audit", params={"limit": "2", "outcome": "answered"})).json()
    after = {"limit": "1", "outcome": "answered", "cursor": first["next_cursor"]}
    second = (await window.client.get("/v1/sql/audit", params=after)).json()
    found = [question["sql"] for page in (first, second) for question in page["questions"]]
    assert found == ["SELECT 2 AS paged", "SELECT 1 AS paged", "SELECT 0 AS paged"]
    wrong = await window.client.get("/v1/sql/audit", params={"cursor": first["next_cursor"]})
    assert wrong.json()["code"] == "cursor_invalid"
    nobody = (await window.client.get("/v1/sql/audit", params={"subject": "nobody"})).json()
    assert nobody == {"questions": [], "next_cursor": None}
    other = {"authorization": f"Bearer {window.token(tenant='t2')}"}
    assert (await window.client.get("/v1/sql/audit", headers=other)).json()["questions"] == []


async def test_a_client_that_left_is_on_record_and_its_question_is_over(window: Window) -> None:
    leave, sent = asyncio.Event(), []
    body = b'{"sql": "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b"}'
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            leave.set()
            return messages.pop()
        await leave.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = {"authorization": f"Bearer {window.token()}", "content-type": "application/json", "host": "query-api"}
    scope = {
        **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http"},
        **{"path": "/v1/sql", "raw_path": b"/v1/sql", "query_string": b"", "root_path": ""},
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        **{"client": ("127.0.0.1", 1), "server": ("query-api", 80)},
    }
    async with asyncio.timeout(LEFT_WITHIN_S):
        await window.app(scope, receive, send)
    assert sent[0]["status"] == 408
    assert (await newest(window))["outcome"] == "cancelled"


async def test_what_cannot_be_recorded_is_not_asked(servers: Servers, own_window: Window) -> None:
    """The planted outage: bursar_asker may not write. Asking and saving are refused, and nothing else is."""
    await own_window.write_all()
    owner = await asyncpg.connect(own_window.owner_dsn)
    try:
        await owner.execute("REVOKE INSERT ON adhoc.asked FROM bursar_asker")
        answer = await own_window.client.post("/v1/sql", json={"sql": "SELECT 1"})
        assert (answer.status_code, answer.json()["code"]) == (503, "source_unavailable")
        assert (await own_window.client.get("/v1/catalog")).status_code == 200
    finally:
        await owner.close()


@pytest.mark.parametrize("table", ["asked", "answered"])
async def test_nobody_edits_the_record(ask: Ask, window: Window, servers: Servers, table: str) -> None:
    await ask("SELECT 1")
    for role in ("bursar_asker", "bursar_reader", "bursar_owner"):
        connection = await asyncpg.connect(servers.postgres_dsn(role, database="query_window"))
        try:
            for change in (f"DELETE FROM adhoc.{table}", f"UPDATE adhoc.{table} SET question_id = 'x'"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(change)
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"TRUNCATE adhoc.{table} CASCADE")
            if role == "bursar_asker":
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch(f"SELECT * FROM adhoc.{table}")
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch("SELECT * FROM public.events")
        finally:
            await connection.close()


async def test_queries_are_saved_per_tenant_and_only_so_many(window: Window) -> None:
    path, other = "/v1/saved-queries/daily", {"authorization": f"Bearer {window.token(tenant='t3')}"}
    saved = (await window.client.put(path, json={"sql": "SELECT 1", "description": "one"}, headers=other)).json()
    assert (saved["name"], saved["sql"], saved["description"], saved["saved_by"]) == (
        "daily",
        "SELECT 1",
        "one",
        "clerk",
    )
    replaced = (await window.client.put(path, json={"sql": "SELECT 2"}, headers=other)).json()
    assert (await window.client.get(path, headers=other)).json() == replaced
    assert (await window.client.get(path)).json()["code"] == "saved_query_not_found"
    for n in range(SAVED_MAX - 1):
        answer = await window.client.put(f"/v1/saved-queries/q{n}", json={"sql": "SELECT 1"}, headers=other)
        assert answer.status_code == 200
    one_more = await window.client.put("/v1/saved-queries/more", json={"sql": "SELECT 1"}, headers=other)
    assert (one_more.status_code, one_more.json()["code"]) == (409, "too_many_saved_queries")
    assert (await window.client.put(path, json={"sql": "SELECT 3"}, headers=other)).status_code == 200
    names = [
        query["name"] for query in (await window.client.get("/v1/saved-queries", headers=other)).json()["saved_queries"]
    ]
    assert len(names) == SAVED_MAX
    assert (await window.client.delete(path, headers=other)).status_code == 204
    assert (await window.client.delete(path, headers=other)).json()["code"] == "saved_query_not_found"
    assert (await window.client.put("/v1/saved-queries/Bad Name", json={"sql": "x"})).status_code == 400
