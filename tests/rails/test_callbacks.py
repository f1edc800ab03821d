"""What the bank says by itself: reports, returns and incoming payments, signed, twice, and again until they are taken;
and its statement, which agrees with what it did.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
from msgspec.structs import replace
from pyiso20022.camt import camt_053_001_08  # type: ignore[import-untyped]
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

from contracts.iso20022 import pacs
from contracts.iso20022.bank_messages import read_message
from contracts.iso20022.pacs_reading import read_instructions, read_returns, read_status_reports
from projectors.rails.guard import RailLimits
from projectors.rails.rail import Pending
from tests.rails.counterparties import ACCEPTING, Counterparty, instruction, rail_to, simulated
from tests.rails.receiver import Inbox, receiving

OPTIONS = ("--pending-s", "0.2")


def trust(inbox: Inbox, bank: Counterparty) -> None:
    inbox.secrets = [(bank.folder / "bank/webhook.secret").read_text()]


async def test_a_pending_payment_is_reported_when_it_is_done(tmp_path: Path) -> None:
    async with receiving() as inbox:
        options = (*OPTIONS, "--misbehave", "always-pending", "--callback-url", inbox.url)
        async with simulated("bank", tmp_path, *options) as bank, rail_to(bank) as rail:
            trust(inbox, bank)
            one = instruction("reported")
            assert isinstance(await rail.send(one), Pending)
            ((_, body),) = await inbox.take(1)
    (report,) = read_status_reports(body)
    assert report.status == "ACCC"
    assert pacs.is_about(report, one)


async def test_a_message_that_is_not_taken_comes_again_under_its_id(tmp_path: Path) -> None:
    async with receiving() as inbox:
        options = (*OPTIONS, "--misbehave", "always-twice", "--callback-url", inbox.url)
        async with simulated("bank", tmp_path, *options) as bank, rail_to(bank) as rail:
            inbox.turn_away = 2
            trust(inbox, bank)
            await rail.send(instruction("twice"))
            taken = await inbox.take(1, arrivals=2)
    assert len(taken) == 1
    assert len(set(inbox.arrivals)) == 1
    assert inbox.turn_away == 0
    assert inbox.refused == []


async def test_a_message_survives_the_banks_own_crash(tmp_path: Path) -> None:
    async with receiving() as inbox:
        options = (*OPTIONS, "--misbehave", "always-dawdling", "--callback-url", inbox.url)
        async with simulated("bank", tmp_path, *options) as bank:
            async with rail_to(bank, limits=RailLimits(answer_within_s=0.1)) as rail:
                await rail.send(instruction("survives"))
            bank.kill()
            trust(inbox, bank)
            await bank.start()
            ((_, body),) = await inbox.take(1)
    assert read_status_reports(body)[0].status == "ACCC"


async def test_returns_and_incoming_payments_arrive(tmp_path: Path) -> None:
    async with (
        receiving() as inbox,
        simulated("bank", tmp_path, *OPTIONS, "--callback-url", inbox.url) as bank,
        rail_to(bank) as rail,
        httpx2.AsyncClient(base_url=bank.url, trust_env=False) as http,
    ):
        trust(inbox, bank)
        one = instruction("returned")
        await rail.send(one)
        wish = {"instruction_id": one.instruction_id, "reason_code": "AC06"}
        assert (await http.post("/returns", json=wish)).status_code == 202
        assert (await http.post("/returns", json=wish)).status_code == 202  # is one return all the same
        assert (await http.post("/returns", json={"instruction_id": "never"})).status_code == 404
        incoming = replace(ACCEPTING, instruction_id="IN-1", accepted_at=datetime.now(UTC))
        content = pacs.render_instruction(incoming)
        assert (await http.post("/incoming", content=content)).status_code == 202
        bodies = [body for _, body in await inbox.take(2)]
        audit = await bank.audit()
    returned = next(body for body in bodies if b"PmtRtr" in body)
    assert read_returns(returned)[0].original_instruction_id == one.instruction_id
    assert read_returns(returned)[0].reason_code == "AC06"
    assert read_instructions(next(body for body in bodies if b"CdtTrf" in body)) == (incoming,)
    assert audit["returns"] == [one.instruction_id]
    assert audit["incoming"] == ["IN-1"]


async def test_hostile_callbacks_come_twice_and_out_of_order_and_all_are_believed(tmp_path: Path) -> None:
    async with receiving() as inbox:
        options = (*OPTIONS, "--misbehave", "hostile", "--seed", "3", "--callback-url", inbox.url)
        async with simulated("bank", tmp_path, *options) as bank, rail_to(bank) as rail:
            trust(inbox, bank)
            await asyncio.gather(*(rail.send(instruction(f"hostile-{number}")) for number in range(40)))
            messages = await inbox.take(12, arrivals=18)
            audit = await bank.audit()
            statement = await statement_of(bank)
    assert inbox.refused == []
    assert len(inbox.arrivals) > len(set(inbox.arrivals))
    assert {type(read_message(body)[0]).__name__ for _, body in messages} >= {"PaymentReturn", "StatusReport"}
    agrees_with(statement, audit)


async def statement_of(bank: Counterparty) -> Any:
    """Read today's statement with the classes generated from its schema."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{bank.url}/statement?date={datetime.now(UTC).date()}&currency=EUR")
    assert answer.status_code == 200
    parser = XmlParser(config=ParserConfig(fail_on_unknown_properties=True))
    return parser.from_bytes(answer.content, camt_053_001_08.Document)


def agrees_with(document: Any, audit: dict[str, Any]) -> None:
    """Opening plus lines is closing, to the minor unit, and the lines are what the audit page says."""
    (statement,) = document.bk_to_cstmr_stmt.stmt
    opening, closing = (signed(balance) for balance in statement.bal)
    lines = [signed(entry) for entry in statement.ntry]
    assert opening + sum(lines) == closing
    assert -sum(line for line in lines if line < 0) == audit["totals_minor"]["EUR"]
    assert len(lines) == len(audit["executed"]) + len(audit["returns"]) + len(audit["incoming"])
    assert len({entry.ntry_ref for entry in statement.ntry}) == len(lines)


def signed(line: Any) -> int:
    minor = int(line.amt.value * 100)
    return -minor if line.cdt_dbt_ind.value == "DBIT" else minor


@pytest.mark.parametrize(
    ("query", "status"), [("date=2026-13-01", 400), ("", 400), ("date=2026-01-01&currency=XYZ", 400)]
)
async def test_a_wrong_question_for_a_statement_is_refused(tmp_path: Path, query: str, status: int) -> None:
    async with simulated("bank", tmp_path) as bank, httpx2.AsyncClient(trust_env=False) as http:
        assert (await http.get(f"{bank.url}/statement?{query}")).status_code == status
