"""Customers over HTTP: sealed and screened at the door, decided by two people, forgotten for good."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
import pytest

from cli.devstack import Servers
from cli.devstack.processes import SAMPLE_LISTS
from runtime.vault import ERASED, Vault, new_ring, read_ring, write_ring
from tests.command_api.conftest import OpenDoor
from tests.command_api.door import Door, DsnOf, new_key, open_door, problem_in
from tests.support.vault import pool_of

LISTED: Final = "Marisol Echevarrieta Llancamil"  # of the sample list of people in public office
NAME: Final = "Quirina Zwetschgenbaum"
PERSON: Final = {
    "kind": "person",
    "name": NAME,
    "country": "DE",
    "birth_date": "1984-02-29",
    "email": "quirina@zwetschgenbaum.example",
    "address": {"town_name": "Obermeitingenstadt", "country": "DE", "street_name": "Kaninchenwiesenweg"},
}
SECRETS: Final = ("Quirina", "Zwetschgenbaum", "1984-02-29", "Obermeitingen", "Kaninchenwiesen")
SCOPES: Final = ("accounts:write", "customers:write", "customers:review", "customers:erase", "deadlines:write",
                 "payments:write", "transfers:write")  # fmt: skip
DONE_WITHIN_S: Final = 20.0
ASK_AGAIN_S: Final = 0.05


@pytest.fixture(scope="module")
def ring_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ring") / "ring.json"
    write_ring(path, new_ring("k1"))
    return path


@pytest.fixture(scope="module")
async def bank(
    servers: Servers, book_template: str, tmp_path_factory: pytest.TempPathFactory, ring_file: Path
) -> AsyncIterator[Door]:
    """A command API that seals and screens."""
    async with (
        servers.database("customers_api", template=book_template) as dsn_of,
        open_door(
            dsn_of,
            tmp_path_factory.mktemp("customers"),
            nats_url=servers.nats_url,
            vault_keys_file=ring_file,
            screening_folder=SAMPLE_LISTS,
        ) as door,
    ):
        yield door


class Office:
    """People who say something at a door."""

    def __init__(self, door: Door) -> None:
        self.door = door

    async def post(self, who: str, path: str, body: object, *, key: str | None = None) -> Any:
        """Send a command as somebody."""
        return await self.door.post(path, body, key=key, token=self.door.token(SCOPES, subject=who))

    async def says(self, who: str, path: str, body: object) -> dict[str, Any]:
        """Send a command as somebody; it must be accepted. Gives its event."""
        answer = await self.post(who, path, body)
        assert answer.status_code == 201, answer.text
        event: dict[str, Any] = msgspec.json.decode(answer.content)
        return event

    async def both(self, path: str, body: object) -> dict[str, Any]:
        """Two people say the same."""
        await self.says("berta", path, body)
        return await self.says("carl", path, body)

    async def applied(self, **changes: object) -> dict[str, Any]:
        """Apply. Gives the event's data."""
        event = await self.says("front", "/v1/customers", {**PERSON, **changes})
        data: dict[str, Any] = event["data"]
        return data

    async def in_review(self, **changes: object) -> str:
        """A customer who has brought a passport."""
        customer_id: str = (await self.applied(**changes))["customer_id"]
        path = f"/v1/customers/{customer_id}"
        await self.says("front", f"{path}/documents", {"documents": ["passport"]})
        evidence = {"document": "passport", "reference": "docs/1", "sha256": "a" * 64}
        assert (await self.says("front", f"{path}/evidence", evidence))["data"]["status"] == "in_review"
        return customer_id

    async def until(self, event_type: str, customer_id: str) -> dict[str, Any]:
        """Wait until something has happened to a customer."""
        async with asyncio.timeout(DONE_WITHIN_S):
            while True:  # ends at the timeout
                for body in await self.door.events():
                    event: dict[str, Any] = msgspec.json.decode(body)
                    if event["type"] == event_type and event["data"]["customer_id"] == customer_id:
                        return event
                await asyncio.sleep(ASK_AGAIN_S)


