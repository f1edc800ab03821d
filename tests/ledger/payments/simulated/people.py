"""What people and timers do in a simulated world: pay, authorise, review, cancel, refund, resolve, let time pass."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, Final

from contracts import commands as c
from contracts import events as e
from contracts.assessment import Assessment
from contracts.money import text_of
from contracts.payment_codes import PaymentType
from tests.ledger.payments.simulated.opened_book import BEGIN, CARD, CURRENCIES, CUSTOMERS, IBANS, wallet
from tests.ledger.payments.simulated.rail import HOUR_S
from tests.ledger.payments.simulated.world import World
from tests.support.payments import assessed, hit, risk

SHARES: Final[dict[PaymentType, int]] = {
    "book_transfer": 6, "credit_transfer": 9, "payout": 3, "card_top_up": 5, "payment_request": 2,
}  # fmt: skip
KINDS: Final = tuple(kind for kind, share in SHARES.items() for _ in range(share))
RESOLVED: Final = 0.85  # of parked payments
AUTHORISED: Final = 0.9  # of those who are asked, at least once and rightly


def populate(world: World, payments: int) -> None:
    """Let clients come over two hours, and an account freeze now and then."""
    world.on_event = follow
    for number in range(payments):
        world.later(world.chance.random() * 2 * HOUR_S, partial(initiate, world, number))  # type: ignore[misc]
    for number in range(2):
        at_s = world.chance.random() * 3 * HOUR_S
        for currency in CURRENCIES:
            account_id = wallet("dora", currency)
            freeze, thaw = c.FreezeAccount(account_id=account_id), c.UnfreezeAccount(account_id=account_id)
            world.later(at_s, partial(world.send, freeze, f"freeze-{account_id}-{number}"))
            world.later(at_s + HOUR_S, partial(world.send, thaw, f"thaw-{account_id}-{number}"))


def initiate(world: World, number: int) -> None:
    """A payment of any kind, sent twice now and then."""
    wish = a_wish(world)
    found: dict[str, Any] = {}
    roll = world.chance.random()
    if roll < 0.10:
        outside = wish.creditor or wish.debtor
        found["assessment"] = Assessment(
            screening=hit() if roll < 0.03 and outside is not None else None,
            risk=risk(world.chance.choice(("allow", "challenge", "review", "deny")), "NEW_PAYEE"),
        )
    for _ in range(world.chance.choice((1, 1, 1, 2))):
        world.send(assessed(wish, **found), f"pay-{number}", by="asker")


def a_wish(world: World) -> c.InitiatePayment:
    """What a client asks for."""
    chance = world.chance
    kind, currency = chance.choice(KINDS), chance.choice(("EUR", "EUR", "EUR", "USD"))
    payer, payee = chance.sample(CUSTOMERS, 2)
    if kind == "card_top_up" and chance.random() < 0.5:
        payee = "carol"  # whose account may be full by the time the card was charged
    inside = kind in ("book_transfer", "payment_request", "card_top_up")
    card = kind == "card_top_up" or (kind == "payout" and chance.random() < 0.5)
    rail = "card_psp" if card else None
    if kind == "credit_transfer" and chance.random() < 0.15:
        rail = "file"
    outside = c.Party(name="Somebody", card_token=CARD) if card else c.Party(name="Somebody", iban=chance.choice(IBANS))
    amount_minor = chance.choice((1, 900, 4_000, 25_000, 40_000))
    return c.InitiatePayment(
        payment_type=kind,
        rail=rail,  # type: ignore[arg-type]
        debtor_account_id=None if kind == "card_top_up" else wallet(payer, currency),
        creditor_account_id=wallet(payee, currency) if inside else None,
        debtor=outside if kind == "card_top_up" else None,
        creditor=None if inside else outside,
        instructed_amount=c.InstructedAmount(currency=currency, value=text_of(amount_minor, scale=2)),
        end_to_end_id="E2E",
        requested_execution_date=BEGIN.date() + timedelta(days=1) if chance.random() < 0.05 else None,
    )


def follow(world: World, event: e.EventData) -> None:
    """What people and timers do when they see an event."""
    chance = world.chance
    match event:
        case e.PaymentHeldForReview():
            for turn, reviewer in enumerate(("asker", "rita", "rita", "rolf", "ruth")):
                decision = "release" if chance.random() < 0.9 or reviewer != "rolf" else "reject"
                _later(world, (turn + 1) * 60.0, c.ReviewPayment(
                    payment_id=event.payment_id, decision=decision, reason="r"), f"review-{turn}", by=reviewer)  # type: ignore[arg-type]  # fmt: skip
            _later(world, 600.0, c.CancelPayment(payment_id=event.payment_id), "cancel-held")
        case e.PaymentAuthorisationRequested() | e.PaymentPresented():
            _answer(world, event)
            left_s = (event.expires_at - world.now).total_seconds()
            _later(world, left_s * chance.choice((0.5, 1.0, 1.0)), c.ExpirePayment(payment_id=event.payment_id), "late")
            _later(world, left_s, c.ExpirePayment(payment_id=event.payment_id), "expire")
        case e.PaymentScheduled():
            left_s = (BEGIN.replace(hour=0) + timedelta(days=1) - world.now).total_seconds()
            _later(world, left_s / 2, c.StartPayment(payment_id=event.payment_id), "early")
            _later(world, left_s, c.StartPayment(payment_id=event.payment_id), "start")
        case e.PaymentAccepted() | e.PaymentInstructionLapsed() if chance.random() < 0.1:
            _later(world, chance.random(), c.CancelPayment(payment_id=event.payment_id), f"cancel-{world.position}")
        case e.PaymentSettled():
            _give_back(world, event)
        case e.PaymentParked() if chance.random() < RESOLVED:
            world.later(chance.random() * 40 * HOUR_S, lambda: _resolve(world, event.payment_id, world.position))
        case _:
            pass


def _later(world: World, span_s: float, command: Any, key: str, *, by: str = "clerk") -> None:
    world.later(span_s, lambda: world.send(command, f"{command.payment_id}-{key}", by=by))


def _answer(world: World, event: e.PaymentAuthorisationRequested | e.PaymentPresented) -> None:
    """The payer proves who they are: rightly, wrongly, too often, or too late; or declines."""
    chance, payment = world.chance, world.payment(event.payment_id)
    if isinstance(event, e.PaymentPresented) and chance.random() < 0.2:
        _later(world, 100.0, c.DeclinePayment(payment_id=event.payment_id), "decline")
    right = {
        "instructed_amount": c.InstructedAmount(
            currency=payment.currency, value=text_of(payment.amount_minor, scale=payment.scale)
        ),
        "payee": payment.payee_id,
    }
    wrong: tuple[dict[str, Any], ...] = (
        {"payee": "mallory"},
        {"instructed_amount": c.InstructedAmount(currency=payment.currency, value="0.02")},
        {"instructed_amount": c.InstructedAmount(currency="CHF", value=right["instructed_amount"].value)},  # type: ignore[union-attr]
    )
    tries: list[dict[str, Any]] = [chance.choice(wrong) for _ in range(chance.choice((0, 0, 1, 2, 5)))]
    if chance.random() < AUTHORISED:
        tries += [{}] * chance.choice((1, 2))
    for number, change in enumerate(tries):
        proof = c.AuthorisePayment(payment_id=event.payment_id, **{**right, **change})
        _later(world, number * 40.0 + chance.random(), proof, f"prove-{number}")


def _give_back(world: World, event: e.PaymentSettled) -> None:
    """Refunds by payees, recalls, and returns by rails: in parts, repeated, too much."""
    chance, facts = world.chance, event.facts
    assert facts.amount_minor is not None
    if chance.random() > 0.3:
        return
    for number in range(chance.choice((1, 2, 3))):
        at_s = chance.random() * 2 * HOUR_S
        part = max(1, int(facts.amount_minor * chance.choice((0.2, 0.5, 1.0))))
        command: Any
        if facts.rail == "book" or (facts.payment_type == "card_top_up" and chance.random() < 0.7):
            command = c.RefundPayment(payment_id=event.payment_id, amount_minor=chance.choice((None, part, part)))
        elif facts.rail == "sct_inst" and chance.random() < 0.4:
            command = c.RecallPayment(payment_id=event.payment_id, reason="sent twice", reason_code="DUPL")
        else:
            name = f"return-{number}"
            command = c.ReturnPayment(
                payment_id=event.payment_id, return_id=name, amount_minor=part, reason_code="AC04"
            )
            _later(world, at_s + 9.0, command, f"back-again-{number}")  # told again, under another key
        for _ in range(chance.choice((1, 2))):
            _later(world, at_s, command, f"back-{number}")


def _resolve(world: World, payment_id: str, seen_at: int) -> None:
    """Two operators do what the rail says on the phone, or have it asked again."""
    chance, payment = world.chance, world.payment(payment_id)
    if payment.state != "instructed":
        return
    action = "force_settle" if world.rail.by_phone(payment.instruction.instruction_id) else "fail"
    if chance.random() < 0.2:
        action = "retry"
    others = "retry" if action != "retry" else "fail"
    said = ((action, "asker"), (action, "olga"), (action, "olga"), (others, "omar"), (action, "omar"))
    for number, (choice, operator) in enumerate(said):
        if action == "retry" and choice != "retry":
            continue
        command = c.ResolvePayment(payment_id=payment_id, action=choice, reason="told on the phone")  # type: ignore[arg-type]
        world.send(command, f"{payment_id}-resolve-{seen_at}-{number}", by=operator)
