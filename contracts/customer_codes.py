"""The words for customers that commands, events and records share."""

from typing import Final, Literal

CustomerKind = Literal["person", "company"]
CustomerState = Literal[
    "applied",
    "documents_requested",
    "in_review",
    "verified",
    "expired",
    "restricted",
    "rejected",
    "offboarded",
    "erasing",
    "erased",
]
CaseState = Literal["open", "proposed", "cleared", "confirmed"]
RiskClass = Literal["low", "medium", "high"]
VerificationDecision = Literal["verify", "reject"]
CaseDecision = Literal["clear", "confirm"]
DocumentKind = Literal[
    "passport",
    "identity_card",
    "residence_permit",
    "proof_of_address",
    "register_extract",
    "articles_of_association",
    "beneficial_owners",
    "source_of_funds",
]

# Regulation (EU) 2024/1624, article 26 (2): what is known about a customer is updated after a year at most where the
# risk is higher, after five years otherwise.
REVERIFY_AFTER_YEARS: Final[dict[RiskClass, int]] = {"low": 5, "medium": 5, "high": 1}
# Article 77: records are kept for five years after the end of the relation.
RETENTION_YEARS: Final = 5
