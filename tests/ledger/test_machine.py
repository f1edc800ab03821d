"""The write model under random commands: see machine.py for what is compared after every step."""

from __future__ import annotations

import sys
import time

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.ledger.machine import BookMachine, Steps

RUNS = 60
STEPS_PER_RUN = 50


def test_random_commands_keep_every_invariant(capsys: pytest.CaptureFixture[str]) -> None:
    """Money conserved, limits kept, held = open holds, reversals bounded, entries = balances, refusals idle."""
    before, began = Steps.taken, time.perf_counter()

    run_state_machine_as_test(
        BookMachine,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS_PER_RUN,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )

    steps, seconds = Steps.taken - before, time.perf_counter() - began
    with capsys.disabled():
        sys.stdout.write(f"\n{steps} commands in {seconds:.1f} s: {steps / seconds:.0f} a second\n")
    assert steps > RUNS * 10
