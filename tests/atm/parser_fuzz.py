"""Fuzz targets for every file that the machine reads, with the errors that each may raise.

A target has a whole document, what reads it, and the errors that reading may end in. Where a seal
or a checksum would stop each change at the door, a second target ("... inside") puts it right, so
that the parser behind it is met.
"""

import contextlib
import functools
import io
import json
import random
import shutil
import signal
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from atm.approval import Approvals
from atm.audit import AuditLog, two_slot_file
from atm.audit.entries import AuditError
from atm.audit.show import show, table
from atm.audit.state import Anchor, StateFile
from atm.audit.verifier import hand_over, read_verifier
from atm.audit.verify import verify
from atm.camera.registration import CameraChangedError, CameraIdentity, Registration
from atm.errors import AtmError, NotApprovedError
from atm.folder import FolderError, Kind, open_folder
from atm.keys import key_backup, key_file
from atm.keys.keys import Keys
from atm.maintenance import restore
from atm.maintenance.import_plain import import_plain
from atm.people import Application, StaffError, StaffMember
from atm.settings import Settings, SettingsError, load_settings
from atm.staff.acts import Office
from atm.staff.staff_file import staff_file
from credentials.credential_record import CredentialRecord
from credentials.errors import StoreError
from credentials.sealed.record_file import RecordFile
from face_auth.errors import GalleryError, ModelError
from face_auth.models import CARD_FILE, MODELS, load_card, read_entry
from face_auth.npz import read_arrays
from tests.atm.conftest import SEAL, Bank
from tests.mutate import JUNK, mutate_bytes, mutate_json, mutate_value

MOST_SECONDS = 120
RUIZ = StaffMember("ruiz")

Mutate = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Target:
    """One parser.

    Attributes:
        name: What it reads.
        path: The file.
        read: Reads it as the machine does.
        errors: What reading may raise.
        mutate: Changes the whole document.
        prepare: Brings files that reading changes back to where they were.
    """

    name: str
    path: Path
    read: Callable[[], object]
    errors: tuple[type[Exception], ...]
    mutate: Mutate
    prepare: Callable[[], object] = lambda: None


def fuzz(target: Target, count: int, seed: int = 20261123) -> Counter[str]:
    """Read *count* mutations; returns how many were ``refused`` and how many ``read``.

    Raises:
        Exception: What is no clean refusal, with the number of the mutation in its notes.
    """
    rng = random.Random(f"{seed} {target.name}")
    whole = target.path.read_bytes()
    found: Counter[str] = Counter()
    for number in range(count):
        target.prepare()
        data = target.mutate(whole, rng)
        target.path.write_bytes(data)
        try:
            with _alarm():
                target.read()
            found["read"] += 1
        except target.errors as error:
            found["refused"] += 1
            assert str(error), "a refusal says why"
        except BaseException as error:
            error.add_note(f"mutation {number} of {target.name}: {data[:300]!r}")
            raise
    target.prepare()
    target.path.write_bytes(whole)
    return found


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    def too_long(*_: object) -> None:
        raise TimeoutError("it hangs")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(MOST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def by_byte_or_structure(data: bytes, rng: random.Random) -> bytes:
    return (mutate_json if rng.random() < 0.5 else mutate_bytes)(data, rng)


def inside_records(path: Path) -> Mutate:
    """Change the records of a sealed file, and seal it again."""

    def mutate(data: bytes, rng: random.Random) -> bytes:
        records = [dict(each) for each in json.loads(data)["records"]]
        for record in records:
            record.pop("mac")
        while True:
            changed = mutate_value(records, rng)
            if isinstance(changed, list) and all(isinstance(each, dict) for each in changed):
                with contextlib.suppress(ValueError):  # not a number, or the same twice
                    file = RecordFile(path, lambda found: found, SEAL)
                    file.rewrite(changed, rng.randint(1, 2**40))
                    return path.read_bytes()

    return mutate


def inside_slots(data: bytes, rng: random.Random) -> bytes:
    """Change the document of an audit key or an anchor, and put its checksum right."""
    document = two_slot_file._newest(data)[1]
    while True:
        changed = mutate_value(document, rng)
        text = json.dumps(changed | {"serial": 1} if rng.random() < 0.8 else changed) \
            if isinstance(changed, dict) else json.dumps(changed)  # fmt: skip
        checksum = two_slot_file.hashlib.sha256(text.encode()).hexdigest()
        packed = f"{checksum} {text}".encode()
        if len(packed) < two_slot_file._PLACE:
            return packed.ljust(two_slot_file._PLACE - 1) + b"\n" + two_slot_file._BLANK


def inside_key(data: bytes, rng: random.Random) -> bytes:
    """Change the document of a key file, and put its checksum right."""
    document = mutate_value(json.loads(data), rng)
    if isinstance(document, dict):
        rest = {name: value for name, value in document.items() if name != "check"}
        document = rest | {"check": key_file._check(rest)}
    return json.dumps(document).encode()


def inside_arrays(arrays: dict[str, Any]) -> Callable[[random.Random], bytes]:
    """Return other arrays than a gallery file should hold, as plain bytes of an archive."""
    junk = [
        np.zeros((0,)), np.zeros((3, 3)), np.array("text"), np.array(np.nan), np.array(np.inf),
        np.array(2**62), np.array(-1), np.zeros((2, 2, 2), "S3"), np.array([1e300]), np.array(True),
    ]  # fmt: skip

    def make(rng: random.Random) -> bytes:
        changed = dict(arrays)
        for _ in range(rng.randint(1, 3)):
            name = rng.choice(sorted(changed))
            if rng.random() < 0.3:
                del changed[name]
            else:
                changed[name] = rng.choice(junk)
        packed = io.BytesIO()
        np.savez(packed, **changed)
        data = packed.getvalue()
        return mutate_bytes(data, rng) if rng.random() < 0.3 else data

    return make


_TOML_VALUES = ("1", "-1", "1.5", "inf", "nan", '"x"', '""', "true", "[]", "{}", "1979-05-27",
                "9" * 5000, '"live"', '"\\u0000"', "[" * 400 + "]" * 400, '"~nobody/x"',
                '"' + "x" * 1001 + '"', "07:32:00", "0x10", '"' + "d" * 300 + '"')  # fmt: skip


def mutate_toml(data: bytes, rng: random.Random) -> bytes:
    """Return the settings changed by the byte or by the line."""
    if rng.random() < 0.4:
        return mutate_bytes(data, rng)
    lines = data.decode().splitlines()
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(lines))
        name = lines[at].partition(" = ")[0]
        strange = [name, "x", "[table]", "[[t]]", ".".join("a" * 2000), f"{name}.y", "data_dir"]
        lines[at] = f"{rng.choice(strange)} = {rng.choice(_TOML_VALUES)}"
    return "\n".join(lines).encode()


