"""Rulesets and models on disk, which of them is active, and who made it so.

    rulesets/<version>@<hash>.toml   every ruleset that was ever active, byte for byte
    models/<version>@<hash>.json     every model, the same
    active.json                      the pointer: which two decide now; replaced in one step
    activations.jsonl                who activated what, when and why; each line holds the hash of the one before

A line is written before the pointer moves, so nothing ever decides that is not written down. Without a pointer the
ruleset that comes with Bursar decides, without a model. A folder that cannot be read never means "no rules".
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

import msgspec
import structlog
from msgspec import Meta, Struct

from command_api.risk.model import MODEL_BYTES_MAX, ModelRefused, RiskModel, read_model
from command_api.risk.ruleset import RULESET_BYTES_MAX, Ruleset, RulesetRefused, read_ruleset
from command_api.risk.scoring import RiskPolicy
from contracts.risk import Version
from contracts.risk_words import DEFAULT_RULESET
from runtime.clock import Clock

POLL_S: Final = 2.0  # how soon another activation is noticed
POINTER_BYTES_MAX: Final = 4_096
HASH_OF_NO_LINE: Final = "0" * 64

_log = structlog.get_logger(__name__)
_json: Final = msgspec.json.Encoder().encode


class ShelfUnreadable(Exception):
    """The folder does not hold what its pointer names, or cannot be read; the text has the remedy."""


class ActivationRefused(Exception):
    """Nothing was activated; the text says why."""


class Pointer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which ruleset and model decide, and the number of the activation that said so."""

    activation: int
    ruleset: Version
    model: Version | None


