"""A process that does acts on real stores and reports before and after each act.

Run as a module it is asked on its standard input, one JSON document a line, to fork a teller; that
saves the imports of each. What a teller says goes to a file, so that a kill loses none of it.
"""

import contextlib
import ctypes
import json
import os
import signal
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from atm.accounts.dispenser import Dispenser
from atm.accounts.session import Session
from atm.answer_thread import ThreadResult
from atm.enrolment.duplicate_face import DuplicateFaceCheck
from atm.enrolment.enrolment import Enrolments
from atm.enrolment.hash_and_capture import LockedCommit
from atm.errors import AtmError
from atm.folder import open_folder
from atm.keys.keys import Keys
from atm.login.decision import Decision, Outcome
from atm.login.login import LocalLogins
from atm.login.pause import Pause
from atm.maintenance.rebuild import rebuild
from atm.opening import open_machine
from atm.people import Application, Customer, Signatures, StaffMember
from atm.staff.acts import Office
from atm.stores import PAUSE, Stores
from credentials.boot_clock import Moment
from credentials.errors import CredentialError
from face_auth import enrolment
from face_auth.gallery import Capture, Template
from face_auth.models import load_card
from face_auth.recogniser import Recogniser
from face_auth.recognition.classifier import CustomerSvm
from face_auth.types import FaceResult
from tests.crash.place import (
    DAY_LIMIT,
    SMALLEST_NOTE,
    address_of,
    cheap,
    go_of,
    journal_of,
    said_by,
    settings_of,
)
from tests.patience import LIMIT_S

RUIZ, OKAFOR = StaffMember("ruiz"), StaffMember("okafor")
_PR_SET_PTRACER, _ANY = 0x59616D61, ctypes.c_ulong(-1)

Act = list[Any]

START: Act = ["start"]
"""Alone, instead of acts: start the kiosk and stop it."""

STAY: Act = ["stay"]
"""The last of the acts: do nothing more until killed."""


class _Leaps:
    """A clock that is eleven minutes on at each look: the kiosk never pauses."""

    _seconds = 0.0

    def __call__(self) -> Moment:
        self._seconds += 660.0
        return Moment("crash", time.time() * 1000 + self._seconds)


class _NobodyAlike:
    def question(self, template: Template, captures: list[Capture]) -> None:
        return None


class _Dispenser:
    """Writes what it pays out to a journal that never fails, as the paper of a real one."""

    name = "journal"
    note = ""

    def __init__(self, journal: Path, username: str) -> None:
        self._journal = journal
        self._username = username

    def dispense(self, reference: str, amount_minor: int) -> None:
        handle = os.open(self._journal, os.O_WRONLY | os.O_APPEND | os.O_DSYNC)
        try:
            os.writev(handle, [f"{reference} {amount_minor} {self._username}\n".encode()])
        finally:
            os.close(handle)


