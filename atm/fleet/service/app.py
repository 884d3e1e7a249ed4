"""The service's FastAPI application: routes, size limits and error answers."""

import logging
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from atm.errors import AtmError, ServiceUnavailable
from atm.fleet.kiosk_kind import KioskReport
from atm.fleet.service import bodies
from atm.fleet.service.bank_service import BankService, FromKiosk
from atm.fleet.service.body_limit import BodyLimit
from atm.fleet.service.customer_routes import customer_routes
from atm.fleet.service.migration_routes import migration_routes
from atm.fleet.service.monitoring import RequestTimes
from atm.fleet.service.staff_routes import office_routes, staff_routes
from atm.fleet.service.store.stores import ServiceStores
from atm.fleet.wire_errors import (
    LARGEST_BYTES,
    LARGEST_FACE_BYTES,
    LARGEST_LOG_BYTES,
    VERSION,
    encode_error,
)
from atm.login.decision import FACE
from atm.metrics import Metrics
from credentials.errors import CredentialError
from face_auth.errors import FaceAuthError
from face_auth.models import ModelCard

_log = logging.getLogger(__name__)


def make_app(
    stores: ServiceStores,
    card: ModelCard,
    *,
    currency: str,
    day_limit: int,
    opening_limit: int,
    metrics: Metrics | None = None,
) -> FastAPI:
    """Return the application over *stores*.

    Args:
        stores: The stores.
        card: Model card of the face network that the kiosks run.
        currency: Of all accounts, ISO 4217.
        day_limit: What one customer may withdraw in a day, in major units.
        opening_limit: Largest opening balance that one member of staff may enter, in major units.
        metrics: Count decisions and requests; None: nothing is counted.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    service = BankService(stores, card, currency, day_limit=day_limit, opening_limit=opening_limit)
    if metrics is not None:
        service.logins.told = lambda decision: metrics.login(decision, None, FACE)
    app.state.service = service
    for made in (customer_routes, staff_routes, office_routes, migration_routes, _own):
        app.include_router(made(service), prefix=VERSION)
    by_path = {
        f"{VERSION}/enrolments": LARGEST_FACE_BYTES,
        f"{VERSION}/office/new-face": LARGEST_FACE_BYTES,
        f"{VERSION}/migration/customers": LARGEST_FACE_BYTES,
        f"{VERSION}/audit": LARGEST_LOG_BYTES,
    }
    app.add_middleware(BodyLimit, usual=LARGEST_BYTES, by_path=by_path)
    if metrics is not None:
        app.add_middleware(RequestTimes, metrics=metrics)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _malformed)
    for base in (AtmError, CredentialError, FaceAuthError, ValueError, Exception):
        app.add_exception_handler(base, _failed)
    return app


def _own(service: BankService) -> APIRouter:
    """Return the routes for the kiosk itself: its log, its set-up and its health check."""
    routes = APIRouter()

    @routes.post("/audit")
    def append(body: bodies.LogEntriesBody, kiosk: FromKiosk) -> dict[str, Any]:
        log = service.stores.log(kiosk.kiosk_id)
        for entry in body.entries:
            log.append("kiosk " + entry.kind, anchor=entry.anchor, **entry.fields)
        newest = None if body.entries else log.newest_of(body.folder)
        return {"newest": None if newest is None else newest["own"]}

    @routes.post("/kiosk")
    def set_up(body: bodies.ReportBody, kiosk: FromKiosk) -> dict[str, Any]:
        report = KioskReport.from_json(body.model_dump())
        report.check(kiosk.allowed, admits=False)
        service.stores.log(kiosk.kiosk_id).append(
            "kiosk", act="set up", kiosk=list(report.to_json().values())
        )
        return {}

    @routes.post("/health")
    def health(body: bodies.EmptyBody, kiosk: FromKiosk) -> dict[str, Any]:
        service.stores.check()
        return {
            "kiosk": kiosk.name,
            "network_sha256": service.network_sha256,
            "currency": service.currency,
        }

    return routes


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    """Answer a malformed request, without repeating anything from it."""
    status = error.status_code if isinstance(error, HTTPException) else 422
    _log.warning("A kiosk sent a malformed request to %s", request.url.path)
    return JSONResponse(encode_error(ServiceUnavailable())[1], status)


async def _failed(request: Request, error: Exception) -> JSONResponse:
    """Answer with the wire form of *error*."""
    status, body = encode_error(error)
    if body["error"] == "unavailable":
        _log.error("%s failed", request.url.path, exc_info=error)
    return JSONResponse(body, status)
