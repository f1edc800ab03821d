"""Sealing must not be felt beside a commit: it is on the way of every payment."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.support.vault import DsnOf, opened_vault

PAYMENTS = 500
ROUNDS = 5  # the best one counts: CPU time, so that a busy machine does not matter much
CPU_US_MAX = 500  # some 30 on a quiet machine
FIELDS = {
    "payee_name": "Ada Lovelace",
    "payee_iban": "DE89370400440532013000",
    "payer_name": "Maximiliane von Trotha",
    "remittance": "Invoice 2026-0042, thank you for your prompt payment",
}


async def test_the_four_texts_of_a_payment(book_database: DsnOf, capsys: pytest.CaptureFixture[str]) -> None:
    """CPU time per payment of a known subject, best of several rounds, database counting included."""
    async with opened_vault(book_database) as vault:
        sealed = await vault.seal("customer_1", FIELDS)
        seal_us, open_us = [], []
        for _ in range(ROUNDS):
            began = time.process_time()
            for _ in range(PAYMENTS):
                await vault.seal("customer_1", FIELDS)
            seal_us.append((time.process_time() - began) / PAYMENTS * 1e6)
            began = time.process_time()
            for _ in range(PAYMENTS):
                await vault.open("customer_1", sealed)
            open_us.append((time.process_time() - began) / PAYMENTS * 1e6)
            await asyncio.sleep(0)
    with capsys.disabled():
        print(f"\nfour texts: seal {min(seal_us):.1f} us, open {min(open_us):.1f} us of CPU")
    assert min(seal_us) < CPU_US_MAX
