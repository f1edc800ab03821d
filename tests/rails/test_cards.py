"""The card processor's misbehaviour over real sockets: what the rail concludes, and what the processor has done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import msgspec
import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from cli.simulators.misbehaviour import Kind
from contracts.card_processor import CardEvent, CardInstruction, CardSettlementReport
from projectors.rails.card_psp import CardPsp, open_card_psp
from projectors.rails.guard import RailLimits
from projectors.rails.metrics import RailMetrics
from projectors.rails.rail import Accepted, NotFound, Pending, RailAnswer, Rejected, Unknown
from runtime.clock import SystemClock
from tests.rails.counterparties import Counterparty, simulated
from tests.rails.receiver import receiving

LIMITS = RailLimits(answer_within_s=1.0, failures_to_open=1000)
POLL_S = 0.02

# First answer to a sending; whether the processor has executed it in the end.
EXPECTED: dict[Kind, tuple[type, bool]] = {
    Kind.LATE: (Unknown, True),
    Kind.PENDING: (Pending, True),
    Kind.DAWDLING: (Pending, True),
    Kind.SILENT: (Unknown, True),
    Kind.LOST: (Unknown, False),
    Kind.UNAVAILABLE: (Unknown, False),
    Kind.TWICE: (Pending, True),
    Kind.MALFORMED: (Unknown, True),
    Kind.EMPTY: (Unknown, True),
    Kind.CONTRADICTORY: (Unknown, True),
    Kind.WRONG_IDS: (Unknown, False),
    Kind.DRIP: (Unknown, True),
    Kind.FLOOD: (Unknown, True),
}


def charge(name: str, *, token: str = "tok_visa", amount_minor: int = 50_00) -> CardInstruction:
    return CardInstruction(
        instruction_id=f"top-{name}", kind="charge", amount_minor=amount_minor, currency="EUR", card_token=token
    )


@asynccontextmanager
async def rail_to(cards: Counterparty) -> AsyncIterator[CardPsp]:
    metrics = RailMetrics(CollectorRegistry())
    async with open_card_psp(cards.url, api_key="", metrics=metrics, clock=SystemClock(), limits=LIMITS) as rail:
        yield rail


async def decided(rail: CardPsp, one: CardInstruction) -> RailAnswer:
    """Ask until it is decided; the test's own time limit ends a wait without end."""
    answer: RailAnswer = Pending()
    while isinstance(answer, Pending):
        answer = await rail.inquire(one)
        await asyncio.sleep(POLL_S)
    return answer


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.PROMPT])
async def test_a_wrong_answer_concludes_nothing_and_an_inquiry_tells(kind: Kind, tmp_path: Path) -> None:
    first, is_executed = EXPECTED[kind]
    async with simulated("cards", tmp_path, "--misbehave", f"always-{kind}", "--pending-s", "0.3") as cards:
        async with rail_to(cards) as rail:
            one = charge(kind.value)
            answer = await rail.send(one)
            assert type(answer) is first, answer
            if not is_executed and kind is not Kind.WRONG_IDS:
                assert await rail.inquire(one) == NotFound()
                assert isinstance(await rail.send(one), Pending)
                is_executed = True
            assert isinstance(await decided(rail, one), Accepted if is_executed else Rejected)
        audit = await cards.audit()
        assert audit["executed"] == [one.instruction_id] * is_executed
        assert audit["violations"] == []


async def test_outcomes_reasons_fees_and_contradictions(tmp_path: Path) -> None:
    async with simulated("cards", tmp_path, "--pending-s", "0.1") as cards, rail_to(cards) as rail:
        paid_out = replace(charge("out", amount_minor=20_00), kind="payout")
        for one in (charge("in"), paid_out, charge("poor", token="tok_insufficient_funds"), charge("in")):
            await rail.send(one)
        assert isinstance(await decided(rail, charge("in")), Accepted)
        assert isinstance(await decided(rail, paid_out), Accepted)
        assert await decided(rail, charge("poor")) == Rejected("AM04")
        assert isinstance(await rail.send(charge("in", amount_minor=99)), Unknown)

        audit = await cards.audit()
        assert sorted(audit["executed"]) == ["top-in", "top-out"]
        assert audit["totals_minor"] == {"EUR": 30_00}
        assert [one["reference"] for one in audit["violations"]] == ["top-in"]
        async with httpx2.AsyncClient(trust_env=False) as http:
            day = datetime.now(UTC).date()
            answer = await http.get(f"{cards.url}/v1/settlements?date={day}&currency=EUR")
        settled = msgspec.json.decode(answer.content, type=CardSettlementReport)
        assert (settled.gross_minor, settled.fee_minor) == (50_00 - 20_00, 25 + 70 + 25)
        assert (
            settled.net_minor == settled.gross_minor - settled.fee_minor == sum(one.net_minor for one in settled.lines)
        )


