"""Where the generator writes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).resolve().parents[1] / "src"
GENERATED: Final = SOURCES / "bursar_client" / "generated"
