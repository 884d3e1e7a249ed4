"""Answer to a network camera's request for user and password (HTTP 401)."""

from __future__ import annotations

from base64 import b64encode
from urllib.request import parse_http_list

from face_auth.camera.address import Address

_ALGORITHMS = ("SHA-256-SESS", "SHA-256", "MD5-SESS", "MD5")
"""Of digest authentication (RFC 7616), the best one first."""


def answer_to(challenges: list[str], address: Address) -> tuple[str, bytes] | None:
    """Answer the best of a camera's challenges: digest with SHA-256, with MD5, then basic.

    httpx takes the first digest challenge, whatever its algorithm, and reads several in one header
    as one; so the best is chosen here, and httpx computes the answer.

    Args:
        challenges: The WWW-Authenticate headers; one may hold several challenges.
        address: With user and password.

    Returns:
        The target to ask for and the Authorization header; None if no challenge can be answered.
    """
    best: tuple[int, str] | None = None
    basic = False
    for scheme, fields in _parsed(challenges):
        basic = basic or scheme == "basic"
        algorithm = fields.get("algorithm", "MD5").upper()
        kinds = [kind.strip().lower() for kind in fields.get("qop", "auth").split(",")]
        if scheme != "digest" or algorithm not in _ALGORITHMS or "auth" not in kinds:
            continue
        rank = _ALGORITHMS.index(algorithm)
        if {"realm", "nonce"} <= fields.keys() and (best is None or rank < best[0]):
            if "qop" in fields:
                fields["qop"] = "auth"
            best = rank, ", ".join(f'{name}="{value}"' for name, value in fields.items())
    if best is not None:
        return _digest(f"Digest {best[1]}", address)
    login = f"{address.user or ''}:{address.password}".encode()
    return (address.target, b"Basic " + b64encode(login)) if basic else None


def _digest(challenge: str, address: Address) -> tuple[str, bytes]:
    import httpx  # 10 MB, which only a camera that asks for a digest takes

    request = httpx.Request("GET", f"http://camera{address.target}")
    flow = httpx.DigestAuth(address.user or "", address.password).auth_flow(request)
    next(flow)
    header = (b"WWW-Authenticate", challenge.encode("latin-1"))
    flow.send(httpx.Response(401, headers=[header], request=request))
    return request.url.raw_path.decode("ascii"), request.headers["Authorization"].encode()


def _parsed(headers: list[str]) -> list[tuple[str, dict[str, str]]]:
    """Return scheme and fields of each challenge, all names in lower case."""
    found: list[tuple[str, dict[str, str]]] = []
    for item in parse_http_list(", ".join(headers)):
        scheme, _, rest = item.partition(" ")
        if "=" not in scheme:
            found.append((scheme.lower(), {}))
            item = rest
        name, equals, value = item.partition("=")
        if equals and found:
            found[-1][1][name.strip().lower()] = value.strip().strip('"')
    return found
