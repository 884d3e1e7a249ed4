"""Metrics of the bank's service: decisions, requests by route, and open withdrawals.

They are served by a port of their own, which no kiosk's certificate opens.
"""

import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from atm.errors import AtmError
from atm.fleet.service.store.stores import ServiceStores
from atm.metrics import SECONDS, Gauges, Metrics
from credentials.errors import CredentialError


def service_metrics(address: str, stores: ServiceStores) -> Metrics:
    """Return the metrics of a service over *stores*, not served yet.

    Raises:
        MetricsError: If prometheus-client is not installed.
    """

    def gauges() -> Gauges:
        try:
            open_holds = len(stores.ledger.open_holds())
        except (AtmError, CredentialError):  # the database does not answer
            return {"atm_database_up": ("Whether the database answers: 1 or 0.", 0.0)}
        return {
            "atm_database_up": ("Whether the database answers: 1 or 0.", 1.0),
            "atm_holds_open": ("Withdrawals whose outcome is unknown.", float(open_holds)),
        }

    return Metrics(address, gauges)


class RequestTimes:
    """ASGI middleware that times each request by its route and status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Time the requests of *app* in *metrics*."""
        from prometheus_client import Histogram

        self._app = app
        self._seconds = Histogram(
            "atm_request_seconds", "Seconds of the service's answers, by route and status.",
            ["route", "status"], buckets=SECONDS, registry=metrics.registry,
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.monotonic(), 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            route: Any = scope.get("route")  # a path of no route is not named: anybody chooses it
            name = getattr(route, "path", "none")
            self._seconds.labels(name, status).observe(time.monotonic() - begun)
