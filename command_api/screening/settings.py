"""What an operator sets about screening."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

THRESHOLD_PERMILLE: Final = 880  # docs/guides/screening.md shows what other values find and miss
HITS_MAX: Final = 10


class ScreeningTerms(Struct, frozen=True, kw_only=True):
    """From which nearness a name is a hit, and how many hits a result carries."""

    threshold_permille: Annotated[int, Meta(ge=700, le=1000)] = THRESHOLD_PERMILLE
    hits_max: Annotated[int, Meta(ge=1, le=100)] = HITS_MAX


class ScreeningSettings(Struct, frozen=True, kw_only=True):
    """The settings of screening, to be inherited by the settings of a process that screens."""

    screening_folder: Annotated[
        str | None, Meta(description="Folder of sanctions and PEP lists; without one nothing is screened.")
    ] = None
    screening_threshold_permille: Annotated[
        int, Meta(ge=700, le=1000, description="From which nearness a name is a hit; 1000 is the same name.")
    ] = THRESHOLD_PERMILLE
    screening_hits_max: Annotated[
        int, Meta(ge=1, le=100, description="How many hits a result carries; all are counted.")
    ] = HITS_MAX

    def screening_terms(self) -> ScreeningTerms:
        """Return the part of the settings that a Screener needs."""
        return ScreeningTerms(threshold_permille=self.screening_threshold_permille, hits_max=self.screening_hits_max)
