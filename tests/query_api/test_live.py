"""Live updates over HTTP: what is told and to whom, slow readers, the cap, and the end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime

import httpx2
import pytest
from nats.aio.client import Client

from cli.devstack import Servers
from contracts.envelope import decode_envelope
from contracts.overview import Alert
from query_api.live import client as live_client
from query_api.live import hub as live_hub
from query_api.live.client import BYTES_MAX, FRAMES_MAX, LiveClient
from query_api.live.news import alerts_between, payments_in
from runtime.server import serve_http
from runtime.shutdown import Shutdown
from tests.query_api.bank import small_bank
from tests.query_api.windows import Window, connected
from tests.support.event_stream import EventStream, Told, event_stream

READY_WITHIN_S = 30.0
LET_GO_WITHIN_S = 90.0
SETTLED = "payment_settled"
DAY = date(2026, 2, 4)


class Street:
    """A query API that really listens, and whoever stands before it."""

    def __init__(self, window: Window, url: str, nats: Client) -> None:
        self.window = window
        self.url = url
        self.nats = nats

    @asynccontextmanager
    async def stream(
        self,
        topics: str | None = None,
        *,
        scopes: tuple[str, ...] = ("overview:read", "payments:read"),
        last_event_id: str | None = None,
    ) -> AsyncIterator[EventStream]:
        """Open a stream."""
        query = "" if topics is None else f"?topics={topics}"
        headers = {"authorization": f"Bearer {self.window.token(scopes)}"}
        if last_event_id is not None:
            headers["last-event-id"] = last_event_id
        async with event_stream(f"{self.url}/v1/live{query}", headers) as opened:
            yield opened

    async def pay(self, *, times: int = 1) -> str:
        """Let payments settle, apply them, and announce it; returns the id of the last."""
        bank = self.window.bank
        for _ in range(times):
            paid = bank.pay("customers:alice:eur", "customers:bob:eur", 1_00, day=DAY)
        await self.window.write_book_anew()
        await self.window.write_wallets()
        await self.window.announce(self.nats, bank.position)
        return paid


@pytest.fixture
async def street(own_window: Window, servers: Servers) -> AsyncIterator[Street]:
    """A bank of the test's own behind a real server."""
    await own_window.write_all()
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    shutdown = Shutdown()
    async with serving(own_window, port, shutdown) as url, connected(servers) as nats:
        yield Street(own_window, url, nats)


@asynccontextmanager
async def serving(window: Window, port: int, shutdown: Shutdown) -> AsyncIterator[str]:
    """Serve a window's application, whose own lifespan runs already."""

    async def app(scope: object, receive: object, send: object) -> None:
        if scope["type"] == "http":  # type: ignore[index]
            await window.app(scope, receive, send)

    url = f"http://127.0.0.1:{port}"
    server = asyncio.create_task(serve_http(app, host="127.0.0.1", port=port, shutdown=shutdown))  # type: ignore[arg-type]
    try:
        async with asyncio.timeout(READY_WITHIN_S), httpx2.AsyncClient() as client:
            while True:  # ends with the first answer, or by the timeout
                try:
                    await client.get(f"{url}/health/live")
                    break
                except httpx2.ConnectError:
                    await asyncio.sleep(0.02)
        yield url
    finally:
        shutdown.request("the test is over")
        await server


async def test_a_stream_begins_with_where_it_stands_and_a_snapshot(street: Street) -> None:
    """Also after an interruption: whatever id the browser sends back, what it missed is in the snapshot."""
    head = street.window.bank.position
    for last_event_id in (None, "3", "nonsense"):
        async with street.stream(last_event_id=last_event_id) as stream:
            assert stream.status == 200
            assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert stream.headers["cache-control"] == "no-store"
            started, overview = await stream.until("started"), await stream.until("overview")
        assert started == Told("started", head, {"position": head, "topics": ["alerts", "overview", "payments"]})
        assert (overview.id, overview.data["position"]) == (head, head)
        assert overview.data["balances"][0]["assets_minor"] == 1000_00


async def test_a_payment_is_told_once_with_its_last_state(street: Street) -> None:
    """To everybody at once; what is told can be read. The overview follows."""
    async with street.stream("payments") as one, street.stream("payments,overview") as other:
        await one.until("started")
        await other.until("overview")
        paid = await street.pay()
        for stream in (one, other):
            told = await stream.until("payment")
            assert (told.data["payment_id"], told.data["status"], told.data["type"]) == (paid, "ACSC", SETTLED)
            assert told.id == told.data["position"] == street.window.bank.position
            assert (told.data["amount_minor"], told.data["currency"]) == (1_00, "EUR")
        view = await street.window.get(f"/payments/{paid}")
        assert view["status"] == "ACSC"
        overview = await other.until("overview")
        assert overview.data["payments"]["by_status"] == {"ACSC": 2, "RJCT": 1}


