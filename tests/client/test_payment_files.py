"""A payment file is sent by either client, as bytes or as text, and answered by the API's own pain.002."""

from __future__ import annotations

import asyncio
from typing import assert_type
from xml.etree import ElementTree

import pytest
from bursar_client import AsyncClient, Client, Content, calls, errors, models

from tests.orders.files import Wish, new_iban, payment_file

pytestmark = pytest.mark.timeout(300)  # whichever comes first starts the stack, on a machine that may be busy
FUNDS_MINOR = 10_000


def funds(bank: str, account_id: str) -> list[models.Posting]:
    """The postings that give an account its money."""
    return [
        models.Posting(account_id=bank, side="debit", amount_minor=FUNDS_MINOR, currency="EUR"),
        models.Posting(account_id=account_id, side="credit", amount_minor=FUNDS_MINOR, currency="EUR"),
    ]


def statuses_in(report: Content) -> dict[str, str]:
    """Status by EndToEndId, read with another reader than the one that wrote it."""
    at = "{urn:iso:std:iso:20022:tech:xsd:pain.002.001.10}"
    return {
        each.findtext(f"{at}OrgnlEndToEndId", ""): each.findtext(f"{at}TxSts", "")
        for each in ElementTree.fromstring(report.data).iter(f"{at}TxInfAndSts")
    }


async def test_the_client_for_threads_sends_bytes(client: Client) -> None:
    def everything() -> None:
        bank, ann, bob, of_ann, of_bob = "bank:files", "customers:files:ann", "customers:files:bob", *new_ibans()
        client.open_account(account_id=bank, currency="EUR", account_type="asset")
        for account_id, iban in ((ann, of_ann), (bob, of_bob)):
            client.open_account(account_id=account_id, currency="EUR", account_type="liability")
            client.assign_iban(account_id, iban=iban)
        client.post_transfer(postings=funds(bank, ann))
        file = payment_file(of_ann, Wish("GOOD", creditor=of_bob), Wish("BAD", creditor="DE00"), message_id="SYNC-1")

        report = assert_type(client.send_payment_file(file, idempotency_key="files-sync-1"), Content)
        again = client.send(calls.send_payment_file(file, idempotency_key="files-sync-1"))

        assert report.media_type == "application/xml"
        assert statuses_in(report) == {"GOOD": "ACSC", "BAD": "RJCT"}
        assert (again.value.data, again.replayed) == (report.data, True)
        assert again.position is not None
        assert client.read_balance(bob).posted_minor == 150  # paid once
        with pytest.raises(errors.Conflict, match="payment_file_duplicate"):
            client.send_payment_file(file)  # under a new key
        other = payment_file(of_ann, Wish("GOOD", creditor=of_bob), message_id="SYNC-2")
        with pytest.raises(errors.KeyReused):
            client.send_payment_file(other, idempotency_key="files-sync-1")

    await asyncio.to_thread(everything)


async def test_the_client_for_event_loops_sends_text(async_client: AsyncClient) -> None:
    client, ann = async_client, "customers:files:async"
    of_ann, _ = new_ibans()
    await client.open_account(account_id=ann, currency="EUR", account_type="liability")
    await client.assign_iban(ann, iban=of_ann)
    text = payment_file(of_ann, Wish("POOR", creditor=of_ann, name="Zoë 漢"), message_id="ASYNC-1").decode()

    report = await client.send_payment_file(text, idempotency_key="files-async-1")
    same = await client.send_payment_file(text.encode(), idempotency_key="files-async-1")

    assert statuses_in(report) == {"POOR": "RJCT"}
    assert same.text == report.text
    with pytest.raises(errors.Rejected) as refused:
        await client.send_payment_file(text.replace("<NbOfTxs>1<", "<NbOfTxs>2<"))
    assert (refused.value.code, refused.value.attempts) == ("wrong_count", 1)
    with pytest.raises(errors.InvalidRequest, match="doctype"):
        await client.send_payment_file(f'<!DOCTYPE x SYSTEM "file:///etc/passwd">{text}')


def new_ibans() -> tuple[str, str]:
    """Two that no test used yet."""
    return new_iban(), new_iban()
