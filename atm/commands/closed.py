"""Commands that run without an open machine: approve, rebuild, keys, restore."""

import argparse
import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from atm.approval import Approvals
from atm.approval_record import Approval
from atm.audit import AuditLog
from atm.audit.counter import Counter
from atm.birth import begin_life, check_only_one, open_born, open_or_bear
from atm.commands.door import Opened, opened
from atm.errors import AtmError
from atm.folder import DataFolder, open_earlier
from atm.keys.key_backup import NewBackup, backup, restore_backup
from atm.keys.key_rotation import rotate, unfinished
from atm.keys.keys import Keys
from atm.maintenance.rebuild import check_enrolled_with
from atm.maintenance.rebuild import rebuild as change_network
from atm.maintenance.restore import CounterFile, Restore
from atm.settings import Settings
from atm.staff.staff_file import Staff, staff_hashes
from atm.stores import (
    ATTEMPTS,
    CREDENTIALS,
    SEALED_DATABASES,
    SEALED_RECORDS,
    STAFF,
    Stores,
    open_staff,
)
from atm.terminal import NO, YES, ask, confirm, sign_in, sign_two
from atm.tpm import Tpm
from credentials.attempts import Attempts
from credentials.sealed.resealing import reseal_database, reseal_records
from credentials.sealed.seal import Seal
from credentials.store import JsonStore

PASSPHRASE = "Passphrase (15 characters or more): "


def approve(settings: Settings, options: argparse.Namespace) -> int:
    """Approve the present models and settings, once staff have confirmed the network's terms."""
    made = approve_kiosk(settings) if settings.store else _approve_folder(settings)
    if made is None:
        print("Nothing was approved.")
        return NO
    print(f"approved {len(made.files)} model files and {len(made.settings)} settings")
    return YES


def approve_kiosk(settings: Settings) -> Approval | None:
    """Approve with staff signed in at the service; a new test folder is made.

    Returns:
        The approval; None if the network's terms were not confirmed.

    Raises:
        AtmError: If that is not allowed, or the service does not answer; nothing is approved then.
    """
    from atm.fleet.kiosk.client import client_of  # httpx with it
    from atm.fleet.kiosk.network import network_of_service
    from atm.fleet.kiosk.report import report_of

    folder = open_or_bear(settings)
    with folder.held(), contextlib.closing(client_of(settings)) as client:
        Approvals(folder, Keys.open(settings.key_dir, folder).seal).check_service(settings)
        network = network_of_service(client, settings.network, settings.currency)
        settings = replace(settings, network=network)
        with opened(settings, folder, replaced=["approval"]) as found:
            found.stores.audit.append("start")  # a folder that lives has a log
            begin_life(settings, folder)
            client.call("kiosk", **report_of(settings, found.stores).to_json())
        return _approve(settings, folder)


def _approve_folder(settings: Settings) -> Approval | None:
    folder = open_born(settings)
    with folder.held():
        return _approve(settings, folder)


def _approve(settings: Settings, folder: DataFolder) -> Approval | None:
    with opened(settings, folder, replaced=["approval"]) as found:
        stores, log = found.stores, found.log
        settings = stores.approvals.in_effect(settings)
        if isinstance(stores, Stores):
            check_enrolled_with(stores, settings)
        known = log.head_stores().get("approval", 0)
        looser = stores.approvals.looser(settings, after=known)
        if not looser and stores.approvals.problem(settings):
            looser = "nothing outside the disk remembers the audit log"
        if looser:
            print(f"Two members of staff must sign: {looser}.")
        names = sign_two(found.staff).names if looser else [sign_in(found.staff).name]
        terms = stores.approvals.terms(settings)
        if not confirm(terms):
            return None
        log.append("approval", step="begun", staff=names, anchor=True)
        made = stores.approvals.approve(settings, names, after=known, confirmed=terms)
    with opened(settings, folder) as found:  # the log learns the new generation
        found.log.append("approval", step="done", staff=names, liveness=settings.liveness,
                         anchor=True)  # fmt: skip
    return made


