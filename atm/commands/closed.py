"""Commands that run without an open machine: approve, rebuild, keys, restore."""

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from atm.approval import Approval, Approvals
from atm.audit import AuditLog
from atm.errors import AtmError
from atm.folder import DataFolder, open_earlier, open_existing, open_folder
from atm.keys.key_backup import backup, restore_backup
from atm.keys.key_rotation import rotate
from atm.keys.keys import Keys
from atm.maintenance.rebuild import check_enrolled_with, rebuild_closed
from atm.maintenance.restore import CounterFile, Restore
from atm.ports import MachineLog, SignIn
from atm.settings import Settings
from atm.staff.staff_file import staff_hashes
from atm.stores import (
    ATTEMPTS,
    CREDENTIALS,
    SEALED_DATABASES,
    SEALED_RECORDS,
    STAFF,
    KioskStores,
    Stores,
    open_staff,
)
from atm.terminal import NO, YES, ask, confirm, sign_in, sign_two
from credentials.attempts import Attempts
from credentials.sealed.resealing import reseal_database, reseal_records
from credentials.sealed.seal import Seal
from credentials.store import JsonStore


def approve(settings: Settings, options: argparse.Namespace) -> int:
    """Approve the present models and settings, once staff have confirmed the network's terms."""
    made = approve_kiosk(settings) if settings.store else _approve_folder(settings)
    if made is None:
        print("Nothing was approved.")
        return NO
    print(f"approved {len(made.files)} model files and {len(made.settings)} settings")
    return YES


def approve_kiosk(settings: Settings) -> Approval | None:
    """Approve with staff signed in at the service; make the data folder of a new kiosk.

    Returns:
        The approval; None if the network's terms were not confirmed.

    Raises:
        AtmError: If that is not allowed, or the service does not answer; nothing is approved then.
    """
    from atm.fleet.kiosk.client import client_of  # httpx with it
    from atm.fleet.kiosk.log import KioskLog
    from atm.fleet.kiosk.network import network_of_service
    from atm.fleet.kiosk.staff import RemoteStaff

    folder = open_folder(settings.data_dir, settings.kind)
    with contextlib.ExitStack() as held:
        held.enter_context(folder.held())
        stores = KioskStores.open(folder, Keys.open(settings.key_dir, folder), settings)
        client = client_of(settings)
        held.callback(client.close)
        log = KioskLog(stores.audit, client)
        held.callback(log.close)
        settings = replace(
            settings, network=network_of_service(client, settings.network, settings.currency)
        )
        return _approve(settings, stores.approvals, RemoteStaff(client), log)


def _approve_folder(settings: Settings) -> Approval | None:
    folder = open_existing(settings.data_dir, settings.kind)
    with folder.held(), _stores(settings, folder) as stores:
        settings = stores.approvals.in_effect(settings)
        check_enrolled_with(stores, settings)
        return _approve(settings, stores.approvals, stores.staff, stores.audit)


def _approve(
    settings: Settings, approvals: Approvals, staff: SignIn, log: MachineLog
) -> Approval | None:
    two = approvals.needs_two(settings)
    names = sign_two(staff).names if two else [sign_in(staff).name]
    terms = approvals.terms(settings)
    if not confirm(terms):
        return None
    known = log.head_stores().get("approval", 0)
    log.append("approval", step="begun", staff=names, anchor=True)
    made = approvals.approve(settings, names, after=known, confirmed=terms)
    log.append("approval", step="done", staff=names, liveness=settings.liveness, anchor=True)
    return made


def rebuild(settings: Settings, options: argparse.Namespace) -> int:
    """Change the face network: two sign, and every template is made again from its pictures."""
    _need_own_customers(settings)
    folder = open_existing(settings.data_dir, settings.kind)
    with folder.held(alone=True):
        keys = Keys.open(settings.key_dir, folder)
        signed = sign_two(open_staff(folder, keys))
        terms = Approvals(folder, keys.seal).terms(replace(settings, network=options.network))
    made = None
    if confirm(terms):
        made = rebuild_closed(
            settings, options.network, signed, confirmed=terms, confirm=_go_on, progress=_progress
        )
    if made is None or not made.done:
        print("Nothing was changed.")
        return NO
    print(f"the face network is {made.network}; templates made again: {made.made}")
    return YES


def _go_on(left: Sequence[str]) -> bool:
    print("The pictures of these customers do not serve; each of them will need a new face:")
    for username in left:
        print(username)
    return ask("Type “rebuild” to go on: ", secret=False) == "rebuild"


