"""`python -m tests.benchmarks [--json] [--only NAME ...]`: run the benchmarks on a stack of their own."""

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import uvloop

from cli.devstack import BURSAR_PROCESSES, DevStack, running_servers
from cli.migrate import run as migrate
from runtime.logs import configure_logging
from tests.benchmarks.commands import SINGLE_S, Bank, bench_bulk, bench_hot, bench_single
from tests.benchmarks.reads import bench_balance, bench_visibility
from tests.benchmarks.sequencer import bench_sequencer

HOT_SHARE: Final = 0.8  # the hot account can pay this share of what one by one would take, so it runs dry on the way
TARGETS: Final = {
    "sequencer": "ratio >= 0.45 of the bare COPY and update",
    "bulk": "transfers_per_s >= 15000",
    "single": "per_s >= 2000, p99_ms <= 80",
    "hot": "ratio_to_single >= 0.9, never overdrawn",
    "visibility": "wallets p50_ms <= 10, p99_ms <= 100; lake p99_ms <= 3000",
    "balance": "ratio >= 0.5 of a bare handler",
}


def say(text: str) -> None:
    """Show progress without disturbing the result on standard output."""
    print(text, file=sys.stderr, flush=True)


async def run(names: list[str]) -> dict[str, Any]:
    """Run the named benchmarks and give their figures."""
    results: dict[str, Any] = {"machine": {"cores": os.cpu_count(), "python": platform.python_version()}}
    with tempfile.TemporaryDirectory(prefix="bursar-bench-", ignore_cleanup_errors=True) as folder:
        if "sequencer" in names:
            await _sequencer(Path(folder) / "sequencer", results)
        if set(names) - {"sequencer"}:
            await _stack(Path(folder) / "stack", names, results)
    return results


async def _sequencer(folder: Path, results: dict[str, Any]) -> None:
    say("sequencer: opening accounts, then interleaved rounds …")
    async with running_servers(folder) as servers:
        await migrate(servers.postgres_dsn("bursar_owner"))
        results["sequencer"] = await bench_sequencer(
            servers.postgres_dsn("postgres"), servers.postgres_dsn("bursar_writer")
        )
    say(f"sequencer: {results['sequencer']}")


async def _stack(folder: Path, names: list[str], results: dict[str, Any]) -> None:
    say("stack: starting all servers and processes …")
    async with DevStack(folder, processes=BURSAR_PROCESSES) as stack:
        token = stack.token()
        bank = Bank(stack.url("command-api"), token, tag=f"b{int(time.time())}")
        await bank.open()

        async def measure(name: str, work: Any) -> dict[str, Any]:
            say(f"{name}: running …")
            results[name] = await work
            say(f"{name}: {results[name]}")
            return results[name]

        if "balance" in names:
            await measure("balance", bench_balance(bank, stack.url("query-api"), token))
        if "visibility" in names:
            await measure("visibility", bench_visibility(bank, stack.servers.nats_url))
        if "single" in names or "hot" in names:
            single = await measure("single", bench_single(bank))
            funds_minor = int(HOT_SHARE * single["per_s"] * SINGLE_S)
            hot = await measure("hot", bench_hot(bank, funds_minor=funds_minor))
            hot["ratio_to_single"] = round(hot["per_s"] / single["per_s"], 3)
        if "bulk" in names:
            await measure("bulk", bench_bulk(bank))


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
