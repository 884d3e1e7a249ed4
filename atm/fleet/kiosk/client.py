"""HTTPS client of the bank's service: mutual TLS 1.3, a time limit, the service's own errors.

After a call that timed out, calls are refused for a moment without being sent, so that a person who
has waited once does not wait again at each further step.
"""

import logging
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import httpx

from atm.answer_thread import ThreadResult
from atm.errors import AtmError, ServiceUnavailable
from atm.fleet.wire_errors import CALL_S, VERSION, NotAllowedError, decode_error
from atm.settings import Settings

QUIET_S: Final = 2.0
"""How long no call is sent after one that timed out."""
CONNECTIONS: Final = 8

_log = logging.getLogger(__name__)


class ClientError(AtmError):
    """The kiosk's certificate, its key or the bank's authority cannot be used."""


class ServiceClient:
    """Client of the service for one kiosk; safe to use from several threads."""

    def __init__(
        self,
        address: str,
        *,
        ca: Path,
        certificate: Path,
        key: Path,
        call_s: float = CALL_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare the client; it connects at the first call.

        Args:
            address: ``https://host:port``.
            ca: The authority that signed the service's certificate, PEM.
            certificate: This kiosk's, PEM.
            key: Its private key, PEM.
            call_s: How long one call may take, repetitions included.
            clock: Monotonic seconds.

        Raises:
            ClientError: If a file cannot be used.
        """
        try:
            context = ssl.create_default_context(cafile=ca)
            context.minimum_version = ssl.TLSVersion.TLSv1_3
            context.load_cert_chain(certificate, key)
        except OSError as error:  # ssl.SSLError too
            raise ClientError(f"The kiosk's certificates cannot be used: {error}") from error
        self._http = httpx.Client(
            base_url=address + VERSION,
            verify=context,
            timeout=call_s,
            trust_env=False,
            follow_redirects=False,
            limits=httpx.Limits(
                max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS,
                keepalive_expiry=30,
            ),
        )  # fmt: skip
        self._call_s = call_s
        self._clock = clock
        self._quiet_until = float("-inf")
        self._turn = threading.Lock()

    def call(self, path: str, *, idempotent: bool = False, **body: Any) -> dict[str, Any]:
        """Send *body* to *path* and return the answer.

        Args:
            path: Below the version, such as ``logins``.
            idempotent: Whether it may be sent twice, because the second time changes nothing.
            **body: What the route takes.

        Raises:
            ServiceUnavailable: If no answer comes in time, or the answer says so.
            Exception: The error that the service raised; see `atm.fleet.wire_errors`.
        """
        with self._turn:
            if self._clock() < self._quiet_until:
                raise ServiceUnavailable
        latest = self._clock() + self._call_s
        call = ThreadResult("service-call", lambda: self._send(path, body, latest, idempotent))
        call.start()
        call.join(self._call_s)
        answer = call.result
        if isinstance(answer, httpx.Response):
            return self._read(path, answer)
        if answer is None or isinstance(answer, httpx.TimeoutException):
            with self._turn:
                self._quiet_until = self._clock() + QUIET_S
        _log.warning("The service did not answer %s: %s", path, answer)
        cause = answer if isinstance(answer, BaseException) else None
        raise ServiceUnavailable from cause

    @property
    def closed(self) -> bool:
        """Whether `close` was called; then no call is sent any more."""
        return self._http.is_closed

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _send(
        self, path: str, body: Mapping[str, Any], latest: float, idempotent: bool
    ) -> httpx.Response:
        """Return the answer; an idempotent call is sent once more if its connection broke."""
        try:
            return self._post(path, body, latest)
        except httpx.TransportError as error:
            if isinstance(error, httpx.TimeoutException) or not idempotent:
                raise
            return self._post(path, body, latest)

    def _post(self, path: str, body: Mapping[str, Any], latest: float) -> httpx.Response:
        left_s = max(0.01, latest - self._clock())
        return self._http.post("/" + path, json=body, timeout=left_s)

    def _read(self, path: str, answer: httpx.Response) -> dict[str, Any]:
        try:
            found = answer.json()
        except ValueError:
            found = None
        if answer.status_code == httpx.codes.OK and isinstance(found, dict):
            return found
        error = decode_error(found)
        if isinstance(error, NotAllowedError):
            _log.error("The service does not know this kiosk")
            raise ServiceUnavailable from error
        raise error


def client_of(settings: Settings) -> ServiceClient:
    """Return the client of the service that *settings* name.

    Raises:
        ClientError: If this kiosk's certificate cannot be used.
    """
    assert settings.store_ca and settings.store_cert and settings.store_key
    return ServiceClient(
        settings.store,
        ca=settings.store_ca,
        certificate=settings.store_cert,
        key=settings.store_key,
    )
