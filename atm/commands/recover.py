"""`python -m atm recover`: a new member of staff, signed for by key backup and auditor."""

import argparse

from atm.audit import AuditLog
from atm.audit.verifier import read_verifier
from atm.errors import AtmError
from atm.folder import open_existing
from atm.keys.key_backup import check_backup
from atm.maintenance.recover import check_auditor, replace_staff
from atm.settings import Settings
from atm.terminal import YES, ask


def recover(settings: Settings, options: argparse.Namespace) -> int:
    """Replace all staff by one new member; reads the backup's passphrase, then the new PIN."""
    if settings.store:
        raise AtmError("The bank's service keeps the staff; recover them there.")
    folder = open_existing(settings.data_dir, settings.kind)
    with folder.held(alone=True):
        log = AuditLog.of(folder, settings.key_dir, settings.anchor_dir)
        check_auditor(log, read_verifier(options.verifier))
        check_backup(options.file, ask("Passphrase: "), settings.key_dir, folder)
        pin = ask("New member's PIN (six digits or more): ")
        member = replace_staff(settings, folder, log, options.name, pin)
    print(f"{member.name} is the only member of staff now")
    return YES
