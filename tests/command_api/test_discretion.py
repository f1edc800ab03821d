"""What a customer writes stays in the book: no log line and no metric repeats it, whatever became of the command."""

from __future__ import annotations

import httpx2

from tests.command_api.conftest import OpenDoor
from tests.command_api.door import Door, item, move

CANARY = "canary-4111111111111111"


async def send_canaries(door: Door) -> list[int]:
    """Put the canary into every field: accepted, refused, malformed, unauthorised; gives the statuses."""
    name = f"{CANARY}:eur"
    opening = {"account_id": name, "currency": "EUR", "account_type": "liability", "metadata": {"card": CANARY}}
    payment = {
        "debtor_account_id": name,
        "creditor_account_id": f"{CANARY}:nobody",
        "instructed_amount": {"currency": "EUR", "value": "1.00"},
        "end_to_end_id": CANARY,
        "remittance_information": CANARY,
    }
    transfer = move(name, "nobody", reference=CANARY, metadata={"card": CANARY})
    answers = [
        await door.post("/v1/accounts", opening, key=CANARY),
        await door.post("/v1/accounts", {**opening, "currency": CANARY}),
        await door.post("/v1/accounts", {**opening, CANARY: CANARY}),
        await door.post("/v1/accounts", {**opening, "metadata": None}, key=CANARY),
        await door.post("/v1/transfers", transfer),
        await door.post("/v1/payments", payment),
        await door.post(f"/v1/accounts/{name}/freeze", {"reason": CANARY}),
        await door.post("/v1/batches", {"commands": [item("post_transfer", transfer, key=f"{CANARY}-2")]}),
        await door.post(f"/v1/{CANARY}", {CANARY: CANARY}),
        await door.post("/v1/accounts", b'{"' + CANARY.encode()),
        await door.post("/v1/accounts", opening, token=CANARY),
    ]
    return [answer.status_code for answer in answers]


async def test_no_log_and_no_metric_repeats_what_a_customer_wrote(own_door: OpenDoor) -> None:
    """Accounts, references, metadata, keys, tokens and paths; at level info, the default."""
    async with own_door() as door:
        assert await send_canaries(door) == [201, 400, 400, 422, 404, 201, 201, 200, 404, 400, 401]
        async with httpx2.AsyncClient(base_url=door.url, trust_env=False) as scraper:
            metrics = (await scraper.get("/metrics")).text
        assert "http_requests" in metrics
        assert CANARY not in metrics
    log = door.log.read_text()
    assert "http_started" in log
    assert CANARY not in log
