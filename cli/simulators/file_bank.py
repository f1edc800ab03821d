"""A bank that takes files: reads what lies in the outbox of the rail `file`, and answers each once by pacs.002.

It keeps no books: which accounts it refuses is a function of their number, so a repeated answer would be the same.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from cli.simulators.bank_books import REFUSED_ENDINGS, Kept, report_about
from cli.simulators.misbehaviour import Kind
from contracts.iso20022 import pacs
from contracts.iso20022.pacs_reading import read_instructions

BATCHES_MAX: Final = 100  # per look

log = structlog.get_logger(__name__)


def answer_files(folder: Path, *, now: datetime) -> int:
    """Answer every file in ``outbox`` that has no answer in ``answers``; return how many. Raises OSError."""
    answered = 0
    for path in sorted((folder / "outbox").glob("*.xml"))[-BATCHES_MAX:]:
        answer = folder / "answers" / path.name
        if answer.exists():
            continue
        beside = answer.with_name(f".{answer.name}.part")
        beside.write_bytes(answer_to(path.read_bytes(), now=now))
        beside.rename(answer)
        answered += 1
        log.info("file_answered", file=path.name)
    return answered


def answer_to(content: bytes, *, now: datetime) -> bytes:
    """Say of each instruction of a bulk pacs.008 that it was executed, or why not. Raises pacs.WrongMessage."""
    reports = []
    for instruction in read_instructions(content):
        reason = REFUSED_ENDINGS.get(instruction.creditor_iban[-4:])
        kept = Kept(
            instruction=instruction,
            treatment=Kind.PROMPT,
            state="rejected" if reason else "executed",
            reason_code=reason,
            arrivals=1,
        )
        reports.append(report_about(kept, now))
    return pacs.render_status_reports(reports)
