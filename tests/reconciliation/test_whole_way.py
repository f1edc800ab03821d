"""The whole way, on real parts: a bank's file over HTTP, entries in the book, the job, breaks, a closed day."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from prometheus_client import CollectorRegistry

from contracts.ids import position_of
from projectors.reactors.commands import open_commands
from projectors.reconciliation.job import CommandsUnavailable, JobReport, Sent, reconcile_account
from projectors.reconciliation.matching.items import OpenEntry, OpenLine
from projectors.reconciliation.open_items import QUERIES
from projectors.timers.metrics import TimerMetrics
from projectors.timers.registry import Supplies, build_jobs
from projectors.timers.settings import Settings
from runtime.postgres import create_pool
from tests.command_api.door import Door, item, move, problem_in
from tests.contracts import test_camt053 as camt
from tests.contracts.bank_samples import enveloped
from tests.support.camt_file import OTHER_IBAN, camt_file
from tests.support.reconciling import BANK, CUSTOMERS, WRITE_OFFS
from tests.support.statement_month import PLAIN, StatementMonth, statement_month

MONTH_END = date(2026, 3, 31)
LINES = 600
BATCH_ITEMS = 500


def upload(content: bytes, **more: object) -> dict[str, Any]:
    """Body of an upload of a camt.053 file."""
    return {"account_id": BANK, "format": "camt053", "content": base64.b64encode(content).decode(), **more}


async def open_the_accounts(door: Door) -> None:
    await door.open_accounts(BANK, account_type="asset")
    await door.open_accounts(CUSTOMERS)
    await door.open_accounts(WRITE_OFFS, account_type="expense")


async def book_entries(door: Door, entries: list[OpenEntry]) -> dict[tuple[int, int], tuple[int, int]]:
    """Book the month's entries; give the book's (position, leg) of each by the month's own."""
    places: dict[tuple[int, int], tuple[int, int]] = {}
    for start in range(0, len(entries), BATCH_ITEMS):
        page = entries[start : start + BATCH_ITEMS]
        commands = [item("post_transfer", body_of(entry)) for entry in page]
        answer = await door.post("/v1/batches", {"commands": commands})
        results = msgspec.json.decode(answer.content)["results"]
        assert {result["status"] for result in results} == {201}
        for entry, result in zip(page, results, strict=True):
            places[entry.key] = (result["position"], 0 if entry.amount_minor > 0 else 1)
    return places


def body_of(entry: OpenEntry) -> dict[str, Any]:
    """A transfer with the bank account's entry: debit first, so money in is leg 0 and money out leg 1."""
    accounts = (BANK, CUSTOMERS) if entry.amount_minor > 0 else (CUSTOMERS, BANK)
    reference = {} if entry.end_to_end_id is None else {"reference": entry.end_to_end_id}
    return move(*accounts, abs(entry.amount_minor), effective_date=entry.effective_on.isoformat(), **reference)


@asynccontextmanager
async def reading(door: Door) -> AsyncIterator[asyncpg.Pool[Any]]:
    """As the job connects."""
    pool = await create_pool(door.dsn_of("bursar_reactor"), application_name="tests", size_max=2)
    try:
        yield pool
    finally:
        await pool.close()


async def run_job(door: Door) -> JobReport:
    async def send(path: str, body: bytes, key: str) -> Sent:
        answer = await door.post(path, body, key=key)
        assert answer.status_code < 500, answer.text
        return "accepted" if answer.status_code == 201 else "refused"

    async with reading(door) as book:
        return await reconcile_account(book, send, BANK)


async def events_of(door: Door, *types: str) -> list[dict[str, Any]]:
    return [event for event in map(msgspec.json.decode, await door.events()) if event["type"] in types]


async def import_month(door: Door, month: StatementMonth) -> dict[str, OpenLine]:
    """Upload the month as one file; give its lines by their ids in the book."""
    lines = sorted(month.lines, key=lambda line: (line.booked_on, line.line_id))
    content = camt_file(lines, statement_id="2026-03", opening_minor=0, day=MONTH_END)
    event = await door.accepted("/v1/statements", upload(content))
    assert (event["type"], event["data"]["complete"]) == ("statement_lines_imported", True)
    statement_id = event["data"]["statement_id"]
    return {f"{statement_id}:{number}": line for number, line in enumerate(lines, start=1)}


