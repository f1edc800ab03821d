"""Screening: one name against 30,000 entries, beside comparing it with every one of them."""

import statistics
import time
from typing import Any, Final

from command_api.screening import index
from command_api.screening.screener import Party, Screener
from tests.command_api.screening.corpus import Names, entry_of, kind_of, screener_of

ENTRIES: Final = 30_000
ASKED: Final = 2_000
SCANNED: Final = 40  # names that are also compared with every entry, each before and after it is screened


def bench_screening() -> dict[str, Any]:
    """Screen new names one after the other on one core; figures are CPU time of this process."""
    names = Names(seed=1)
    entries = [entry_of(names.any(), number) for number in range(ENTRIES)]
    began = time.process_time()
    screener = screener_of(entries)
    loaded_s = time.process_time() - began
    asked = Names(seed=2)
    parties = [Party(name=name, kind=kind_of(name)) for name in (asked.any() for _ in range(ASKED))]
    spent_ms = sorted(1_000 * _spent_s(screener, party) for party in parties)
    again_us = statistics.median(1e6 * _spent_s(screener, party) for party in parties)
    return {
        "entries": ENTRIES,
        "load_s": round(loaded_s, 2),
        "p50_ms": round(spent_ms[ASKED // 2], 2),
        "p99_ms": round(spent_ms[int(0.99 * (ASKED - 1))], 2),
        "max_ms": round(spent_ms[-1], 2),
        "remembered_us": round(again_us, 1),
        "ratio_to_full_scan": round(_against_a_full_scan(screener_of(entries), parties[:SCANNED]), 1),
    }


def _spent_s(screener: Screener, party: Party) -> float:
    began = time.process_time()
    screener.screen(party)
    return time.process_time() - began


def _against_a_full_scan(screener: Screener, parties: list[Party]) -> float:
    """How many times longer it takes when every entry is a candidate; interleaved, so that both meet the same machine.

    The names asked by the two differ in a word that says nothing, so neither finds the other's answer remembered.
    """
    filtered = scanned = 0.0
    chosen = index.NameIndex.candidates
    for party in parties:
        filtered += _spent_s(screener, party)
        index.NameIndex.candidates = lambda self, name: list(range(len(self.names)))  # type: ignore[method-assign]
        try:
            scanned += _spent_s(screener, Party(name=f"{party.name} al", kind=party.kind))
        finally:
            index.NameIndex.candidates = chosen  # type: ignore[method-assign]
    return scanned / filtered