async def test_refunds_go_as_far_as_their_charge(tmp_path: Path) -> None:
    """In parts and repeated; not more than was charged, nor of what was never charged or was disputed."""
    async with simulated("cards", tmp_path, "--pending-s", "0.1") as cards, rail_to(cards) as rail:
        for one in (
            charge("in"),
            charge("poor", token="tok_insufficient_funds"),
            charge("angry", token="tok_disputed"),
        ):
            await rail.send(one)
            await decided(rail, one)
        wanted = {"half": 25_00, "rest": 20_00, "more": 5_01}
        answers = {name: await refunded(rail, name, "top-in", minor) for name, minor in wanted.items()}
        assert isinstance(await rail.send(refund("half", "top-in", 25_00)), Accepted)
        for charged in ("top-poor", "top-nothing", "top-angry"):
            answers[charged] = await refunded(rail, f"of-{charged}", charged, 1)
        audit = await cards.audit()

    assert isinstance(answers["half"], Accepted)
    assert isinstance(answers["rest"], Accepted)
    assert answers["more"] == answers["top-angry"] == Rejected("ARDT")
    assert answers["top-poor"] == answers["top-nothing"] == Rejected("NOOR")
    assert audit["refunded"] == {"pay_1.half": 25_00, "pay_1.rest": 20_00}
    assert "pay_1.half" not in audit["executed"]
    assert audit["violations"] == []


def refund(name: str, charged: str, amount_minor: int) -> CardInstruction:
    return CardInstruction(
        instruction_id=f"pay_1.{name}", kind="refund", amount_minor=amount_minor, currency="EUR", charge=charged
    )


async def refunded(rail: CardPsp, name: str, charged: str, amount_minor: int) -> RailAnswer:
    await rail.send(refund(name, charged, amount_minor))
    return await decided(rail, refund(name, charged, amount_minor))


async def test_webhooks_are_signed_and_a_dispute_may_overtake_its_charge(tmp_path: Path) -> None:
    async with receiving() as inbox:
        options = ("--pending-s", "0.3", "--misbehave", "always-late", "--callback-url", inbox.url)
        async with simulated("cards", tmp_path, *options) as cards, rail_to(cards) as rail:
            inbox.secrets = [(cards.folder / "cards/webhook.secret").read_text()]
            await rail.send(charge("angry", token="tok_disputed"))
            messages = await inbox.take(2)
    events = [msgspec.json.decode(body, type=CardEvent) for _, body in messages]
    assert [one.type for one in events] == ["charge.disputed", "charge.succeeded"]
    assert inbox.refused == []


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_what_the_rail_says_is_true_of_a_hostile_processor_that_is_killed(tmp_path: Path, seed: int) -> None:
    ones = [charge(f"{seed}-{number}", token="tok_expired" if number % 5 == 0 else "tok_visa") for number in range(40)]
    options = ("--misbehave", "hostile", "--seed", str(seed), "--pending-s", "0.3")
    async with simulated("cards", tmp_path, *options) as cards, rail_to(cards) as rail:
        paying = [asyncio.create_task(to_the_end(rail, one)) for one in ones]
        await asyncio.wait(paying, return_when=asyncio.FIRST_COMPLETED)
        cards.kill()
        await cards.start()
        answers = await asyncio.gather(*paying)
        audit = await cards.audit()
    accepted = {one.instruction_id for one, answer in zip(ones, answers, strict=True) if isinstance(answer, Accepted)}
    assert accepted == set(audit["executed"])
    assert len(audit["executed"]) == len(accepted)
    assert {type(answer) for answer in answers} == {Accepted, Rejected}
    assert audit["violations"] == []


async def to_the_end(rail: CardPsp, one: CardInstruction) -> RailAnswer:
    """Be a good client: ask before sending again; the test's own time limit ends a wait without end."""
    answer = await rail.send(one)
    while not isinstance(answer, Accepted | Rejected):
        answer = await (rail.send(one) if answer == NotFound() else rail.inquire(one))
        await asyncio.sleep(POLL_S)
    return answer
