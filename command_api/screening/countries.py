"""Countries as lists write them, in words or codes, as ISO 3166 alpha-2.

A country is only evidence beside a name, so what is not recognised is left out instead of being refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

import pycountry
from anyascii import anyascii

# How lists call countries where ISO 3166 uses other words.
ALSO_CALLED: Final = {
    "bosnia herzegovina": "BA",
    "burma": "MM",
    "cape verde": "CV",
    "congo democratic republic": "CD",
    "czech republic": "CZ",
    "democratic peoples republic korea": "KP",
    "democratic republic congo": "CD",
    "east timor": "TL",
    "great britain": "GB",
    "iran": "IR",
    "iran islamic republic": "IR",
    "ivory coast": "CI",
    "korea north": "KP",
    "korea south": "KR",
    "macedonia": "MK",
    "north korea": "KP",
    "palestinian": "PS",
    "republic korea": "KR",
    "russia": "RU",
    "south korea": "KR",
    "swaziland": "SZ",
    "syria": "SY",
    "turkey": "TR",
    "uk": "GB",
    "usa": "US",
}
_FILLERS: Final = {"the", "of", "and"}


def country_codes(texts: Iterable[str]) -> frozenset[str]:
    """Return the alpha-2 codes of the countries that were recognised."""
    return frozenset(code for text in texts if (code := country_code(text)) is not None)


@cache
def country_code(text: str) -> str | None:
    """Return the alpha-2 code of a country given by code or name, or None."""
    return _known().get(_plain(text))


@cache
def _known() -> dict[str, str]:
    known: dict[str, str] = {}
    for country in pycountry.countries:
        fields = ("alpha_2", "alpha_3", "name", "common_name", "official_name")
        written = [getattr(country, field) for field in fields if hasattr(country, field)]
        known.update({_plain(text): country.alpha_2 for text in written})
    return {**known, **ALSO_CALLED}


def _plain(text: str) -> str:
    words = re.findall(r"[a-z]+", anyascii(text).lower().replace("'", ""))
    return " ".join(word for word in words if word not in _FILLERS)
