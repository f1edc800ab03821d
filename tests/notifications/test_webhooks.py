"""From a command at the door to a verified delivery: real processes, a real receiver, one ledger per test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from cli.devstack import Servers
from command_api.app import Settings as DoorSettings
from ledger.domain.webhooks import ENDPOINT, WebhookEndpoint
from projectors.reactors.settings import Settings as ReactorSettings
from projectors.webhooks import endpoints
from runtime.clock import SystemClock
from runtime.vault.ring import new_ring, write_ring
from runtime.webhooks import Verified, verify
from tests.command_api.door import Door, DsnOf, open_door, problem_in
from tests.notifications.receivers import Scripted, scripted, status
from tests.projectors.places import until
from tests.reactors.processes import Served, serving

REACTOR = ("projectors.webhooks.reactor:build",)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@asynccontextmanager
async def notified(servers: Servers, dsn_of: DsnOf, folder: Path, **settings: object) -> AsyncIterator[Door]:
    """A command API that takes endpoints on this machine."""
    ring = folder / "ring.json"
    if not ring.exists():
        write_ring(ring, new_ring("k1"))
    given = {"vault_keys_file": ring, "webhooks_to_loopback": "true", **settings}
    async with open_door(dsn_of, folder / "door", nats_url=servers.nats_url, **given) as door:
        yield door


@asynccontextmanager
async def delivering(servers: Servers, door: Door, folder: Path) -> AsyncIterator[Served]:
    """The reactors process with the webhooks alone."""
    async with serving(
        "reactors",
        door,
        folder / "reactors",
        nats_url=servers.nats_url,
        reactors=REACTOR,
        vault_database_url=door.dsn_of("bursar_opener"),
        vault_keys_file=folder / "ring.json",
        webhooks_to_loopback="true",
    ) as served:
        yield served


async def create(door: Door, receiver: Scripted, *kinds: str) -> tuple[str, str]:
    """Create an endpoint; gives its id and its secret."""
    event = await door.accepted("/v1/webhook-endpoints", {"url": receiver.url, "kinds": list(kinds or ("*",))})
    return event["data"]["endpoint_id"], event["secret"]


async def pay(door: Door, amount: str = "1.00") -> str:
    """Pay between two accounts; gives the payment's id."""
    event = await door.accepted(
        "/v1/payments",
        {
            "debtor_account_id": "customers:a",
            "creditor_account_id": "customers:b",
            "instructed_amount": {"currency": "EUR", "value": amount},
            "end_to_end_id": "E2E",
        },
    )
    payment_id: str = event["data"]["payment_id"]
    return payment_id


def events_at(receiver: Scripted) -> list[dict[str, Any]]:
    return [msgspec.json.decode(request.body) for request in receiver.requests]


async def until_heard(receiver: Scripted, count: int) -> None:
    async def heard() -> bool:
        return len(receiver.requests) >= count

    await until(heard, f"{count} deliveries, of which {len(receiver.requests)} came")


async def answers(door: Door) -> list[dict[str, Any]]:
    """What became of every delivery, in order."""
    connection = await asyncpg.connect(door.dsn_of("bursar_reactor"))
    try:
        rows = await connection.fetch(
            "SELECT state, answer::text AS answer FROM reactions.tasks WHERE kind = 'deliver' ORDER BY position, step"
        )
    finally:
        await connection.close()
    return [{"state": row["state"], **msgspec.json.decode(row["answer"] or "{}")} for row in rows]


async def test_a_payment_is_delivered_in_order_and_verifies(
    servers: Servers, book_database: DsnOf, tmp_path: Path
) -> None:
    async with notified(servers, book_database, tmp_path) as door:
        await door.open_accounts("customers:a", "customers:b")
        async with scripted(lambda _: status(204)) as receiver, delivering(servers, door, tmp_path):
            _, secret = await create(door, receiver, "payment.initiated.v1", "payment.settled.v1")
            payments = [await pay(door) for _ in range(5)]
            await until_heard(receiver, 10)
            for request in receiver.requests:
                assert isinstance(
                    verify(request.headers, request.body, secrets=[secret], now=SystemClock().now()), Verified
                )
            for payment_id in payments:
                heard = [event["type"] for event in events_at(receiver) if event["subject"] == payment_id]
                assert heard == ["payment.initiated.v1", "payment.settled.v1"]


