"""One delivery after another, against receivers that behave as receivers do."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from contracts.public_events.cloud_event import encode_cloud_event
from projectors.webhooks import delivering as delivering_module
from projectors.webhooks.delivering import Again, Dead, Delivered, Deliverer, Endpoint
from projectors.webhooks.schedule import ATTEMPTS_MAX, PAUSE_S_MAX, PAUSES_S, asked_seconds, pause_after
from runtime.clock import FixedClock, SystemClock
from runtime.outbound import Reach, Sender
from runtime.outbound import sending as sending_module
from runtime.webhooks import Verified, WebhookRefused, sign, verify
from tests.notifications.receivers import OTHER_SECRET, SECRET, Scripted, an_event, example, scripted, status

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def deliverer(*, whole_s: float = 5.0, now: datetime = NOON) -> Deliverer:
    sender = Sender(Reach(loopback=True), whole_s=whole_s)
    return Deliverer(sender, clock=FixedClock(now), chance=lambda: 0.0)


def endpoint(receiver: Scripted, *secrets: str) -> Endpoint:
    return Endpoint(endpoint_id="whe_1", url=receiver.url, secrets=secrets or (SECRET,))


def test_the_vector_of_the_standard() -> None:
    """https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md and its libraries' tests."""
    at = datetime.fromtimestamp(1614265330, tz=UTC)
    headers = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', secrets=[SECRET], now=at)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-timestamp"] == "1614265330"


async def test_a_delivery_is_the_public_event_signed() -> None:
    event = an_event()
    async with scripted(lambda _: status(204)) as receiver:
        assert await deliverer().deliver(endpoint(receiver), event, attempt=1) == Delivered(status=204)
    (request,) = receiver.requests
    assert request.line == "POST /hook HTTP/1.1"
    assert request.body == encode_cloud_event(event)
    assert request.headers["content-type"] == "application/cloudevents+json"
    assert request.headers["webhook-id"] == "evt_7"
    assert isinstance(verify(request.headers, request.body, secrets=[SECRET], now=NOON), Verified)
    assert isinstance(verify(request.headers, request.body + b" ", secrets=[SECRET], now=NOON), WebhookRefused)


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_any_2xx_is_delivered_whatever_garbage_comes_with_it(code: int) -> None:
    body = b"" if code == 204 else b"\x00\xff<html>not json" * 20
    async with scripted(lambda _: status(code, body=body)) as receiver:
        assert await deliverer().deliver(endpoint(receiver), an_event(), attempt=1) == Delivered(status=code)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_is_a_failure_and_is_not_followed(code: int) -> None:
    async with scripted(lambda _: status(204)) as elsewhere:
        async with scripted(lambda _: status(code, f"location: {elsewhere.url}")) as receiver:
            outcome = await deliverer().deliver(endpoint(receiver), an_event(), attempt=1)
        assert isinstance(outcome, Again)
        assert outcome.why == f"the receiver answered {code}: redirects are not followed"
        assert elsewhere.requests == []


async def test_gone_is_the_end() -> None:
    async with scripted(lambda _: status(410)) as receiver:
        outcome = await deliverer().deliver(endpoint(receiver), an_event(), attempt=1)
    assert isinstance(outcome, Dead)
    assert outcome.is_gone


@pytest.mark.parametrize("code", [400, 401, 404, 408, 429, 500, 502, 503, 100, 600])
async def test_every_other_answer_is_tried_again(code: int) -> None:
    async with scripted(lambda _: status(code)) as receiver:
        assert isinstance(await deliverer(whole_s=1).deliver(endpoint(receiver), an_event(), attempt=1), Again)


@pytest.mark.parametrize("said", [b"garbage\r\n\r\n", b"HTTP/1.1 200\r\nx", b"\x16\x03\x01"])
async def test_what_is_no_http_is_tried_again(said: bytes) -> None:
    async with scripted(lambda _: said) as receiver:
        assert isinstance(await deliverer(whole_s=1).deliver(endpoint(receiver), an_event(), attempt=1), Again)


async def test_a_receiver_that_is_down_is_tried_again() -> None:
    async with scripted(lambda _: status(204)) as receiver:
        pass
    outcome = await deliverer().deliver(endpoint(receiver), an_event(), attempt=2)
    assert outcome == Again(after_s=300.0, why=outcome.why)  # type: ignore[union-attr]


