"""Strong authentication over HTTP: the challenge, and an authorisation that is good for one amount and payee."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from contracts.payment_codes import SCA_ACR
from tests.command_api.door import Door, new_key, problem_in
from tests.command_api.paying import IBAN, OTHER_IBAN, define_rail, initiate, pay, pay_out

RIGHT: dict[str, Any] = {"instructed_amount": {"currency": "CHF", "value": "1.00"}, "payee": IBAN}
OTHERS = {
    "amount": {**RIGHT, "instructed_amount": {"currency": "CHF", "value": "1.01"}},
    "amount in another scale": {**RIGHT, "instructed_amount": {"currency": "CHF", "value": "1.0"}},
    "currency": {**RIGHT, "instructed_amount": {"currency": "EUR", "value": "1.00"}},
    "payee": {**RIGHT, "payee": OTHER_IBAN},
    "account as payee": {**RIGHT, "payee": "somebody"},
}


class Payer:
    """An account in a currency in which every payment from 0.02 on, and every new payee, needs authentication."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.account_id = f"{new_key()}:payer"

    async def open(self, **terms: object) -> None:
        """Open the account; define rail and terms."""
        door = self.door
        await door.open_accounts(self.account_id, currency="CHF", **terms)
        await define_rail(door, "sct_inst", clearing="chf:clearing", suspense="chf:suspense", currency="CHF")
        await door.accepted("/v1/authentication", {"currency": "CHF", "amount_from_minor": 2})

    async def initiate(self, value: str = "1.00") -> str:
        """A payment that waits for its payer's authorisation."""
        event = await self.door.accepted("/v1/payments", pay_out(self.account_id, value, currency="CHF"))
        assert event["type"] == "payment_authorisation_requested"
        assert event["data"]["acr_values"] == SCA_ACR
        return str(event["data"]["payment_id"])

    async def authorise(self, payment_id: str, body: dict[str, Any] = RIGHT, **options: Any) -> httpx2.Response:
        """Answer it, strongly authenticated unless a token says otherwise."""
        return await self.door.post(f"/v1/payments/{payment_id}/authorise", body, **options)


@pytest.fixture
async def payer(door: Door) -> Payer:
    """A payer of the test's own."""
    made = Payer(door)
    await made.open()
    return made


@pytest.mark.parametrize(
    "claims", [{}, {"acr": "urn:example:password"}, {"acr": SCA_ACR, "authenticated_s_ago": 301}], ids=str
)
async def test_a_token_without_fresh_strong_authentication_is_challenged(payer: Payer, claims: dict[str, Any]) -> None:
    """RFC 9470: the challenge says which authentication is wanted and how fresh; nothing is counted."""
    payment_id = await payer.initiate()
    key = new_key()

    refused = await payer.authorise(payment_id, token=payer.door.token(**claims), key=key)

    problem_in(refused, status=401, code="insufficient_user_authentication")
    challenge = refused.headers["www-authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    assert f'acr_values="{SCA_ACR}"' in challenge
    assert 'max_age="300"' in challenge
    assert await payer.door.events_of_keys(key) == []
    assert (await payer.authorise(payment_id)).json()["type"] == "payment_accepted"


@pytest.mark.parametrize("changed", OTHERS)
async def test_an_authorisation_for_something_else_is_refused_and_counted(payer: Payer, changed: str) -> None:
    """Dynamic linking: amount, currency and payee to the unit; the answer repeats under its key."""
    payment_id, key = await payer.initiate(), new_key()

    refused = await payer.authorise(payment_id, OTHERS[changed], key=key)

    problem_in(refused, status=422, code="authorisation_differs")
    assert (await payer.authorise(payment_id, OTHERS[changed], key=key)).content == refused.content
    (event,) = await payer.door.events_of_keys(key)
    assert (event["type"], event["data"]["failures"]) == ("payment_authorisation_failed", 1)
    accepted = await payer.authorise(payment_id)
    assert (accepted.status_code, accepted.json()["type"]) == (201, "payment_accepted")


async def test_an_authorisation_is_accepted_once(payer: Payer) -> None:
    """For this payment and no other one."""
    first, second = await payer.initiate(), await payer.initiate("1.01")
    assert (await payer.authorise(first)).status_code == 201

    problem_in(await payer.authorise(first), status=409, code="payment_state_conflict")
    problem_in(await payer.authorise(second), status=422, code="authorisation_differs")


async def test_the_fifth_failure_ends_the_payment(payer: Payer) -> None:
    payment_id = await payer.initiate()
    for _ in range(5):
        problem_in(await payer.authorise(payment_id, OTHERS["payee"]), status=422, code="authorisation_differs")

    problem_in(await payer.authorise(payment_id), status=409, code="payment_state_conflict")


async def test_an_authorised_payment_without_funds_is_rejected_for_just_that(door: Door) -> None:
    """The authorisation was right, so nobody is told that it differs."""
    poor = Payer(door)
    await poor.open(overdraft="forbidden")

    answer = await poor.authorise(await poor.initiate())

    event = answer.json()
    assert (answer.status_code, event["type"], event["data"]["reason_code"]) == (201, "payment_rejected", "AM04")


async def test_a_payee_who_was_paid_before_is_known(payer: Payer) -> None:
    """Below the amount, a second payment to the same payee needs no authentication; one to another does."""
    first = await payer.door.accepted("/v1/payments", pay_out(payer.account_id, "0.01", currency="CHF"))
    assert first["type"] == "payment_authorisation_requested"
    body = {**RIGHT, "instructed_amount": {"currency": "CHF", "value": "0.01"}}
    assert (await payer.authorise(first["data"]["payment_id"], body)).status_code == 201

    again = await payer.door.accepted("/v1/payments", pay_out(payer.account_id, "0.01", currency="CHF"))
    other = await payer.door.accepted(
        "/v1/payments", pay_out(payer.account_id, "0.01", currency="CHF", iban=OTHER_IBAN)
    )  # fmt: skip

    assert (again["type"], other["type"]) == ("payment_accepted", "payment_authorisation_requested")


async def test_the_payer_of_a_request_is_the_one_who_authorises_it(payer: Payer) -> None:
    """A request for payment between accounts: authorised for its payee's account, or declined."""
    payee = f"{new_key()}:payee"
    await payer.door.open_accounts(payee, currency="CHF")
    wish = pay(payer.account_id, payee, currency="CHF", payment_type="payment_request")
    first, second = await initiate(payer.door, wish), await initiate(payer.door, wish)

    settled = await payer.authorise(first, {**RIGHT, "payee": payee})
    declined = await payer.door.accepted(f"/v1/payments/{second}/decline", {"reason": "unknown to me"})

    assert settled.json()["type"] == "payment_settled"
    assert (declined["type"], declined["data"]["cause"]) == ("payment_cancelled", "declined")
