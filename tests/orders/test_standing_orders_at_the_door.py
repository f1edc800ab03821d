"""Standing orders over the real command API: sealed like a payment, authorised once, issued once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from contracts.payment_codes import SCA_ACR
from tests.command_api.door import Door, new_key, problem_in

NAME, IBAN = "Hildegard Unverwechselbar", "DE89370400440532013000"
PATH = "/v1/standing-orders"


def today(days: int = 0) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def wish(debtor: str, **changes: Any) -> dict[str, Any]:
    """A weekly standing order that begins today."""
    return {
        "debtor_account_id": debtor,
        "creditor_account_id": f"{debtor}:to",
        "instructed_amount": {"currency": "EUR", "value": "10.00"},
        "end_to_end_id": "RENT",
        "recurrence": {"every": "week", "first_on": today(), "calendar": "EVERY_DAY"},
        **changes,
    }


def outside(debtor: str) -> dict[str, Any]:
    """The same to somebody outside."""
    creditor = {"name": NAME, "iban": IBAN}
    changed = wish(debtor, payment_type="credit_transfer", rail="file", creditor=creditor,
                   remittance_information="Rent of Unverwechselbar")  # fmt: skip
    del changed["creditor_account_id"]
    return changed


async def test_a_party_is_sealed_and_every_payment_carries_it(door: Door) -> None:
    await door.open_accounts("so-sealed")
    created = await door.accepted(PATH, outside("so-sealed"))
    so = created["data"]["standing_order_id"]
    last = await door.accepted(f"{PATH}/{so}/issue", {"occurrence_on": today()})

    events = [event for event in map(msgspec.json.decode, await door.events()) if so in str(event)]
    assert not any(text in event for event in await door.events() for text in (b"Unverwechselbar", IBAN.encode()))
    issued, initiated = (next(e["data"] for e in events if e["type"] == kind)
                         for kind in ("standing_order_issued", "payment_initiated"))  # fmt: skip
    assert initiated["creditor"] == created["data"]["creditor"]
    assert initiated["remittance_information"] == created["data"]["remittance_information"]
    assert (last["type"], last["data"]["payment_id"]) == ("payment_accepted", issued["payment_id"])


async def test_an_occurrence_said_ten_times_at_once_under_different_keys_pays_once(door: Door) -> None:
    await door.open_accounts("so-race", "so-race:to")
    so = (await door.accepted(PATH, wish("so-race")))["data"]["standing_order_id"]

    answers = await asyncio.gather(*(door.post(f"{PATH}/{so}/issue", {"occurrence_on": today()}) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    problem_in(next(a for a in answers if a.status_code == 409), status=409, code="occurrence_already_issued")


async def test_the_same_wish_again_is_one_order_and_another_is_told_what_differs(door: Door) -> None:
    await door.open_accounts("so-key", "so-key:to")
    key = new_key()
    first = await door.post(PATH, outside("so-key"), key=key)
    again = await door.post(PATH, outside("so-key"), key=key)
    assert (again.status_code, again.content) == (201, first.content)

    other = outside("so-key") | {"end_to_end_id": "OTHER"}
    problem = problem_in(await door.post(PATH, other, key=key), status=422, code="idempotency_key_reused")
    assert [error["pointer"] for error in problem["errors"]] == ["/end_to_end_id"]


async def test_suspended_resumed_cancelled(door: Door) -> None:
    await door.open_accounts("so-life", "so-life:to")
    so = (await door.accepted(PATH, wish("so-life")))["data"]["standing_order_id"]
    assert (await door.accepted(f"{PATH}/{so}/suspend", {"reason": "moving"}))["data"]["state"] == "suspended"
    problem_in(await door.post(f"{PATH}/{so}/issue", {"occurrence_on": today()}), status=409)
    assert (await door.accepted(f"{PATH}/{so}/resume", {}))["data"]["next_on"] == today()
    assert (await door.accepted(f"{PATH}/{so}/cancel", {}))["data"]["state"] == "cancelled"
    problem_in(await door.post(f"{PATH}/{so}/resume", {}), status=409, code="standing_order_state_conflict")
    problem_in(await door.post(f"{PATH}/so_999999/resume", {}), status=404, code="standing_order_not_found")


async def test_a_series_that_needs_it_is_authorised_with_a_token_of_strong_authentication(door: Door) -> None:
    await door.open_accounts("so-sca", "so-sca:to", currency="CHF")
    policy = {"currency": "CHF", "amount_from_minor": 1}
    await door.accepted("/v1/authentication", policy, token=door.token(["payments:operate"]))
    amount = {"currency": "CHF", "value": "10.00"}
    created = await door.accepted(PATH, wish("so-sca", instructed_amount=amount))
    so = created["data"]["standing_order_id"]
    assert created["data"]["state"] == "awaiting_authorisation"
    problem_in(await door.post(f"{PATH}/{so}/issue", {"occurrence_on": today()}), status=409)

    authorise, proof = f"{PATH}/{so}/authorise", {"instructed_amount": amount, "payee": "so-sca:to"}
    answer = await door.post(authorise, proof, token=door.token())
    problem_in(answer, status=401, code="insufficient_user_authentication")
    strong = door.token(acr=SCA_ACR)
    other = {**proof, "payee": "so-sca"}
    problem_in(await door.post(authorise, other, token=strong), status=422, code="authorisation_differs")

    assert (await door.accepted(authorise, proof, token=strong))["data"]["state"] == "active"

    assert (await door.accepted(f"{PATH}/{so}/issue", {"occurrence_on": today()}))["type"] == "payment_settled"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"creditor_account_id": None}, "invalid_body"),
        ({"end_to_end_id": "E" * 27}, "invalid_body"),
        ({"payment_type": "card_top_up"}, "invalid_body"),
        ({"recurrence": {"every": "week", "first_on": today(), "day": 3}}, "invalid_body"),
        ({"requested_execution_date": today()}, "invalid_body"),
    ],
)
async def test_what_is_no_standing_order_is_refused_before_anything_is_asked(
    door: Door, changes: dict[str, Any], code: str
) -> None:
    problem_in(await door.post(PATH, wish("so-no", **changes)), status=400, code=code)


async def test_only_the_timers_scope_issues(door: Door) -> None:
    answer = await door.post(
        f"{PATH}/so_1/issue", {"occurrence_on": today()}, token=door.token(["payments:write", "accounts:write"])
    )
    problem_in(answer, status=403, code="missing_scope")


async def test_an_iban_that_is_none_and_a_payee_that_is_unscreenable_are_named(door: Door) -> None:
    await door.open_accounts("so-iban")
    body = outside("so-iban") | {"creditor": {"name": NAME, "iban": "DE00370400440532013000"}}

    problem = problem_in(await door.post(PATH, body), status=422, code="iban_invalid")

    assert [error["pointer"] for error in problem["errors"]] == ["/creditor/iban"]