@pytest.fixture
def office(bank: Door) -> Office:
    return Office(bank)


VERIFY: Final = {"decision": "verify", "reason": "documents fit"}
ERASE: Final = {"reason": "request 17"}


async def test_from_an_application_to_the_first_payment(office: Office) -> None:
    customer_id = await office.in_review()
    path = f"/v1/customers/{customer_id}"
    wallet, shop = f"wallet-{customer_id}", f"shop-{customer_id}"
    await office.door.open_accounts(shop)
    account = {"account_id": wallet, "currency": "EUR", "account_type": "liability", "customer_id": customer_id}
    await office.says("front", "/v1/accounts", {**account, "overdraft": "unlimited"})
    payment = {
        "debtor_account_id": wallet,
        "creditor_account_id": shop,
        "instructed_amount": {"currency": "EUR", "value": "1.00"},
        "end_to_end_id": "E2E-1",
    }
    early = await office.says("front", "/v1/payments", payment)

    proposed = await office.says("berta", f"{path}/review", VERIFY)
    verified = await office.says("carl", f"{path}/review", VERIFY)
    paid = await office.says("front", "/v1/payments", payment)

    assert (early["type"], early["data"]["reason_code"]) == ("payment_rejected", "RR04")
    assert (proposed["type"], verified["type"]) == ("verification_proposed", "customer_verified")
    assert (paid["type"], paid["data"]["facts"]["customer_id"]) == ("payment_settled", customer_id)


async def test_an_application_is_screened_and_what_is_personal_is_sealed(office: Office) -> None:
    data = await office.applied()
    assert data["subject"].startswith("subj_")
    assert {data[field][:10] for field in ("name", "birth_date", "address", "email")} == {"sealed.v1."}
    assert data["screening"]["outcome"] == "clear"
    assert len(data["screening"]["lists"]) >= 4
    assert (data["registration_number"], data["country"], data["applied_by"]) == (None, "DE", "front")


async def test_a_listed_name_opens_a_case_that_two_people_clear(office: Office, ring_file: Path) -> None:
    customer_id = await office.in_review(name=LISTED, birth_date="1971-03-02", country="CL")
    opened = await office.until("case_opened", customer_id)
    case = f"/v1/cases/{opened['data']['case_id']}/review"
    review = f"/v1/customers/{customer_id}/review"
    clear = {"decision": "clear", "reason": "another person"}

    problem_in(await office.post("berta", review, VERIFY), status=409, code="case_unresolved")
    await office.says("berta", case, clear)
    problem_in(await office.post("berta", case, clear), status=409, code="four_eyes_required")
    problem_in(await office.post("front", case, clear), status=409, code="four_eyes_required")
    problem_in(await office.post("carl", case, {**clear, "decision": "confirm"}), status=409, code="reviewers_disagree")
    cleared = await office.says("carl", case, clear)
    verified = await office.both(review, VERIFY)

    assert opened["data"]["screening"]["hits"][0]["entry_id"] == "pep-001"
    assert (cleared["data"]["proposed_by"], cleared["data"]["decided_by"]) == ("berta", "carl")
    assert verified["type"] == "customer_verified"
    async with pool_of(office.door.dsn_of) as pool:
        vault = Vault(pool, read_ring(ring_file))
        evidence = await vault.open(opened["data"]["subject"], {"evidence": opened["data"]["evidence"]})
    assert LISTED.casefold() in str(evidence["evidence"]).casefold()


async def test_a_confirmed_case_restricts_the_customer(office: Office) -> None:
    applied = await office.applied(name=LISTED, birth_date="1971-03-02", country="CL")
    case = f"/v1/cases/{applied['case_id']}/review"

    event = await office.both(case, {"decision": "confirm", "reason": "the listed person"})

    assert (event["type"], event["data"]["case_id"]) == ("customer_restricted", applied["case_id"])
    answer = await office.post("dora", case, {"decision": "clear", "reason": "no"})
    problem_in(answer, status=409, code="case_already_decided")


