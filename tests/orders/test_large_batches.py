"""The largest JSON batch of payments, every one of them scored."""

from __future__ import annotations

import time
from pathlib import Path

import msgspec

from cli.devstack import Servers
from tests.command_api.door import item, new_key, open_door
from tests.conftest import DsnOf

PAYMENTS = 8_192


async def test_8192_payments_pass_in_one_request_with_risk_on(
    servers: Servers, book_database: DsnOf, tmp_path: Path
) -> None:
    async with open_door(book_database, tmp_path, nats_url=servers.nats_url, redis_url=servers.redis_url) as door:
        await door.open_accounts("payer", *(f"payee:{number}" for number in range(8)))
        amount = {"currency": "EUR", "value": "0.01"}
        commands = [
            item(
                "initiate_payment",
                {
                    "debtor_account_id": "payer",
                    "creditor_account_id": f"payee:{number % 8}",
                    "instructed_amount": amount,
                    "end_to_end_id": f"E{number}",
                },
                key=new_key(),
            )
            for number in range(PAYMENTS)
        ]
        begun = time.perf_counter()

        answer = await door.post("/v1/batches", {"commands": commands})

        print(f"{PAYMENTS} payments in {time.perf_counter() - begun:.1f} s")
        assert answer.status_code == 200, answer.text[:500]
        assert answer.json()["accepted"] == PAYMENTS
        initiated = [one for one in map(msgspec.json.decode, await door.events()) if one["type"] == "payment_initiated"]
        assert len(initiated) == PAYMENTS
        assert all(one["data"]["assessment"]["risk"] is not None for one in initiated)
