"""Exports: made as jobs, bounded, the same bytes as the report itself, and fetched by a link that cannot be forged."""

from __future__ import annotations

import asyncio
import fcntl
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from query_api.exports import records
from query_api.exports.links import BadKey, LinkSigner, read_key
from query_api.exports.records import ExportFolder, ExportRecord, ExportsFull
from query_api.exports.running import ATTEMPTS_MAX, ExportWorker
from query_api.lake import LakeLimits
from query_api.reports import Prepared, prepare
from runtime.clock import FixedClock
from tests.query_api.bank import START, small_bank
from tests.query_api.reporting import DATING, PATIENCE_S, REPORTS, open_lake, run
from tests.query_api.windows import Window

DONE_WITHIN_S = 100.0
LASTS = timedelta(hours=24)
CLOCK = FixedClock(START)
HEAD = 19


@pytest.fixture(scope="module")
def lake_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small bank's lake."""
    folder = tmp_path_factory.mktemp("exported")
    small_bank().write_lake(folder)
    return folder / "main"


@pytest.fixture
def folder(tmp_path: Path) -> ExportFolder:
    """An empty folder for exports."""
    return ExportFolder(tmp_path / "exports", bytes_max=2**20)


def record(report: str = "general-ledger", **changed: Any) -> ExportRecord:
    """An export that somebody asked for."""
    asked = ExportRecord(
        export_id="", tenant="t1", report=report, parameters={}, format="csv", position=HEAD, created_at=START,
        expires_at=START + LASTS,
    )  # fmt: skip
    return msgspec.structs.replace(asked, **changed)


def prepared(asked: ExportRecord) -> Prepared:
    """As the API prepares it."""
    return prepare(REPORTS[asked.report], {**asked.parameters, "as_of_position": asked.position})


def worker(folder: ExportFolder, lake_folder: Path, **limits: Any) -> ExportWorker:
    """A worker as a process has one; it does not run yet."""
    lake = open_lake(lake_folder, LakeLimits(**{"timeout_s": PATIENCE_S, **limits}))
    return ExportWorker(folder, lake, prepared, dating=DATING, clock=CLOCK)


async def work_until_ended(folder: ExportFolder, working: ExportWorker, *export_ids: str) -> list[ExportRecord]:
    """Let a worker run until these exports have ended."""
    task = asyncio.create_task(working.run())
    try:
        async with asyncio.timeout(DONE_WITHIN_S):
            while True:
                found = [folder.read(export_id) for export_id in export_ids]
                if all(one is not None and one.status in ("done", "failed") for one in found):
                    return [one for one in found if one is not None]
                await asyncio.sleep(0.02)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_export_has_the_bytes_of_the_report(folder: ExportFolder, lake_folder: Path) -> None:
    """In each format; of JSON and the spreadsheet, which are written in pieces, too."""
    asked = {
        one: folder.create(record(format=one))  # type: ignore[arg-type]
        for one in ("json", "csv", "parquet", "arrow", "xlsx")
    }
    ended = await work_until_ended(folder, worker(folder, lake_folder), *(one.export_id for one in asked.values()))
    lake = open_lake(lake_folder)
    for name, one in zip(asked, ended, strict=True):
        expected = await run(lake, "general-ledger", name, as_of_position=HEAD)
        assert (one.status, one.failure, one.rows, one.rows_total) == ("done", None, 12, 12)
        assert folder.file_of(one.export_id).read_bytes() == expected, name
        assert one.bytes == len(expected)
        assert not folder.partial_of(one.export_id).exists()


async def test_what_a_process_left_running_is_made_by_the_next_one(folder: ExportFolder, lake_folder: Path) -> None:
    """An interrupted export begins again, at the same position; one that somebody works on is left alone."""
    left = folder.create(record())
    folder.write(msgspec.structs.replace(left, status="running", attempts=1, rows=7))
    folder.partial_of(left.export_id).write_bytes(b"half")
    taken = folder.create(record())
    with folder.claimed(taken.export_id) as is_mine:
        assert is_mine
        [ended] = await work_until_ended(folder, worker(folder, lake_folder), left.export_id)
        assert (ended.status, ended.attempts, ended.rows) == ("done", 2, 12)
        untouched = folder.read(taken.export_id)
        assert untouched is not None
        assert untouched.status == "queued"


