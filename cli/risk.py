"""`bursar risk`: rulesets and models of the score: checked, tried on history, activated, explained."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from cli.options import F, Failure, data_dir_option, json_option

if TYPE_CHECKING:
    from cli.scoring.comparing import Comparison
    from cli.scoring.history import Moment
    from command_api.risk.scoring import RiskPolicy
    from contracts.risk import PaymentFact

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
RULES_FOLDER = "risk"  # in the data folder, as `bursar up` gives it to the command API


@click.group(name="risk")
def command() -> None:
    """Rulesets and models of the risk score: check, try on history, train, activate.

    docs/guides/risk.md explains them.
    """


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the history comes from: a lake, a book, or the book of the local stack."""

    lake: Path | None
    database_url: str | None
    ledger: str
    data_dir: Path

    def facts(self) -> AsyncIterator[PaymentFact]:
        """Open it. Raises Failure."""
        from cli.devstack.state import DataDir
        from cli.scoring.history import read_book, read_lake

        if self.lake is not None and self.database_url is not None:
            raise Failure("give --lake or --database-url, not both")
        if self.lake is not None:
            return read_lake(self.lake)
        data = DataDir(self.data_dir)
        url = self.database_url or (data.read_state().addresses.get("postgres") if data.is_running() else None)
        if url is None:
            raise Failure(f"no stack runs in {data.path}; start it with `bursar up`, or give --lake or --database-url")
        return read_book(url, ledger=self.ledger)


def source_options(function: F) -> F:
    """Add what says which history is read."""
    function = data_dir_option(function)
    function = click.option("--ledger", default="main", envvar="BURSAR_LEDGER", help="Name of the ledger.")(function)
    function = click.option("--database-url", envvar="BURSAR_DATABASE_URL", help="PostgreSQL of a book.")(function)
    return click.option("--lake", type=FOLDER, help="Folder of one ledger's lake: settled payments only.")(function)


def rules_dir_option(function: F) -> F:
    """Add `--rules-dir`, the folder that the command API watches."""
    return click.option("--rules-dir", type=FOLDER, help="Folder of the rulesets; else the local stack's.")(function)


@command.command(name="check")
@click.argument("rules", type=FILE)
@click.option("--model", type=FILE, help="A model to check as well.")
def check_command(rules: Path, model: Path | None) -> None:
    """Read a ruleset as an activation would, and list every mistake."""
    policy = _policy(rules, model)
    click.echo(f"{policy.ruleset.version}: {len(policy.ruleset.document.rules)} rules")
    click.echo(f"features: {', '.join(sorted(policy.ruleset.features))}")
    if policy.model is not None:
        click.echo(f"model {policy.model.version}: {len(policy.model.document.inputs)} inputs")


@command.command(name="dry-run")
@click.option("--rules", type=FILE, required=True, help="The new ruleset.")
@click.option("--model", type=FILE, help="The new model; without it the active one is kept.")
@click.option("--against", type=FILE, help="A ruleset to compare with instead of the active one; without a model.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Count payments from this day on (UTC).")
@rules_dir_option
@source_options
@json_option
def dry_run_command(rules: Path, model: Path | None, as_json: bool, rules_dir: Path | None, **more: Any) -> None:
    """Replay history and show how decisions would change under a new ruleset. Changes nothing."""
    import msgspec

    from cli.scoring.comparing import compare, describe
    from cli.scoring.history import HistoryRefused, replay

    _quiet()
    against, since = more.pop("against"), more.pop("since")
    asked = Source(**more)
    active = _policy(against, None) if against is not None else _active(rules_dir, asked.data_dir)
    new = _policy(rules, model)
    if model is None:
        new = new._replace(model=active.model)
    since_s = int(since.replace(tzinfo=UTC).timestamp()) if since is not None else 0

    async def run() -> Comparison:
        return await compare(replay(asked.facts()), active, new, since_s=since_s)

    try:
        found = asyncio.run(run())
    except HistoryRefused as refused:
        raise Failure(str(refused)) from refused
    click.echo(msgspec.json.format(msgspec.json.encode(found)).decode() if as_json else describe(found))


