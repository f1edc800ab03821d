"""docs/guides/first-requests.md is typed into a shell, block by block, and answers what it says it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from cli.devstack import BURSAR_PROCESSES, DevStack
from tests.guides.typed import ROOT, blocks_of, type_guide, unsaid

GUIDE: Final = ROOT / "docs" / "guides" / "first-requests.md"
SCRIPT_WITHIN_S: Final = 60
# A newcomer reads more slowly than this test types; by then the lake has the first entries.
LAKE_IS_THERE: Final = (
    "for _ in {1..200}; do ask reports/trial-balance?min_position=8 | grep -q rows && break; sleep 0.1; done"
)

# What the output of a section's blocks must contain, in this order.
SAID: Final = {
    "1. Open accounts": ["201 Created", "201 Created", "201 Created"],
    "2. Move money": ["201 Created", "bursar-position: 4", '"transfer_id":"xfer_4"', '"posted_minor":5000'],
    "3. Send it again": ["idempotency-replayed: true", '"position":4', "422 ", '"code":"idempotency_key_reused"'],
    "4. Read your own write": ['"available_minor":5000', '"position":4', '"source":"read_model"'],
    "5. Reserve, then take": [
        '"hold_id":"hold_5"',
        '"held_minor":2000',
        '"transfer_id":"xfer_6"',
        '"status":"captured"',
    ],
    "6. Pay": ['"type":"payment_settled"', '"payment_id":"pay_7"', '"status":"ACSC"'],
    "7. Look back": ['"balance_minor":2500', '"posted_minor":5000', '"hash":"', '"total","EUR",2,,,7500,7500,0'],
    "Many at once": [
        '{"accepted":1,"refused":0,"replayed":0,"results":[{"status":201,"position":9,"replayed":false}]}'
    ],
}


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[DevStack]:
    async with DevStack(tmp_path / "stack", processes=BURSAR_PROCESSES) as running:
        yield running


async def test_every_block_answers_what_the_guide_says(stack: DevStack) -> None:
    first = {"7. Look back": LAKE_IS_THERE}
    outputs = await type_guide(GUIDE, stack.servers.data.path, first=first, within_s=SCRIPT_WITHIN_S)
    assert unsaid(outputs, SAID) == []


def test_every_section_with_requests_is_checked() -> None:
    titles = {title for title, _ in blocks_of(GUIDE.read_text(encoding="utf-8")) if title}
    assert titles == set(SAID)