async def test_screening_again_finds_a_name_once(office: Office) -> None:
    applied = await office.applied(name=LISTED, birth_date="1971-03-02", country="CL")
    path = f"/v1/customers/{applied['customer_id']}/rescreen"

    event = await office.says("timers", path, {})

    assert (event["type"], event["data"]["screening"]["outcome"]) == ("customer_screened", "hit")


async def test_a_name_that_comes_onto_a_list_later_is_found_by_the_next_screening(
    own_door: OpenDoor, ring_file: Path, tmp_path: Path
) -> None:
    lists = tmp_path / "lists"
    shutil.copytree(SAMPLE_LISTS, lists)
    async with own_door(vault_keys_file=ring_file, screening_folder=lists) as door:
        customer_id = await Office(door).in_review()
        await Office(door).both(f"/v1/customers/{customer_id}/review", VERIFY)
    with (lists / "pep.csv").open("a", encoding="utf-8") as file:
        file.write(f"pep-999,person,{NAME},,,1984-02-29,DE,Minister (invented)\n")
    async with own_door(vault_keys_file=ring_file, screening_folder=lists) as door:
        path = f"/v1/customers/{customer_id}/rescreen"
        opened = await Office(door).says("timers", path, {})
        again = await Office(door).says("timers", path, {})

    assert (opened["type"], opened["data"]["screening"]["hits"][0]["entry_id"]) == ("case_opened", "pep-999")
    assert again["type"] == "customer_screened"


@pytest.mark.parametrize(
    ("changes", "status", "code", "pointer"),
    [
        ({"birth_date": None}, 400, "invalid_body", None),
        ({"registration_number": "HRB 1"}, 400, "invalid_body", None),
        ({"kind": "company"}, 400, "invalid_body", None),
        ({"email": "nobody"}, 400, "invalid_body", "/email"),
        ({"birth_date": "1984-02-30"}, 422, "birth_date_invalid", "/birth_date"),
        ({"birth_date": "1899-12-31"}, 422, "birth_date_invalid", "/birth_date"),
        ({"birth_date": "2999-01-01"}, 422, "birth_date_invalid", "/birth_date"),
        ({"name": "…"}, 422, "name_unscreenable", "/name"),
    ],
)
async def test_an_application_that_cannot_be_is_refused(
    office: Office, changes: dict[str, Any], status: int, code: str, pointer: str | None
) -> None:
    problem = problem_in(await office.post("front", "/v1/customers", {**PERSON, **changes}), status=status, code=code)
    assert pointer is None or problem["errors"][0]["pointer"] == pointer


async def test_a_repeat_gets_the_same_answer_and_another_application_under_the_key_is_refused(office: Office) -> None:
    key = new_key()
    first = await office.post("front", "/v1/customers", PERSON, key=key)
    again = await office.post("front", "/v1/customers", PERSON, key=key)
    other = await office.post("front", "/v1/customers", {**PERSON, "name": "Somebody Else"}, key=key)

    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    problem = problem_in(other, status=422, code="idempotency_key_reused")
    assert not any(secret in str(problem) for secret in (*SECRETS, "Somebody"))


@pytest.mark.parametrize(
    ("path", "body", "scope"),
    [
        ("/v1/customers", PERSON, "customers:write"),
        ("/v1/customers/cust_1/review", VERIFY, "customers:review"),
        ("/v1/cases/case_1/review", {"decision": "clear", "reason": "x"}, "customers:review"),
        ("/v1/customers/cust_1/erase", ERASE, "customers:erase"),
        ("/v1/customers/cust_1/expire-verification", {}, "deadlines:write"),
    ],
)
async def test_each_part_has_a_scope_of_its_own(office: Office, path: str, body: object, scope: str) -> None:
    others = [known for known in SCOPES if known != scope]
    answer = await office.door.post(path, body, token=office.door.token(others, subject="berta"))
    assert scope in problem_in(answer, status=403, code="missing_scope")["detail"]


