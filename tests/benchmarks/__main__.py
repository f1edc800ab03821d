"""`python -m tests.benchmarks [--json] [--only NAME ...]`: run the benchmarks on a stack of their own."""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import uvloop

from cli.devstack import DevStack, running_servers
from cli.migrate import run as migrate
from runtime.logs import configure_logging
from tests.benchmarks.commands import SINGLE_S, Bank, bench_bulk, bench_hot, bench_single
from tests.benchmarks.dashboard import bench_dashboard
from tests.benchmarks.live import bench_live
from tests.benchmarks.payments import Payers, bench_initiation, bench_rail, benchmark_processes
from tests.benchmarks.processor import cpu_seconds
from tests.benchmarks.pure import bench_pure
from tests.benchmarks.reads import bench_balance, bench_visibility
from tests.benchmarks.rebuild import bench_rebuild
from tests.benchmarks.risk import bench_risk
from tests.benchmarks.screening import bench_screening
from tests.benchmarks.sequencer import bench_sequencer

HOT_SHARE: Final = 0.8  # the hot account can pay this share of what one by one would take, so it runs dry on the way
TARGETS: Final = {
    "screening": "p99_ms < 5, ratio_to_full_scan >= 10",
    "pure": "pacs008_ms < 0.1, model_us < 20, pain001_8192_s < 3, month_10000_s < 10",
    "sequencer": "ratio >= 0.45 of the bare COPY and update",
    "bulk": "transfers_per_s >= 15000",
    "single": "per_s >= 2000, p99_ms <= 80",
    "hot": "ratio_to_single >= 0.9, never overdrawn",
    "visibility": "wallets p50_ms <= 10, p99_ms <= 100; lake p99_ms <= 3000",
    "payments": "per_s >= 800, p99_ms <= 150; settled at 200/s: p99_ms <= 500",
    "rail": "overhead_p99_ms <= 300 over the bank's own delay",
    "dashboard": "first_paint p50 < 1000 ms, on_screen p50 < 1000 ms",
    "live": "500 clients, 200 payments/s: p99_ms <= 1000; only the slow are let go; overview_p50_ms <= 20",
    "balance": "ratio >= 0.5 of a bare handler",
    "risk": "p99_ms < 10, cpu_us < 300, none degraded",
    "rebuild": "per_s on two quiet cores: wallets, desk, risk >= 60000; lake >= 150000",
}


Measure = Callable[[Bank, DevStack], Awaitable[dict[str, Any]]]


def say(text: str) -> None:
    """Show progress without disturbing the result on standard output."""
    print(text, file=sys.stderr, flush=True)


async def run(names: list[str]) -> dict[str, Any]:
    """Run the named benchmarks, each on servers of its own, and give their figures."""
    results: dict[str, Any] = {"machine": {"cores": os.cpu_count(), "python": platform.python_version()}}
    if "screening" in names:
        say("screening: loading entries, then name after name …")
        results["screening"] = bench_screening()
        say(f"screening: {results['screening']}")
    if "pure" in names:
        say("pure: a file, a month, messages …")
        results["pure"] = bench_pure()
        say(f"pure: {results['pure']}")
    with tempfile.TemporaryDirectory(prefix="bursar-bench-", ignore_cleanup_errors=True) as folder:
        if "sequencer" in names:
            await _sequencer(Path(folder) / "sequencer", results)
        if "risk" in names:
            await _risk(Path(folder) / "risk", results)
        if "rebuild" in names:
            await _rebuild(Path(folder) / "rebuild", results)
        for name, measure in MEASURES.items():
            if name in names or (name == "single" and "hot" in names):
                say(f"{name}: starting all servers and processes, opening accounts …")
                await _on_a_stack(Path(folder) / name, measure, results)
    return results


async def _sequencer(folder: Path, results: dict[str, Any]) -> None:
    say("sequencer: opening accounts, then interleaved rounds …")
    async with running_servers(folder) as servers:
        await migrate(servers.postgres_dsn("bursar_owner"))
        results["sequencer"] = await bench_sequencer(
            servers.postgres_dsn("postgres"), servers.postgres_dsn("bursar_writer")
        )
    say(f"sequencer: {results['sequencer']}")


