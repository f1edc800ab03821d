"""Which scope a command needs."""

from collections.abc import Iterable
from typing import Final

from contracts import commands as c

SCOPE_OF: Final[dict[type[c.Command], str]] = {
    c.DeclareAsset: "accounts:write",
    c.OpenAccount: "accounts:write",
    c.CloseAccount: "accounts:write",
    c.FreezeAccount: "accounts:write",
    c.UnfreezeAccount: "accounts:write",
    c.PostTransfer: "transfers:write",
    c.ReverseTransfer: "transfers:write",
    c.PlaceHold: "holds:write",
    c.ExtendHold: "holds:write",
    c.CaptureHold: "holds:write",
    c.ReleaseHold: "holds:write",
    c.ExpireHold: "deadlines:write",
    c.InitiatePayment: "payments:write",
    c.ClosePeriod: "periods:write",
}


def missing_scope(commands: Iterable[c.Command], scopes: frozenset[str]) -> str | None:
    """Name a scope that one of the commands needs and the principal does not have."""
    needed = {SCOPE_OF[kind] for kind in {type(command) for command in commands}}
    return min(needed - scopes, default=None)