async def test_without_a_vault_nobody_applies_and_without_lists_nobody_is_verified(
    own_door: OpenDoor, ring_file: Path
) -> None:
    async with own_door() as door:
        problem_in(await Office(door).post("front", "/v1/customers", PERSON), status=503, code="not_taken")
    async with own_door(vault_keys_file=ring_file) as door:
        customer_id = await Office(door).in_review()
        answer = await Office(door).post("berta", f"/v1/customers/{customer_id}/review", VERIFY)
        problem_in(answer, status=422, code="customer_not_screened")
        answer = await Office(door).post("timers", f"/v1/customers/{customer_id}/rescreen", {})
        problem_in(answer, status=503, code="not_taken")


async def test_erasure_destroys_the_keys_and_keeps_the_proof(office: Office, ring_file: Path) -> None:
    applied = await office.applied()
    path = f"/v1/customers/{applied['customer_id']}/erase"
    async with pool_of(office.door.dsn_of) as pool:
        sealed = {field: applied[field] for field in ("name", "birth_date", "address", "email")}
        before = await Vault(pool, read_ring(ring_file)).open(applied["subject"], sealed)

        await office.says("berta", path, ERASE)
        problem_in(await office.post("berta", path, ERASE), status=409, code="four_eyes_required")
        decided = await office.says("carl", path, ERASE)
        erased = await office.until("customer_erased", applied["customer_id"])

        after = await Vault(pool, read_ring(ring_file)).open(applied["subject"], sealed)

    assert before["name"] == NAME
    assert set(after.values()) == {ERASED}
    assert decided["data"]["subjects"] == [applied["subject"], applied["customer_id"]]
    assert [one["key_nos"] for one in erased["data"]["destroyed"]] == [[1], []]
    assert erased["principal"]["subject"] == "bursar:erasures"
    problem_in(await office.post("dora", path, ERASE), status=409, code="customer_state_conflict")
    answer = await office.post("timers", f"/v1/customers/{applied['customer_id']}/rescreen", {})
    problem_in(answer, status=409, code="customer_state_conflict")


async def test_an_erasure_that_a_crash_left_undone_is_carried_out_at_the_next_start(
    own_door: OpenDoor, ring_file: Path
) -> None:
    """A process without a vault stands for one that died between the decision and the destruction."""
    lists = {"screening_folder": SAMPLE_LISTS}
    async with own_door(vault_keys_file=ring_file, **lists) as door:
        applied = await Office(door).applied()
    async with own_door(**lists) as door:
        await Office(door).both(f"/v1/customers/{applied['customer_id']}/erase", ERASE)
        assert not await erased_events(door)
    for _ in range(2):  # the second start finds nothing left to do
        async with own_door(vault_keys_file=ring_file, **lists) as door:
            await Office(door).until("customer_erased", applied["customer_id"])
            async with pool_of(door.dsn_of) as pool:
                opened = await Vault(pool, read_ring(ring_file)).open(applied["subject"], {"name": applied["name"]})
            assert opened["name"] is ERASED
    assert len(await erased_events(door)) == 1


async def erased_events(door: Door) -> list[bytes]:
    return [event for event in await door.events() if b'"customer_erased"' in event]


async def test_nothing_personal_stands_in_the_database_or_the_log(office: Office) -> None:
    await office.applied()
    await office.post("front", "/v1/customers", {**PERSON, "birth_date": "1984-02-30"})
    log = office.door.log.read_text(errors="replace")

    tables = await dump(office.door.dsn_of)

    assert "customer_applied" in tables
    found = {secret for secret in SECRETS if secret.casefold() in (tables + log).casefold()}
    assert found == set()


async def dump(dsn_of: DsnOf) -> str:
    """Every row of every table as text."""
    connection = await asyncpg.connect(dsn_of("bursar_owner"))
    try:
        names = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        rows = [await connection.fetch(f"SELECT t::text FROM {name} AS t") for (name,) in names]
    finally:
        await connection.close()
    return "\n".join(text for table in rows for (text,) in table)
