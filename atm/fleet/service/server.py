"""HTTPS server with mutual TLS 1.3, behind the limits of `atm.fleet.service.reception`."""

import asyncio
import ssl
from functools import partial
from typing import Any, Final, cast

import uvicorn

from atm.fleet.service.reception import (
    CONNECTIONS_OF_KIOSK,
    HANDSHAKES,
    KioskProtocol,
    Limit,
    Reception,
    raise_file_limit,
)
from atm.fleet.service.settings import ServiceSettings, ServiceSettingsError

CONNECTIONS: Final = 1000
BACKLOG: Final = 128
"""Connections that are accepted before the ones that gave way are closed; each takes a file."""
KEEP_ALIVE_S: Final = 75
STOP_S: Final = 5


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
    files = raise_file_limit()
    make = partial(KioskProtocol, kiosks=Limit(CONNECTIONS_OF_KIOSK))
    handshakes = Limit(max(1, settings.handshakes), min(HANDSHAKES, files // 4))
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=cast("type[asyncio.Protocol]", partial(Reception, context, handshakes, make)),
        ws="none",
        log_config=None,  # the root logger's handler, with its limit
        limit_concurrency=CONNECTIONS,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=STOP_S,
        access_log=False,
        server_header=False,
        log_level="warning",
    )
    uvicorn.Server(config).run()