def _progress(done: int, of: int) -> None:
    end = "\n" if done == of else ""
    print(f"\rtemplates: {done} of {of}", end=end, file=sys.stderr, flush=True)


def keys(settings: Settings, options: argparse.Namespace) -> int:
    """Back up, restore or rotate the root key."""
    _need_own_customers(settings)
    if options.act != "rotate" and options.file is None:
        raise AtmError(f"keys {options.act} needs --file FILE.")
    if options.act == "restore":
        folder = open_earlier(settings.data_dir)  # without its key no folder can be upgraded
        restore_backup(options.file, ask("Passphrase: "), settings.key_dir, folder)
        print(f"the key of {folder.path} is back")
        return YES
    folder = open_existing(settings.data_dir, settings.kind)
    if options.act == "rotate":
        return _rotate(settings, folder)
    with _stores(settings, folder) as stores:
        names = [sign_in(stores.staff).name]
        backup(settings.key_dir, folder, options.file, ask("Passphrase (15 characters or more): "))
        stores.audit.append("key backup", staff=names, anchor=True)
    print(f"wrote {options.file}; keep it and the passphrase apart")
    return YES


def restore(settings: Settings, options: argparse.Namespace) -> int:
    """Restore the credential records from a copy, once two have seen and signed the losses."""
    _need_own_customers(settings)
    folder = open_existing(settings.data_dir, settings.kind)
    with folder.held(alone=True):
        keys = Keys.open(settings.key_dir, folder)
        audit = AuditLog.of(folder, settings.key_dir, settings.anchor_dir)
        audit.check()
        counters = CounterFile(
            folder.path / ATTEMPTS,
            open=lambda: Attempts(folder.path / ATTEMPTS, keys.seal),
            make=lambda path, after: Attempts(path, keys.seal, after=after),
        )
        signed = sign_two(open_staff(folder, keys))
        restoring = Restore(
            folder.path / CREDENTIALS,
            keys.seal,
            audit.entries,
            counters=counters,
            source=options.file,
        )
        for sentence in restoring.preview().sentences:
            print(sentence)
        if ask("Type “restore” to go on: ", secret=False) != "restore":
            print("Nothing was changed.")
            return NO
        audit.append("restore", step="begun", staff=signed.names)
        done = restoring.apply(signed)
        audit.append(
            "restore", step="done", staff=signed.names, kept=done.kept, lost=len(done.lost),
            anchor=True,
        )  # fmt: skip
        audit.close()
    print(f"restored from {done.source.name}")
    return YES


def _rotate(settings: Settings, folder: DataFolder) -> int:
    """Rotate the root key; an interrupted rotation is finished without signing in again."""
    names: list[str] = []
    with contextlib.suppress(AtmError), _stores(settings, folder) as stores:
        names = [sign_in(stores.staff).name]
        stores.audit.append("rotate", step="begun", staff=names, anchor=True)
    done = rotate(
        settings.key_dir,
        folder,
        gallery=folder.path / "gallery",
        reseal=[
            *(partial(reseal_records, folder.path / name) for name in SEALED_RECORDS),
            *(partial(reseal_database, folder.path / name) for name in SEALED_DATABASES),
        ],
        pin_hashes=lambda seal: _pin_hashes(folder, seal),
    )
    with _stores(settings, folder) as stores:
        stores.audit.append("rotate", step="done", staff=names, anchor=True)
    print("the keys were changed; back them up again")
    for name in done.left:
        print(f"{name} cannot be read with the old or the new key")
    if done.older_peppers:
        print(f"{done.older_peppers} former keys still serve PINs that were not used since")
    return YES


def _pin_hashes(folder: DataFolder, seal: Seal) -> Iterator[str]:
    for record in JsonStore(folder.path / CREDENTIALS, seal).all():
        if record.pin_hash is not None:
            yield record.pin_hash
    yield from staff_hashes(folder.path / STAFF, seal)


def _need_own_customers(settings: Settings) -> None:
    if settings.store:
        raise AtmError(
            "The bank's service keeps the customers; make a new folder for this kiosk instead."
        )


@contextlib.contextmanager
def _stores(settings: Settings, folder: DataFolder) -> Iterator[Stores]:
    stores = Stores.open(folder, Keys.open(settings.key_dir, folder), settings)
    try:
        yield stores
    finally:
        stores.audit.close()
