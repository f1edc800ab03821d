"""`bursar verify`: silent about a sound ledger, and it names whatever somebody with all keys edited."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from typing import Any

import asyncpg
import pytest

from cli.options import child_environment
from contracts.findings import Difference
from tests.command_api.door import move, new_key
from tests.e2e.tampering import TAMPERINGS, Booked
from tests.e2e.whole import Whole

TRANSFERS = 12


@pytest.fixture(scope="module")
async def booked(whole: Whole) -> Booked:
    """A payment within a limit and some transfers between two new accounts, in every copy."""
    debit, credit = new_key(), new_key()
    await whole.open_accounts(debit, credit)
    limit = {"currency": "EUR", "window_hours": 24, "amount_max_minor": 500_000, "count_max": None, "basis": "gross"}
    await whole.send("/v1/limits", {"subject": f"account:{debit}", "limits": [limit]})
    paid = await whole.send(
        "/v1/payments",
        {
            "debtor_account_id": debit,
            "creditor_account_id": credit,
            "instructed_amount": {"currency": "EUR", "value": "1.00"},
            "end_to_end_id": "E2E-verify",
        },
    )
    payment = paid.json()["data"]["payment_id"]
    position = 0
    for _ in range(TRANSFERS):
        position = (await whole.send("/v1/transfers", move(debit, credit, 10))).json()["position"]
    assert await whole.failures() == []
    return Booked(whole, position, debit, credit, payment)


async def bursar_verify(whole: Whole) -> tuple[int, dict[str, Any]]:
    """Run the command as an operator does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli", "verify", "--json", "--data-dir", str(whole.stack.servers.data.path)),
        cwd="/",
        env=child_environment(),
        stdout=PIPE,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, json.loads(output)


async def bursar_audit(whole: Whole) -> dict[str, Any]:
    """Run a whole audit as an operator does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "cli", "audit", "run", "--json"),
        *("--data-dir", str(whole.stack.servers.data.path)),
        cwd="/",
        env=child_environment(),
        stdout=PIPE,
    )
    output, _ = await process.communicate()
    report: dict[str, Any] = json.loads(output)
    return report


async def difference(whole: Whole) -> Difference:
    """The first difference that verification finds; there must be one."""
    failures = await whole.failures()
    assert failures, "verification found nothing"
    found = failures[0].difference
    assert found is not None
    return found


async def test_a_sound_ledger_verifies_with_exit_code_0(booked: Booked) -> None:
    """Every check ran and counted something."""
    code, report = await bursar_verify(booked.whole)
    assert (code, report["ok"], report["first_difference"]) == (0, True, None), report
    assert report["position"] >= booked.position
    names = " ".join(check["name"] for check in report["checks"])
    for part in ("hash chain", "head", "accounts", "entries", "records", "stream", "redis", "payment", "lake"):
        assert part in names
    assert all(check["count"] > 0 for check in report["checks"])


async def test_the_audit_of_a_sound_ledger_finds_nothing(booked: Booked) -> None:
    """All sides, slice by slice, over what the real writer wrote."""
    report = await bursar_audit(booked.whole)
    assert report["differences"] == []
    assert report["position"] >= booked.position
    assert all(report["compared"][side] > 0 for side in ("book", "stream", "redis", "lake"))


@pytest.mark.parametrize("what", TAMPERINGS)
async def test_an_edit_is_found_and_named(booked: Booked, what: str) -> None:
    """The first difference says where; put back, everything verifies again."""
    tampering, where = TAMPERINGS[what]
    async with tampering(booked):
        found = await difference(booked.whole)
        assert found.where.startswith(where(booked)), found
        assert found.found != found.expected
    await booked.whole.until_sound()  # what halted at the edit needs a moment to see that it is gone


async def test_an_edit_makes_the_command_fail_and_say_where(booked: Booked) -> None:
    """Exit code 1, as JSON, for the operator's script."""
    tampering, where = TAMPERINGS["an event"]
    async with tampering(booked):
        code, report = await bursar_verify(booked.whole)
    assert (code, report["ok"]) == (1, False)
    assert report["first_difference"]["where"] == where(booked)
    assert report["first_difference"]["found"] != report["first_difference"]["expected"]


async def test_the_book_cannot_be_edited_by_those_who_work_with_it(booked: Booked) -> None:
    """Neither the writer nor the reader nor the owner, without disabling a trigger by name."""
    for role in ("bursar_writer", "bursar_reader", "bursar_owner"):
        connection = await asyncpg.connect(booked.whole.stack.servers.postgres_dsn(role))
        try:
            for statement in EDITS:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
        finally:
            await connection.close()
    assert await booked.whole.failures() == []


EDITS = (
    "UPDATE events SET hash = hash",
    "DELETE FROM events",
    "UPDATE entries SET amount_minor = 1",
    "DELETE FROM entries",
    "TRUNCATE entries",
    "DELETE FROM idempotency",
)
