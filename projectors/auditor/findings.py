"""How two things are compared. Pure: the same found and expected values give the same differences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from contracts.audits import AuditDifference, AuditSide

WHOLE: Final = "*"  # the field of a difference about a thing as a whole
READABLE: Final = "readable"  # the field of a difference about a thing that cannot be read
NOTHING: Final = "nothing"
DIGEST_CHARS: Final = 12
CODE_CHARS_MAX: Final = 128  # as long as an account's id

# Figures, dates and codes are shown as they are; anything else may be what a customer wrote.
_PLAIN: Final = re.compile(r"-?\d{1,30}|\d{4}-\d\d-\d\d([T ][0-9:.+Z-]{1,24})?|[0-9a-f]{64}|nothing|\d+ values?")
_CODES: Final = frozenset(
    {"status", "currency", "type", "event_type", "account_type", "normal_side", "overdraft", "rail", "payment_type",
     "change", "parked", "reason_code", "key", "account_id", READABLE}
)  # fmt: skip
_WRITTEN: Final = frozenset({"remittance_information", "reference", "end_to_end_id", "metadata", "detail"})


class Subject(Struct, frozen=True, kw_only=True):
    """What is compared: a thing of one side, at a position."""

    side: AuditSide
    model: str
    name: str
    position: int
    account_id: str | None = None
    currency: str | None = None

    def at(self, position: int) -> Subject:
        """Give the same subject at another position."""
        return replace(self, position=position)

    def differs(self, field: str, *, found: object, expected: object) -> AuditDifference:
        """Say that one value is not what it should be."""
        return AuditDifference(
            side=self.side,
            model=self.model,
            subject=self.name,
            field=field,
            position=self.position,
            account_id=self.account_id,
            currency=self.currency,
            expected=shown(field, expected),
            found=shown(field, found),
        )

    def compare(self, field: str, *, found: object, expected: object) -> list[AuditDifference]:
        """Compare one value."""
        return [] if found == expected else [self.differs(field, found=found, expected=expected)]

    def compare_all(self, *, found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[AuditDifference]:
        """Compare every value that either side has, by name. A thing that only one side has is one difference."""
        if found == expected:
            return []
        if not found or not expected:
            return [self.differs(WHOLE, found=_count(found), expected=_count(expected))]
        absent = object()
        return [
            self.differs(
                name,
                found=found.get(name, NOTHING),
                expected=expected.get(name, NOTHING),
            )
            for name in sorted(found.keys() | expected.keys())
            if found.get(name, absent) != expected.get(name, absent)
        ]


def shown(field: str, value: object) -> str:
    """Write a value so that it may be kept and read: figures plainly, what somebody wrote as a digest."""
    if value is None:
        return NOTHING
    text = value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
    if field not in _WRITTEN and ((field in _CODES and len(text) <= CODE_CHARS_MAX) or _PLAIN.fullmatch(text)):
        return text
    return f"sha256:{sha256(text.encode()).hexdigest()[:DIGEST_CHARS]} ({len(text)} characters)"


def _count(values: Mapping[str, Any]) -> str:
    return f"{len(values)} values" if values else NOTHING