async def test_a_month_is_imported_matched_and_its_breaks_are_named(door: Door) -> None:
    """What the matching finds in memory is what stands in the book at the end; a second run has nothing to do."""
    month = statement_month(11, lines=LINES, planted=PLAIN, texts=False)
    await open_the_accounts(door)
    places = await book_entries(door, month.entries)
    ids = {line.line_id: line_id for line_id, line in (await import_month(door, month)).items()}

    report = await run_job(door)

    def in_book(names: tuple[frozenset[str], frozenset[Any]]) -> tuple[frozenset[str], frozenset[tuple[int, int]]]:
        return frozenset(ids[name] for name in names[0]), frozenset(places[key] for key in names[1])

    recorded = [match for event in await events_of(door, "matches_recorded") for match in event["data"]["matches"]]
    assert {items_in(match) for match in recorded} == {in_book(names) for names in month.matches}
    opened = [event["data"] for event in await events_of(door, "break_opened")]
    assert {(data["kind"], items_in(data)) for data in opened} == {
        (kind, in_book(names)) for kind, names in month.breaks
    }
    assert (report.lines, report.refused, report.exhausted) == (len(month.lines), 0, False)

    again = await run_job(door)
    assert (again.matches, again.breaks) == (0, 0)
    await close_the_month(door, month)


async def test_a_cheque_in_an_enveloped_file_is_found_by_its_number(door: Door) -> None:
    """Two entries of one amount: the number, with its zeros, decides which of them the bank paid."""
    await open_the_accounts(door)
    on = {"effective_date": "2026-11-16"}
    paid = await door.accepted("/v1/transfers", move(CUSTOMERS, BANK, 500, reference="000123", **on))
    await door.accepted("/v1/transfers", move(CUSTOMERS, BANK, 500, reference="000124", **on))
    line = camt.entry(-500, extra=camt.details("<ChqNb>000123</ChqNb>"))
    content = camt.statement_file(camt.balance("OPBD", 500) + camt.balance("CLBD", 0) + line)

    event = await door.accepted("/v1/statements", upload(enveloped(content, "SWIFT")))
    await run_job(door)

    assert event["data"]["lines"][0]["references"] == ["000123"]
    (match,) = [match for event in await events_of(door, "matches_recorded") for match in event["data"]["matches"]]
    assert [each["position"] for each in match["entries"]] == [paid["position"]]


async def import_doubts(
    door: Door,
    *,
    booked: Sequence[int] = (700,),
    lines: Sequence[int] = (700,),
    references: Sequence[str] = ("OTHER-2001", "PLAIN-2002", "WHATEVER-2003"),
) -> tuple[list[str], list[dict[str, Any]]]:
    """Book amounts under INV-1001 and so on, and import lines of that day; give the lines' ids and the bookings."""
    await open_the_accounts(door)
    events = [
        await door.accepted("/v1/transfers", move(BANK, CUSTOMERS, minor, reference=f"INV-{1001 + no}"))
        for no, minor in enumerate(booked)
    ]
    day = date.fromisoformat(events[0]["data"]["effective_date"])
    stated = [
        OpenLine(line_id=str(no), booked_on=day, amount_minor=minor, currency="EUR", references=(references[no],))
        for no, minor in enumerate(lines)
    ]
    content = camt_file(stated, statement_id="s", opening_minor=0, day=day)
    imported = await door.accepted("/v1/statements", upload(content))
    statement_id = imported["data"]["statement_id"]
    return [f"{statement_id}:{no}" for no in range(1, len(lines) + 1)], events


async def test_what_the_job_only_suggests_is_matched_by_a_person(door: Door) -> None:
    """The same amount under different references: counted as a suggestion, open as breaks, matched by a command."""
    [line_id], [paid] = await import_doubts(door)

    report = await run_job(door)

    assert (report.matches, report.suggestions) == (0, 1)
    opened = {event["data"]["break_id"] for event in await events_of(door, "break_opened")}
    match = {
        "line_ids": [line_id],
        "entries": [{"position": paid["position"], "leg": 0}],
        "rule": "by_hand",
        "score_permille": 1000,
    }
    recorded = await door.accepted("/v1/matches", {"account_id": BANK, "matches": [match]})
    assert set(recorded["data"]["resolved_breaks"]) == opened
    again = await run_job(door)
    assert (again.lines, again.suggestions) == (0, 0)


