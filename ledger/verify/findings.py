"""What a verification says: checks with counts, and the first difference of each that fails."""

from msgspec import Struct


class Difference(Struct, frozen=True):
    """One disagreement: where, what stands there, what should."""

    where: str
    found: str
    expected: str


class Check(Struct, frozen=True):
    """One thing that was proved, or the first place where it is not so."""

    name: str
    count: int
    difference: Difference | None = None

    @property
    def ok(self) -> bool:
        """True when nothing differs."""
        return self.difference is None


def compare(where: str, *, found: object, expected: object) -> Difference | None:
    """A Difference unless both are equal."""
    return None if found == expected else Difference(where, str(found), str(expected))
