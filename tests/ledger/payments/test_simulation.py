"""A hundred thousand random payments on the pure functions and a rail that misbehaves, audited to the last unit.

`BURSAR_SEED=123 bursar test tests/ledger/payments/test_simulation.py` runs the worlds of a seed again.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections import Counter

import pytest

from tests.ledger.payments.simulated.auditing import audit
from tests.ledger.payments.simulated.people import populate
from tests.ledger.payments.simulated.world import World

PAYMENTS = 100_000
PAYMENTS_PER_WORLD = 25
# What a run of this size must have met, or it proves little.
WANTED = (
    "settled", "rejected", "cancelled", "instructed", "PaymentParked", "PaymentOutcomeUnknown",
    "PaymentInstructionLapsed", "PaymentResumed", "PaymentContradicted", "PaymentRefunded", "PaymentReturned",
    "PaymentAuthorised", "PaymentAuthorisationFailed", "PaymentReviewed", "PaymentScheduled", "PaymentPresented",
    "PaymentResolutionProposed", "PaymentRefundRequested", "PaymentRefundFailed", "PaymentRecallRequested",
    "PaymentRecallAnswered",
)  # fmt: skip


def live(seed: int) -> Counter[str]:
    """Run one world and audit it."""
    world = World(seed)
    populate(world, PAYMENTS_PER_WORLD)
    world.run(PAYMENTS_PER_WORLD)
    return audit(world)


@pytest.mark.timeout(900)  # half a minute on a quiet core
def test_every_payment_ends_or_is_parked_and_the_books_explain_to_zero(capsys: pytest.CaptureFixture[str]) -> None:
    """Money conserved, clearing explained by what the rail executed, nothing executed twice, nothing left held."""
    first = int(os.environ.get("BURSAR_SEED") or secrets.randbits(32))
    seen: Counter[str] = Counter()
    began = time.perf_counter()
    for seed in range(first, first + PAYMENTS // PAYMENTS_PER_WORLD):
        try:
            seen += live(seed)
        except AssertionError as wrong:
            raise AssertionError(f"in the world of seed {seed}: {wrong}") from wrong
    seconds = time.perf_counter() - began
    with capsys.disabled():
        sys.stdout.write(f"\nseed {first}: {PAYMENTS} payments in {seconds:.1f} s; {dict(seen)}\n")
    assert all(seen[wanted] >= 100 for wanted in WANTED), seen
