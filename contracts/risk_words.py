"""The words of a ruleset's reasons, read out of its document as data: by who scores, and by who explains later.

The ruleset that comes with Bursar is the file beside this one; those that were activated are on the command API's shelf
(rulesets/<version>.toml). A document that cannot be read has no words, and then a code stands for itself.
"""

import tomllib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from contracts.risk import ReasonCode, ReasonWords

DEFAULT_RULESET: Final = Path(__file__).with_name("default_rules.toml")
RULESET_HASH_CHARS: Final = 12

_Text = Annotated[str, Meta(min_length=1, max_length=200)]


class _RuleWords(Struct, frozen=True, kw_only=True, omit_defaults=True):
    reason: ReasonCode
    words: _Text
    customer_words: _Text | None = None


class RulesetWords(Struct, frozen=True, kw_only=True):
    """What a ruleset calls itself, and what it says of each of its reasons."""

    version: str
    words: Mapping[str, ReasonWords]


class _Document(Struct, frozen=True, kw_only=True):
    version: str
    rules: tuple[_RuleWords, ...]


def words_of_ruleset(document: bytes) -> RulesetWords:
    """Read the words of a ruleset. Raises ValueError for a document that is none."""
    try:
        found = msgspec.convert(tomllib.loads(document.decode("utf-8")), _Document)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ValueError(f"no ruleset: {error}") from error
    words = {
        rule.reason: ReasonWords(words=rule.words)
        if rule.customer_words is None
        else ReasonWords(words=rule.words, customer_words=rule.customer_words)
        for rule in found.rules
    }
    digest = sha256(document).hexdigest()[:RULESET_HASH_CHARS]
    return RulesetWords(version=f"{found.version}@{digest}", words=words)
