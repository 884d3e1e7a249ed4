"""Health of the machine: disk, camera, models, keys, log and pause, with notes for staff."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from atm.accounts.dispenser import SIMULATED
from atm.camera.registered_camera import RegisteredCamera
from atm.errors import AtmError
from atm.folder import DataFolder, Kind
from atm.keys.key_file import KeyFile
from atm.keys.keys import last_backup
from atm.liveness_policy import LivenessPolicy
from atm.login.decision import Outcome
from atm.outside_memory import Memory, outside_memory
from atm.settings import Liveness, Settings, WithoutFace
from atm.stores import KioskStores
from credentials.credential_record import ATTENDED
from credentials.sealed.files import JsonObject
from face_auth.errors import FaceAuthError

OLD_BACKUP_DAYS = 90
DECISIONS = 1000
"""Number of decisions in the log of which those without the face are counted."""


@dataclass(frozen=True, slots=True)
class Health:
    """Values of the health page.

    Attributes:
        disk_free_share: Free share of the data folder's disk, 0 to 1.
        disk_short: Whether staff should free space on it.
        camera: "ready", "starting" or "lost".
        camera_problem: Why this camera may not be used, "" when it may.
        clock: The time, aware.
        network: The face network's name.
        other_network: Name of another one that staff can change to here; "" where there is none.
        other_terms: Its terms, which they must confirm then; "" where there are none.
        approved: Whether models and settings are what staff approved.
        liveness: The setting: "challenge", "passive" or "off".
        liveness_network: Whether the published liveness network takes part.
        pace: Pictures a second in the last face checks; None after too few checks.
        key_in_tpm: Whether a TPM holds the root key; else it stands in a file.
        last_backup: Time of the last key backup; None if there was none.
        memory: What outside the disk would show that an image of it was put back.
        log_room: Number of entries for which the log has space.
        pause_s: Seconds left of the kiosk's pause.
        notes: Sentences on what staff should do.
        without_face: The setting: "off" or "attended".
        dispenser: The setting: "simulated" or the dispenser's address.
        admitted: Number of granted logins among the last thousand decisions.
        admitted_attended: How many of them were without the face, beside staff.
    """

    disk_free_share: float
    disk_short: bool
    camera: str
    camera_problem: str
    clock: datetime
    network: str
    other_network: str
    other_terms: str
    approved: bool
    liveness: Liveness
    liveness_network: bool
    pace: float | None
    key_in_tpm: bool
    last_backup: datetime | None
    memory: Memory
    log_room: int
    pause_s: float
    notes: tuple[str, ...]
    without_face: WithoutFace = "off"
    dispenser: str = SIMULATED
    admitted: int = 0
    admitted_attended: int = 0


def read_health(
    settings: Settings,
    folder: DataFolder,
    stores: KioskStores,
    camera: RegisteredCamera,
    liveness: LivenessPolicy,
    pace: float | None,
) -> Health:
    """Read the state of each part; a part that cannot be read adds a note instead."""
    notes = list(stores.audit.notes())
    approved, network, sealed, backup, pause_s = False, False, False, None, 0.0
    other, terms = _other_network(settings), ""
    try:
        stores.approvals.check(settings)
        approved = True
    except AtmError as error:
        notes.append(str(error))
    try:
        terms = stores.approvals.terms(replace(settings, network=other)) if other else ""
    except AtmError:
        other = ""
    try:
        network = liveness.load()
    except FaceAuthError as error:
        notes.append(str(error))
    try:
        backup = last_backup(settings.key_dir, folder)
        sealed = KeyFile.of(settings.key_dir, folder).sealed
        pause_s = stores.pause.remaining()
    except AtmError as error:
        notes.append(str(error))
    granted: list[JsonObject] = []
    try:
        granted = [
            each
            for each in stores.audit.tail(DECISIONS, "decision")
            if each.get("outcome") == Outcome.GRANTED
        ]
    except AtmError as error:
        notes.append(str(error))
    memory = outside_memory(settings, folder)
    if memory is Memory.NONE and folder.kind is Kind.LIVE:
        notes.append(
            "Let something outside this disk remember the log: set anchor_dir to a folder on"
            " another one. Without it nobody notices that an image of the whole disk was put back."
        )
    now = datetime.now(UTC)
    keeps_customers = not settings.store
    if keeps_customers and (backup is None or (now - backup).days >= OLD_BACKUP_DAYS):
        notes.append("Back up the keys: run “python -m atm keys backup”.")
    return Health(
        disk_free_share=stores.audit.free_share(),
        disk_short=stores.audit.short_of_space(),
        camera=camera.state,
        camera_problem=camera.problem,
        clock=now.astimezone(),
        network=settings.network,
        other_network=other,
        other_terms=terms,
        approved=approved,
        liveness=settings.liveness,
        liveness_network=network,
        pace=pace,
        key_in_tpm=sealed,
        last_backup=backup,
        memory=memory,
        log_room=stores.audit.room(),
        pause_s=pause_s,
        notes=tuple(notes),
        without_face=settings.without_face,
        dispenser=settings.dispenser,
        admitted=len(granted),
        admitted_attended=sum(each.get("way") == ATTENDED for each in granted),
    )


def _other_network(settings: Settings) -> str:
    """Return the published network where it is there and not in use, or the bundled one."""
    from face_auth.models import BUNDLED, best_network  # NumPy with it

    if settings.store:  # the bank's service chooses it
        return ""
    if settings.network != BUNDLED:
        return BUNDLED
    best = best_network()
    return best if best != BUNDLED else ""
