"""Four eyes: one person proposes, another one who agrees decides.

Whoever proposed may propose something else instead; that is how a mistaken proposal is taken back. A second person who
would decide otherwise has to talk to the first one.
"""

from collections.abc import Collection

from msgspec import Struct

from contracts.rejections import Refused, Rejection


class Proposal(Struct, frozen=True):
    """What one person would do, and who they are."""

    subject: str
    choice: str


def second_opinion(
    proposal: Proposal | None, choice: str, *, subject: str, barred: Collection[str] = ()
) -> Proposal | Refused | None:
    """Give the proposal that ``subject`` agrees with and so decides; None: theirs is the (new) proposal.

    Refused: they are barred, they said the same before, or they disagree with somebody.
    """
    if subject in barred:
        return Refused(Rejection.FOUR_EYES_REQUIRED, "whoever entered this decides nothing about it")
    if proposal is None:
        return None
    if proposal.subject == subject:
        if proposal.choice != choice:
            return None
        return Refused(Rejection.FOUR_EYES_REQUIRED, "a second person has to agree")
    if proposal.choice != choice:
        return Refused(Rejection.REVIEWERS_DISAGREE, f"the proposal is {proposal.choice}; agree, or ask them")
    return proposal