async def test_an_export_that_is_interrupted_again_and_again_fails(folder: ExportFolder, lake_folder: Path) -> None:
    left = folder.create(record())
    folder.write(msgspec.structs.replace(left, status="running", attempts=ATTEMPTS_MAX))
    [ended] = await work_until_ended(folder, worker(folder, lake_folder), left.export_id)
    assert (ended.status, ended.failure) == ("failed", f"interrupted {ATTEMPTS_MAX} times")


@pytest.mark.parametrize(
    ("changed", "limits", "failure"),
    [
        ({"position": HEAD + 1}, {}, "the lake is at position 19, before 20"),
        ({}, {"timeout_s": 0.0}, "the query took longer than 0 s"),
    ],
)
async def test_an_export_that_cannot_be_made_says_why(
    folder: ExportFolder, lake_folder: Path, changed: dict[str, Any], limits: dict[str, Any], failure: str
) -> None:
    """And the next one is made."""
    bad = folder.create(record(**changed))
    [ended] = await work_until_ended(folder, worker(folder, lake_folder, **limits), bad.export_id)
    assert ended.status == "failed"
    assert ended.failure is not None
    assert failure in ended.failure
    assert not folder.file_of(bad.export_id).exists()


async def test_what_would_fill_the_disk_is_stopped(tmp_path: Path, lake_folder: Path) -> None:
    """In the middle of writing; nothing of it is left."""
    small = ExportFolder(tmp_path / "small", bytes_max=500)
    asked = small.create(record())
    [ended] = await work_until_ended(small, worker(small, lake_folder), asked.export_id)
    assert ended.status == "failed"
    assert "share of the disk" in str(ended.failure)
    assert small.bytes_used() == 0


def test_exports_are_bounded_in_number_and_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ExportFolder(tmp_path, bytes_max=10)
    monkeypatch.setattr(records, "EXPORTS_MAX", 2)
    first = folder.create(record())
    folder.file_of(first.export_id).write_bytes(b"0123456789")
    with pytest.raises(ExportsFull, match="bytes"):
        folder.create(record())
    folder.file_of(first.export_id).unlink()
    folder.create(record())
    with pytest.raises(ExportsFull, match="2 exports"):
        folder.create(record())


def test_what_has_expired_is_deleted_unless_somebody_works_on_it(folder: ExportFolder) -> None:
    gone, busy = folder.create(record()), folder.create(record())
    fresh = folder.create(record(expires_at=START + 2 * LASTS))
    folder.file_of(gone.export_id).write_bytes(b"data")
    with folder.claimed(busy.export_id):
        assert folder.remove_expired(START + LASTS) == 1
    assert [one.export_id for one in folder.all()] == sorted(
        (busy.export_id, fresh.export_id), key=lambda export_id: (START, export_id)
    )
    assert not folder.file_of(gone.export_id).exists()


def test_a_claim_ends_with_the_process_that_had_it(folder: ExportFolder) -> None:
    """The lock is the system's: a file that is left behind means nothing."""
    asked = folder.create(record())
    claim = folder.file_of(asked.export_id).with_suffix(".claim")
    with claim.open("ab") as elsewhere:
        fcntl.flock(elsewhere, fcntl.LOCK_EX)
        with folder.claimed(asked.export_id) as is_mine:
            assert not is_mine
    with folder.claimed(asked.export_id) as is_mine:
        assert is_mine


def test_a_link_is_good_for_one_file_of_one_ledger_until_one_moment() -> None:
    signer = LinkSigner(b"k" * 32, "main")
    signature = signer.sign("exp_1", 1000)
    assert signer.is_signed("exp_1", 1000, signature)
    assert not signer.is_signed("exp_2", 1000, signature)
    assert not signer.is_signed("exp_1", 1001, signature)
    assert not signer.is_signed("exp_1", 1000, signature[:-1])
    assert not LinkSigner(b"k" * 32, "other").is_signed("exp_1", 1000, signature)
    assert not LinkSigner(b"x" * 32, "main").is_signed("exp_1", 1000, signature)


def test_the_key_is_made_once_and_for_its_owner(tmp_path: Path) -> None:
    file = tmp_path / "link.key"
    key = read_key(file)
    assert read_key(file) == key
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["link.key"]
    file.write_text("short")
    with pytest.raises(BadKey, match="fewer than 32"):
        read_key(file)


