"""Customers and cases are not said outside: how the institution sees a person is for its own staff alone."""

from __future__ import annotations

from typing import Final

from contracts import events as e
from projectors.public_events.said import Translations, Unsaid

STANDING: Final = "how the institution sees a person is for its own staff alone"
CASES: Final = "whoever is told of a case could warn the person it is about (Regulation (EU) 2024/1624, article 73)"

SAID: Final[Translations] = {}
UNSAID: Final[Unsaid] = {
    e.CustomerApplied: STANDING,
    e.DocumentsRequested: STANDING,
    e.EvidenceAdded: STANDING,
    e.VerificationProposed: STANDING,
    e.CustomerVerified: STANDING,
    e.CustomerRejected: STANDING,
    e.RiskClassProposed: STANDING,
    e.RiskClassChanged: STANDING,
    e.CustomerScreened: CASES,
    e.VerificationExpired: STANDING,
    e.ReviewReopened: STANDING,
    e.CustomerRestricted: STANDING,
    e.CustomerOffboarded: STANDING,
    e.ErasureProposed: STANDING,
    e.ErasureDecided: STANDING,
    e.CustomerErased: STANDING,
    e.CaseOpened: CASES,
    e.CaseDecisionProposed: CASES,
    e.CaseCleared: CASES,
    e.CaseConfirmed: CASES,
}
