"""What the model ``wallets`` must hold of the things that a slice touches. Pure.

What Redis holds of a hold or payment names the events it was made of, so its expected value is the fold of exactly
those; that none is missing is proved by the slice of the missing one. An account names no events: it is what its
opening and its newest entry say, and its statement is what its newest entries are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol, get_args

from msgspec import Struct

from contracts.audits import AuditDifference
from contracts.desk import THINGS_PER_POSITION
from contracts.events import PaymentStatus
from contracts.ids import position_of
from contracts.read_models import EVENT_FIELD, QUEUES, WALLETS, Fields, WalletsKeys
from projectors.auditor.book_side import figures_of, touched_by
from projectors.auditor.findings import Subject
from projectors.auditor.reading import AccountFacts
from projectors.events import Event
from projectors.wallets.changes import Changes
from projectors.wallets.fold import fold

STATUSES: Final[tuple[str, ...]] = get_args(PaymentStatus)
PAYMENT_INDEXES: Final = ("customer_id", "payee_id", "end_to_end_id")
POSITION_CHARS_MAX: Final = 19
Members = Mapping[bytes, str]  # -> the score, as text


class Touched(Struct, frozen=True):
    """The things of ``wallets`` that events touch, each with the positions of the events that do."""

    accounts: dict[str, int]
    holds: dict[str, set[int]]
    payments: dict[str, set[int]]


class AccountFound(Struct, frozen=True):
    """What Redis holds of an account. ``holds``: the hash behind each member of its index of open holds."""

    fields: Fields
    score: str | None
    statement: Members
    held_by: Members
    holds: Mapping[bytes, Fields]


class Read(Protocol):
    """What Redis holds of a thing: its hash, and its score on lists by the list's key."""

    @property
    def fields(self) -> Fields:
        """The hash."""
        ...

    @property
    def lists(self) -> Mapping[str, str | None]:
        """Its score by the list's key, None where it is not listed."""
        ...


def touched_in(events: Iterable[Event]) -> Touched:
    """Name what a slice touches."""
    touched = Touched({}, {}, {})
    for event in events:
        changes = fold([event])
        touched.accounts.update(dict.fromkeys(changes.accounts, event.position))
        for hold_id in changes.holds:
            touched.holds.setdefault(hold_id, set()).add(event.position)
        for payment_id in changes.payments:
            touched.payments.setdefault(payment_id, set()).add(event.position)
    return touched