@pytest.fixture
async def exported(window: Window) -> dict[str, Any]:
    """An export over HTTP, once it is done."""
    answer = await window.client.post(
        "/v1/exports", json={"report": "trial-balance", "parameters": {"currency": "EUR"}, "format": "csv"}
    )
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert (body["status"], body["link"], body["as_of_position"]) == ("queued", None, HEAD)
    deadline = time.monotonic() + DONE_WITHIN_S
    while body["status"] != "done":
        assert time.monotonic() < deadline, body
        assert body["status"] in ("queued", "running"), body
        await asyncio.sleep(0.05)
        body = await window.get(f"/exports/{body['export_id']}")
    return body


async def test_an_export_over_http_is_fetched_without_a_token(window: Window, exported: dict[str, Any]) -> None:
    assert (exported["progress"], exported["rows"], exported["rows_total"]) == (1.0, 5, 5)
    assert exported["parameters"] == {"currency": "EUR", "as_of_position": HEAD}
    window.client.headers.pop("authorization")
    try:
        answer = await window.client.get(exported["link"])
        without = await window.client.get(f"/v1/exports/{exported['export_id']}")
    finally:
        window.client.headers["authorization"] = f"Bearer {window.token()}"
    assert without.status_code == 401
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["content-disposition"] == f'attachment; filename="trial-balance-{HEAD}.csv"'
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["as-of-position"] == str(HEAD)
    asked = await window.client.get(f"/v1/reports/trial-balance?currency=EUR&format=csv&as_of_position={HEAD}")
    assert answer.content == asked.content


async def test_a_link_that_was_changed_or_has_expired_opens_nothing(window: Window, exported: dict[str, Any]) -> None:
    path, _, query = exported["link"].partition("?")
    expires, signature = (part.partition("=")[2] for part in query.split("&"))
    for changed, status, code in (
        (f"{path}?expires={int(expires) + 1}&signature={signature}", 403, "link_refused"),
        (f"{path}?expires={expires}&signature={'0' * 64}", 403, "link_refused"),
        (f"/v1/exports/exp_{'0' * 32}/file?expires={expires}&signature={signature}", 403, "link_refused"),
        (f"/v1/exports/link.key/file?expires={expires}&signature={signature}", 400, "invalid_parameter"),
        (f"{path}?expires={expires}", 400, "invalid_parameter"),
    ):
        answer = await window.client.get(changed)
        assert (answer.status_code, answer.json()["code"]) == (status, code), changed
    key = read_key(Path(str(window.settings.exports_dir)) / "link.key")
    old = LinkSigner(key, window.bank.ledger).path_of(exported["export_id"], 1)
    assert (await window.client.get(old)).json()["code"] == "link_expired"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"report": "profit"}, "report_not_found"),
        ({"report": "account-statement"}, "missing_parameter"),
        ({"report": "trial-balance", "parameters": {"currency": "eur"}}, "invalid_parameter"),
        ({"report": "trial-balance", "parameters": {"from": "2026-01-01"}}, "unknown_parameter"),
        ({"report": "trial-balance", "parameters": {"min_position": 1}}, "unknown_parameter"),
        ({"report": "trial-balance", "parameters": {"as_of_position": 10**9}}, "position_not_reached"),
        ({"report": "trial-balance", "format": "pdf"}, "invalid_body"),
        ({"report": "trial-balance", "colour": 1}, "invalid_body"),
        ([], "invalid_body"),
    ],
)
async def test_an_export_that_cannot_be_answered_is_refused_at_once(window: Window, body: Any, code: str) -> None:
    answer = await window.client.post("/v1/exports?wait_ms=0", json=body)
    assert answer.json()["code"] == code
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_export_is_its_tenants(window: Window, exported: dict[str, Any]) -> None:
    """Others do not learn that it is there; the scope is that of reports."""
    other = window.token(tenant="t2")
    answer = await window.client.get(
        f"/v1/exports/{exported['export_id']}", headers={"authorization": f"Bearer {other}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (404, "export_not_found")
    weak = {"authorization": f"Bearer {window.token(scopes=['accounts:read'])}"}
    assert (await window.client.post("/v1/exports", json={"report": "trial-balance"}, headers=weak)).status_code == 403