class Teller:
    """Use cases of one kiosk process, with the face's answer staged and hashing made cheap."""

    def __init__(self, root: Path, say: Callable[[str], None]) -> None:
        """Open the stores in *root* as a start does; *say* gets a line for each step of an act."""
        settings = settings_of(root)
        folder = open_folder(settings.data_dir, settings.kind)
        keys = Keys.open(settings.key_dir, folder)
        stores = Stores.open(folder, keys, settings)
        stores.check()
        hasher = cheap(keys.pin_pepper)
        commit = LockedCommit(folder.path / "enrolment.lock")
        self._say = say
        self._settings = settings
        self._stores = stores
        self._journal = journal_of(root)
        self._address = address_of(root)
        self._enrolment = Enrolments(
            store=stores.credentials, hasher=hasher, gallery=stores.gallery,
            ledger=stores.ledger, audit=stores.audit,
            duplicate_check=cast(DuplicateFaceCheck, _NobodyAlike()), commit=commit,
        )  # fmt: skip
        self._office = Office(
            store=stores.credentials, hasher=hasher, gallery=stores.gallery,
            ledger=stores.ledger, attempts=stores.attempts, audit=stores.audit,
            staff=stores.staff, commit=commit,
        )  # fmt: skip
        self._logins = LocalLogins(
            store=stores.credentials, hasher=hasher, attempts=stores.attempts,
            pause=Pause(folder.path / PAUSE, keys.seal, _Leaps()), audit=stores.audit,
            open_session=self._session, suspect=lambda customer_id, face: None,
            limit_s=60.0, refuse_after_s=0.0001,
        )  # fmt: skip
        self._acts: dict[str, Callable[..., str]] = {
            "enrol": self._enrol, "pin": self._pin, "wrong": self._wrong,
            "unlock": self._unlock, "withdraw": self._withdraw, "delete": self._delete,
            "rebuild": self._rebuild,
        }  # fmt: skip

    def do(self, act: Act) -> bool:
        """Do one act: ``begin``, then ``done`` or ``failed`` with the sentence; return if done."""
        line = " ".join(map(str, act))
        name, *rest = act
        self._say(f"begin {line}")
        try:
            answer = self._acts[name](*rest)
        except (AtmError, CredentialError, OSError) as error:
            self._say(f"failed {line} {type(error).__name__}: {error}")
            return False
        self._say(f"done {line} {answer}")
        return True

    def _enrol(self, username: str, pin: str, opening_minor: int) -> str:
        application = Application(username, username, opening_minor, pin, datetime.now(UTC))
        made = self._enrolment.enrol(application, RUIZ, lambda customer, stop: self._face(customer))
        return made.customer_id

    def _face(self, customer_id: str) -> tuple[Template, list[Capture]]:
        """Return a face by the network in effect, as a kiosk opened again after a change has."""
        template, captures = face(customer_id)
        if self._stores.approvals.last is not None:
            template = replace(template, network_sha256=load_card("bundled").sha256)
        return template, captures

    def _pin(self, username: str, old: str, new: str) -> str:
        decision = self._login(username, old)
        if decision.session is None:
            return "refused"
        decision.session.close()
        self._office.set_pin(self._office.record(username), new, [])
        return "granted"

    def _wrong(self, username: str, pin: str) -> str:
        decision = self._login(username, pin)
        assert decision.session is None
        return "refused"

    def _unlock(self, username: str) -> str:
        self._office.unlock(username, staff=RUIZ)
        return "unlocked"

    def _withdraw(self, username: str, pin: str, amount_minor: int) -> str:
        decision = self._login(username, pin)
        if decision.session is None:
            return "refused"
        return decision.session.withdraw(amount_minor).reference

    def _delete(self, username: str) -> str:
        signed = Signatures(RUIZ, OKAFOR)
        return str(self._office.delete(username, staff=RUIZ, override=signed))

    def _rebuild(self, _whom: str) -> str:
        def keep(left: Sequence[str]) -> bool:
            raise AssertionError(f"{left} would need a new face")

        made = rebuild(
            self._settings, self._stores, "bundled", Signatures(RUIZ, OKAFOR),
            confirm=keep, progress=lambda done, of: None,
        )  # fmt: skip
        return str(made.made)

    def _login(self, username: str, pin: str) -> Decision:
        def check_face(record: Any, pressed: float, deadline: float) -> FaceResult:
            self._stores.gallery.load(record.template_id, record.customer_id)
            return FaceResult(record.customer_id, True, 1.0, 0.5, 3)

        decision = self._logins.login(username, pin, check_face)
        if decision.outcome not in (Outcome.GRANTED, Outcome.REFUSED):
            raise AtmError(f"{decision.outcome}: {decision.reasons}")
        return decision

    def _session(self, customer: Customer) -> Session:
        audit = self._stores.audit
        return Session(
            customer,
            self._stores.ledger,
            self._dispenser(customer.username),
            smallest_note_minor=100 * SMALLEST_NOTE,
            day_limit_minor=100 * DAY_LIMIT,
            record=lambda kind, **fields: audit.append(kind, anchor=True, **fields),
            template=lambda: None,
            save_pin=lambda pin: None,
        )

    def _dispenser(self, username: str) -> Dispenser:
        if not self._address.exists():
            return _Dispenser(self._journal, username)
        from atm.xfs4iot.dispenser import Limits, Xfs4iotDispenser

        limits = Limits(LIMIT_S, LIMIT_S, LIMIT_S)
        return Xfs4iotDispenser(self._address.read_text("ascii"), None, "EUR", limits)