def positions_in(fields: Fields, steps: Members) -> set[int]:
    """Give the positions that a thing in Redis says it was made of; whatever is no position is left out.

    A hold or payment has a field for each, a thing of the desk a step for each, and a score that says where it began.
    """
    names = (text_of(name) for name in fields)
    texts = [name.removeprefix(EVENT_FIELD) for name in names if name.startswith(EVENT_FIELD)]
    positions = {int(text) for text in texts if _is_position(text)}
    positions |= {int(score) for score in steps.values() if _is_position(score)}
    score = _text(fields, "score")
    return positions | ({int(score) // THINGS_PER_POSITION} if _is_position(score) else set())


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < POSITION_CHARS_MAX


def audit_account(
    subject: Subject,
    found: AccountFound,
    facts: AccountFacts,
    *,
    touched_at: int,
    named: Event | None,
    statement: Sequence[str] | None,
) -> list[AuditDifference]:
    """Compare an account.

    ``touched_at``: the newest event of the slice about it; ``named``: the event at the position that Redis says it
    changed last; ``statement``: its newest entries, None when another slice compares them.
    """
    account_id = facts.row.account_id
    expected = dict(fold([facts.opening]).accounts[account_id])
    posted_minor, held_minor = figures_of(facts.newest)[account_id]
    status = _text(found.fields, "status") if facts.status is None else facts.status
    last = max(facts.row.last_position, touched_at)
    if named is not None and named.position > last and account_id in _accounts_of(named):
        last = named.position  # frozen or closed since: no entry says so
    expected |= {
        "posted_minor": str(posted_minor),
        "held_minor": str(held_minor),
        "status": status,
        "position": str(last),
    }
    differences = subject.compare_all(found=_texts(found.fields), expected=expected)
    differences += subject.compare("listed", found=found.score, expected="0")
    for hold_id, score in found.held_by.items():
        hold = found.holds.get(hold_id, {})
        is_open = hold.get(b"status") == b"open" and account_id in _text(hold, "accounts").split()
        held = score_of(text_of(hold_id)) if is_open else None
        differences += subject.compare(f"hold {text_of(hold_id)}", found=score, expected=held)
    if statement is not None:
        wanted = {text.encode(): score for score, text in zip(statement[::2], statement[1::2], strict=True)}
        differences += subject.compare_all(found=_lines(found.statement), expected=_lines(wanted))
    return differences


def audit_hold(subject: Subject, found: Read, events: Sequence[Event], keys: WalletsKeys) -> list[AuditDifference]:
    """Compare a hold with its events, and its place in the index of each account that it touches."""
    hold_id = subject.name.removeprefix(SUBJECTS["hold"])
    expected = dict(fold(events).holds[hold_id])
    differences = subject.compare_all(found=_texts(found.fields), expected=expected)
    wanted = score_of(hold_id) if expected.get("status") == "open" else None
    for account_id in expected.get("accounts", "").split():
        score = found.lists.get(keys.holds(account_id))
        differences += subject.compare(f"open on {account_id}", found=score, expected=wanted)
    return differences


def accounts_held(events: Sequence[Event], hold_id: str) -> list[str]:
    """Name the accounts that a hold touches."""
    return fold(events).holds[hold_id].get("accounts", "").split()


def audit_payment(subject: Subject, found: Read, events: Sequence[Event], keys: WalletsKeys) -> list[AuditDifference]:
    """Compare a payment and every list that it must or must not be on."""
    payment_id = subject.name.removeprefix(SUBJECTS["payment"])
    changes = fold(events)
    expected = dict(changes.payments[payment_id])
    if payment_id in changes.payment_moves:
        expected["status"] = changes.payment_moves[payment_id]
    differences = subject.compare_all(found=_texts(found.fields), expected=expected)
    on = lists_of(changes, payment_id, keys)
    score = score_of(payment_id)
    for key in sorted(on | found.lists.keys()):
        name = _list_name(key.removeprefix(keys.prefix))
        differences += subject.compare(f"on {name}", found=found.lists.get(key), expected=score if key in on else None)
    return differences


def _list_name(key: str) -> str:
    """Name a list; the reference that a client gave stays out of it."""
    family, _, rest = key.partition(":")
    index, _, _ = rest.partition(":")
    return f"{family}:{index}" if index in PAYMENT_INDEXES else key


def lists_of(changes: Changes, payment_id: str, keys: WalletsKeys) -> set[str]:
    """Name the lists that a payment is on after its events."""
    on = {keys.payments}
    on |= {keys.payments_by(name, value) for name, value, payment in changes.payment_indexes if payment == payment_id}
    if payment_id in changes.payment_moves:
        on.add(keys.payments_in(changes.payment_moves[payment_id]))
    if changes.queued.get(payment_id):
        on.add(keys.payments_by("queue", changes.queued[payment_id]))
    return on


def lists_to_ask(events: Sequence[Event], payment_id: str, keys: WalletsKeys) -> set[str]:
    """Name every list on which a payment may be: where it must be, and all those it may have been left on."""
    every = {keys.payments_in(status) for status in STATUSES}
    every |= {keys.payments_by("queue", queue) for queue in QUEUES}
    return every | lists_of(fold(events), payment_id, keys)


def text_of(value: bytes) -> str:
    """Write whatever bytes Redis holds as text."""
    return value.decode(errors="backslashreplace")


def score_of(identifier: str) -> str | None:
    """Give the score under which an id is listed; None for what is no id."""
    try:
        return str(position_of(identifier))
    except ValueError:
        return None


def _accounts_of(event: Event) -> set[str]:
    return {*fold([event]).accounts, *touched_by([event])}


def _texts(fields: Fields) -> dict[str, str]:
    return {text_of(name): text_of(value) for name, value in fields.items()}


def _text(fields: Fields, name: str) -> str:
    return text_of(fields.get(name.encode(), b""))


def _lines(members: Members) -> dict[str, str]:
    """Write a statement so that a difference names the line by its score."""
    lines: dict[str, list[str]] = {}
    for member, score in members.items():
        lines.setdefault(f"statement line {score}", []).append(text_of(member))
    return {name: " ".join(sorted(texts)) for name, texts in lines.items()}


SUBJECTS: Final = {"account": "account ", "hold": "hold ", "payment": "payment "}


def subject_of(kind: str, identifier: str, *, position: int, **of_account: str | None) -> Subject:
    """Name a thing of ``wallets``."""
    return Subject(side="redis", model=WALLETS, name=f"{SUBJECTS[kind]}{identifier}", position=position, **of_account)
