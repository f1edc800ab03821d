"""What screening leaves behind for everybody else: which lists were asked, and which of their entries came up.

These structs travel into events, so they hold nothing of the person who was screened: an entry of a public list is
named by its id, and how near the names were by a number. The names themselves stay in the process that compared them.
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

ListName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z", description="A loaded list, such as `un_sc`.")]
Permille = Annotated[int, Meta(ge=0, le=1000)]
ScreeningOutcome = Literal["clear", "hit"]
ScreeningMode = Annotated[
    Literal["per_transaction", "daily_customer"],
    Meta(description="Whether a rail screens the parties of each payment, or relies on customers screened every day."),
]
PartyRole = Literal["debtor", "creditor", "ultimate_debtor", "ultimate_creditor"]


class ListVersion(Struct, frozen=True, kw_only=True):
    """A list exactly as it was loaded: the day its publisher put on it (null: none), and SHA-256 of its files."""

    list: ListName
    published_on: date | None
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class ListedHit(Struct, frozen=True, kw_only=True):
    """An entry that came up: its list, its id there, and how near the names were (1000 is the same name)."""

    list: ListName
    entry_id: Annotated[str, Meta(min_length=1, max_length=100)]
    score_permille: Permille


class ScreeningSummary(Struct, frozen=True, kw_only=True):
    """One name screened. ``hits`` holds the best of them; ``hits_count`` counts all."""

    outcome: ScreeningOutcome
    lists: tuple[ListVersion, ...]
    hits: tuple[ListedHit, ...]
    hits_count: Annotated[int, Meta(ge=0)]
