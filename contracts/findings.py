"""What a verification says: checks with counts, and the first difference of each that fails; what it compares with."""

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


class AccountFold(Struct):
    """One account as the events say it is: its number, and its balances in the normal side after ``changed_at``."""

    no: int
    currency: str
    normal_sign: int
    posted_minor: int = 0
    held_minor: int = 0
    changed_at: int = 0


class PaymentFold(Struct, frozen=True):
    """One payment as the book's records say it is, after its event at ``changed_at``."""

    status: str
    amount_minor: int
    refunded_minor: int
    returned_minor: int
    changed_at: int