@command.command(name="train")
@click.option("--labels", type=FILE, required=True, help="CSV with the columns id and fraud (0 or 1).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Where the model goes.")
@click.option("--version", default="logistic-1", show_default=True, help="The model's name.")
@source_options
def train_command(labels: Path, out: Path, version: str, **source: Any) -> None:
    """Train a model from history. Only payments that have a label are learnt from.

    The label's id is the payment's in a book, and the transfer's in a lake.
    """
    from cli.scoring.history import HistoryRefused, read_labels, replay
    from cli.scoring.training import train
    from command_api.risk.model import ModelRefused, read_model

    _quiet()
    asked = Source(**source)

    async def known(wanted: dict[str, bool]) -> list[Moment]:
        return [moment async for moment in replay(asked.facts()) if moment.payment_id in wanted]

    try:
        wanted = read_labels(labels)
        moments = asyncio.run(known(wanted))
        content = train(moments, [wanted[moment.payment_id] for moment in moments], version=version)
        model = read_model(content)
    except (HistoryRefused, ModelRefused) as refused:
        raise Failure(str(refused)) from refused
    out.write_bytes(content)
    training = model.document.training
    click.echo(
        f"{model.version}: {len(model.document.inputs)} inputs from {training.payments:,} payments, "
        f"{training.frauds:,} of them fraud; AUC {training.auc_permille / 1000:.3f} on the "
        f"{training.held_out_payments:,} newest"
    )


@command.command(name="activate")
@click.option("--rules", type=FILE, required=True, help="The ruleset.")
@click.option("--model", type=FILE, help="The model beside it; without one, no model decides.")
@click.option("--by", required=True, help="Who activates it; kept in the record.")
@click.option("--why", required=True, help="Why; kept in the record.")
@click.option("--replacing", help="The version that must be active now, or nothing happens.")
@rules_dir_option
@data_dir_option
def activate_command(rules: Path, model: Path | None, rules_dir: Path | None, data_dir: Path, **said: Any) -> None:
    """Make a ruleset decide, within seconds and without a restart. Try it with `bursar risk dry-run` first."""
    from command_api.risk.shelf import ActivationRefused, Shelf, ShelfUnreadable, Wish
    from runtime.clock import SystemClock

    content = model.read_bytes() if model is not None else None
    wish = Wish(ruleset=rules.read_bytes(), model=content, **said)
    try:
        done = Shelf(rules_dir or data_dir / RULES_FOLDER).activate(wish, at=SystemClock().now())
    except (ActivationRefused, ShelfUnreadable) as refused:
        raise Failure(str(refused)) from refused
    click.echo(f"activation {done.number}: {done.ruleset} with {done.model or 'no model'}, replacing {done.replaces}")


@command.command(name="active")
@rules_dir_option
@data_dir_option
@json_option
def active_command(rules_dir: Path | None, data_dir: Path, as_json: bool) -> None:
    """Show what decides now, and every activation before it."""
    import msgspec

    from command_api.risk.shelf import Shelf, ShelfUnreadable

    policy = _active(rules_dir, data_dir)
    try:
        record = Shelf(rules_dir or data_dir / RULES_FOLDER).read_activations()
    except ShelfUnreadable as unreadable:
        raise Failure(str(unreadable)) from unreadable
    model = policy.model.version if policy.model is not None else None
    if as_json:
        shown = {"ruleset": policy.ruleset.version, "model": model, "activations": msgspec.to_builtins(record)}
        click.echo(json.dumps(shown, indent=2))
        return
    click.echo(f"{policy.ruleset.version} with {model or 'no model'}")
    for line in record:
        click.echo(f"{line.number:>5}  {line.at:%Y-%m-%d %H:%M}  {line.ruleset}  by {line.by}: {line.why}")


def _policy(rules: Path, model: Path | None) -> RiskPolicy:
    """Read what was given. Raises Failure with every mistake."""
    from command_api.risk.model import ModelRefused, read_model
    from command_api.risk.ruleset import RulesetRefused, read_ruleset
    from command_api.risk.scoring import RiskPolicy

    try:
        read = read_model(model.read_bytes()) if model is not None else None
        return RiskPolicy(read_ruleset(rules.read_bytes()), read)
    except RulesetRefused as refused:
        raise Failure("\n".join(f"{rules}: {mistake}" for mistake in refused.mistakes)) from refused
    except ModelRefused as refused:
        raise Failure(f"{model}: {refused}") from refused


def _active(rules_dir: Path | None, data_dir: Path) -> RiskPolicy:
    from command_api.risk.shelf import Shelf, ShelfUnreadable

    try:
        return Shelf(rules_dir or data_dir / RULES_FOLDER).load_active()
    except ShelfUnreadable as unreadable:
        raise Failure(str(unreadable)) from unreadable


def _quiet() -> None:
    from runtime.logs import configure_logging

    configure_logging("risk", "error")