async def _risk(folder: Path, results: dict[str, Any]) -> None:
    say("risk: remembering payments, then interleaved rounds …")
    async with running_servers(folder / "stack") as servers:
        results["risk"] = await bench_risk(servers.redis_url, folder / "rules")
    say(f"risk: {results['risk']}")


async def _rebuild(folder: Path, results: dict[str, Any]) -> None:
    say("rebuild: writing a million events, then one model after another …")
    async with running_servers(folder / "stack") as servers:
        results["rebuild"] = await bench_rebuild(servers, folder / "lake")
    say(f"rebuild: {results['rebuild']}")


async def _on_a_stack(folder: Path, measure: Measure, results: dict[str, Any]) -> None:
    async with DevStack(folder, processes=benchmark_processes()) as stack:
        bank = Bank(stack.url("command-api"), stack.token(), tag=f"b{int(time.time())}")
        await bank.open()
        for name, figures in (await measure(bank, stack)).items():
            results[name] = figures
            say(f"{name}: {figures}")


async def _balance(bank: Bank, stack: DevStack) -> dict[str, Any]:
    return {"balance": await bench_balance(bank, stack.url("query-api"), stack.token())}


async def _visibility(bank: Bank, stack: DevStack) -> dict[str, Any]:
    return {"visibility": await bench_visibility(bank, stack.servers.nats_url)}


async def _single_and_hot(bank: Bank, stack: DevStack) -> dict[str, Any]:
    """One after the other on one stack, because the second is judged by the first."""
    single = await bench_single(bank)
    hot = await bench_hot(bank, funds_minor=int(HOT_SHARE * single["per_s"] * SINGLE_S))
    return {"single": single, "hot": {**hot, "ratio_to_single": round(hot["per_s"] / single["per_s"], 3)}}


async def _bulk(bank: Bank, stack: DevStack) -> dict[str, Any]:
    """With what each process spent on one transfer: where the time goes."""
    before = cpu_seconds(stack.servers)
    bulk = await bench_bulk(bank)
    spent = {name: seconds - before.get(name, 0.0) for name, seconds in cpu_seconds(stack.servers).items()}
    cpu_us = {name: round(1e6 * seconds / bulk["accepted"], 1) for name, seconds in spent.items()}
    return {"bulk": {**bulk, "cpu_us_per_transfer": cpu_us}}


async def _payments(bank: Bank, stack: DevStack) -> dict[str, Any]:
    payers = Payers(bank, stack.token())
    before = cpu_seconds(stack.servers)
    figures = await bench_initiation(bank, payers)
    spent = {name: round(seconds - before.get(name, 0.0), 2) for name, seconds in cpu_seconds(stack.servers).items()}
    return {"payments": {**figures, "cpu_s": spent}}


async def _rail(bank: Bank, stack: DevStack) -> dict[str, Any]:
    return {"rail": await bench_rail(bank, Payers(bank, stack.token()), stack)}


async def _dashboard(bank: Bank, stack: DevStack) -> dict[str, Any]:
    return {"dashboard": await bench_dashboard(bank, stack)}


async def _live(bank: Bank, stack: DevStack) -> dict[str, Any]:
    """With what each process spent: on a machine that is too small for all of them, everybody hears late."""
    before = cpu_seconds(stack.servers)
    figures = await bench_live(bank, Payers(bank, stack.token()), stack)
    spent = {name: round(seconds - before.get(name, 0.0), 2) for name, seconds in cpu_seconds(stack.servers).items()}
    return {"live": {**figures, "cpu_s": spent}}


MEASURES: Final[dict[str, Measure]] = {
    "balance": _balance,
    "visibility": _visibility,
    "single": _single_and_hot,
    "bulk": _bulk,
    "payments": _payments,
    "rail": _rail,
    "dashboard": _dashboard,
    "live": _live,
}


def main() -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(prog="bursar bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.add_argument("--only", nargs="+", choices=list(TARGETS), default=list(TARGETS), help="run only these")
    arguments = parser.parse_args()
    configure_logging("bench", "error")
    results = uvloop.run(run(arguments.only))
    if arguments.json:
        print(json.dumps({"results": results, "targets": TARGETS}, indent=2))
        return
    for name in arguments.only:
        print(f"{name:12} {TARGETS[name]}\n{'':12} {results[name]}")


if __name__ == "__main__":
    main()
