"""What the door finds out about a command before it is decided, and what of it may be kept.

A payment's parties are sealed, screened and scored here, beside the client's own words; the decision itself is made in
the commit, from what is found out here and from the book. Commands that need nothing of this pass through.
"""

from typing import Any, Final

from contracts.commands import AuthorisePayment, Command, InitiatePayment
from ledger.domain.payments.authorisation import ProvenAuthorisation
from ledger.domain.payments.initiation import AssessedPayment
from ledger.sequencer.queue import Wish, assessed_wish_of, wish_of
from runtime.auth import Principal

ASSESSED: Final = (InitiatePayment, AuthorisePayment)


class Assessor:
    """Turns commands into wishes."""

    async def wish_for(self, command: Command, *, key: str, principal: Principal) -> Wish:
        """Give the wish for a command."""
        if not isinstance(command, ASSESSED):
            return wish_of(command, key=key, tenant=principal.tenant)
        assessed: Any
        if isinstance(command, AuthorisePayment):
            assessed = ProvenAuthorisation(command=command, payee_id=command.payee, acr=principal.acr)
        else:
            assessed = AssessedPayment(wish=command)
        return assessed_wish_of(command, assessed=assessed, stored=command, key=key, tenant=principal.tenant)
