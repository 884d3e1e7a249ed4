"""Strict parser of a network camera's address: what is not whole is refused and never repeated.

A password with a reserved character splits an address at the wrong place: of
``https://admin:12#secret@host``, "admin" would be the host. So an address is taken apart here and
nowhere else, nothing in it is guessed, and no error names any part of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

_BEFORE_HOST = r"(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})"
_AFTER_HOST = r"(?:[A-Za-z0-9._~!$&'()*+,;=:/\[\]-]|%[0-9A-Fa-f]{2})"
_WHOLE = re.compile(
    rf"(?P<scheme>https?|rtsps?)://"
    rf"(?:(?P<user>{_BEFORE_HOST}*)(?::(?P<password>(?:{_BEFORE_HOST}|:)*))?@)?"
    rf"(?P<netloc>(?P<host>\[[0-9A-Fa-f:.]+(?:%[\w.-]+)?\]|[\w.-]+)(?::(?P<port>[0-9]{{0,5}}))?)"
    rf"(?P<path>(?:/{_AFTER_HOST}*)?)(?:\?(?P<query>(?:{_AFTER_HOST}|\?)*))?",
    re.IGNORECASE,
)
_SENTENCE = (
    "This is not the whole address of a camera (http, https, rtsp, rtsps): reserved characters in"
    " it must be percent-encoded, such as # as %23, / as %2F, @ as %40 and % as %25."
)


@dataclass(frozen=True, slots=True)
class Address:
    """An address that is whole; user, password and query are left out of its repr.

    Attributes:
        scheme: "http", "https", "rtsp" or "rtsps".
        user: Decoded; None if the address names nobody.
        password: Decoded; "" if there is none.
        netloc: Host and port as written.
        host: A name, or a numeric address without brackets.
        port: None: the scheme's own.
        path: As written; "" or from its slash on.
        query: As written, without the question mark; "" if there is none.
    """

    scheme: str
    user: str | None = field(repr=False)
    password: str = field(repr=False)
    netloc: str
    host: str
    port: int | None
    path: str
    query: str = field(repr=False)

    @property
    def public(self) -> str:
        """The address without user, password and query."""
        return f"{self.scheme}://{self.netloc}{self.path}"

    @property
    def target(self) -> str:
        """Path and query, as a request names them."""
        return (self.path or "/") + (f"?{self.query}" if self.query else "")


def is_address(spec: str) -> bool:
    """Return whether *spec* is meant as an address, however badly it is written.

    That includes one without its scheme, ``user:password@host``. A file with such a name is written
    ``./name``.
    """
    if spec.startswith(("/", "./", "../")):
        return False
    return "://" in spec or re.match(r"\s*(https?|rtsps?):|.*:.*@", spec, re.I | re.S) is not None


def parse_address(spec: str) -> Address:
    """Take the address *spec* apart.

    Raises:
        ValueError: If it is not whole; the sentence holds nothing of it.
    """
    found = _WHOLE.fullmatch(spec)
    if found is None or int(found["port"] or 0) > 0xFFFF:
        raise ValueError(_SENTENCE)
    return Address(
        scheme=found["scheme"].lower(),
        user=None if found["user"] is None else unquote(found["user"]),
        password=unquote(found["password"] or ""),
        netloc=found["netloc"],
        host=found["host"].strip("[]"),
        port=int(found["port"]) if found["port"] else None,
        path=found["path"],
        query=found["query"] or "",
    )