class Activation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of the record. `previous`: SHA-256 of the line before."""

    number: int
    at: datetime
    by: Annotated[str, Meta(min_length=1, max_length=100)]
    why: Annotated[str, Meta(min_length=1, max_length=280)]
    ruleset: Version
    ruleset_sha256: str
    model: Version | None
    model_sha256: str | None
    replaces: Version
    previous: str


class Wish(Struct, frozen=True, kw_only=True):
    """What somebody wants to activate. `replacing`: the ruleset they believe to be active, or None not to say."""

    ruleset: bytes
    model: bytes | None
    by: str
    why: str
    replacing: str | None = None


class Shelf:
    """The folder. Everything here blocks, for some milliseconds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.pointer_path = folder / "active.json"
        self._record = folder / "activations.jsonl"

    def load_active(self) -> RiskPolicy:
        """Read what is active, checked against its names' hashes. Raises ShelfUnreadable."""
        pointer = self.read_pointer()
        if pointer is None:
            return RiskPolicy(read_ruleset(DEFAULT_RULESET.read_bytes()), None)
        return RiskPolicy(
            self.load_ruleset(pointer.ruleset), self._load_model(pointer.model) if pointer.model else None
        )

    def read_pointer(self) -> Pointer | None:
        """Read the pointer; None when nothing was ever activated. Raises ShelfUnreadable."""
        try:
            content = self.pointer_path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ShelfUnreadable(f"{self.pointer_path} cannot be read: {error.strerror}") from error
        try:
            return msgspec.json.decode(content[:POINTER_BYTES_MAX], type=Pointer)
        except (UnicodeDecodeError, msgspec.MsgspecError) as error:
            raise ShelfUnreadable(f"{self.pointer_path} is no pointer ({error}); activate a ruleset again") from error

    def load_ruleset(self, version: str) -> Ruleset:
        """Read a ruleset that is or was active, to explain what it decided. Raises ShelfUnreadable."""
        path = self._folder / "rulesets" / f"{version}.toml"
        try:
            ruleset = read_ruleset(_read(path, RULESET_BYTES_MAX))
        except RulesetRefused as refused:
            raise ShelfUnreadable(f"{path} is not usable: {refused}") from refused
        if ruleset.version != version:
            raise ShelfUnreadable(f"{path} was changed: its content is {ruleset.version}; restore it")
        return ruleset

    def _load_model(self, version: str) -> RiskModel:
        path = self._folder / "models" / f"{version}.json"
        try:
            model = read_model(_read(path, MODEL_BYTES_MAX))
        except ModelRefused as refused:
            raise ShelfUnreadable(f"{path} is not usable: {refused}") from refused
        if model.version != version:
            raise ShelfUnreadable(f"{path} was changed: its content is {model.version}; restore it")
        return model

    def activate(self, wish: Wish, *, at: datetime) -> Activation:
        """Store, write down and make active, one at a time. Raises ActivationRefused, ShelfUnreadable."""
        try:
            ruleset = read_ruleset(wish.ruleset)
            model = read_model(wish.model) if wish.model is not None else None
        except (RulesetRefused, ModelRefused) as refused:
            raise ActivationRefused(str(refused)) from refused
        for folder in (self._folder, self._folder / "rulesets", self._folder / "models"):
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        with self._locked():
            active = self.load_active().ruleset.version
            if wish.replacing is not None and wish.replacing != active:
                raise ActivationRefused(f"{active} is active, not {wish.replacing}: look at it first")
            _write(self._folder / "rulesets" / f"{ruleset.version}.toml", wish.ruleset)
            if model is not None and wish.model is not None:
                _write(self._folder / "models" / f"{model.version}.json", wish.model)
            last, previous = self._last_line()
            line = Activation(
                number=last + 1,
                at=at,
                by=wish.by,
                why=wish.why,
                ruleset=ruleset.version,
                ruleset_sha256=ruleset.sha256_hex,
                model=model.version if model is not None else None,
                model_sha256=model.sha256_hex if model is not None else None,
                replaces=active,
                previous=previous,
            )
            msgspec.convert(msgspec.to_builtins(line), Activation)  # who and why within their bounds
            self._append(_json(line))
            _write(self.pointer_path, _json(Pointer(activation=line.number, ruleset=line.ruleset, model=line.model)))
        return line

    def read_activations(self) -> list[Activation]:
        """Read the record, oldest first, and check its chain. Raises ShelfUnreadable."""
        found: list[Activation] = []
        previous = HASH_OF_NO_LINE
        for content in self._lines():
            try:
                line = msgspec.json.decode(content, type=Activation)
            except (UnicodeDecodeError, msgspec.MsgspecError) as error:
                raise ShelfUnreadable(f"{self._record}, line {len(found) + 1}: {error}") from error
            if line.previous != previous or line.number != len(found) + 1:
                raise ShelfUnreadable(f"{self._record}, line {len(found) + 1}: a line before it was changed or removed")
            previous = sha256(content).hexdigest()
            found.append(line)
        return found

    def _last_line(self) -> tuple[int, str]:
        lines = self._lines()
        self.read_activations()
        return len(lines), sha256(lines[-1]).hexdigest() if lines else HASH_OF_NO_LINE

    def _lines(self) -> list[bytes]:
        try:
            return self._record.read_bytes().splitlines()
        except FileNotFoundError:
            return []

    def _append(self, line: bytes) -> None:
        with self._record.open("ab") as file:
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One activation at a time; somebody else's is over within milliseconds."""
        with (self._folder / ".lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class ActivePolicy:
    """What decides now: looks at the pointer every POLL_S, and keeps what it has when the new one is unusable."""

    def __init__(self, shelf: Shelf, *, clock: Clock) -> None:
        """Raises ShelfUnreadable: a process does not start with rules that it cannot read."""
        self._shelf = shelf
        self._clock = clock
        self._seen = self._stamp()
        self._policy = shelf.load_active()
        self._look_at = clock.monotonic() + POLL_S
        self.why_stale: str | None = None

    def current(self) -> RiskPolicy:
        """Return the active policy; costs a `stat` every POLL_S, and some milliseconds after an activation."""
        if self._clock.monotonic() >= self._look_at:
            self._look_at = self._clock.monotonic() + POLL_S
            stamp = self._stamp()
            if stamp != self._seen:
                self._reload(stamp)
        return self._policy

    def _reload(self, stamp: tuple[int, int, int] | None) -> None:
        try:
            self._policy = self._shelf.load_active()
        except ShelfUnreadable as unreadable:
            self.why_stale = str(unreadable)
            _log.error("risk_policy_unreadable", kept=self._policy.ruleset.version, detail=str(unreadable))
            return
        self._seen, self.why_stale = stamp, None
        _log.info(
            "risk_policy_active",
            ruleset=self._policy.ruleset.version,
            model=self._policy.model.version if self._policy.model else None,
        )

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = self._shelf.pointer_path.stat()
        except FileNotFoundError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size


def _read(path: Path, bytes_max: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(bytes_max + 1)
    except OSError as error:
        raise ShelfUnreadable(f"{path} cannot be read: {error.strerror}; restore it or activate another") from error


def _write(path: Path, content: bytes) -> None:
    """Put a file in its place in one step, on disk before it has its name."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
