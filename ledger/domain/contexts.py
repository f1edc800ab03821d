"""What a context gives to the book: its decisions, its evolutions, what they look at, what it remembers.

A context is one file of this folder per noun, ending in a ``CONTEXT``; ``book.py`` puts them together. To add one:
messages in contracts/commands and contracts/events, a file here, a line in ``book.CONTEXTS``.

    deciders   command -> (command, state, moment) -> event, events, or Refused; changes nothing
    evolvers   event   -> (state, event, position) -> None; cannot refuse
    touches    command -> adds to Touched what can be named from the command alone
    follows    command -> adds what can be named only once the first things are loaded (an account's holder, the
               accounts of a payment); asked again after every load that brought something, FOLLOW_ROUNDS_MAX times
    records    kind    -> the struct that the context keeps under that kind, see records.py
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct, field

from contracts.events import EventData
from ledger.domain.records import Record, RecordKey
from ledger.domain.state import Moment, State

FOLLOW_ROUNDS_MAX: Final = 4


class Touched(Struct):
    """The keys of the states that commands look at."""

    accounts: set[str] = field(default_factory=set)
    holds: set[int] = field(default_factory=set)
    originals: set[int] = field(default_factory=set)
    currencies: set[str] = field(default_factory=set)
    records: set[RecordKey] = field(default_factory=set)


Decider = Callable[[Any, State, Moment], Any]
Evolver = Callable[[State, Any, int], None]
Touch = Callable[[Any, Touched], None]
Follow = Callable[[Any, State, Touched], None]


class Context(Struct, frozen=True, kw_only=True):
    """One noun's part of the book. A decidable is a command, or a command with what the door found out about it."""

    deciders: Mapping[type[Any], Decider]
    evolvers: Mapping[type[EventData], Evolver]
    touches: Mapping[type[Any], Touch]
    follows: Mapping[type[Any], Follow] = {}
    records: Mapping[str, type[Record]] = {}