def items_in(data: dict[str, Any]) -> tuple[frozenset[str], frozenset[tuple[int, int]]]:
    return frozenset(data["line_ids"]), frozenset((entry["position"], entry["leg"]) for entry in data["entries"])


async def close_the_month(door: Door, month: StatementMonth) -> None:
    """The figures of the book lead to the bank's; a cent more does not."""
    unmatched_lines = {line_id for _, (lines, _) in month.breaks for line_id in lines}
    lines_minor = sum(line.amount_minor for line in month.lines if line.line_id in unmatched_lines)
    statement_id = (await events_of(door, "statement_imported"))[0]["data"]["statement_id"]
    async with reading(door) as book:
        figures = await book.fetchrow(QUERIES["read_balance_figures"], BANK, date(2026, 4, 10))
    assert figures is not None
    body = {
        "ledger_minor": figures["ledger_minor"],
        "unmatched_entries_minor": figures["unmatched_minor"],
        "unmatched_lines_minor": lines_minor,
    }
    wrong = {**body, "ledger_minor": body["ledger_minor"] + 1}
    problem_in(
        await door.post(f"/v1/reconciliations/{statement_id}/close", wrong), status=422, code="balance_unexplained"
    )
    closed = await door.accepted(f"/v1/reconciliations/{statement_id}/close", body)
    assert closed["data"]["closed_on"] == MONTH_END.isoformat()


async def test_no_name_and_no_text_of_a_statement_reaches_the_book_in_clear(door: Door) -> None:
    await open_the_accounts(door)
    line = OpenLine(
        line_id="1", booked_on=MONTH_END, amount_minor=700, currency="EUR", counterparty="Ada Lovelace", text="Rent May"
    )
    event = await door.accepted(
        "/v1/statements", upload(camt_file([line], statement_id="s", opening_minor=0, day=MONTH_END))
    )

    kept = event["data"]["lines"][0]
    assert kept["sealed_text"].startswith("sealed.v1.")
    assert kept["sealed_counterparty"].startswith("sealed.v1.")
    assert kept["counterparty"].startswith("payee_")
    assert not [body for body in await door.events() if b"Lovelace" in body or b"Rent" in body]


async def test_the_same_file_again_is_the_same_answer_and_another_content_under_its_name_is_refused(door: Door) -> None:
    await open_the_accounts(door)
    lines = [OpenLine(line_id=str(no), booked_on=MONTH_END, amount_minor=no, currency="EUR", text="t") for no in (1, 2)]
    content = camt_file(lines, statement_id="s", opening_minor=0, day=MONTH_END)
    first = await door.post("/v1/statements", upload(content))
    again = await door.post("/v1/statements", upload(content))
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["idempotency-replayed"] == "true"

    other = camt_file(lines[:1], statement_id="s", opening_minor=0, day=MONTH_END)
    problem_in(await door.post("/v1/statements", upload(other)), status=409, code="statement_differs")
    gap = camt_file(lines, statement_id="t", opening_minor=4, day=MONTH_END)
    problem_in(await door.post("/v1/statements", upload(gap)), status=422, code="statement_gap")
    follows = camt_file(lines, statement_id="t", opening_minor=3, day=MONTH_END)
    await door.accepted("/v1/statements", upload(follows))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (upload(b"<Document/>"), None),
        (upload(b"a,b\n1,2\n", format="csv"), "description_missing"),
        (upload(b"a,b\n1,2\n", format="csv", description=base64.b64encode(b"columns = 1").decode()), None),
        (upload(b":20:\n", format="mt940"), None),
    ],
)
async def test_what_is_no_statement_is_refused_with_the_place(
    shared: Door, body: dict[str, Any], code: str | None
) -> None:
    problem = problem_in(await shared.post("/v1/statements", body), status=422, code=code)
    assert problem["errors"][0]["pointer"] in {"/content", "/description", "/bank_statement_id"}


async def test_a_file_about_two_accounts_is_refused(shared: Door) -> None:
    one = camt_file([], statement_id="a", opening_minor=0, day=MONTH_END)
    both = one.replace(b"</Stmt>", b"</Stmt>" + statement_of_another(one), 1)
    problem_in(await shared.post("/v1/statements", upload(both)), status=422, code="statement_accounts_differ")


def statement_of_another(content: bytes) -> bytes:
    start, stop = content.index(b"<Stmt>"), content.index(b"</BkToCstmrStmt>")
    return content[start:stop].replace(b"DE89370400440532013000", OTHER_IBAN.encode())