async def test_nobody_is_told_what_his_scopes_do_not_allow(street: Street) -> None:
    """Asked for by name it is refused; not asked for, it is left out."""
    for scopes, topics, scope in (
        (("overview:read",), "payments", "payments:read"),
        (("payments:read",), "overview,payments", "overview:read"),
        (("payments:read",), "alerts", "overview:read"),
        (("accounts:read",), None, "overview:read"),
    ):
        async with street.stream(topics, scopes=scopes) as stream:
            assert stream.status == 403
            assert scope in stream.headers["www-authenticate"]
    async with street.stream(scopes=("overview:read",)) as stream, street.stream(scopes=("payments:read",)) as other:
        assert (await stream.until("started")).data["topics"] == ["alerts", "overview"]
        assert (await other.until("started")).data["topics"] == ["payments"]
        await stream.until("overview")
        await street.pay()
        assert (await anext(stream.events())).name in ("overview", "alert")
        assert (await anext(other.events())).name == "payment"
    async with street.stream("balances") as stream:
        assert stream.status == 400
    other_ledger = {"authorization": f"Bearer {street.window.token(ledgers=['elsewhere'])}"}
    async with event_stream(f"{street.url}/v1/live", other_ledger) as stream:
        assert stream.status == 403
    async with event_stream(f"{street.url}/v1/live", {}) as stream:
        assert stream.status == 401


async def test_a_slow_reader_is_let_go_and_nobody_waits_for_it(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that never reads is cut off; meanwhile the others hear of every payment, once."""
    monkeypatch.setattr(live_client, "FAREWELL_S", 0.2)
    monkeypatch.setattr(live_client, "FRAMES_MAX", 4)
    headers = {"authorization": f"Bearer {street.window.token(('payments:read',))}"}
    url = f"{street.url}/v1/live?topics=payments"
    async with street.stream("payments") as quick, event_stream(url, headers, receive_buffer=4096) as slow:
        await quick.until("started")
        heard: list[str] = []
        async with asyncio.timeout(LET_GO_WITHIN_S):
            while not await was_let_go(street):
                paid = await street.pay(times=300)
                while not heard or heard[-1] != paid:
                    heard.append((await quick.until("payment")).data["payment_id"])
        assert len(set(heard)) == len(heard)
        assert slow.status == 200
        assert "query_api_live_clients 1.0" in await metrics(street)


async def was_let_go(street: Street) -> bool:
    """Whether a slow reader was let go, as the metrics say."""
    return 'query_api_live_ended_total{reason="slow_reader"} 1.0' in await metrics(street)


async def metrics(street: Street) -> str:
    """What an operator's scraper reads."""
    return (await street.window.client.get("/metrics")).text


async def test_a_full_queue_says_good_bye_instead() -> None:
    """Frames or bytes: what waits is given up, and the last thing that can be read is why."""
    for frame, count in ((b"x", FRAMES_MAX), (b"x" * (BYTES_MAX // 2), 2)):
        client = LiveClient(frozenset({"payments"}), subject="s", farewell=lambda reason: reason.encode())
        for _ in range(count):
            client.offer(frame)
        assert not client.ending.is_set()
        client.offer(b"one more")
        client.offer(b"and another")
        assert client.reason == "slow_reader"
        assert await client.take() == b"slow_reader"
        assert await client.take() is None


async def test_one_too_many_is_refused_and_a_place_is_free_again(
    street: Street, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 with Retry-After, for all together and for one person alone."""
    monkeypatch.setattr(live_hub, "PER_SUBJECT_MAX", 1)
    async with street.stream() as one:
        await one.until("started")
        async with street.stream() as two:
            assert (two.status, two.headers["retry-after"]) == (503, "1")
        monkeypatch.setattr(live_hub, "PER_SUBJECT_MAX", 100)
        async with street.stream() as two, street.stream() as three, street.stream() as four:
            assert (two.status, three.status, four.status) == (200, 200, 503)
    async with asyncio.timeout(READY_WITHIN_S):
        while "query_api_live_clients 0.0" not in await metrics(street):
            await asyncio.sleep(0.01)
    async with street.stream() as stream:
        assert stream.status == 200


async def test_streams_end_with_a_word_when_the_process_stops(street: Street) -> None:
    """All at once, well within the server's grace; and nobody is taken in any more."""
    async with street.stream() as one, street.stream("payments") as two:
        await one.until("started")
        await two.until("started")
        street.window.shutdown.request("the process stops")
        for stream in (one, two):
            told = [event async for event in stream.events()]
            assert told[-1] == Told("ended", None, {"reason": "shutdown"})
        async with street.stream() as late:
            assert late.status == 503


async def test_a_stream_lasts_no_longer_than_it_may(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the browser comes back, and its token is looked at anew."""
    monkeypatch.setattr(live_hub, "STREAM_S_MAX", 0.05)
    async with street.stream("payments") as stream:
        assert (await stream.until("ended")).data == {"reason": "renewal"}


def test_alerts_are_told_when_they_begin_change_and_end() -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)

    def alert(key: str, text: str = "t") -> Alert:
        return Alert(key=key, severity="info", kind="breaks_open", text=text, since=at, link="/v1/breaks")

    before, after = [alert("a"), alert("b"), alert("c")], [alert("b"), alert("c", "more"), alert("d")]
    told = [(news.state, news.alert.key) for news in alerts_between(before, after)]
    assert told == [("changed", "c"), ("raised", "d"), ("cleared", "a")]


def test_only_payments_are_news_and_each_once() -> None:
    """In the order of their last events, whatever else the book holds between them."""
    bank = small_bank("news")
    events = [decode_envelope(body) for _, body in bank.events]
    told = [(news.payment_id, news.status) for news in payments_in(events)]
    assert told == [("pay_15", "ACSC"), ("pay_17", "RJCT")]
    assert payments_in(events[:14]) == []
