"""Simulated counterparties as processes of their own, and rails to them over loopback."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from cli.devstack.http_probe import http_get
from cli.devstack.ports import choose_ports
from cli.options import CHECKOUT, child_environment
from contracts.iso20022.pacs import INSTANT_LIMIT, CreditTransferInstruction
from projectors.rails.guard import RailLimits
from projectors.rails.metrics import RailMetrics
from projectors.rails.sct_inst import SctInst, open_sct_inst
from runtime.clock import SystemClock

READY_WITHIN_S = 30.0
POLL_S = 0.02

ACCEPTING = CreditTransferInstruction(
    instruction_id="pay-1-1",
    end_to_end_id="e2e-1",
    uetr="8a562c67-ca16-48ba-b074-65581be6f011",
    amount_minor=12_34,
    currency="EUR",
    scale=2,
    debtor_name="Ann Debtor",
    debtor_iban="DE89370400440532013000",
    debtor_bic="COBADEFF",
    creditor_name="Bob & Sons",
    creditor_iban="FR1420041010050500013M02606",
    creditor_bic="PSSTFRPP",
    accepted_at=datetime(2026, 11, 30, tzinfo=UTC),
    remittance="Invoice <17>",
)


def instruction(
    number: int | str, *, attempt: int = 1, age_s: float = 0.0, **changes: Any
) -> CreditTransferInstruction:
    """Return an instruction accepted `age_s` ago."""
    digits = hashlib.sha256(str(number).encode()).hexdigest()[:12]
    return replace(
        ACCEPTING,
        instruction_id=f"pay-{number}-{attempt}",
        end_to_end_id=f"e2e-{number}",
        uetr=f"8a562c67-ca16-48ba-b074-{digits}",
        accepted_at=datetime.now(UTC) - timedelta(seconds=age_s),
        **changes,
    )


def iban_ending(digits: str) -> str:
    """Return a German IBAN with right check digits that ends so."""
    account = f"37040044{digits:0>10}"
    check = 98 - int(account + "131400") % 97
    return f"DE{check:02d}{account}"


@dataclass
class Counterparty:
    """A simulated process that can be killed and started again on its books."""

    kind: str
    folder: Path
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    port: int = field(init=False)

    def __post_init__(self) -> None:
        self.port = choose_ports([self.kind], {}, data_dir=self.folder / self.kind)[self.kind]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        log = (self.folder / f"{self.kind}.log").open("ab")
        argv = (sys.executable, "-P", "-m", "cli", "simulate", self.kind, "--port", str(self.port))
        self.process = subprocess.Popen(
            (*argv, "--data-dir", str(self.folder / self.kind), *self.options),
            cwd=CHECKOUT,
            env=child_environment(),
            stdout=log,
            stderr=log,
        )
        log.close()
        async with asyncio.timeout(READY_WITHIN_S):
            while True:  # ends by the timeout
                with contextlib.suppress(OSError):
                    if (await http_get(self.url + "/health/ready"))[0] == 200:
                        return
                assert self.process.poll() is None, (self.folder / f"{self.kind}.log").read_text()
                await asyncio.sleep(POLL_S)

    def kill(self) -> None:
        """End it at whatever line it is."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)

    async def audit(self) -> dict[str, Any]:
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer: dict[str, Any] = (await http.get(self.url + "/audit")).json()
            return answer


@contextlib.asynccontextmanager
async def simulated(kind: str, folder: Path, *options: str) -> AsyncIterator[Counterparty]:
    """Run a counterparty for the duration of a block."""
    one = Counterparty(kind, folder, options)
    await one.start()
    try:
        yield one
    finally:
        one.end()


@contextlib.asynccontextmanager
async def rail_to(
    bank: Counterparty,
    *,
    limits: RailLimits | None = None,
    registry: CollectorRegistry | None = None,
    time_limit: timedelta = INSTANT_LIMIT,
) -> AsyncIterator[SctInst]:
    """Open the rail to a bank."""
    async with open_sct_inst(
        bank.url,
        metrics=RailMetrics(registry or CollectorRegistry()),
        clock=SystemClock(),
        limits=limits or RailLimits(answer_within_s=1.0, failures_to_open=1000),
        time_limit=time_limit,
    ) as rail:
        yield rail
