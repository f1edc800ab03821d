"""The whole way, on real parts: a merchant is defined over HTTP, sells, and the timers close and pay; rails settle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from prometheus_client import CollectorRegistry

from contracts.currencies import SCALE_OF_CURRENCY
from projectors.clearing.watch import look_at_clearing
from projectors.reactors.commands import open_commands
from projectors.timers.metrics import TimerMetrics
from projectors.timers.registry import Supplies, build_jobs
from projectors.timers.settings import Settings
from runtime.clock import SystemClock
from tests.command_api.door import Door, move, problem_in
from tests.settlement.conftest import OpenDoor
from tests.timers.clocks import lease_of

IBAN: Final = "DE89370400440532013000"
NAME: Final = "Corner Shop Incorporated"
CREDIT: Final = ("shop", "payable", "fees", "suspense")


def merchant(**other: Any) -> dict[str, Any]:
    """Body of a definition."""
    terms = {
        "merchant_id": "corner-shop",
        "account_id": "shop",
        "payable_account_id": "payable",
        "fee_account_id": "fees",
        "currency": "EUR",
        "creditor": {"name": NAME, "iban": IBAN},
        "schedule": {"cut_off": "17:00", "zone": "Europe/Berlin", "calendar": "EVERY_DAY"},
        "fees": {"basis_points": 150, "payment_minor": 10},
    }
    return {**terms, **other}


async def open_everything(door: Door) -> None:
    """Accounts and rails."""
    assert SCALE_OF_CURRENCY["EUR"] == 2
    await door.open_accounts("alice", "world", *CREDIT)
    await door.open_accounts("clearing", "nostro", account_type="asset")
    await door.open_accounts("costs", account_type="expense")
    await door.accepted(
        "/v1/rails",
        {"rail": "sct_inst", "currency": "EUR", "clearing_account_id": "clearing", "suspense_account_id": "suspense"},
    )
    await door.accepted("/v1/merchants", merchant())


async def sell(door: Door, value: str) -> None:
    """Alice pays the shop."""
    body = {
        "debtor_account_id": "alice",
        "creditor_account_id": "shop",
        "instructed_amount": {"currency": "EUR", "value": value},
        "end_to_end_id": "E2E",
    }
    event = await door.accepted("/v1/payments", body)
    assert event["type"] == "payment_settled"


async def let_the_cut_off_come(owner: Any) -> None:
    """The merchant's next cut-off was an hour ago."""
    due_at = datetime.now(UTC) - timedelta(hours=1)
    text = due_at.isoformat().replace("+00:00", "Z")
    await owner.execute(
        "UPDATE records SET due_at = $1, state = jsonb_set(state::jsonb, '{due_at}', to_jsonb($2::text))::json "
        "WHERE kind = 'merchant'",
        due_at,
        text,
    )


async def run_the_timer(door: Door, pool: Any, folder: Path) -> None:
    """One look of the timers' job, twice: the second finds nothing that is due."""
    token = folder / "token"
    token.write_text(door.token(["deadlines:write"], subject="timers"), "ascii")
    settings = Settings(database_url="", command_api_url=door.url, service_token_file=str(token))
    async with open_commands(door.url, token) as commands:
        supplies = Supplies(settings=settings, commands=commands, pool=pool, metrics=TimerMetrics(CollectorRegistry()))
        (job,) = [job for job in build_jobs(supplies) if job.name == "due_settlement"]
        lease = lease_of(pool, "a")
        assert await lease.acquire()
        await job.run(SystemClock().now(), lease)
        await job.run(SystemClock().now(), lease)


async def test_a_merchant_sells_is_settled_by_the_timers_and_paid_by_a_rail(
    open_shop: OpenDoor, owner: Any, pool: Any, tmp_path: Path
) -> None:
    async with open_shop() as door:
        await open_everything(door)
        await sell(door, "100.00")
        await sell(door, "50.00")
    await let_the_cut_off_come(owner)
    async with open_shop() as door:
        await run_the_timer(door, pool, tmp_path)
        events = [msgspec.json.decode(event) for event in await door.events()]
        closed, initiated, accepted = events[-3:]
        assert [event["type"] for event in (closed, initiated, accepted)] == [
            "settlement_closed", "payment_initiated", "payment_accepted",
        ]  # fmt: skip
        net_minor = 15_000 - 150 - 10 - 75 - 10
        assert closed["data"]["figures"]["net_minor"] == net_minor
        assert closed["principal"]["subject"] == "timers"
        payment_id = initiated["data"]["payment_id"]
        await pay_by_the_rail(door, payment_id)
        await settle_the_rail(door, pool, net_minor)
        assert all(NAME.encode() not in event and IBAN.encode() not in event for event in await door.events())