def targets(bank: Bank, face: Any) -> list[Target]:
    """Fill a data folder and return a target for each file in it and beside it."""
    customer = bank.enrolment().enrol(
        Application("ada", "Ada Lovelace", 50_000, "4071", datetime.now(UTC)),
        RUIZ, lambda customer_id, stop: face(customer_id),
    )  # fmt: skip
    record = bank.store.by_id(customer.customer_id)
    bank.store.add(
        CredentialRecord("1" * 32, "bob", "Bob", None, None, None, "2026-01-01T00:00:00+00:00")
    )
    bank.staff.add_first("ruiz", "482913")
    other = bank.folder.parent / "other"
    return [
        *_records(bank, other),
        *_gallery(bank, record, face),
        *_folder_and_keys(other),
        *_settings(other),
        *_audit(bank),
        *_models(other),
        *_plain(other),
        *_databases(bank),
    ]


def _records(bank: Bank, other: Path) -> Iterator[Target]:
    folder = open_folder(other / "approved", Kind.TEST)
    settings = Settings(data_dir=folder.path)
    Approvals(folder, SEAL).approve(settings, ["ruiz", "okafor"])
    camera = bank.folder / "camera.json"
    Registration(camera, SEAL).register(CameraIdentity("0000:00/1", "Cam (1:2)", "s"), ["ruiz"])
    readers: list[tuple[str, Path, Callable[[], object], tuple[type[Exception], ...]]] = [
        ("credentials", bank.store.path, lambda: _store(bank), (StoreError,)),
        ("staff", bank.folder / "staff.json", lambda: _staff(bank), (StaffError,)),
        ("approval", folder.path / "approval.json",
         lambda: Approvals(folder, SEAL).last,
         (NotApprovedError,)),
        ("approval, checked", folder.path / "approval.json",
         lambda: Approvals(folder, SEAL).check(settings), (NotApprovedError,)),
        ("camera registration", camera, lambda: Registration(camera, SEAL).camera,
         (CameraChangedError,)),
    ]  # fmt: skip
    for name, path, read, errors in readers:
        if not name.endswith("checked"):
            yield Target(name, path, read, errors, by_byte_or_structure)
        yield Target(f"{name} inside", path, read, errors, inside_records(path))


def _store(bank: Bank) -> object:
    fresh = type(bank.store)(bank.store.path, SEAL)
    return fresh.all(), fresh.get("ada"), fresh.generation


