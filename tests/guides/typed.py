"""A guide as its reader types it: its shell blocks in one shell, and what each section answered."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


def blocks_of(text: str) -> list[tuple[str, str]]:
    """Return (heading, shell block) for every block that is to be typed, in order; `bursar up` is running already."""
    preamble, *parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    sections = [("", preamble), *zip(parts[0::2], parts[1::2], strict=True)]
    blocks = [(title, block) for title, body in sections for block in re.findall(r"```bash\n(.*?)```", body, re.DOTALL)]
    return [(title, block) for title, block in blocks if "bursar up" not in block]


def script_of(blocks: Sequence[tuple[str, str]], *, first: Mapping[str, str]) -> str:
    """Put the blocks into one shell, each behind its heading, with `./bursar` as this interpreter.

    ``first``: what is done before a section, by heading; a reader is slower than a test.
    """
    lines = ["set -euo pipefail"]
    for title, block in blocks:
        lines += [f"echo; echo '## {title}'", first.get(title, ""), block]
    return "\n".join(lines).replace("./bursar", f"{sys.executable} -P -m cli")


async def type_guide(guide: Path, data_dir: Path, *, first: Mapping[str, str], within_s: float) -> dict[str, str]:
    """Type a guide into a shell beside the stack of a folder; return what each section answered."""
    script = script_of(blocks_of(guide.read_text(encoding="utf-8")), first=first)
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "BURSAR_DATA_DIR": str(data_dir)}
    done = await asyncio.to_thread(
        subprocess.run, ["bash", "-c", script], env=environ, capture_output=True, text=True, timeout=within_s
    )
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    outputs: dict[str, str] = {}
    for title, output in re.findall(r"^## (.+)\n((?:(?!^## ).*\n?)*)", done.stdout, re.MULTILINE):
        outputs[title] = outputs.get(title, "") + output
    return outputs


def unsaid(outputs: Mapping[str, str], said: Mapping[str, Sequence[str]]) -> list[str]:
    """The sections that did not answer all of ``said``, in that order."""
    return [
        f"{title}: {outputs.get(title)}"
        for title, words in said.items()
        if not re.search(".*".join(map(re.escape, words)), outputs.get(title, ""), re.DOTALL)
    ]
