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
    codes, names = _known()
    return codes.get(text.strip().upper()) or names.get(_plain(text))


@cache
def _known() -> tuple[dict[str, str], dict[str, str]]:
    """ISO 3166 by code and by plain name."""
    codes: dict[str, str] = {}
    names: dict[str, str] = {}
    for country in pycountry.countries:
        codes.update({country.alpha_2: country.alpha_2, country.alpha_3: country.alpha_2})
        written = [getattr(country, field, "") for field in ("name", "common_name", "official_name")]
        names.update({_plain(text): country.alpha_2 for text in written if text})
    return codes, {**names, **ALSO_CALLED}


def _plain(text: str) -> str:
    words = re.findall(r"[a-z]+", anyascii(text).lower().replace("'", ""))
    return " ".join(word for word in words if word not in _FILLERS)
