"""Recovery of the staff: a new member in place of all, when nobody of them can sign in any more.

Two who are no staff sign for it: whoever keeps the backup of the key, and the auditor. It also
replaces a list of staff, or counters of their wrong PINs, that are damaged or were put back.
"""

import uuid

from atm.audit import AuditLog
from atm.audit.verifier import Verifier
from atm.audit.verify import verify_log
from atm.errors import AtmError
from atm.folder import DataFolder
from atm.keys.keys import Keys
from atm.people import StaffMember
from atm.settings import Settings
from atm.staff.registry import SHORTEST_STAFF_PIN
from atm.staff.staff_file import StaffEntry, staff_file
from atm.stores import STAFF, STAFF_ATTEMPTS
from credentials.errors import StoreError
from credentials.hashing import PinHasher
from credentials.policy import check_pin, normalise_username
from credentials.sealed import files
from credentials.staff_attempts import WrongPins


class RecoveryError(AtmError):
    """The staff cannot be replaced; nothing was changed."""


def check_auditor(log: AuditLog, verifier: Verifier) -> None:
    """Check that *verifier* is the present auditor's, and that the log verifies with it.

    Raises:
        RecoveryError: If it is not, or the log has a problem.
        AuditError: If the log cannot be read, or the verifier is another folder's.
    """
    state = log.chain.states.read()
    if state is None or verifier.start != state.verifier_from:
        raise RecoveryError("This is not the present auditor's verifier.")
    report = verify_log(log, verifier)
    if report.problems:
        raise RecoveryError("The log does not verify: " + " ".join(report.problems))


def replace_staff(
    settings: Settings, folder: DataFolder, log: AuditLog, name: str, pin: str
) -> StaffMember:
    """Make *name* the only member of staff; the caller has checked who signs and holds the folder.

    Killed at any moment it can be called again.

    Raises:
        PolicyError: If *name* or *pin* is not allowed.
        AtmError, CredentialError: If a file cannot be written.
    """
    name = normalise_username(name)
    check_pin(pin, shortest=SHORTEST_STAFF_PIN)
    keys = Keys.open(settings.key_dir, folder)
    path, known = folder.path, log.head_stores()
    hasher = PinHasher(keys.pin_pepper, older=keys.older_peppers)
    log.append("staff", act="recover", step="begun", name=name, anchor=True)
    members, staff_id = staff_file(path / STAFF, keys.seal), uuid.uuid4().hex
    try:
        gone, generation = list(members.read().values()), members.generation
    except StoreError:
        gone, generation = [], 0
    entry = StaffEntry(staff_id, name, hasher.hash(staff_id, pin))
    members.rewrite([entry.plain()], max(generation, known.get("staff", 0)) + 1)
    counters = path / STAFF_ATTEMPTS
    for each in (counters, counters.with_name(f"{counters.name}-journal")):
        files.remove(each)
    WrongPins(counters, keys.seal, after=known.get("staff-attempts", 0))
    removed = [each.name for each in gone]
    log.append("staff", act="recover", step="done", name=name, removed=removed, anchor=True)
    return StaffMember(name)