def rebuild(settings: Settings, options: argparse.Namespace) -> int:
    """Change the face network: two sign, and every template is made again from its pictures."""
    _need_own_customers(settings)
    folder = open_born(settings)
    made = None
    with folder.held(alone=True), opened(settings, folder) as found:
        stores = found.stores
        assert isinstance(stores, Stores)
        signed = sign_two(found.staff)
        terms = stores.approvals.terms(replace(settings, network=options.network))
        if confirm(terms):
            made = change_network(
                settings, stores, options.network, signed, confirmed=terms, confirm=_go_on,
                progress=_progress,
            )  # fmt: skip
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
    if options.act == "restore" and options.file is not None:
        folder = open_earlier(settings.data_dir)  # without its key no folder can be upgraded
        check_only_one(settings, folder)
        tpm = Tpm.of(settings)
        restore_backup(options.file, ask("Passphrase: "), settings.key_dir, folder, tpm)
        Counter.replace(settings.key_dir, folder.folder_id, tpm)
        print(f"the key of {folder.path} is back")
        return YES
    folder = open_born(settings)
    if options.act == "rotate":
        return _rotate(settings, folder, options.file)
    if options.file is None:
        raise AtmError(f"keys {options.act} needs --file FILE.")
    with folder.held(), opened(settings, folder) as found:
        names = sign_two(found.staff).names
        staff = _staff_of(found)
        backup(settings.key_dir, folder, options.file, ask(PASSPHRASE), staff=staff)
        found.log.append("key backup", staff=names, anchor=True)
    print(f"wrote {options.file}; keep it and the passphrase apart")
    return YES


def restore(settings: Settings, options: argparse.Namespace) -> int:
    """Restore the credential records from a copy, once two have seen and signed the losses."""
    _need_own_customers(settings)
    folder = open_born(settings)
    with folder.held(alone=True):
        keys = Keys.open(settings.key_dir, folder)
        audit = AuditLog.of(folder, settings.key_dir, settings.anchor_dir)
        audit.check()
        counters = CounterFile(
            folder.path / ATTEMPTS,
            open=lambda: Attempts(folder.path / ATTEMPTS, keys.seal),
            make=lambda path, after: Attempts(path, keys.seal, after=after),
        )
        signed = sign_two(open_staff(folder, keys, settings, audit.head_stores()))
        restoring = Restore(
            folder.path / CREDENTIALS,
            keys.seal,
            audit.entries,
            counters=counters,
            remembered=audit.remembered().get("attempts", 0),
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


def _rotate(settings: Settings, folder: DataFolder, file: Path | None) -> int:
    """Rotate the root key, once two have signed and the new one is backed up.

    An interrupted rotation is finished as it was signed, without signing again.
    """
    names: list[str] = []
    tpm = Tpm.of(settings)
    if unfinished(settings.key_dir, folder):
        AuditLog.of(folder, settings.key_dir, settings.anchor_dir).check()  # no old image goes on
        copy = None
    elif file is None:
        raise AtmError(
            "keys rotate needs --file FILE, a new backup: the ones of before open nothing then."
        )
    else:
        with folder.held(), opened(settings, folder) as found:
            names = sign_two(found.staff).names
            staff = _staff_of(found)
            copy = NewBackup(settings.key_dir, folder, file, ask(PASSPHRASE), staff)
            found.log.append("rotate", step="begun", staff=names, anchor=True)
    done = rotate(
        settings.key_dir,
        folder,
        copy,
        gallery=folder.path / "gallery",
        reseal=[
            *(partial(reseal_records, folder.path / name) for name in SEALED_RECORDS),
            *(partial(reseal_database, folder.path / name) for name in SEALED_DATABASES),
        ],
        pin_hashes=lambda seal: _pin_hashes(folder, seal),
        tpm=tpm,
    )
    if tpm is not None:
        _bind_anchor(settings, folder, tpm)
    with folder.held(), opened(settings, folder) as found:
        found.log.append("rotate", step="done", staff=names, anchor=True)
    print("the keys were changed; the backups of before open nothing any more")
    if copy is not None:
        print(f"wrote {copy.out}; keep it and the passphrase apart")
    for name in done.left:
        print(f"{name} cannot be read with the old or the new key")
    if done.older_peppers:
        print(f"{done.older_peppers} former keys still serve PINs that were not used since")
    return YES


def _bind_anchor(settings: Settings, folder: DataFolder, tpm: Tpm) -> None:
    """Make a counter in *tpm* and bind the log's anchor to it, before the door compares the two."""
    with folder.held(alone=True):
        Counter.make(settings.key_dir, folder.folder_id, tpm)
        log = AuditLog.of(folder, settings.key_dir, settings.anchor_dir)
        log.anchor.begin_again()
        log.append("rotate", step="counter", anchor=True)


def _staff_of(found: Opened) -> Staff:
    assert isinstance(found.stores, Stores)  # `_need_own_customers`
    return found.stores.staff_list.read()


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
