"""Why the vault refused. No message repeats a text, a key or a sealed value."""

from __future__ import annotations


class VaultError(RuntimeError):
    """The vault could not seal, open or destroy; the text says what and what to do about it."""


class RingRefused(VaultError):
    """A ring of key-encryption keys that must not be used: missing, malformed, weak or repeated keys."""


class Unsealable(VaultError):
    """A text, subject or field that has no sealed form: too long, not valid text, or badly named."""


class SealBroken(VaultError):
    """A sealed value that is not what was sealed here: altered, moved, or sealed under a key that was never here."""


class KekMissing(VaultError):
    """A data key is wrapped with a key-encryption key that the ring does not hold."""


class KekWrong(VaultError):
    """The ring's key of that name does not unwrap this data key: another key, or a row that was moved or altered."""


class KeyExhausted(VaultError):
    """The subject's data key has sealed as many texts as one key may; `rotate_subject` makes the next one."""


class SubjectErased(VaultError):
    """The subject's keys were destroyed; nothing is sealed for it any more."""
