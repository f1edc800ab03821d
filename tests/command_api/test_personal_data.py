"""Personal data of payments: sealed in the book, in its tables and in refusals, and nowhere in a log; keys work on.

The seal is new each time, so that two sealings of one text never look alike; a repeat is recognised all the same.
"""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec
import pytest

from tests.command_api.conftest import OpenDoor
from tests.command_api.door import Door, item, new_key, problem_in
from tests.command_api.paying import IBAN, OTHER_IBAN, define_rail, pay, pay_out

NAME = "Canary Quetzalcoatl"
TEXT = "canary-remittance-4711"
STREET = "Canary-Strasse"
PERSONAL = (NAME, IBAN, IBAN[4:12], OTHER_IBAN, TEXT, STREET, "tok_canary_1")
ADDRESS = {"town_name": "Canary-Stadt", "country": "DE", "street_name": STREET}


def wish(debtor: str, **more: object) -> dict[str, Any]:
    """A payment with everything personal that one may have."""
    creditor = {"name": NAME, "iban": IBAN, "address": ADDRESS}
    return {**pay_out(debtor), "creditor": creditor, "remittance_information": TEXT, **more}


async def a_payer(door: Door) -> str:
    """An account with a rail out of here."""
    account_id = f"{new_key()}:payer"
    await door.open_accounts(account_id)
    for rail in ("sct_inst", "card_psp"):
        await define_rail(door, rail, clearing=f"personal:{rail}", suspense=f"personal:{rail}:suspense")
    return account_id


async def test_a_repeat_with_personal_data_gets_the_same_bytes(door: Door) -> None:
    """Accepted and refused alike."""
    payer = await a_payer(door)
    for body, status in ((wish(payer), 201), (wish(payer, instructed_amount={"currency": "EUR", "value": "1"}), 422)):
        key = new_key()

        first, again = await door.post("/v1/payments", body, key=key), await door.post("/v1/payments", body, key=key)

        assert (first.status_code, again.status_code) == (status, status)
        assert again.content == first.content
        assert again.headers["idempotency-replayed"] == "true"


async def test_the_same_text_is_never_sealed_alike(door: Door) -> None:
    payer = await a_payer(door)
    keys = new_key(), new_key()
    for key in keys:
        await door.accepted("/v1/payments", wish(payer), key=key)

    first, second = (
        event["data"] for event in await door.events_of_keys(*keys) if event["type"] == "payment_initiated"
    )  # fmt: skip

    assert first["creditor"]["payee_id"] == second["creditor"]["payee_id"]
    for field in ("name", "iban", "address"):
        assert first["creditor"][field].startswith("sealed.")
        assert first["creditor"][field] != second["creditor"][field]
    assert first["creditor"]["iban_masked"].endswith(IBAN[-4:])


OTHER_BODIES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "amount": ({"instructed_amount": {"currency": "EUR", "value": "2.00"}}, {"/instructed_amount/value"}),
    "payer": ({"debtor_account_id": "somebody"}, {"/debtor_account_id"}),
    "text left out": ({"remittance_information": None}, {"/remittance_information"}),
    "another text": (
        {"remittance_information": "something else"},
        {"/remittance_information", "/creditor/name", "/creditor/iban", "/creditor/address"},
    ),
    "another payee": (
        {"creditor": {"name": NAME, "iban": OTHER_IBAN, "address": ADDRESS}},
        {"/remittance_information", "/creditor/name", "/creditor/iban", "/creditor/address"},
    ),
    "another payee and amount": (
        {"creditor": {"name": "B", "iban": OTHER_IBAN}, "instructed_amount": {"currency": "EUR", "value": "2.00"}},
        {"/instructed_amount/value", "/creditor/address"},
    ),
}