async def test_a_failing_receiver_holds_back_its_own_payment_only(
    servers: Servers, book_database: DsnOf, tmp_path: Path
) -> None:
    """The first delivery fails and waits; what is behind it for the same payment waits too, the others do not."""
    async with notified(servers, book_database, tmp_path) as door:
        await door.open_accounts("customers:a", "customers:b")
        async with (
            scripted(lambda count: status(500 if count == 1 else 204)) as receiver,
            delivering(servers, door, tmp_path),
        ):
            await create(door, receiver, "payment.initiated.v1", "payment.settled.v1")
            first = await pay(door)
            await until_heard(receiver, 1)
            second = await pay(door)
            await until_heard(receiver, 5)
            heard = [(event["subject"], event["type"]) for event in events_at(receiver)]
            assert heard[0] == (first, "payment.initiated.v1")
            assert [kind for subject, kind in heard[1:] if subject == first] == [
                "payment.initiated.v1",
                "payment.settled.v1",
            ]
            assert [kind for subject, kind in heard if subject == second] == [
                "payment.initiated.v1",
                "payment.settled.v1",
            ]
            ids = [request.headers["webhook-id"] for request in receiver.requests]
            assert len(ids) == len(set(ids)) + 1  # the retry came under the old id


async def test_a_receiver_that_is_gone_is_disabled_and_a_replay_brings_what_it_missed(
    servers: Servers, book_database: DsnOf, tmp_path: Path
) -> None:
    gone = True
    async with notified(servers, book_database, tmp_path) as door:
        await door.open_accounts("customers:a", "customers:b")
        async with (
            scripted(lambda _: status(410 if gone else 204)) as receiver,
            scripted(lambda _: status(204)) as other,
            delivering(servers, door, tmp_path),
        ):
            endpoint_id, _ = await create(door, receiver, "payment.settled.v1")
            await create(door, other, "webhook_endpoint.disabled.v1")
            await pay(door)
            await until_heard(other, 1)
            (notice,) = events_at(other)
            assert notice["data"] == {"endpoint_id": endpoint_id, "cause": "gone"}
            await pay(door)

            async def is_given_up() -> bool:
                return any("dead" in answer for answer in await answers(door))

            await until(is_given_up, "the delivery is given up")
            gone = False
            await door.accepted(f"/v1/webhook-endpoints/{endpoint_id}/enable", {})
            head = len(await door.events())
            replay = {"from_position": 1, "to_position": head}
            await door.accepted(f"/v1/webhook-endpoints/{endpoint_id}/replay", replay)
            await until_heard(receiver, 3)
            ids = [request.headers["webhook-id"] for request in receiver.requests]
            assert ids[0] in ids[1:]
            assert len(set(ids)) == 2


async def test_after_a_rotation_deliveries_carry_both_signatures(
    servers: Servers, book_database: DsnOf, tmp_path: Path
) -> None:
    async with notified(servers, book_database, tmp_path) as door:
        await door.open_accounts("customers:a", "customers:b")
        async with scripted(lambda _: status(204)) as receiver, delivering(servers, door, tmp_path):
            endpoint_id, old = await create(door, receiver, "payment.settled.v1")
            rotated = await door.accepted(f"/v1/webhook-endpoints/{endpoint_id}/rotate-secret", {"overlap_hours": 1})
            await pay(door)
            await until_heard(receiver, 1)
            at_once = await door.accepted(f"/v1/webhook-endpoints/{endpoint_id}/rotate-secret", {"overlap_hours": 0})
            await pay(door)
            await until_heard(receiver, 2)
    during, after = receiver.requests
    now = SystemClock().now()
    for secret in (old, rotated["secret"]):
        assert isinstance(verify(during.headers, during.body, secrets=[secret], now=now), Verified)
        assert not isinstance(verify(after.headers, after.body, secrets=[secret], now=now), Verified)
    assert isinstance(verify(after.headers, after.body, secrets=[at_once["secret"]], now=now), Verified)


