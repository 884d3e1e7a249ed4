"""Settings that an approval binds, and those that two members of staff must sign."""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping
from dataclasses import fields

from atm.accounts.dispenser import SIMULATED
from atm.errors import NotApprovedError
from atm.settings import Settings

FREE_SETTINGS = frozenset({"data_dir", "key_dir", "kind", "camera", "language", "screen_width_mm"})
"""Settings that may change without a new approval.

The folders locate the approval and its key; the key file holds the kind; the registration holds the
camera; language and screen only affect how pages look. Every other setting is bound.
"""

TWO_CHANGE = ("anchor_dir", "currency", "card", "dispenser", "dispenser_ca")
"""Settings that two change in a live folder: the place that remembers the log, what the amounts of
all accounts are worth, which are not converted, whether customers need their card, and which device
says that notes came out."""

_CA, _DISPENSER_CA = AUTHORITIES = ("content of store_ca", "content of dispenser_ca")
"""Names, among the approved settings, of the SHA-256 of the authorities of service and dispenser:
whose certificate such a file holds decides who keeps the customers, or who says that notes came
out. Older approvals lack them."""


def bound_settings(settings: Settings) -> dict[str, str]:
    """Return the settings that an approval binds, each as text."""
    return {
        field.name: str(getattr(settings, field.name))
        for field in fields(settings)
        if field.name not in FREE_SETTINGS
    }


def usual(settings: Settings) -> Settings:
    """Return the defaults, with the folders of *settings*: those would need a home folder."""
    return Settings(data_dir=settings.data_dir, key_dir=settings.key_dir)


def authorities(settings: Settings, names: Container[str]) -> dict[str, str]:
    """Return the SHA-256 of the authorities of service and dispenser, those that *names* has.

    Raises:
        NotApprovedError: If a file cannot be read.
    """
    found = {}
    for name, path in ((_CA, settings.store_ca), (_DISPENSER_CA, settings.dispenser_ca)):
        if path is None or name not in names:
            continue
        try:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise NotApprovedError(f"The file {path} cannot be read: {error.strerror}.") from error
    return found


def looser_settings(settings: Settings, default_rate: str) -> list[str]:
    """Return what of *settings* is looser than a live folder's defaults, as parts of a sentence.

    Args:
        settings: In effect.
        default_rate: The face network's default for `security`.
    """
    found = []
    if settings.liveness != "challenge":
        found.append(f"the liveness check is “{settings.liveness}”, not “challenge”")
    if settings.without_face != "off":
        found.append("customers may be served without the face")
    if settings.dispenser != SIMULATED:
        found.append(f"{settings.dispenser} pays real notes")
    if settings.security and float(settings.security) > float(default_rate):
        found.append(f"security is {settings.security}, the network's default is {default_rate}")
    defaults = usual(settings)
    for name in ("day_limit", "opening_limit", "idle_s", "more_time_s", "login_limit_s"):
        limit, most = getattr(settings, name) or 0, getattr(defaults, name) or 0
        if limit > most:
            found.append(f"{name} is {limit:g}, the default is {most:g}")
    return found


def changes_for_two(settings: Settings, approved: Mapping[str, str]) -> list[str]:
    """Return which of `TWO_CHANGE` differ from the *approved* settings, as parts of a sentence."""
    now = bound_settings(settings)
    then = bound_settings(usual(settings)) | dict(approved)
    return [
        f"{name} was {then[name]} and is {now[name]}"
        for name in TWO_CHANGE
        if then[name] != now[name]
    ]
