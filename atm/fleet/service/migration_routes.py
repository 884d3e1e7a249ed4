"""Routes that move a single machine's customers into the shared store; two members of staff sign.

Each customer is moved completely or not at all, in one transaction. A customer who is there already
is left unchanged.
"""

import uuid
from typing import Any

from fastapi import APIRouter

from atm.fleet.migration import Digests, digests
from atm.fleet.service import bodies
from atm.fleet.service.bank_service import BankService, FromKiosk
from atm.fleet.wire_errors import MigrationError, PepperError
from atm.fleet.wire_faces import FaceWireError, unpack_face
from atm.people import SecondSignatureError, Signatures
from credentials.credential_record import CredentialRecord
from credentials.errors import CredentialError
from face_auth.errors import GalleryError
from face_auth.gallery import Capture, Template


def migration_routes(service: BankService) -> APIRouter:
    """Return the routes over *service*."""
    routes = APIRouter()
    stores = service.stores

    def signed(kiosk: FromKiosk, tokens: list[str]) -> list[str]:
        found = service.signed(kiosk, tokens)
        if not isinstance(found, Signatures):
            raise SecondSignatureError
        return found.names

    @routes.post("/migration/digests")
    def there(body: bodies.NameBody, kiosk: FromKiosk) -> dict[str, Any]:
        signed(kiosk, body.staff)
        record = stores.credentials.get(body.name)
        return {"digests": None if record is None else _digests(service, record)}

    @routes.post("/migration/customers")
    def move(body: bodies.MoveBody, kiosk: FromKiosk) -> dict[str, Any]:
        names = signed(kiosk, body.staff)
        service.check_currency(body.currency)
        customer_id = stores.new_id(body.name)
        _check_pin_hash(service, body.pin_hash)
        try:
            face = None if body.face is None else unpack_face(body.face, customer_id)
        except FaceWireError as error:
            raise MigrationError("The face is not in the form that this program writes.") from error
        if face is not None and face[0].network_sha256 != service.network_sha256:
            raise MigrationError(
                "The face was enrolled by another face network: run “python -m atm rebuild”."
            )
        record = CredentialRecord(
            customer_id=customer_id,
            username=body.name,
            full_name=body.full_name,
            pin_hash=body.pin_hash,
            template_id=None if face is None else uuid.uuid4().hex,
            consent_at=body.consent_at,
            created_at=body.created_at,
            excused=body.excused,
        )
        entry: dict[str, Any] = {
            "customer": customer_id,
            "staff": names,
            "amount_minor": body.balance_minor,
        }
        log = stores.log(kiosk.kiosk_id)

        def save() -> None:
            if face is not None and record.template_id is not None:
                stores.gallery.save(record.template_id, *face)
            if body.balance_minor is not None:
                stores.ledger.open_account(customer_id, body.balance_minor)
            log.append("migration", step="begun", **entry)
            stores.credentials.add(record)
            if body.locked:
                stores.attempts.lock(customer_id)
            mac = stores.credentials.record_mac(customer_id)
            log.append("migration", step="done", record=mac, anchor=True, **entry)

        stores.commit(save)
        return {}

    return routes


def _digests(service: BankService, record: CredentialRecord) -> Digests:
    """Return the digests of a customer, computed from what the stores hold now."""
    stores, owner = service.stores, record.customer_id
    template: Template | None = None
    captures: list[Capture] = []
    if record.template_id is not None:
        try:
            template = stores.gallery.load(record.template_id, owner)
            captures = stores.gallery.load_captures(record.template_id, owner)
        except GalleryError as error:
            raise MigrationError("The face at the service was altered.") from error
    has_account = stores.ledger.has_account(owner)
    return digests(
        record, template, captures, stores.ledger.balance(owner) if has_account else None
    )


def _check_pin_hash(service: BankService, pin_hash: str | None) -> None:
    if pin_hash is None:
        return
    try:
        known = service.stores.hasher.knows_former(pin_hash)
    except CredentialError as error:
        raise MigrationError("The PIN hash is damaged.") from error
    if not known:
        raise PepperError
