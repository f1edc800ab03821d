"""Records: what a context remembers between decisions, one frozen struct per thing, found by (kind, id).

Accounts, holds and reversals have tables of their own because money hangs on them; everything else (a payment on its
way, a customer, a limit and what was used of it, a case, a standing order) is a record: encoded as JSON, stored in the
same transaction as the event that changed it, loaded when a command names it. A record whose ``due_at`` is set is
found by the timers when that instant has passed.

A record is replaced, never changed in place; a new optional field needs a default, anything else a migration.
"""

from datetime import datetime

from msgspec import Struct

RecordKey = tuple[str, str]  # kind, id


class Record(Struct, frozen=True, kw_only=True):
    """Root of all records."""

    due_at: datetime | None = None
