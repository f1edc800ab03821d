"""The counters of ``wallets``. What a whole sweep has counted is what they must say. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec.structs import replace

from contracts.audits import AuditDifference
from contracts.read_models import WALLETS, Fields, totals_of
from projectors.auditor.findings import READABLE, Subject
from projectors.events import Event
from projectors.wallets.fold import fold

TOTALS: Final = "totals"
LISTS: Final = "lists"
PAYMENTS: Final = "payments"
VOLUME: Final = "volume_minor:"


def count(events: Iterable[Event]) -> Counter[str]:
    """Count what some events add to the totals, however they are split."""
    changes = fold(events)
    counted = Counter(changes.counts)
    counted[PAYMENTS] += len(changes.begun)
    for currency, volume_minor in changes.volume_minor.items():
        counted[f"{VOLUME}{currency}"] += volume_minor
    return counted


def audit_totals(
    found: Fields, lengths: Mapping[str, int], counted: Mapping[str, int], *, position: int
) -> list[AuditDifference]:
    """Compare the counters with what was counted, and with the lengths of the lists that they count."""
    subject = Subject(side="redis", model=WALLETS, name=TOTALS, position=position)
    try:
        totals = totals_of(found)
    except (ValueError, UnicodeDecodeError):
        return [subject.differs(READABLE, found="no numbers", expected="counters")]
    said = {"accounts": totals.accounts, "transfers": totals.transfers, "holds_open": totals.holds_open}
    said |= {f"entries:{currency}": entries for currency, entries in totals.entries.items()}
    said |= {f"{VOLUME}{currency}": volume_minor for currency, volume_minor in totals.volume_minor.items()}
    said[PAYMENTS] = sum(totals.payments.values())
    differences = subject.compare_all(found=_counted(said), expected=_counted(counted))
    listed = {"accounts": totals.accounts, PAYMENTS: said[PAYMENTS]}
    listed |= {f"{PAYMENTS}:{status}": number for status, number in totals.payments.items()}
    lists = replace(subject, name=LISTS)
    differences += lists.compare_all(
        found={f"{name} listed": number for name, number in _counted(lengths).items()},
        expected={f"{name} listed": number for name, number in _counted(listed).items()},
    )
    return differences


def _counted(numbers: Mapping[str, int]) -> dict[str, int]:
    return {name: number for name, number in numbers.items() if number}
