"""Change of a data folder's face network: every template is made again from the kept pictures.

The new templates are staged beside the present ones; the new approval, one rename, makes them the
valid ones; then they take the others' place. A kill before that rename leaves the old network with
all old templates, one after it the new network with all new ones: the next start deletes or places
what is still staged (`finish_rebuild`). Nobody else may have the folder open meanwhile.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atm.approval_record import Approval
from atm.approved_models import models_of
from atm.birth import open_born
from atm.errors import AtmError, NotApprovedError
from atm.keys.keys import Keys
from atm.people import Signatures
from atm.settings import Settings
from atm.stores import Stores
from credentials.credential_record import CredentialRecord
from face_auth.errors import FaceAuthError, GalleryError, NotOnePersonError
from face_auth.gallery import Template
from face_auth.models import load_card

if TYPE_CHECKING:
    from face_auth.recogniser import Recogniser


@dataclass(frozen=True, slots=True)
class Rebuild:
    """Result of a change of the network.

    Attributes:
        network: Name of the network that was asked for.
        done: Whether it recognises people now; False if staff kept the former one.
        made: Number of templates that were made again.
        left: Usernames of the customers whose pictures do not serve it, so that they need a new
            face.
    """

    network: str
    done: bool
    made: int
    left: tuple[str, ...]


Confirm = Callable[[Sequence[str]], bool]
"""Asks whether to go on although the customers with these usernames need a new face."""


def rebuild(
    settings: Settings,
    stores: Stores,
    network: str,
    signed: Signatures,
    *,
    confirmed: str = "",
    confirm: Confirm,
    progress: Callable[[int, int], None],
) -> Rebuild:
    """Approve *network* and make the template of every customer again with it.

    Templates that this network made are kept, so it may be repeated.

    Args:
        settings: As asked for; the network that they name must be *network*, or none.
        stores: Of a data folder that the caller holds alone, checked.
        network: Name of the network.
        signed: Two members of staff.
        confirmed: The network's terms that they confirmed; see `Approvals.terms`.
        confirm: Called before anything is changed if somebody's pictures do not serve.
        progress: Called with the number of customers done and of all.

    Raises:
        AtmError: If that is not allowed, the terms were not confirmed, a model is missing or the
            disk refuses; the network and all templates are the former ones then.
    """
    from face_auth.recogniser import Recogniser

    if settings.store:
        raise AtmError("The bank's service keeps the customers; its setting chooses the network.")
    if settings.network not in ("", network):
        raise AtmError(
            f"The setting network is “{settings.network}”: remove it, then change the network."
        )
    audit, act = stores.audit, {"network": network, "staff": signed.names}
    finish_rebuild(stores)
    try:
        models = models_of(settings)
        recogniser = Recogniser.load(network, settings.security, models)
        audit.append("rebuild", step="begun", anchor=True, **act)
        made, left = _stage(stores, recogniser, progress)
        if left and not confirm(left):
            audit.append("rebuild", step="cancelled", anchor=True, **act)
            return Rebuild(network, False, 0, left)
        stores.approvals.approve(
            replace(settings, network=network), signed.names, models=models,
            after=audit.head_stores().get("approval", 0), confirmed=confirmed,
        )  # fmt: skip
    except (FaceAuthError, OSError) as error:
        raise AtmError(f"The network was not changed: {error}") from error
    finally:
        finish_rebuild(stores)  # places what was staged if it is approved now, else deletes it
    audit.append("rebuild", step="done", anchor=True, made=made, left=len(left), **act)
    return Rebuild(network, True, made, left)


def rebuild_closed(
    settings: Settings,
    network: str,
    signed: Signatures,
    *,
    confirmed: str = "",
    confirm: Confirm,
    progress: Callable[[int, int], None],
) -> Rebuild:
    """Open the data folder of *settings*, which nobody else may have open, and `rebuild` it.

    Raises:
        AtmError, CredentialError: As `rebuild`, or if folder or stores cannot be used.
    """
    folder = open_born(settings)
    with folder.held(alone=True):
        stores = Stores.open(folder, Keys.open(settings.key_dir, folder), settings)
        with contextlib.closing(stores.audit):
            return rebuild(
                settings, stores, network, signed, confirmed=confirmed, confirm=confirm,
                progress=progress,
            )  # fmt: skip


def finish_rebuild(stores: Stores) -> None:
    """Place the templates of a change whose approval is on disk, and delete those of any other.

    Raises:
        AtmError: If the disk refuses.
    """
    approved = _approved(stores)
    try:
        stores.gallery.settle(set(approved.files.values()) if approved else ())
    except OSError as error:
        raise AtmError(f"The templates cannot be put in place: {error.strerror}.") from error


def check_enrolled_with(stores: Stores, settings: Settings) -> None:
    """Check that an approval of *settings* locks nobody out: customers have templates for it.

    Raises:
        AtmError: If somebody was enrolled with another network than the one of *settings*, and that
            one is not what staff approved last.
        ModelError: If the model card does not describe it.
    """
    sha256 = load_card(settings.network).sha256
    approved = _approved(stores)
    if approved is not None and sha256 in approved.files.values():
        return
    others = {
        template.network
        for record in stores.credentials.all()
        if (template := _template(stores, record)) is not None and template.network_sha256 != sha256
    }
    if others:
        raise AtmError(
            f"Customers were enrolled with another face network ({', '.join(sorted(others))})."
            f" Run “python -m atm rebuild {settings.network}” instead: it makes their templates"
            " again."
        )


def _stage(
    stores: Stores, recogniser: "Recogniser", progress: Callable[[int, int], None]
) -> tuple[int, tuple[str, ...]]:
    """Stage a template for each customer; return their number, and the usernames left out."""
    from face_auth.enrolment import rebuild_template

    records = [record for record in stores.credentials.all() if record.template_id is not None]
    made, left = 0, list[str]()
    for number, record in enumerate(records):
        progress(number, len(records))
        owner, template_id = record.customer_id, str(record.template_id)
        present = _template(stores, record)
        if present is not None and present.network_sha256 == recogniser.network.sha256:
            continue
        try:
            captures = stores.gallery.load_captures(template_id, owner)
            stores.gallery.stage(template_id, rebuild_template(recogniser, captures, owner))
            made += 1
        except (GalleryError, NotOnePersonError, ValueError):
            left.append(record.username)
    progress(len(records), len(records))
    return made, tuple(left)


def _template(stores: Stores, record: CredentialRecord) -> Template | None:
    """Return the customer's template, None if there is none or it cannot be read."""
    if record.template_id is None:
        return None
    try:
        return stores.gallery.load(record.template_id, record.customer_id)
    except GalleryError:
        return None


def _approved(stores: Stores) -> Approval | None:
    """Return the last approval, None if there is none or it was altered."""
    try:
        return stores.approvals.last
    except NotApprovedError:
        return None