def _staff(bank: Bank) -> object:
    file = staff_file(bank.folder / "staff.json", SEAL)
    fresh = type(bank.staff)(file, bank.hasher, bank.staff._attempts, log=bank.audit)
    return fresh.names(), fresh.empty, file.generation


def _gallery(bank: Bank, record: Any, face: Any) -> Iterator[Target]:
    owner = record.customer_id
    for purpose, load in (
        ("template", bank.gallery.load),
        ("captures", bank.gallery.load_captures),
    ):
        path = bank.folder / "gallery" / f"{record.template_id}.{purpose}"
        plain = bank.gallery._open(record.template_id, owner, purpose)
        make = inside_arrays(read_arrays(plain))

        def read(load: Any = load) -> object:
            return load(record.template_id, owner)

        def inside(
            data: bytes, rng: random.Random, purpose: str = purpose, path: Path = path,
            make: Any = make,
        ) -> bytes:  # fmt: skip
            bank.gallery._seal(record.template_id, owner, purpose, make(rng))
            return path.read_bytes()

        yield Target(purpose, path, read, (GalleryError,), mutate_bytes)
        yield Target(f"{purpose} inside", path, read, (GalleryError,), inside)
    arrays = bank.folder / "plain.npz"
    arrays.write_bytes(plain)
    yield Target("arrays", arrays, lambda: read_arrays(arrays.read_bytes()), (ValueError,),
                 mutate_bytes)  # fmt: skip


def _folder_and_keys(other: Path) -> Iterator[Target]:
    folder, key_dir = open_folder(other / "data", Kind.TEST), other / "keys"
    Keys.open(key_dir, folder)
    key = key_dir / f"{folder.folder_id}.key"
    yield Target("folder.json", folder.path / "folder.json", lambda: open_folder(folder.path),
                 (FolderError,), by_byte_or_structure)  # fmt: skip
    read = lambda: Keys.open(key_dir, folder)  # noqa: E731
    yield Target("key file", key, read, (key_file.KeysError,), by_byte_or_structure)
    yield Target("key file inside", key, read, (key_file.KeysError,), inside_key)
    safe = other / "safe" / "backup"
    safe.parent.mkdir()
    words, whole = "nine quiet otters drum", key.read_bytes()
    with patch.object(key_backup, "_stretched", lambda *_: bytes(32)):
        key_backup.backup(key_dir, folder, safe, words)

    def put_back() -> None:
        with patch.object(key_backup, "_stretched", lambda *_: bytes(32)):
            key_backup.restore_backup(safe, words, key_dir, folder)

    def lost() -> None:
        key.unlink(missing_ok=True)

    yield Target("key backup", safe, put_back, (key_file.KeysError,), by_byte_or_structure, lost)
    lost()
    key.write_bytes(whole)
    key.chmod(0o600)


def _settings(other: Path) -> Iterator[Target]:
    path = other / "kiosk.toml"
    path.write_text(
        'data_dir = "data"\nkey_dir = "keys"\nkind = "test"\ncamera = "demo"\nlanguage = "es"\n'
        'currency = "EUR"\nday_limit = 1000\nsmallest_note = 10\nfullscreen = false\n'
        "screen_width_mm = 300\nidle_s = 60.0\nlogin_limit_s = 10\n"
    )
    tomllib.loads(path.read_text())
    names = [each.partition(" = ")[0] for each in path.read_text().splitlines()] + ["x", ""]
    yield Target("settings", path, lambda: load_settings(path, {}), (SettingsError,), mutate_toml)

    def environment_and_options() -> object:
        rng = random.Random(path.read_bytes())
        texts = ["", "1", "nan", "１", "x" * 2000, "~nobody/x", "live", "TRUE", "1" * 11, "é",
                 "\udcff", "d/" * 3000, "n" * 300, "1e400", " 1"]  # fmt: skip
        environ = {
            f"ATM_{rng.choice(names).upper()}": rng.choice(texts) for _ in range(rng.randint(0, 2))
        }
        options = {
            rng.choice([*names, "data_dir"]): rng.choice([*texts, *JUNK])
            for _ in range(rng.randint(0, 1))
        }
        return load_settings(None, environ, **options)

    yield Target("environment and options", path, environment_and_options, (SettingsError,),
                 mutate_bytes)  # fmt: skip