async def test_a_secret_is_shown_once_and_nowhere_in_clear(
    servers: Servers, book_database: DsnOf, tmp_path: Path
) -> None:
    body = {"url": "https://hooks.example.com/", "kinds": ["payment.settled.v1"], "description": "orders"}
    async with notified(servers, book_database, tmp_path) as door:
        first = await door.post("/v1/webhook-endpoints", body, key="endpoint-1")
        again = await door.post("/v1/webhook-endpoints", body, key="endpoint-1")
        assert (first.status_code, again.status_code) == (201, 201)
        secret = first.json()["secret"]
        assert secret.startswith("whsec_")
        assert first.headers["cache-control"] == "no-store"
        assert "secret" not in again.json()
        assert {**again.json(), "secret": secret} == first.json()
        other = await door.post("/v1/webhook-endpoints", {**body, "kinds": ["*"]}, key="endpoint-1")
        problem_in(other, status=422, code="idempotency_key_reused")
        kept = b"".join(await door.events()).decode() + door.log.read_text()
        assert secret not in kept
        assert secret.removeprefix("whsec_") not in kept


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "http://example.com/", "https://example.com:22/"])
async def test_the_door_refuses_an_address_that_is_never_called(
    servers: Servers, book_database: DsnOf, tmp_path: Path, url: str
) -> None:
    async with notified(servers, book_database, tmp_path, webhooks_to_loopback="false") as door:
        refused = await door.post("/v1/webhook-endpoints", {"url": url, "kinds": ["*"]})
        problem = problem_in(refused, status=422, code="url_refused")
        assert problem["errors"][0]["pointer"] == "/url"


async def test_the_life_of_an_endpoint(servers: Servers, book_database: DsnOf, tmp_path: Path) -> None:
    async with notified(servers, book_database, tmp_path) as door:
        missing = await door.post("/v1/webhook-endpoints/whe_99/disable", {})
        problem_in(missing, status=404, code="webhook_endpoint_not_found")
        body = {"url": "https://hooks.example.com/", "kinds": ["*"]}
        created = await door.accepted("/v1/webhook-endpoints", body)
        path = f"/v1/webhook-endpoints/{created['data']['endpoint_id']}"
        problem_in(await door.post(f"{path}/enable", {}), status=409, code="webhook_endpoint_state_conflict")
        await door.accepted(f"{path}/disable", {"reason": "moving"})
        problem_in(await door.post(f"{path}/disable", {}), status=409, code="webhook_endpoint_state_conflict")
        past = {"from_position": 1, "to_position": 1}
        problem_in(await door.post(f"{path}/replay", past), status=409, code="webhook_endpoint_state_conflict")
        await door.accepted(f"{path}/enable", {})
        await door.accepted(f"{path}/replay", past)
        for wrong in ({"from_position": 2, "to_position": 1}, {"from_position": 1, "to_position": 999}):
            refused = await door.post(f"{path}/replay", wrong)
            problem_in(refused, status=422, code="webhook_replay_range_invalid")
        await door.accepted(f"{path}/update", {**body, "kinds": ["payment.settled.v1"]})
        connection = await asyncpg.connect(door.dsn_of("bursar_reader"))
        try:
            state = await connection.fetchval("SELECT state::text FROM records WHERE kind = $1", ENDPOINT)
        finally:
            await connection.close()
        assert msgspec.json.decode(state, type=endpoints.EndpointState).kinds == ("payment.settled.v1",)


def test_the_window_reads_every_field_that_a_delivery_needs() -> None:
    """Two programs know this record; a field renamed in one of them would silence every webhook."""
    kept = {field.name for field in msgspec.structs.fields(WebhookEndpoint)}
    read = {field.name for field in msgspec.structs.fields(endpoints.EndpointState)}
    assert endpoints.KIND == ENDPOINT
    assert read <= kept


@pytest.mark.parametrize("settings", [DoorSettings, ReactorSettings])
def test_production_refuses_to_reach_this_machine(settings: type[msgspec.Struct]) -> None:
    known = {field.name for field in msgspec.structs.fields(settings)}
    given: dict[str, object] = {
        name: "x"
        for name in ("database_url", "nats_url", "token_issuer", "token_audience", "jwks_file", "command_api_url",
                     "service_token_file")
        if name in known
    }  # fmt: skip
    msgspec.convert(given | {"environment": "production"}, settings)
    with pytest.raises(msgspec.ValidationError, match="for development"):
        msgspec.convert(given | {"environment": "production", "webhooks_to_loopback": True}, settings)
    msgspec.convert(given | {"environment": "development", "webhooks_to_loopback": True}, settings)
