"""Errors of the PIN factor; the text of each is one plain sentence."""

from pathlib import Path

_LONGEST_SHOWN = 100


def printable(typed: str) -> str:
    """Return *typed* for use in a sentence: 100 characters at most, control marks escaped."""
    if typed.isprintable() and len(typed) <= _LONGEST_SHOWN:
        return typed
    return ascii(typed[:_LONGEST_SHOWN]) + ("…" if len(typed) > _LONGEST_SHOWN else "")


class CredentialError(Exception):
    """Base of all faults of the PIN factor; a fault gives no decision, so access is denied."""


class StoreError(CredentialError):
    """A file of the PIN factor cannot be read or written."""


class DamagedStoreError(StoreError):
    """A file is damaged or was altered; it is left as it is."""

    def __init__(self, path: Path, reason: str) -> None:
        """Name the damaged *path* and the *reason*, a clause without a full stop."""
        super().__init__(f"The file {path} is damaged and was left as it is: {reason}.")
        self.path = path
        self.reason = reason


class DuplicateUserError(CredentialError):
    """The username, or one that differs only in case, is taken."""

    def __init__(self, username: str) -> None:
        """Name the *username* that is taken."""
        super().__init__(f"The username {username} is taken.")
        self.username = username


class UnknownUserError(CredentialError):
    """No customer has this id or username."""

    def __init__(self, who: str) -> None:
        """Name the customer id or username that was asked for."""
        super().__init__(f"There is no customer {printable(who)}.")
        self.who = who


class PolicyError(ValueError):
    """The name or PIN is not allowed.

    `code` is a short stable word (``"empty"``, ``"too_long"``, ``"control"``, ``"bad_length"``,
    ``"not_digits"`` or one of the ``"weak_..."`` of `check_pin`) from which a window can choose
    its own words.
    """

    def __init__(self, code: str, sentence: str) -> None:
        """Keep the *code* beside the *sentence* that a person may read."""
        super().__init__(sentence)
        self.code = code


class StaleRecordError(CredentialError):
    """The record was changed by somebody else meanwhile; nothing was written."""
