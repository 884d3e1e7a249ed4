"""Simulated kiosks that log customers in at the service without a camera, with a right face.

The rest of a login is as at a kiosk: mutual TLS, the template opened by the key of the attempt, the
result of the face check sent. Only the time of camera and recognition is missing.
"""

import base64
import itertools
import multiprocessing
import random
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Final

from atm.errors import AtmError
from atm.fleet.kiosk.client import QUIET_S, ServiceClient
from atm.fleet.kiosk_kind import KioskKind, KioskReport
from atm.fleet.sealed_box import Recipient
from atm.fleet.wire_faces import unpack_claimed
from benchmarks.fleet.bank import PIN
from benchmarks.fleet.service import KioskFiles

BENCH = KioskKind("test", "off")
REPORT = KioskReport(BENCH.kind, BENCH.liveness, "folder")
"""What the benchmark's kiosks are registered as, and report."""
RIGHT_FACE: Final = {
    "accepted": True, "score": 1.0, "threshold": 0.5, "frames": 3, "liveness": None,
}  # fmt: skip
SET_UP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Load:
    """Work of some kiosks in one process, with one thread for each.

    Attributes:
        kiosks: Connection files of each kiosk.
        customers: Usernames for each kiosk, which uses them in turn; no two kiosks share one.
        network_sha256: SHA-256 of the face network that the kiosks run.
        begin: When they begin, by the system's clock.
        seconds: How long they log in.
        every_s: Seconds from one login of a kiosk to its next; 0 means as fast as possible.
    """

    kiosks: tuple[KioskFiles, ...]
    customers: tuple[tuple[str, ...], ...]
    network_sha256: str
    begin: float
    seconds: float
    every_s: float


@dataclass(frozen=True, slots=True)
class Logins:
    """Results of the logins of a load.

    Attributes:
        times_s: Seconds from press to answer of each admission.
        errors: Error of each login that was not admitted.
    """

    times_s: list[float]
    errors: list[str]


def log_in(client: ServiceClient, username: str, network_sha256: str) -> None:
    """Log *username* in.

    Raises:
        AtmError: If the customer is not admitted.
    """
    recipient = Recipient()
    begun = client.call(
        "logins", username=username, pin=PIN, network_sha256=network_sha256,
        report=REPORT.to_json(),
        public_key=base64.b64encode(recipient.public).decode("ascii"),
    )  # fmt: skip
    attempt = str(begun["attempt"])
    opened = recipient.open(base64.b64decode(begun["sealed"]), attempt.encode("ascii"))
    unpack_claimed(opened)
    if client.call("logins/finish", attempt=attempt, face=RIGHT_FACE)["granted"] is not True:
        raise AtmError("The service refused.")


def run(
    kiosks: Sequence[KioskFiles],
    customers: Sequence[str],
    network_sha256: str,
    *,
    seconds: float,
    every_s: float,
    processes: int,
) -> Logins:
    """Let all *kiosks* log customers in at the same time, spread over *processes* processes."""
    own = [tuple(customers[number :: len(kiosks)]) for number in range(len(kiosks))]
    begin = time.time() + SET_UP_S
    loads = [
        Load(
            tuple(kiosks[number::processes]), tuple(own[number::processes]), network_sha256, begin,
            seconds, every_s,
        )
        for number in range(processes)
    ]  # fmt: skip
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        found = list(pool.map(drive, loads))
    return Logins(
        [each for logins in found for each in logins.times_s],
        [each for logins in found for each in logins.errors],
    )


def drive(load: Load) -> Logins:
    """Carry out *load* in this process."""
    done = Logins([], [])
    threads = [
        threading.Thread(target=_kiosk, args=(load, kiosk, names, done))
        for kiosk, names in zip(load.kiosks, load.customers, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def _kiosk(load: Load, kiosk: KioskFiles, names: Sequence[str], done: Logins) -> None:
    client = kiosk.client()
    due = load.begin + random.uniform(0, load.every_s)
    for username in itertools.cycle(names):
        time.sleep(max(0.0, due - time.time()))
        if time.time() >= load.begin + load.seconds:
            break
        pressed = time.perf_counter()
        try:
            log_in(client, username, load.network_sha256)
            done.times_s.append(time.perf_counter() - pressed)
        except Exception as error:
            done.errors.append(f"{type(error).__name__}: {error}")
            time.sleep(QUIET_S)  # its client sends nothing until then
        due = max(due + load.every_s, time.time()) if load.every_s else time.time()
    client.close()
