"""The same key gets the same answer: byte for byte, accepted or refused, alone or fifty at once."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from tests.command_api.door import Door, item, move, new_key, problem_in
from tests.command_api.samples import ROUTES, Route

CALLERS = 50
KEYED = [route for route in ROUTES if route.takes_key]

every_keyed_route = pytest.mark.parametrize("route", KEYED, ids=lambda route: route.path)


async def post_with_keys(door: Door, route: Route, *keys: str) -> httpx2.Response:
    """Send a valid body with any number of Idempotency-Key headers."""
    type_header = (b"content-type", route.media_type.encode())
    headers = [type_header, *((b"idempotency-key", key.encode("latin-1")) for key in keys)]
    return await door.client.post(route.url, content=route.content, headers=headers)


async def test_only_batches_and_statements_go_without_a_key() -> None:
    """The commands of a batch carry one each; a statement's content is its key."""
    assert {route.path for route in ROUTES if not route.takes_key} == {"/v1/batches", "/v1/statements"}


@every_keyed_route
async def test_a_command_without_a_key_or_with_two_is_refused(door: Door, route: Route) -> None:
    """Two keys could mean either of two wishes."""
    problem = problem_in(await post_with_keys(door, route), status=400, code="idempotency_key_missing")
    assert [error["pointer"] for error in problem["errors"]] == ["/header/Idempotency-Key"]
    twice = await post_with_keys(door, route, new_key(), new_key())
    problem_in(twice, status=400, code="idempotency_key_repeated")
    same_twice = await post_with_keys(door, route, *[new_key()] * 2)
    problem_in(same_twice, status=400, code="idempotency_key_repeated")


@every_keyed_route
@pytest.mark.parametrize(
    "key", ["", "two words", "tab\there", "k" * 256, "k" * 257, f'"{"k" * 256}"', "\xe9", '""'], ids=lambda key: key[:9]
)
async def test_a_key_that_is_no_key_is_refused(door: Door, route: Route, key: str) -> None:
    """1 to 255 visible ASCII characters, the quotes not counted."""
    problem_in(await post_with_keys(door, route, key), status=400, code="idempotency_key_invalid")


async def test_the_longest_key_is_taken_bare_and_quoted(door: Door) -> None:
    """255 characters; both spellings are the same key."""
    longest = new_key().ljust(255, "k")
    body = {"account_id": new_key(), "currency": "EUR", "account_type": "asset"}
    first = await door.post("/v1/accounts", body, key=longest)
    assert first.status_code == 201, first.text
    again = await door.post("/v1/accounts", body, key=f'"{longest}"')
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert len(await door.events_of_keys(longest)) == 1


async def test_a_repeated_command_gets_the_stored_bytes(door: Door) -> None:
    """The receipt again, with its position, and the word that it is a replay."""
    key, account_id = new_key(), new_key()
    body = {"account_id": account_id, "currency": "EUR", "account_type": "asset"}
    first = await door.post("/v1/accounts", body, key=key)
    assert first.status_code == 201, first.text
    assert "idempotency-replayed" not in first.headers
    for _ in range(2):
        again = await door.post("/v1/accounts", body, key=key)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["bursar-position"] == first.headers["bursar-position"]
        assert again.headers["content-type"] == first.headers["content-type"]
        assert again.headers["idempotency-replayed"] == "true"
    assert len(await door.events_of_keys(key)) == 1


async def test_the_order_of_fields_and_white_space_do_not_make_another_wish(door: Door) -> None:
    """What was asked counts, not how it was spelled."""
    key, account_id = new_key(), new_key()
    spelled = b'{"account_id":"%b","currency":"EUR","account_type":"asset"}' % account_id.encode()
    otherwise = b' { "account_type" : "asset",\n"currency":"EUR", "account_id":"%b", "metadata":null } '
    first = await door.post("/v1/accounts", spelled, key=key)
    again = await door.post("/v1/accounts", otherwise % account_id.encode(), key=key)
    assert (again.status_code, again.content) == (201, first.content)