def face(customer_id: str) -> tuple[Template, list[Capture]]:
    """Return what a successful capture gives, small."""
    rng = np.random.default_rng(7)
    embeddings = rng.normal(size=(5, 512)).astype(np.float32)
    image = rng.integers(0, 255, (20, 15, 3), dtype=np.uint8)
    capture = Capture(image, (3.0, 3.0, 10.0, 12.0), np.ones((5, 2), np.float32))
    svm = CustomerSvm(embeddings[0], 0.25)
    return Template(customer_id, "bundled", "ab" * 32, embeddings, svm), [capture] * 5


def rebuild_quickly() -> None:
    """Let a change of the network make templates of the bundled one without running it."""
    sha256 = load_card("bundled").sha256

    def made(recogniser: Any, captures: list[Capture], customer_id: str) -> Template:
        assert len(captures) == 5
        return replace(face(customer_id)[0], network_sha256=sha256)

    loaded = SimpleNamespace(network=SimpleNamespace(sha256=sha256))
    cast(Any, enrolment).rebuild_template = made
    cast(Any, Recogniser).load = lambda *_: loaded


def one_after_the_other() -> None:
    """Let what has a thread of its own run in the calling one, for strace counts for each thread.

    What a login leaves for later is left out: here it only reads.
    """

    def start(thread: ThreadResult[Any]) -> None:
        if thread.name != "login-follow-up":
            thread.run()

    unbound = cast(Any, ThreadResult)
    unbound.start = start
    unbound.join = lambda thread, timeout=None: None


def serve(root: Path, acts: list[Act], *, wait: bool) -> None:
    """Open the kiosk in *root*, say ``ready`` with the descriptor, and do *acts* after the go."""
    handle = os.open(said_by(root), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(line: str) -> None:
        # The kiosk never calls writev: what makes its writes fail leaves this one.
        os.writev(handle, [f"{line}\n".encode()])

    teller = None if acts == [START] else Teller(root, say)
    with contextlib.suppress(AttributeError, OSError):  # any process of ours may trace this one
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANY, 0, 0, 0)
    print(f"ready {os.getpid()} {handle}", flush=True)
    while wait and not go_of(root).exists():
        time.sleep(0.001)
    if teller is None:
        open_machine(settings_of(root)).close()
        return
    for act in acts:
        if act == STAY:
            signal.pause()
        teller.do(act)


def main() -> None:
    """Fork one teller for each line of standard input, and say how each ended."""
    one_after_the_other()
    rebuild_quickly()
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                serve(Path(asked["root"]), asked["acts"], wait=asked["wait"])
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        _, status = os.waitpid(child, 0)
        print(f"ended {os.waitstatus_to_exitcode(status)}", flush=True)


def warm_up(root: Path) -> None:
    """Do every act once in *root*, so that no import is left to the first teller."""
    name = f"warm{uuid.uuid4().hex[:8]}"
    teller = Teller(root, lambda line: None)
    for act in (
        ["enrol", name, "4071", 10_000], ["wrong", name, "0000"], ["withdraw", name, "4071", 1000],
        ["pin", name, "4071", "5082"], ["unlock", name], ["delete", name],
    ):  # fmt: skip
        if not teller.do(act):
            raise RuntimeError(f"{act} failed")


if __name__ == "__main__":
    warm_up(Path(sys.argv[1]))
    main()
