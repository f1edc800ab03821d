"""Each shell is led once through everything, against running servers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import assert_type

import pytest
from bursar_client import ARROW, CSV, PARQUET, AsyncClient, Client, calls, errors, models

MINOR = 10_000
pytestmark = pytest.mark.timeout(300)  # whichever comes first starts the stack, on a machine that may be busy


def move(debit: str, credit: str, amount_minor: int) -> list[models.Posting]:
    """The postings of a transfer."""
    return [
        models.Posting(account_id=debit, side="debit", amount_minor=amount_minor, currency="EUR"),
        models.Posting(account_id=credit, side="credit", amount_minor=amount_minor, currency="EUR"),
    ]


def batch_of(debit: str, credit: str, amounts: list[int]) -> list[models.BatchItem]:
    """Transfers, each under its own key."""
    return [
        models.BatchItem(
            idempotency_key=f"{debit}-{number}", command=models.PostTransfer(postings=move(debit, credit, amount))
        )
        for number, amount in enumerate(amounts)
    ]


async def test_the_client_for_threads_does_everything(client: Client) -> None:
    def tour() -> None:
        bank, ann, bob = "bank:sync", "customers:ann:sync", "customers:bob:sync"
        client.open_account(account_id=bank, currency="EUR", account_type="asset")
        for account_id in (ann, bob):
            client.open_account(account_id=account_id, currency="EUR", account_type="liability")

        top_up = client.post_transfer(postings=move(bank, ann, MINOR), idempotency_key="sync-top-up")
        assert client.post_transfer(postings=move(bank, ann, MINOR), idempotency_key="sync-top-up") == top_up
        balance = assert_type(client.read_balance(ann), models.BalanceView)
        assert balance.posted_minor == MINOR  # read your writes: no waiting in between

        legs = [models.HoldLeg(debit_account_id=ann, credit_account_id=bob, amount_minor=2_000, currency="EUR")]
        hold = client.place_hold(legs=legs, expires_at=datetime.now(tz=UTC) + timedelta(hours=1))
        assert client.read_balance(ann).available_minor == MINOR - 2_000
        client.capture_hold(hold.data["hold_id"], amounts_minor=[1_500], final=True)

        answer = client.send(calls.send_batch(commands=batch_of(ann, bob, [1, 2, 3, 10_000_000])))
        assert (answer.value.accepted, answer.value.refused) == (3, 1)
        assert answer.position == client.positions.highest

        entries = assert_type(list(client.read_statement.all(ann, limit=2)), list[models.StatementEntry])
        assert [entry.amount_minor for entry in entries] == [3, 2, 1, 1_500, MINOR]
        assert len(list(client.read_statement.pages(ann, limit=2))) >= 3

        table = client.read_report.rendered(ARROW, "trial-balance").to_arrow()
        assert table == client.read_report.rendered(PARQUET, "trial-balance").to_arrow()
        assert bob in client.read_report.rendered(CSV, "trial-balance").text
        rows = {row["account_id"]: row for row in table.to_pylist()}
        assert rows[bob]["balance_minor"] == -1_506

        payment = client.initiate_payment(
            debtor_account_id=ann,
            creditor_account_id=bob,
            instructed_amount=models.InstructedAmount(currency="EUR", value="5.00"),
            end_to_end_id="DINNER",
        )
        seen = client.read_payment(payment.data["payment_id"])
        assert seen.as_of.position >= payment.position
        assert (seen.payment_id, seen.end_to_end_id) == (payment.data["payment_id"], "DINNER")

        with pytest.raises(errors.Rejected) as refused:
            client.post_transfer(postings=move(bob, ann, 10_000_000))
        assert (refused.value.code, refused.value.attempts) == ("insufficient_funds", 1)
        assert not refused.value.may_have_happened

    await asyncio.to_thread(tour)


async def test_the_client_for_event_loops_does_everything(async_client: AsyncClient) -> None:
    client = async_client
    bank, ann, bob = "bank:async", "customers:ann:async", "customers:bob:async"
    await client.open_account(account_id=bank, currency="EUR", account_type="asset")
    for account_id in (ann, bob):
        await client.open_account(account_id=account_id, currency="EUR", account_type="liability")

    call = calls.post_transfer(postings=move(bank, ann, MINOR))
    first, second = await client.send(call), await client.send(call)
    assert first.value == second.value
    assert (first.replayed, second.replayed) == (False, True)
    balance = assert_type(await client.read_balance(ann), models.BalanceView)
    assert balance.posted_minor == MINOR

    legs = [models.HoldLeg(debit_account_id=ann, credit_account_id=bob, amount_minor=2_000, currency="EUR")]
    hold = await client.place_hold(legs=legs, expires_at=datetime.now(tz=UTC) + timedelta(hours=1))
    assert (await client.read_balance(ann)).available_minor == MINOR - 2_000
    await client.release_hold(hold.data["hold_id"], reason="not needed")

    batch = await client.send_batch(commands=batch_of(ann, bob, [1, 2, 3]), atomic=True)
    assert [result.status for result in batch.results] == [201, 201, 201]

    assert [entry.amount_minor async for entry in client.read_statement.all(ann, limit=2)] == [3, 2, 1, MINOR]
    listed = [line.account_id async for line in client.list_accounts.all(prefix="customers:", limit=1)]
    assert {ann, bob} <= set(listed)

    report = await client.read_report("trial-balance")
    table = (await client.read_report.rendered(ARROW, "trial-balance")).to_arrow()
    assert table.column_names == [column.name for column in report.columns]
    assert table.num_rows == len(report.rows)

    payment = await client.initiate_payment(
        debtor_account_id=ann,
        creditor_account_id=bob,
        instructed_amount=models.InstructedAmount(currency="EUR", value="5.00"),
        end_to_end_id="DINNER",
    )
    seen = await client.read_payment(payment.data["payment_id"])
    assert (seen.payment_id, seen.end_to_end_id) == (payment.data["payment_id"], "DINNER")

    with pytest.raises(errors.NotFound) as missing:
        await client.read_account("customers:nobody")
    assert missing.value.code == "account_not_found"
    assert missing.value.trace_id


async def test_errors_point_at_what_is_wrong(client: Client) -> None:
    def wrong() -> None:
        with pytest.raises(errors.InvalidRequest) as malformed:
            client.open_account(account_id="Not An Id", currency="EUR", account_type="asset")
        assert malformed.value.errors[0].pointer == "/account_id"
        with pytest.raises(errors.NotAuthenticated):
            client.with_options(token="nobody").read_totals()
        client.declare_asset(currency="CLIENTPTS", scale=0, idempotency_key="declare-points")
        with pytest.raises(errors.KeyReused) as reused:
            client.declare_asset(currency="CLIENTPTS", scale=2, idempotency_key="declare-points")
        assert [error.pointer for error in reused.value.errors] == ["/scale"]
        assert reused.value.key == "declare-points"
        with pytest.raises(ValueError, match="cannot stand in a path"):
            client.close_account("..")

    await asyncio.to_thread(wrong)