async def test_a_refusal_is_remembered_even_when_the_reason_is_gone(door: Door) -> None:
    """The account exists by the second time: the key still stands for the refusal, a new key does not."""
    account, other, key = new_key(), new_key(), new_key()
    first = await door.post("/v1/transfers", move(account, other), key=key)
    problem_in(first, status=404, code="account_not_found")
    await door.open_accounts(account, other)
    again = await door.post("/v1/transfers", move(account, other), key=key)
    assert (again.status_code, again.content) == (404, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["content-type"] == "application/problem+json"
    await door.accepted("/v1/transfers", move(account, other))
    assert await door.events_of_keys(key) == []


async def test_a_malformed_request_does_not_use_up_its_key(door: Door) -> None:
    """Nothing was asked yet."""
    key, account_id = new_key(), new_key()
    problem_in(await door.post("/v1/accounts", {"account_id": account_id}, key=key), status=400)
    await door.accepted("/v1/accounts", {"account_id": account_id, "currency": "EUR", "account_type": "asset"}, key=key)


async def test_another_body_under_the_same_key_is_told_what_differs(door: Door) -> None:
    """422 with a pointer to each field; after an acceptance and after a refusal."""
    account, other = new_key(), new_key()
    await door.open_accounts(account, other)
    accepted_key, refused_key = new_key(), new_key()
    await door.accepted("/v1/transfers", move(account, other, 5, reference="rent"), key=accepted_key)
    refused = await door.post("/v1/transfers", move(account, new_key(), 5, reference="rent"), key=refused_key)
    problem_in(refused, status=404)
    for key in (accepted_key, refused_key):
        answer = await door.post("/v1/transfers", move(account, other, 6, reference="food"), key=key)
        problem = problem_in(answer, status=422, code="idempotency_key_reused")
        assert "idempotency-replayed" not in answer.headers
        pointers = {error["pointer"] for error in problem["errors"]}
        assert {"/postings/0/amount_minor", "/postings/1/amount_minor", "/reference"} <= pointers
        assert "/postings/0/account_id" not in pointers
    original = await door.post("/v1/transfers", move(account, other, 5, reference="rent"), key=accepted_key)
    assert original.headers["idempotency-replayed"] == "true"
    assert len(await door.events_of_keys(accepted_key)) == 1


async def test_a_key_is_not_shared_between_routes(door: Door) -> None:
    """Another command under the same key differs in its type, whatever else it has in common."""
    key, account_id = new_key(), new_key()
    await door.open_accounts(account_id)
    await door.accepted(f"/v1/accounts/{account_id}/freeze", {}, key=key)
    problem_in(await door.post(f"/v1/accounts/{account_id}/unfreeze", {}, key=key), status=422)
    (event,) = await door.events_of_keys(key)
    assert event["type"] == "account_frozen"


async def test_the_same_key_in_a_batch_is_the_same_wish(door: Door) -> None:
    """A client that gathers its repeats into a batch gets the stored answers."""
    account, other, key = new_key(), new_key(), new_key()
    await door.open_accounts(account, other)
    event = await door.accepted("/v1/transfers", move(account, other), key=key)
    body = {"commands": [item("post_transfer", move(account, other), key=key)]}
    answer = (await door.post("/v1/batches?receipts=true", body)).json()
    assert answer["replayed"] == 1
    assert answer["results"] == [{"status": 201, "position": event["position"], "replayed": True, "receipt": event}]


async def test_tenants_have_their_own_keys(door: Door) -> None:
    """The same key of two tenants names two wishes, and neither learns of the other."""
    account, other, key = new_key(), new_key(), new_key()
    await door.open_accounts(account, other)
    first = await door.post("/v1/transfers", move(account, other, 1), key=key)
    second = await door.post("/v1/transfers", move(account, other, 2), key=key, token=door.token(tenant="umbrella"))
    assert (first.status_code, second.status_code) == (201, 201)
    assert "idempotency-replayed" not in second.headers
    tenants = [event["principal"]["tenant"] for event in await door.events_of_keys(key)]
    assert tenants == ["acme", "umbrella"]


async def test_a_second_person_of_the_tenant_gets_the_first_one_s_answer(door: Door) -> None:
    """The key belongs to the tenant: two servers of one shop are one client."""
    account_id, key = new_key(), new_key()
    body = {"account_id": account_id, "currency": "EUR", "account_type": "asset"}
    first = await door.post("/v1/accounts", body, key=key)
    again = await door.post("/v1/accounts", body, key=key, token=door.token())
    assert again.content == first.content


async def test_fifty_at_once_have_one_effect(door: Door) -> None:
    """One does it, all get its answer."""
    account, other, key = new_key(), new_key(), new_key()
    await door.open_accounts(account, other)
    answers = await asyncio.gather(
        *(door.post("/v1/transfers", move(account, other, 7), key=key) for _ in range(CALLERS))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    replays = [answer.headers.get("idempotency-replayed") for answer in answers]
    assert sorted(map(str, replays)) == ["None", *["true"] * (CALLERS - 1)]
    (event,) = await door.events_of_keys(key)
    assert event["data"]["postings"][1]["posted_minor"] == 7


async def test_fifty_different_bodies_under_one_key_at_once_have_one_effect(door: Door) -> None:
    """Whoever is first wins; everybody else is told what differs."""
    account, other, key = new_key(), new_key(), new_key()
    await door.open_accounts(account, other)
    answers = await asyncio.gather(
        *(door.post("/v1/transfers", move(account, other, amount), key=key) for amount in range(1, CALLERS + 1))
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[422] * (CALLERS - 1)]
    for answer in answers:
        if answer.status_code == 422:
            problem_in(answer, status=422, code="idempotency_key_reused")
    assert len(await door.events_of_keys(key)) == 1