async def test_a_receiver_that_says_nothing_costs_a_bounded_time() -> None:
    async with scripted(lambda _: b"") as receiver:
        outcome = await deliverer(whole_s=0.3).deliver(endpoint(receiver), an_event(), attempt=1)
    assert outcome == Again(after_s=5.0, why="no answer within 0.3 s")


async def test_an_endless_answer_is_not_read_to_its_end() -> None:
    async with endless() as receiver:
        began = asyncio.get_running_loop().time()
        outcome = await deliverer(whole_s=10).deliver(endpoint(receiver), an_event(), attempt=1)
        assert outcome == Delivered(status=200)
        assert asyncio.get_running_loop().time() - began < 5


@asynccontextmanager
async def endless() -> AsyncIterator[Scripted]:
    """A receiver whose answer never ends."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        try:
            while True:  # ends when the sender goes away
                writer.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
                await writer.drain()
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield Scripted(server.sockets[0].getsockname()[1])


async def test_retries_carry_the_same_id_and_body_and_a_new_time() -> None:
    event = an_event()
    async with scripted(lambda count: status(500 if count < 3 else 204)) as receiver:
        for attempt in (1, 2, 3):
            later = NOON + timedelta(hours=attempt)
            outcome = await deliverer(now=later).deliver(endpoint(receiver), event, attempt=attempt)
    assert outcome == Delivered(status=204)
    assert len({request.body for request in receiver.requests}) == 1
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len({request.headers["webhook-timestamp"] for request in receiver.requests}) == 3


async def test_while_a_secret_rotates_either_secret_verifies() -> None:
    async with scripted(lambda _: status(204)) as receiver:
        await deliverer().deliver(endpoint(receiver, OTHER_SECRET, SECRET), an_event(), attempt=1)
        await deliverer().deliver(endpoint(receiver, OTHER_SECRET), an_event(), attempt=1)
    during, after = receiver.requests
    for secret in (SECRET, OTHER_SECRET):
        assert isinstance(verify(during.headers, during.body, secrets=[secret], now=NOON), Verified)
    assert isinstance(verify(after.headers, after.body, secrets=[OTHER_SECRET], now=NOON), Verified)
    assert isinstance(verify(after.headers, after.body, secrets=[SECRET], now=NOON), WebhookRefused)


def test_the_schedule_has_enough_attempts_over_enough_time() -> None:
    assert ATTEMPTS_MAX >= 7
    assert sum(PAUSES_S) >= 24 * 3600
    pauses = [pause_after(attempt, asked_s=0, chance=lambda: 0.999) for attempt in range(1, ATTEMPTS_MAX + 1)]
    assert pauses[-1] is None
    assert all(pause is not None and pause <= PAUSE_S_MAX for pause in pauses[:-1])
    assert sorted(pauses[:-1]) == pauses[:-1]  # type: ignore[type-var]


async def test_the_last_attempt_leaves_a_dead_letter() -> None:
    async with scripted(lambda _: status(500)) as receiver:
        outcome = await deliverer().deliver(endpoint(receiver), an_event(), attempt=ATTEMPTS_MAX)
    assert outcome == Dead(why="the receiver answered 500; attempt 10 was the last")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("-5", 0.0),
        ("1e9", 0.0),
        ("٣", 0.0),
        ("9" * 30, 0.0),
        ("soon", 0.0),
        ("", 0.0),
        (None, 0.0),
    ],
)
def test_retry_after_is_read_or_ignored(text: str | None, seconds: float) -> None:
    assert asked_seconds(text, now=NOON) == seconds


async def test_a_receiver_may_ask_for_a_longer_pause_but_not_for_ever() -> None:
    for asked, after_s in (("120", 120.0), ("999999999", PAUSE_S_MAX), ("1", 5.0)):
        async with scripted(lambda _, asked=asked: status(429, f"retry-after: {asked}")) as receiver:  # type: ignore[misc]
            outcome = await deliverer().deliver(endpoint(receiver), an_event(), attempt=1)
        assert isinstance(outcome, Again)
        assert outcome.after_s == after_s


async def test_loopback_is_not_called_unless_development_says_so() -> None:
    async with scripted(lambda _: status(204)) as receiver:
        strict = Deliverer(Sender(Reach()), clock=FixedClock(NOON), chance=lambda: 0.0)
        outcome = await strict.deliver(endpoint(receiver), an_event(), attempt=1)
    assert isinstance(outcome, Again)
    assert "refused" in outcome.why
    assert receiver.requests == []


def test_an_endpoint_shows_no_secret() -> None:
    shown = repr(Endpoint(endpoint_id="whe_1", url="https://example.com/?token=1", secrets=[SECRET]))
    assert shown == "Endpoint(whe_1)"


def _certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Contexts of a server that is ``name``, and of a client that trusts it alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = SystemClock().now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(pem)
    return server, ssl.create_default_context(cafile=str(pem))


@pytest.mark.parametrize(("certified", "is_delivered"), [("hooks.example.com", True), ("other.example.com", False)])
async def test_the_checked_address_is_called_under_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certified: str, is_delivered: bool
) -> None:
    """Host, SNI and certificate are those of the name, although the connection goes to an address."""
    server, client = _certificate(tmp_path, certified)
    asked: list[str | None] = []
    server.sni_callback = lambda _, name, __: asked.append(name)
    monkeypatch.setattr(sending_module, "why_not_public", lambda address: None)

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with scripted(lambda _: status(204), tls=server) as receiver:
        sender = Sender(Reach(ports=frozenset({receiver.port})), resolve=resolve, ssl_context=client, whole_s=5)
        there = Endpoint(endpoint_id="whe_1", url=f"https://hooks.example.com:{receiver.port}/", secrets=[SECRET])
        outcome = await Deliverer(sender, clock=FixedClock(NOON), chance=lambda: 0.0).deliver(
            there, an_event(), attempt=1
        )
    assert asked == ["hooks.example.com"]
    assert isinstance(outcome, Delivered) == is_delivered
    hosts = [request.headers["host"] for request in receiver.requests]
    assert hosts == ([f"hooks.example.com:{receiver.port}"] if is_delivered else [])


class TestTheExample:
    """The receiver in docs/examples does what its page says."""

    async def test_it_stores_a_delivery_once_and_refuses_what_is_not_signed(self, tmp_path: Path) -> None:
        module = example()
        inbox = module.Inbox(tmp_path / "inbox")
        receiver = module.Receiver([SECRET], inbox)
        now = SystemClock().now()
        statuses = []
        async with scripted(lambda _: status(204)) as there:
            for position in (1, 2, 1):
                await deliverer(now=now).deliver(endpoint(there), an_event(position), attempt=1)
            await deliverer(now=now).deliver(endpoint(there, OTHER_SECRET), an_event(3), attempt=1)
            await deliverer(now=now - timedelta(hours=1)).deliver(endpoint(there), an_event(4), attempt=1)
        for request in there.requests:
            statuses.append(receiver.receive(request.headers, request.body))
        assert statuses == [204, 204, 204, 401, 401]
        assert [event["id"] for event in inbox.events()] == ["evt_1", "evt_2"]

    @pytest.mark.parametrize("signature", ["", "v1,", "v1,!!!", "v1,AAAA", "v2,AAAA", "nonsense", "v1,é"])
    def test_a_malformed_signature_is_an_answer(self, tmp_path: Path, signature: str) -> None:
        module = example()
        receiver = module.Receiver([SECRET], module.Inbox(tmp_path / "inbox"))
        headers = sign("evt_1", b"{}", secrets=[SECRET], now=SystemClock().now()) | {"webhook-signature": signature}
        assert receiver.receive(headers, b"{}") == 401


class TestPlantedFaults:
    """Each would be seen by a test above."""

    async def test_of_a_signature_over_other_bytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        real = sign
        monkeypatch.setattr(delivering_module, "sign", lambda i, body, **rest: real(i, body + b" ", **rest))
        async with scripted(lambda _: status(204)) as receiver:
            await deliverer().deliver(endpoint(receiver), an_event(), attempt=1)
        (request,) = receiver.requests
        assert isinstance(verify(request.headers, request.body, secrets=[SECRET], now=NOON), WebhookRefused)

    async def test_of_an_unbounded_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sending_module, "ANSWER_BYTES_MAX", 2**60)
        async with endless() as receiver:
            assert isinstance(await deliverer(whole_s=0.5).deliver(endpoint(receiver), an_event(), attempt=1), Again)