async def pay_by_the_rail(door: Door, payment_id: str) -> None:
    """The rail executes the payout."""
    await door.accepted(f"/v1/payments/{payment_id}/instruct", {})
    outcome = {"instruction_id": f"{payment_id}.1", "outcome": "accepted"}
    settled = await door.accepted(f"/v1/payments/{payment_id}/outcome", outcome)
    assert settled["type"] == "payment_settled"


async def settle_the_rail(door: Door, pool: Any, net_minor: int) -> None:
    """The bank's movement brings the clearing account to zero, once; what it leaves out is a difference."""
    (look,) = await look_at_clearing(pool)
    assert (look.rail, look.currency, look.posted_minor, look.difference_minor) == ("sct_inst", "EUR", -net_minor, 0)
    (late,) = await look_at_clearing(pool, within_days=-1)
    assert late.difference_minor == -net_minor
    withheld_minor = 5
    body = {
        "currency": "EUR",
        "reference": "STMT-1",
        "settled_on": datetime.now(UTC).date().isoformat(),
        "amount_minor": -(net_minor - withheld_minor),
        "nostro_account_id": "nostro",
    }
    event = await door.accepted("/v1/rails/sct_inst/settlements", body)
    assert event["type"] == "clearing_settled"
    problem_in(await door.post("/v1/rails/sct_inst/settlements", body), status=409, code="clearing_already_settled")
    (look,) = await look_at_clearing(pool)
    assert (look.posted_minor, look.difference_minor) == (-withheld_minor, -withheld_minor)
    await door.accepted(
        "/v1/rails/sct_inst/settlements", {**body, "reference": "STMT-2", "amount_minor": -withheld_minor}
    )
    (look,) = await look_at_clearing(pool)
    assert (look.posted_minor, look.difference_minor) == (0, 0)
    await door.accepted("/v1/transfers", move("clearing", "world", 30))
    (look,) = await look_at_clearing(pool)
    assert look.difference_minor == 30  # no payment did that
    await show_the_difference(pool)


async def show_the_difference(pool: Any) -> None:
    """The job sets the gauges."""
    registry = CollectorRegistry()
    supplies = Supplies(
        settings=Settings(database_url="", command_api_url="", service_token_file=""),
        commands=None,  # type: ignore[arg-type]  # it sends none
        pool=pool,
        metrics=TimerMetrics(registry),
    )
    (job,) = [job for job in build_jobs(supplies, deadlines=()) if job.name == "clearing_watch"]
    lease = lease_of(pool, "a")
    await job.run(SystemClock().now(), lease)
    labels = {"rail": "sct_inst", "currency": "EUR"}
    assert registry.get_sample_value("timers_clearing_unexplained_minor", labels) == 30


async def test_a_definition_is_checked_at_the_door_and_a_refused_one_keeps_no_name(
    open_shop: OpenDoor, owner: Any
) -> None:
    async with open_shop() as door:
        await open_everything(door)
        wrong = merchant(creditor={"name": NAME, "iban": "DE00370400440532013000"})
        problem_in(await door.post("/v1/merchants", wrong), status=422, code="iban_invalid")
        other = merchant(merchant_id="other")
        problem_in(await door.post("/v1/merchants", other), status=422, code="merchant_terms_contradict")
        half = merchant(reserve_per_mille=100)
        problem_in(await door.post("/v1/merchants", half), status=400)
        problem_in(
            await door.post("/v1/settlements/set_99/retry", {"reason": "x"}), status=404, code="settlement_not_found"
        )
        kept = [row["command"] for row in await owner.fetch("SELECT command FROM idempotency WHERE command <> ''")]
    assert kept
    assert all(NAME.encode() not in command and IBAN.encode() not in command for command in kept)
