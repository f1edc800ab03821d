"""Personal data under a key of its own per data subject, and how it is made unreadable for good."""

from runtime.vault.errors import (
    KekMissing,
    KekWrong,
    KeyExhausted,
    RingRefused,
    SealBroken,
    SubjectErased,
    Unsealable,
    VaultError,
)
from runtime.vault.ring import KeyRing, new_ring, parse_ring, read_ring, write_ring
from runtime.vault.rotation import RotationProgress, VaultState, read_state, rotate_keks
from runtime.vault.vault import ERASED, Destruction, Erased, Vault

__all__ = [
    "ERASED",
    "Destruction",
    "Erased",
    "KekMissing",
    "KekWrong",
    "KeyExhausted",
    "KeyRing",
    "RingRefused",
    "RotationProgress",
    "SealBroken",
    "SubjectErased",
    "Unsealable",
    "Vault",
    "VaultError",
    "VaultState",
    "new_ring",
    "parse_ring",
    "read_ring",
    "read_state",
    "rotate_keks",
    "write_ring",
]
