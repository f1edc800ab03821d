"""What one batch leaves in the book, gathered while it is decided and written in a few statements."""

from datetime import datetime
from hashlib import sha256

import msgspec
from msgspec import Struct, field

from contracts import events as e
from contracts.ids import position_of
from ledger.domain.accounts import terms_of
from ledger.domain.book import Line
from ledger.domain.state import State

_encode = msgspec.json.Encoder().encode


class Rows(Struct):
    """Rows by table. Lists only grow, so that an atomic group can be undone by cutting them back to a mark."""

    events: list[tuple[int, str, bytes]] = field(default_factory=list)
    entries: list[tuple[int, int, int, str, int, int, object]] = field(default_factory=list)
    idempotency: list[tuple[bytes, bytes, int | None, int | None, bytes | None, bytes | None]] = field(
        default_factory=list
    )
    accounts: list[tuple[object, ...]] = field(default_factory=list)
    assets: list[tuple[str, int, int]] = field(default_factory=list)
    holds: list[tuple[int, str, datetime, str, str | None]] = field(default_factory=list)
    touched_accounts: list[str] = field(default_factory=list)
    touched_holds: list[int] = field(default_factory=list)
    touched_originals: list[int] = field(default_factory=list)

    def mark(self) -> tuple[int, ...]:
        """Where every list ends now."""
        return tuple(len(getattr(self, name)) for name in self.__struct_fields__)

    def cut(self, mark: tuple[int, ...]) -> None:
        """Forget everything after ``mark``."""
        for name, length in zip(self.__struct_fields__, mark, strict=True):
            del getattr(self, name)[length:]

    def add_event(self, event: e.EventData, *, position: int, body: bytes, chained: bytes, lines: list[Line]) -> None:
        """Add an event, the entries it books, and the states beside the book that it changes."""
        self.events.append((position, body.decode(), chained))
        for no, leg, currency, amount_minor, held_minor, effective in lines:
            self.entries.append((no, position, leg, currency, amount_minor, held_minor, effective))
        match event:
            case e.TransferReversed():
                self.touched_originals.append(position_of(event.transfer_id))
            case e.HoldPlaced():
                legs = _encode([{**msgspec.structs.asdict(leg), "captured_minor": 0} for leg in event.legs]).decode()
                self.holds.append((position, "open", event.expires_at, legs, event.reference))
            case e.HoldExtended() | e.HoldCaptured() | e.HoldReleased() | e.HoldExpired():
                self.touched_holds.append(position_of(event.hold_id))
            case e.AccountOpened():
                self.accounts.append(_account_row(event, position))
            case e.AccountClosed() | e.AccountFrozen() | e.AccountUnfrozen():
                self.touched_accounts.append(event.account_id)
            case e.AssetDeclared():
                self.assets.append((event.currency, event.scale, position))
            case _:
                pass  # nothing but event, entries and records


def _account_row(event: e.AccountOpened, position: int) -> tuple[object, ...]:
    terms = terms_of(event, position=position)
    metadata = None if event.metadata is None else _encode(event.metadata).decode()
    return (
        terms.no,
        terms.account_id,
        terms.currency,
        terms.scale,
        terms.account_type,
        terms.normal_sign,
        terms.floor_minor,
        terms.ceiling_minor,
        metadata,
        terms.customer_id,
    )


def legs_json(state: State, hold_no: int) -> str:
    """The legs of a hold as stored."""
    hold = state.hold(hold_no)
    assert hold is not None
    return _encode(hold.legs).decode()


def key_hash_of(tenant: str, key: str) -> bytes:
    """The scope of an idempotency key: 16 bytes of SHA-256(tenant || 0 || key)."""
    return sha256(f"{tenant}\x00{key}".encode()).digest()[:16]


def digest_of(command: bytes) -> bytes:
    """The fingerprint of a canonical command: 16 bytes of SHA-256."""
    return sha256(command).digest()[:16]