async def test_two_people_write_a_break_off(door: Door) -> None:
    """A bank's charge nobody booked: named by the job, proposed by one, approved by another, gone."""
    await open_the_accounts(door)
    charge = OpenLine(line_id="1", booked_on=MONTH_END, amount_minor=-35, currency="EUR", references=("FEE-2026-03",))
    await door.accepted("/v1/statements", upload(camt_file([charge], statement_id="s", opening_minor=0, day=MONTH_END)))
    report = await run_job(door)
    assert report.breaks == 1
    (opened,) = await events_of(door, "break_opened")
    path = f"/v1/breaks/{opened['data']['break_id']}"
    await door.accepted(f"{path}/assign", {"assignee": "clerk"})
    proposal = {"write_off_account_id": WRITE_OFFS, "reason": "bank charge"}
    await door.accepted(f"{path}/propose-write-off", proposal)
    problem_in(await door.post(f"{path}/approve-write-off", {}), status=409, code="four_eyes_required")
    event = await door.accepted(f"{path}/approve-write-off", {}, token=door.token(subject="noor"))

    assert [(posting["side"], posting["amount_minor"]) for posting in event["data"]["postings"]] == [
        ("credit", 35), ("debit", 35)]  # fmt: skip
    assert event["data"]["match"]["entries"] == [{"position": event["position"], "leg": 0}]
    assert position_of(event["data"]["transfer_id"]) == event["position"]
    assert (await run_job(door)).entries == 0


async def test_a_writer_of_breaks_may_not_approve(shared: Door) -> None:
    token = shared.token(["reconciliation:write"])
    answer = await shared.post("/v1/breaks/brk_1/approve-write-off", {}, token=token)
    problem_in(answer, status=403)


async def test_without_an_answer_the_job_stops_and_a_second_run_finishes_it(door: Door) -> None:
    month = statement_month(3, lines=60, planted=PLAIN, texts=False)
    await open_the_accounts(door)
    await book_entries(door, month.entries)
    await import_month(door, month)
    sent: Counter[str] = Counter()

    async def breaks_down(path: str, body: bytes, key: str) -> Sent:
        sent[path] += 1
        if sent.total() > 3:
            return "unavailable"
        answer = await door.post(path, body, key=key)
        return "accepted" if answer.status_code == 201 else "refused"

    async with reading(door) as book:
        with pytest.raises(CommandsUnavailable):
            await reconcile_account(book, breaks_down, BANK)
    await run_job(door)
    opened = await events_of(door, "break_opened")
    assert Counter(event["data"]["kind"] for event in opened) == Counter(kind for kind, _ in month.breaks)


class Held:
    """A lease that nobody takes away."""

    token = 1
    held = True

    async def require(self) -> None:
        """Still ours."""


async def test_the_timers_run_the_job_on_every_account_with_statements(door: Door, tmp_path: Path) -> None:
    """As bursar_reactor, over HTTP, with a token from a file."""
    await open_the_accounts(door)
    paid = await door.accepted("/v1/transfers", move(BANK, CUSTOMERS, 700, reference="INV-1001"))
    day = date.fromisoformat(paid["data"]["effective_date"])
    line = OpenLine(line_id="1", booked_on=day, amount_minor=700, currency="EUR", references=("INV-1001",))
    await door.accepted("/v1/statements", upload(camt_file([line], statement_id="s", opening_minor=0, day=day)))
    token = tmp_path / "token"
    token.write_text(door.token(["reconciliation:write"], subject="timers"), "ascii")
    metrics = TimerMetrics(CollectorRegistry())
    settings = Settings(database_url="", command_api_url=door.url, service_token_file=str(token))
    pool = await create_pool(door.dsn_of("bursar_reactor"), application_name="tests", size_max=2)
    try:
        async with open_commands(door.url, token) as commands:
            supplies = Supplies(settings=settings, commands=commands, pool=pool, metrics=metrics)
            (job,) = [job for job in build_jobs(supplies) if job.name == "reconciliation"]
            await job.run(datetime(2026, 1, 1, tzinfo=UTC), Held())
    finally:
        await pool.close()

    (recorded,) = await events_of(door, "matches_recorded")
    assert recorded["principal"]["subject"] == "timers"
    assert recorded["data"]["matches"][0]["rule"] == "reference_exact"
