"""From exact fractions back to whole minor units: one rounding with a name, or a split that loses nothing.

Fractions are a numerator and a positive denominator, both integers; nothing is ever rounded twice.
"""

from collections.abc import Sequence

from contracts.commands.fees import Rounding


def rounded(numerator: int, denominator: int, rule: Rounding) -> int:
    """Round a fraction to a whole number.

    ``half_even``: to the nearest, a half to the even one. ``half_up``: a half upwards. ``up``: any rest upwards.
    Upwards is towards plus infinity.
    """
    whole, rest = divmod(numerator, denominator)
    match rule:
        case "up":
            return whole + (rest > 0)
        case "half_up":
            return whole + (2 * rest >= denominator)
        case "half_even":
            return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2))


def apportioned(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split a total in proportion to weights (none negative, not all zero); the parts add up to it exactly.

    Largest remainder: each part is cut to a whole number, and what is left over goes, one by one, to the parts that
    lost most; among equals to the first. A negative total is split as its opposite is.
    """
    if total < 0:
        return tuple(-part for part in apportioned(-total, weights))
    whole = sum(weights)
    parts, rests = zip(*(divmod(total * weight, whole) for weight in weights), strict=True)
    lost_most = sorted(range(len(weights)), key=lambda at: -rests[at])
    raised = set(lost_most[: total - sum(parts)])
    return tuple(part + (at in raised) for at, part in enumerate(parts))
