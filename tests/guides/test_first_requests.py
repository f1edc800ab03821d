"""docs/guides/first-requests.md is typed into a shell, block by block, and answers what it says it answers."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from cli.devstack import BURSAR_PROCESSES, DevStack

ROOT: Final = Path(__file__).resolve().parents[2]
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


def blocks_of(text: str) -> list[tuple[str, str]]:
    """Return (heading, shell block) for every block that is to be typed, in order; `bursar up` is running already."""
    preamble, *parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    sections = [("", preamble), *zip(parts[0::2], parts[1::2], strict=True)]
    blocks = [(title, block) for title, body in sections for block in re.findall(r"```bash\n(.*?)```", body, re.DOTALL)]
    return [(title, block) for title, block in blocks if "bursar up" not in block]


def script_of(blocks: list[tuple[str, str]]) -> str:
    """Put the blocks into one shell, each behind its heading, with `./bursar` as this interpreter."""
    lines = ["set -euo pipefail"]
    for title, block in blocks:
        lines += [f"echo; echo '## {title}'", LAKE_IS_THERE if title == "7. Look back" else "", block]
    return "\n".join(lines).replace("./bursar", f"{sys.executable} -P -m cli")


async def test_every_block_answers_what_the_guide_says(stack: DevStack, tmp_path: Path) -> None:
    blocks = blocks_of(GUIDE.read_text(encoding="utf-8"))
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "BURSAR_DATA_DIR": str(tmp_path / "stack")}
    command = ["bash", "-c", script_of(blocks)]
    done = await asyncio.to_thread(
        subprocess.run, command, env=environ, capture_output=True, text=True, timeout=SCRIPT_WITHIN_S
    )
    assert done.returncode == 0, done.stderr

    outputs = dict.fromkeys(SAID, "")
    for title, output in re.findall(r"^## (.+)\n((?:(?!^## ).*\n?)*)", done.stdout, re.MULTILINE):
        outputs[title] += output
    for title, said in SAID.items():
        assert re.search(".*".join(map(re.escape, said)), outputs[title], re.DOTALL), f"{title}: {outputs[title]}"


def test_every_section_with_requests_is_checked() -> None:
    titles = {title for title, _ in blocks_of(GUIDE.read_text(encoding="utf-8")) if title}
    assert titles == set(SAID)
