"""Service discovery: finds the note dispenser among the services of an XFS4IoT publisher."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from atm.xfs4iot.link import SUCCESS, Answer, Link, LinkError

NEEDED: Final = frozenset({"CashDispenser", "CashManagement", "Storage"})
"""Interfaces that a service must have to be the dispenser."""
_MOST_SERVICES: Final = 20


def tls_of(address: str, authority: Path | None) -> ssl.SSLContext | None:
    """Return how certificates are checked at *address*: by *authority* (PEM) or the system's.

    Raises:
        LinkError: If the file cannot be used.
    """
    if urlsplit(address).scheme != "wss":
        return None
    try:
        return ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise LinkError(f"The file {authority} cannot be used: {error}") from error


def find_dispenser(publisher: str, tls: ssl.SSLContext | None, limit_s: float) -> str:
    """Return the address of the dispenser among the services that *publisher* lists.

    Only services on the publisher's own host, with the same protection, are asked: staff approved
    no others.

    Args:
        publisher: Address of the service publisher.
        tls: How certificates are checked; None without TLS.
        limit_s: Time limit of each step.

    Raises:
        LinkError: If there is none, or a service does not answer.
    """
    with Link(publisher, tls, limit_s) as link:
        listed = link.command("ServicePublisher.GetServices", {}, limit_s)
    own = urlsplit(publisher)
    for address in dict.fromkeys(_addresses(listed)):
        parts = urlsplit(address)
        if (parts.scheme, parts.hostname) != (own.scheme, own.hostname):
            continue
        with Link(address, tls, limit_s) as link:
            told = link.command("Common.Capabilities", {}, limit_s)
        if told.code == SUCCESS and _interfaces(told) >= NEEDED:
            return address
    raise LinkError(f"{publisher} lists no note dispenser on its own host.")


def _addresses(listed: Answer) -> Iterator[str]:
    """Yield what the events and the completion of GetServices list."""
    details = [told for name, told in listed.events if name.endswith(".ServiceDetailEvent")]
    services = [each for told in (*details, listed.payload) for each in told.get("services") or []]
    for each in services[:_MOST_SERVICES]:
        yield str(each["serviceURI"])


def _interfaces(told: Answer) -> set[str]:
    return {str(each.get("name")) for each in told.payload.get("interfaces") or []}