@pytest.mark.parametrize("what", OTHER_BODIES)
@pytest.mark.parametrize("first_refused", [False, True])
async def test_another_body_under_a_key_is_told_what_differs_and_nothing_personal(
    door: Door, what: str, first_refused: bool
) -> None:
    """Sealed fields cannot be compared: they are named together when nothing else differs."""
    payer, key = await a_payer(door), new_key()
    change, pointers = OTHER_BODIES[what]
    common = {"requested_execution_date": "2999-01-01"} if first_refused else {}
    assert (await door.post("/v1/payments", wish(payer, **common), key=key)).status_code == (
        422 if first_refused else 201
    )

    refused = await door.post("/v1/payments", wish(payer, **{**common, **change}), key=key)

    problem = problem_in(refused, status=422, code="idempotency_key_reused")
    assert {error["pointer"] for error in problem["errors"]} == pointers
    assert not [text for text in PERSONAL if text in refused.text]


async def every_table(door: Door) -> dict[str, str]:
    """All tables of the book as text."""
    connection = await asyncpg.connect(door.dsn_of("bursar_owner"))
    try:
        names = await connection.fetch(
            """SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name
                 FROM information_schema.tables
                WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"""
        )
        return {
            row["name"]: "\n".join(
                line[0] for line in await connection.fetch(f"SELECT t::text FROM {row['name']} AS t")
            )
            for row in names
        }
    finally:
        await connection.close()


async def test_no_table_and_no_log_has_personal_data_in_clear(own_door: OpenDoor) -> None:
    """Taken, refused, malformed, replayed, reused, authorised, in a batch: sealed, hashed, or not kept."""
    async with own_door() as door:
        payer = await a_payer(door)
        await door.open_accounts("payee")
        key = new_key()
        card = {"name": NAME, "card_token": "tok_canary_1"}
        top_up = {**pay(payer, "payee"), "payment_type": "card_top_up", "debtor": card}
        del top_up["debtor_account_id"]
        challenged = {"currency": "EUR", "amount_from_minor": 50_000}
        await door.accepted("/v1/authentication", challenged)
        big = wish(payer, instructed_amount={"currency": "EUR", "value": "900.00"})
        asked = (await door.accepted("/v1/payments", big))["data"]["payment_id"]
        proof = {"instructed_amount": big["instructed_amount"], "payee": OTHER_IBAN}
        answers = [
            await door.post("/v1/payments", wish(payer), key=key),
            await door.post("/v1/payments", wish(payer), key=key),
            await door.post("/v1/payments", wish(payer, remittance_information=f"{TEXT} again"), key=key),
            await door.post("/v1/payments", wish(payer, instructed_amount={"currency": "EUR", "value": "1"})),
            await door.post("/v1/payments", wish(payer, creditor={"name": NAME, "iban": f"{IBAN[:-1]}9"})),
            await door.post("/v1/payments", wish(payer, creditor={"name": NAME, "iban": IBAN, NAME: 1})),
            await door.post("/v1/payments", top_up),
            await door.post("/v1/payments", pay(payer, "payee", remittance_information=TEXT)),
            await door.post(f"/v1/payments/{asked}/authorise", proof),
            await door.post(f"/v1/payments/{asked}/authorise", {**proof, "payee": IBAN}),
            await door.post(f"/v1/payments/{asked}/authorise", {**proof, "payee": IBAN}),
            await door.post("/v1/batches", {"commands": [item("initiate_payment", wish(payer))]}),
        ]
        assert [answer.status_code for answer in answers] == [
            201, 201, 422, 422, 422, 400, 201, 201, 422, 201, 409, 200,
        ]  # fmt: skip
        tables = await every_table(door)
    assert len(msgspec.json.encode(tables)) > 10_000
    assert {"public.events", "public.idempotency", "public.records"} <= tables.keys(), tables.keys()
    assert tables["public.records"].count("sealed.") >= 4
    log = door.log.read_text()
    assert "http_started" in log
    for name, content in {**tables, "the log": log}.items():
        found = [text for text in PERSONAL if text in content]
        assert not found, f"{name} has {found}"