def _audit(bank: Bank) -> Iterator[Target]:
    folder = bank.folder / "logged"
    (folder / "keys").mkdir(parents=True)
    paths = (folder / "audit.jsonl", folder / "keys" / "x.audit", folder / "keys" / "x.anchor")
    log = AuditLog(*paths, stores=lambda: {"credentials": 3}, room_entries=1)
    verifier = bank.folder.parent / "other" / "verifier"
    hand_over(log, verifier)
    for number in range(6):
        log.append("decision", outcome="refused", customer="1" * 32, reasons=[f"pin: {number}"],
                   score=0.5)  # fmt: skip
        log.append("pin", step="done", customer="1" * 32, record="0" * 64, anchor=True)
    log.close()
    kept = {path: path.read_bytes() for path in (*paths, verifier)}

    def prepare() -> None:
        for path, data in kept.items():
            path.write_bytes(data)
            path.chmod(0o600)

    def fresh() -> AuditLog:
        return AuditLog(*paths, stores=lambda: {"credentials": 3}, room_entries=1)

    def use() -> None:
        used = fresh()
        unlogged = SimpleNamespace(append=lambda *_, **__: None, tail=used.tail)
        office = SimpleNamespace(_audit=unlogged, _store=bank.store)
        steps: tuple[Callable[[], object], ...] = (
            used.check,
            lambda: used.append("start", anchor=True),
            used.notes,
            lambda: Office.refusals(office, 20, staff=RUIZ),
        )
        refused: list[AuditError] = []
        for step in steps:
            try:
                step()
            except AuditError as error:
                refused.append(error)
        if refused:
            raise refused[0]

    def look() -> None:
        try:
            table(show(fresh(), "ruiz", customer="1" * 32, since=datetime(2020, 1, 1, tzinfo=UTC)))
        finally:
            table(fresh().entries())
            restore._read(fresh().entries())

    def audit() -> None:
        anchor, state = Anchor(paths[2]).read(), StateFile(paths[1]).read()
        parts = [(path.name, path.read_bytes()) for path in fresh().chain.log_files.all()]
        report = verify(parts, read_verifier(verifier), anchor, state)
        if report.problems:
            raise AuditError(report.summary())

    def lines(data: bytes, rng: random.Random) -> bytes:
        found = data.splitlines()
        for at in rng.sample(range(len(found)), 2):
            found[at] = by_byte_or_structure(found[at], rng)
        return b"\n".join(found) + (b"\n" if rng.random() < 0.9 else b"")

    for name, path in (("log", paths[0]), ("audit key", paths[1]), ("anchor", paths[2])):
        mutate = lines if name == "log" else mutate_bytes
        for reader, read in (("kiosk", use), ("looked at", look), ("verified", audit)):
            yield Target(f"{name}, {reader}", path, read, (AuditError,), mutate, prepare)
            if name != "log":
                yield Target(f"{name} inside, {reader}", path, read, (AuditError,), inside_slots,
                             prepare)  # fmt: skip
    yield Target("verifier", verifier, audit, (AuditError,), by_byte_or_structure, prepare)


def _models(other: Path) -> Iterator[Target]:
    folder = other / "models"
    folder.mkdir()
    shutil.copy(MODELS / CARD_FILE, folder / CARD_FILE)

    def read() -> None:
        card = load_card("bundled", folder)
        for security in ("1e-3", "1e-4", "1e-5"):
            with contextlib.suppress(ModelError):
                card.threshold(security)
        read_entry("mtcnn", folder)

    yield Target("model card", folder / CARD_FILE, read, (ModelError,), by_byte_or_structure)


def _plain(other: Path) -> Iterator[Target]:
    path = other / "userCredentials.json"
    path.write_text(json.dumps({"ada": "1234", "Bob": "9876", " ": "1", "x" * 100: "2"}))
    store = SimpleNamespace(add=lambda record: None)
    yield Target("the prototype's file", path, lambda: import_plain(path, store), (AtmError,),
                 by_byte_or_structure)  # fmt: skip


def _databases(bank: Bank) -> Iterator[Target]:
    bank.attempts.reserve("1" * 32)
    bank.pause.refused()
    for name, errors, read in (
        ("attempts", (StoreError,), lambda p: type(bank.attempts)(p, SEAL).standing("1" * 32)),
        ("pause", (AtmError,), lambda p: type(bank.pause)(p, SEAL).remaining()),
        ("ledger", (AtmError,), lambda p: type(bank.ledger)(p, SEAL).check()),
    ):
        path = bank.folder / f"{name}.sqlite"
        journal = path.with_name(f"{path.name}-journal")
        tidy = functools.partial(journal.unlink, missing_ok=True)
        yield Target(
            f"{name}.sqlite", path, functools.partial(read, path), errors, mutate_bytes, tidy
        )


def memory() -> int:
    """Return the most memory this process has ever had, in bytes."""
    text = Path("/proc/self/status").read_text()
    (line,) = [line for line in text.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    """Let `memory` begin anew."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
