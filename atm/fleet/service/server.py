"""HTTPS server with mutual TLS 1.3 that passes the kiosk's certificate on to its requests."""

import asyncio
import hashlib
import ssl
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from atm.fleet.service.settings import ServiceSettings, ServiceSettingsError

FINGERPRINT: Final = "certificate"
"""Name in a request's state of the SHA-256 of the kiosk's certificate, in hexadecimal digits."""

CONNECTIONS: Final = 1000
KEEP_ALIVE_S: Final = 75
STOP_S: Final = 5


class KioskProtocol(H11Protocol):
    """HTTP/1.1 protocol that passes on the certificate of its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Store the fingerprint of the certificate that the handshake verified."""
        super().connection_made(transport)
        encrypted: ssl.SSLObject | None = transport.get_extra_info("ssl_object")
        certificate = encrypted.getpeercert(True) if encrypted is not None else None
        found = hashlib.sha256(certificate).hexdigest() if certificate else ""
        self.app_state = {**self.app_state, FINGERPRINT: found}


def tls_context(settings: ServiceSettings) -> ssl.SSLContext:
    """Return a TLS 1.3 context that demands a certificate of the bank's authority from every kiosk.

    Raises:
        ServiceSettingsError: If a file is not set or cannot be used.
    """
    if not (settings.certificate and settings.certificate_key and settings.kiosk_ca):
        raise ServiceSettingsError(
            "Set ATM_SERVICE_CERTIFICATE, ATM_SERVICE_CERTIFICATE_KEY and ATM_SERVICE_KIOSK_CA."
        )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_cert_chain(settings.certificate, settings.certificate_key)
        context.load_verify_locations(settings.kiosk_ca)
    except OSError as error:  # ssl.SSLError too
        raise ServiceSettingsError(f"The service's certificates cannot be used: {error}") from error
    return context


def serve(app: Any, settings: ServiceSettings) -> None:
    """Serve *app* until the process is stopped.

    Raises:
        ServiceSettingsError: If the certificates cannot be used.
    """
    context = tls_context(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=KioskProtocol,
        ws="none",
        ssl_context_factory=lambda _config, _default: context,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
        access_log=False,
        server_header=False,
        log_level="warning",
    )
    uvicorn.Server(config).run()
