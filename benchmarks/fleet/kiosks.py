"""Kiosks that log customers in at the service, without a camera: the face is said to be right.

Everything else of a login is as at a kiosk: mutual TLS, the template opened by the key of the
attempt, the face's answer sent. What the camera takes is left out.
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
from atm.fleet.sealed_box import Recipient
from atm.fleet.wire_faces import unpack_claimed
from benchmarks.fleet.bank import PIN
from benchmarks.fleet.service import KioskFiles

RIGHT_FACE: Final = {
    "accepted": True, "score": 1.0, "threshold": 0.5, "frames": 3, "liveness": None,
}  # fmt: skip
SET_UP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Load:
    """What some kiosks are to do, in one process, a thread each.

    Attributes:
        kiosks: What each connects with.
        customers: Usernames for each kiosk, which takes them in turn; no two kiosks share one.
        network_sha256: Of the face network that the kiosks run.
        begin: When they begin, by the system's clock.
        seconds: For how long.
        every_s: Seconds from one login of a kiosk to its next; 0: as fast as it can.
    """

    kiosks: tuple[KioskFiles, ...]
    customers: tuple[tuple[str, ...], ...]
    network_sha256: str
    begin: float
    seconds: float
    every_s: float


@dataclass(frozen=True, slots=True)
class Logins:
    """How the logins of a load went.

    Attributes:
        times_s: Of each admission, from the press to the answer.
        errors: What was said to those who were not admitted.
    """

    times_s: list[float]
    errors: list[str]


def log_in(client: ServiceClient, username: str, network_sha256: str) -> None:
    """Log *username* in.

    Raises:
        AtmError: If they are not admitted.
    """
    reader = Recipient()
    begun = client.call(
        "logins", username=username, pin=PIN, network_sha256=network_sha256,
        public_key=base64.b64encode(reader.public).decode("ascii"),
    )  # fmt: skip
    attempt = str(begun["attempt"])
    opened = reader.open(base64.b64decode(begun["sealed"]), attempt.encode("ascii"))
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
    """Let all *kiosks* log customers in at once, spread over some processes."""
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
    """Do what *load* says, in this process."""
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
            time.sleep(QUIET_S)  # until then its client would send nothing
        due = max(due + load.every_s, time.time()) if load.every_s else time.time()
    client.close()
