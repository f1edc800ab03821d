"""Limits are not said outside: whoever knows them can stay just below."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from projectors.public_events.said import Translations, Unsaid

SAID: Final[Translations] = {}
UNSAID: Final[Unsaid] = {e.LimitsDefined: "whoever knows the limits can stay just below them"}
