"""What is said of the read models: judged by the query API, whatever their projector thinks of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec
import pytest

from contracts.projection_views import OperationsView, ParkedView
from contracts.projections import MODELS
from contracts.read_models import WALLETS
from projectors.events import Event
from projectors.wallets import target
from query_api import projections as judged
from query_api.watching import VISIBLE_HEADER
from tests.projections.stage import WITHIN_S, Stage
from tests.projectors.places import until


async def test_a_paused_model_stands_still_until_it_is_resumed_and_both_are_on_record(stage: Stage) -> None:
    await stage.write(50)
    async with stage.projecting():
        level = await stage.level(WALLETS)
        await stage.done(WALLETS, "pause")
        await stage.write(20)
        paused = await stage.in_state(WALLETS, "paused")
        assert (paused.position, paused.lag_events) == (level.position, stage.book.position - (level.position or 0))
        assert paused.lag_seconds is not None
        assert paused.lag_seconds > 0
        await stage.done(WALLETS, "resume")
        assert (await stage.level(WALLETS)).lag_events == 0

    answer = await stage.client.get("/v1/projections/operations")
    asked = msgspec.json.decode(answer.content, type=OperationsView).operations
    assert [(one.action, one.model, one.state, one.asked_by) for one in asked] == [
        ("resume", WALLETS, "done", "olga"),
        ("pause", WALLETS, "done", "olga"),
    ]


async def test_every_model_is_listed_and_a_dead_projector_is_seen(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judged, "SILENT_AFTER_S", 2.0)
    await stage.write(50)
    async with stage.projecting():
        await stage.in_state(WALLETS, "live")
        view = await stage.view()
        assert {line.model for line in view.projections} == {model.name for model in MODELS}
        assert view.unavailable == {}
    await stage.write(10)
    silent = await stage.stopped(WALLETS, "silent")
    assert silent.failure is not None
    assert silent.failure.category == "silent"
    assert silent.position is not None
    assert silent.failure.position == silent.position + 1
    assert silent.lag_events == stage.book.position - silent.position


async def test_a_model_stops_at_an_event_that_it_cannot_read_and_says_which(stage: Stage) -> None:
    lines = stage.book.write(60)
    bad = lines[40]
    unknown = msgspec.structs.replace(bad, body=bad.body.replace(b'"type":"', b'"type":"un', 1))
    await stage.record([*lines[:40], unknown, *lines[41:]])
    async with stage.projecting():
        stopped = await stage.stopped(WALLETS, "unknown_event")
        assert stopped.failure is not None
        assert stopped.failure.position == bad.position
        assert stopped.position == bad.position - 1


async def test_a_fold_that_fails_is_narrowed_down_to_its_event(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.write(60)
    sound = target.fold  # type: ignore[attr-defined]  # what the target itself uses

    def failing(events: Sequence[Event]) -> Any:
        if any(event.position == 33 for event in events):
            raise KeyError("planted")
        return sound(events)

    monkeypatch.setattr(target, "fold", failing)
    async with stage.projecting():
        stopped = await stage.stopped(WALLETS, "bug")
        assert stopped.failure is not None
        assert (stopped.failure.position, stopped.position) == (33, 32)
        monkeypatch.setattr(target, "fold", sound)
        await stage.level(WALLETS)


async def test_answers_and_metrics_say_how_soon_commits_become_readable(stage: Stage) -> None:
    await stage.write(20)
    account = next(iter(stage.book.accounts))
    async with stage.projecting():
        await stage.level(WALLETS)

        async def told() -> bool:
            await stage.write(1)
            answer = await stage.client.get(f"/v1/accounts/{account}/balance")
            return answer.headers.get(VISIBLE_HEADER, "").startswith("wallets;p50=")

        await until(told, "answers carry the header", within_s=WITHIN_S)
        metrics = (await stage.client.get("/metrics")).text
        assert 'query_api_projection_visible_seconds{model="wallets",quantile="0.999"}' in metrics
        assert 'query_api_projection_lag_events{model="wallets"}' in metrics
        status = (await stage.client.get("/v1/status")).json()
        assert set(status["read_models"][WALLETS]["visible"]) == {"p50", "p99", "p999", "events"}


async def test_nothing_is_parked_where_nothing_reacted(stage: Stage) -> None:
    answer = await stage.client.get("/v1/projections/parked")
    assert msgspec.json.decode(answer.content, type=ParkedView) == ParkedView(tasks=(), total=0)


@pytest.mark.parametrize(("path", "scope"), [("pause", "projections:operate"), ("", "projections:read")])
async def test_looking_and_operating_need_their_own_scopes(stage: Stage, path: str, scope: str) -> None:
    others = {"projections:read", "projections:operate", "status:read"} - {scope}
    headers = {"authorization": f"Bearer {stage.token(others)}"}
    url = f"/v1/projections/{WALLETS}/{path}" if path else "/v1/projections"
    answer = await stage.client.request("POST" if path else "GET", url, headers=headers)
    assert answer.status_code == 403


async def test_the_operator_may_ask_and_nothing_else(stage: Stage) -> None:
    operator = await asyncpg.connect(stage.dsn_of("bursar_operator"))
    reader = await asyncpg.connect(stage.dsn_of("bursar_reader"))
    projector = await asyncpg.connect(stage.dsn_of("bursar_projector"))
    request = "INSERT INTO projections.requests (tenant, subject, model, action) VALUES ('t', 's', 'wallets', 'pause')"
    try:
        await operator.execute(request)
        for connection, statement in (
            (reader, request),
            (projector, request),
            (operator, "UPDATE projections.requests SET state = 'done'"),
            (operator, "DELETE FROM projections.requests"),
            (operator, "UPDATE projections.builds SET wanted = 'paused'"),
            (operator, "SELECT event FROM events"),
            (projector, "UPDATE projections.requests SET subject = 'somebody else'"),
            (projector, "SELECT event FROM events"),
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        for connection in (operator, reader, projector):
            await connection.close()


async def test_without_a_table_models_are_projected_and_nothing_can_be_asked(stage: Stage) -> None:
    await stage.write(30)
    async with stage.projecting(with_table=False):

        async def level() -> bool:
            line = await stage.line(WALLETS)
            return line is not None and line.position == stage.book.position

        await until(level, "wallets is level", within_s=WITHIN_S)
        answer = await stage.ask(WALLETS, "pause", wait_ms=0)
        assert answer.json()["state"] == "waiting"
