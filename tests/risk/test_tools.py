"""`bursar risk` on histories of its own: dry runs that change nothing, activations, and a model worth its name."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli.main import bursar
from cli.scoring.comparing import compare
from cli.scoring.history import HistoryRefused, Moment, read_book, read_labels, read_lake, replay
from cli.scoring.training import train
from command_api.risk.model import read_model
from command_api.risk.scoring import RiskPolicy
from contracts.risk import PaymentFact
from contracts.risk_words import DEFAULT_RULESET
from projectors.events import Batch, decode_event
from projectors.lake.directory import AccountDirectory
from projectors.lake.target import LakeTarget
from projectors.risk.facts import facts_of
from runtime.clock import SystemClock
from tests.projectors.places import Place
from tests.risk.histories import BEGIN_S, initiated
from tests.risk.rules import HEAD, model_bytes, rule, ruleset
from tests.support.book import RandomBook

AUC_PERMILLE_MIN = 850
AUC_PERMILLE_OF_DICE_MAX = 650
HOURS = 3_600


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(bursar, ["risk", *map(str, arguments)])


async def stream(facts: list[PaymentFact]) -> AsyncIterator[PaymentFact]:
    for fact in facts:
        yield fact


def made_up(payments: int, *, seed: int = 1) -> tuple[list[PaymentFact], dict[str, bool]]:
    """Customers who pay a few shops from one phone, and thieves who come with a laptop, in a hurry, for a mule."""
    chance = random.Random(seed)
    facts: list[PaymentFact] = []
    frauds: dict[str, bool] = {}
    at = BEGIN_S

    def pay(customer: str, payee: str, device: str, amount: int, *, fraud: bool) -> None:
        position = len(facts) + 1
        facts.append(initiated(position, at, (customer, payee, device, "EUR"), amount))
        kind = "rejected" if fraud and chance.random() < 0.3 else "settled"
        facts.append(PaymentFact(position=position + 1, kind=kind, payment_id=f"pay_{position}", at=at))  # type: ignore[arg-type]
        frauds[f"pay_{position}"] = fraud

    while len(frauds) < payments:
        at += chance.randint(60, 3 * HOURS)
        customer = f"c{chance.randrange(30)}"
        if chance.random() < 0.03:
            for _ in range(chance.randint(1, 4)):
                at += chance.randint(5, 90)
                pay(customer, f"mule{chance.randrange(3)}", f"laptop{chance.randrange(2)}", 90_000, fraud=True)
        else:
            shop = f"shop{chance.randrange(4)}" if chance.random() < 0.9 else f"new{chance.randrange(200)}"
            pay(customer, shop, f"phone-{customer}", chance.randint(500, 9_000), fraud=False)
    return facts, frauds


async def moments_of(facts: list[PaymentFact]) -> list[Moment]:
    return [moment async for moment in replay(stream(facts))]


class TestTraining:
    async def test_the_model_tells_frauds_apart_and_is_the_same_every_time(self) -> None:
        facts, frauds = made_up(1_500)
        moments = await moments_of(facts)
        labels = [frauds[moment.payment_id] for moment in moments]
        content = train(moments, labels, version="made-up")
        assert content == train(moments, labels, version="made-up")
        model = read_model(content)
        assert model.document.training.auc_permille > AUC_PERMILLE_MIN
        assert all(each.weight > 0 for each in model.document.inputs)
        assert b"." not in json.dumps(json.loads(content)["inputs"]).encode()

    async def test_labels_without_a_connection_do_not_make_a_model_look_good(self) -> None:
        """Planted: the labels are thrown by dice."""
        facts, _ = made_up(1_500)
        moments, chance = await moments_of(facts), random.Random(7)
        labels = [chance.random() < 0.05 for _ in moments]
        model = read_model(train(moments, labels, version="dice"))
        assert model.document.training.auc_permille < AUC_PERMILLE_OF_DICE_MAX

    async def test_too_little_is_refused(self) -> None:
        facts, frauds = made_up(100)
        moments = await moments_of(facts)
        with pytest.raises(HistoryRefused, match="too little"):
            train(moments, [frauds[moment.payment_id] for moment in moments], version="small")

    @pytest.mark.parametrize(
        "text", ["id;fraud\n", "id,fraud\npay_1,2\n", "id,fraud\npay_1,1\npay_1,0\n", "id,fraud\n,1\n"]
    )
    def test_labels_that_could_be_misread_are_refused(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "labels.csv").write_text(text)
        with pytest.raises(HistoryRefused):
            read_labels(tmp_path / "labels.csv")


class TestDryRun:
    async def test_it_counts_what_would_change_by_decision_amount_and_example(self) -> None:
        facts = [
            initiated(number, BEGIN_S + number, ("alice", "shop", "", "EUR"), 100 * number) for number in range(1, 11)
        ]
        before = RiskPolicy(ruleset(rule("amount_minor > 100000", points=700)), None)
        after = RiskPolicy(ruleset(rule("amount_minor > 700", points=700)), None)
        found = await compare(replay(stream(facts)), before, after)
        assert (found.payments, found.changed) == (10, 3)
        [same, changed] = found.changes
        assert (same.before, same.after, same.payments) == ("allow", "allow", 7)
        assert (changed.before, changed.after, changed.amounts_minor) == ("allow", "review", {"EUR": 2_700})
        assert changed.examples == ("pay_8", "pay_9", "pay_10")
        assert found.reasons == {"REASON_ONE": 3}

    async def test_earlier_payments_only_make_the_features(self) -> None:
        facts = [initiated(number, BEGIN_S + number, ("alice", "shop", "", "EUR"), 100) for number in range(1, 11)]
        policy = RiskPolicy(ruleset(rule("customer_payments_1h >= 10")), None)
        found = await compare(replay(stream(facts)), policy, policy, since_s=BEGIN_S + 9)
        assert (found.payments, found.reasons) == (2, {"REASON_ONE": 1})


@pytest.fixture
async def written(place: Place) -> tuple[Place, list[PaymentFact]]:
    """A book with payments, and its lake."""
    book = RandomBook(seed=5, ledger=place.ledger)
    lines = book.write(600)
    await place.record(lines)
    events = [decode_event(line.position, line.body, ledger=place.ledger) for line in lines]
    lake = LakeTarget(place.lake_dir / place.ledger, AccountDirectory(place.book), clock=SystemClock())
    await lake.apply(Batch(events, caught_up=True))
    return place, list(facts_of(events))


class TestHistory:
    async def test_a_book_gives_every_fact(self, written: tuple[Place, list[PaymentFact]]) -> None:
        place, facts = written
        assert facts
        assert [fact async for fact in read_book(place.reader_dsn, ledger=place.ledger)] == facts

    async def test_a_lake_gives_what_was_settled(self, written: tuple[Place, list[PaymentFact]]) -> None:
        place, facts = written
        settled = {fact.payment_id for fact in facts if fact.kind == "settled"}
        expected = [
            (fact.customer_id, fact.payee_id, fact.currency, fact.amount_minor)
            for fact in facts
            if fact.kind == "initiated" and fact.payment_id in settled
        ]
        found = [fact async for fact in read_lake(place.lake_dir / place.ledger) if fact.kind == "initiated"]
        assert [(fact.customer_id, fact.payee_id, fact.currency, fact.amount_minor) for fact in found] == expected

    async def test_no_lake_and_the_wrong_book_are_refused_with_a_remedy(self, place: Place, tmp_path: Path) -> None:
        with pytest.raises(HistoryRefused, match="no lake"):
            [fact async for fact in read_lake(tmp_path)]
        with pytest.raises(HistoryRefused, match="correct the database URL"):
            [fact async for fact in read_book(place.reader_dsn, ledger="another")]


class TestCommands:
    async def test_from_a_dry_run_over_a_lake_to_an_activation(
        self, written: tuple[Place, list[PaymentFact]], tmp_path: Path
    ) -> None:
        place, _ = written
        new, rules_dir = tmp_path / "new.toml", tmp_path / "rules"
        new.write_text(HEAD + rule("amount_minor >= 1", points=700))
        lake = place.lake_dir / place.ledger
        dry = await asyncio.to_thread(
            run, "dry-run", "--rules", new, "--lake", lake, "--rules-dir", rules_dir, "--json", "--data-dir", tmp_path
        )
        assert dry.exit_code == 0, dry.output
        found = json.loads(dry.output)
        assert found["payments"] > 0
        assert {change["after"] for change in found["changes"]} == {"review"}
        assert not rules_dir.exists(), "a dry run changes nothing"
        done = run("activate", "--rules", new, "--by", "ann", "--why", "trial", "--rules-dir", rules_dir)
        assert done.exit_code == 0, done.output
        active = json.loads(run("active", "--rules-dir", rules_dir, "--json").output)
        assert active["ruleset"].startswith("test-1@")
        assert [line["by"] for line in active["activations"]] == ["ann"]
        again = run(
            "activate", "--rules", new, "--by", "bob", "--why", "x", "--rules-dir", rules_dir, "--replacing", "other"
        )
        assert again.exit_code == 1
        assert "is active, not other" in str(again.exception)

    async def test_a_model_is_trained_from_a_lake(self, place: Place, tmp_path: Path) -> None:
        """Called fraud here: what is far above the customer's typical amount."""
        book = RandomBook(seed=2, ledger=place.ledger)
        lines = book.write(4_000)
        events = [decode_event(line.position, line.body, ledger=place.ledger) for line in lines]
        lake, labels, out = place.lake_dir / place.ledger, tmp_path / "labels.csv", tmp_path / "model.json"
        await place.record(lines)
        await LakeTarget(lake, AccountDirectory(place.book), clock=SystemClock()).apply(Batch(events, caught_up=True))
        moments = [moment async for moment in replay(read_lake(lake))]
        rows = [(moment.payment_id, int(moment.features["amount_to_typical_pct"]) > 150) for moment in moments]
        labels.write_text("id,fraud\n" + "".join(f"{name},{int(fraud)}\n" for name, fraud in rows))
        options = ("train", "--lake", lake, "--labels", labels, "--out", out, "--data-dir", tmp_path)
        done = await asyncio.to_thread(run, *options)
        assert done.exit_code == 0, (done.output, done.exception)
        model = read_model(out.read_bytes())
        assert model.document.training.auc_permille > AUC_PERMILLE_MIN
        assert "amount_to_typical_pct" in {each.feature for each in model.document.inputs}
        labels.write_text("id,fraud\n" + f"{rows[0][0]},1\n")
        refused = await asyncio.to_thread(run, *options)
        assert refused.exit_code == 1
        assert "too little" in str(refused.exception)

    def test_check_lists_every_mistake(self, tmp_path: Path) -> None:
        bad = tmp_path / "bad.toml"
        bad.write_text(HEAD + rule("nobody") + rule("[1].all(x, true)", name="two"))
        done = run("check", bad)
        assert done.exit_code == 1
        assert "rule one" in str(done.exception)
        assert "rule two" in str(done.exception)
        (tmp_path / "model.json").write_bytes(model_bytes())
        assert run("check", DEFAULT_RULESET, "--model", tmp_path / "model.json").exit_code == 0

    def test_without_a_history_it_says_what_to_give(self, tmp_path: Path) -> None:
        done = run("dry-run", "--rules", DEFAULT_RULESET, "--data-dir", tmp_path)
        assert done.exit_code == 1
        assert "--lake or --database-url" in str(done.exception)
