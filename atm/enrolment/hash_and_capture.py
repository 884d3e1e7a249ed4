"""PIN hash and face capture of an enrolment, on two threads at once."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from filelock import FileLock, Timeout

from atm.answer_thread import ThreadResult
from atm.enrolment.hindrances import too_few
from atm.errors import AtmError
from atm.ports import no_undo
from face_auth.errors import (
    AcquisitionError,
    CameraError,
    NotOnePersonError,
    PresentationAttackError,
    SamePictureError,
    hindrance_of,
)
from face_auth.gallery import Capture, Template
from face_auth.types import Hindrance

LIMIT_S = 120.0
"""Time limit of hash and capture together."""
STOP_S = 3.0
"""Time that a thread has to stop."""
LOCK_S = 30.0
"""Time that a commit waits for another process's commit."""

_LOOK_S = 0.05

T = TypeVar("T")
Captured = tuple[Template, list[Capture]]
CaptureFace = Callable[[str, threading.Event], tuple[Template, list[Capture]]]
"""Captures the face of the customer with this id, until the event is set."""


class EnrolmentError(AtmError):
    """The enrolment failed and nothing was saved; the text says why and what to do.

    Attributes:
        code: `no_face_in_time`, `not_one_person`, `camera_lost`, `cancelled`, `not_live`,
            `duplicate_face` or `card`.
        hindrance: What was wrong with most pictures, if that is known.
    """

    def __init__(self, code: str, sentence: str, hindrance: Hindrance | None = None) -> None:
        """Keep *code* and *hindrance* for the window, which has its own sentences."""
        super().__init__(sentence)
        self.code = code
        self.hindrance = hindrance


def hash_and_capture(
    make_hash: Callable[[], str],
    capture: Callable[[], Captured],
    stop: threading.Event,
    limit_s: float = LIMIT_S,
) -> tuple[str, Captured]:
    """Hash and capture on two threads; the first failure stops the other.

    A thread that hangs is left behind after *limit_s*, or soon after *stop* is set; it is set here
    once both have answered.

    Raises:
        EnrolmentError: If *stop* was set, or the face could not be captured.
        AtmError: If a thread died or never answered.
        Exception: Whatever else a thread raised.
    """
    pin_thread = ThreadResult("enrol-pin", make_hash)
    face_thread = ThreadResult("enrol-face", capture)
    latest = time.monotonic() + limit_s
    for thread in (pin_thread, face_thread):
        thread.start()
    while _wanted(pin_thread, face_thread) and time.monotonic() < latest and not stop.is_set():
        for thread in (pin_thread, face_thread):
            thread.join(_LOOK_S)
    cancelled = stop.is_set()
    stop.set()
    latest = time.monotonic() + STOP_S
    for thread in (pin_thread, face_thread):
        thread.join(max(0.0, latest - time.monotonic()))
    if cancelled:
        raise EnrolmentError("cancelled", "Nothing was saved.")
    pin_hash, face = pin_thread.result, face_thread.result
    for answer in (pin_hash, face):
        if isinstance(answer, BaseException):
            _raise(answer)
    if not isinstance(pin_hash, str) or not isinstance(face, tuple):
        raise AtmError("The enrolment took too long; nothing was saved. Try again.")
    return pin_hash, face


def _wanted(*threads: ThreadResult[Any]) -> bool:
    """Return whether a thread still runs and none has failed."""
    answers = [thread.result for thread in threads]
    return None in answers and not any(isinstance(each, BaseException) for each in answers)


def _raise(error: BaseException) -> NoReturn:
    """Raise a thread's exception; one such as `SystemExit` becomes an AtmError."""
    with plain_errors():
        if isinstance(error, Exception):
            raise error
    raise AtmError(f"The enrolment failed ({type(error).__name__}); nothing was saved.") from error


class LockedCommit:
    """`Commit` for files: one at a time among all threads and processes."""

    def __init__(self, lock: Path) -> None:
        """Use the lock file *lock*, which is made if it is missing."""
        self._lock = FileLock(lock, mode=0o600)

    def __call__(self, work: Callable[[], T], undo: Callable[[], None] = no_undo) -> T:
        """Do *work*; see `Commit`.

        Raises:
            AtmError: If another process holds the lock for too long.
            Exception: Whatever *work* raises, after *undo*.
        """
        try:
            self._lock.acquire(timeout=LOCK_S)
        except Timeout as error:
            raise AtmError("Another process is saving a customer; try again.") from error
        try:
            return work()
        except BaseException:
            undo()
            raise
        finally:
            self._lock.release()


@contextlib.contextmanager
def plain_errors() -> Iterator[None]:
    """Turn errors of a capture into EnrolmentError with a code and a sentence."""
    try:
        yield
    except SamePictureError as error:
        raise EnrolmentError(
            "no_face_in_time",
            "The camera showed the same pictures again and again; enrolment needs five different "
            "ones. Check the camera, or give it more pictures, and try again.",
        ) from error
    except PresentationAttackError as error:
        raise EnrolmentError(
            "not_live", "The movements were not made, or no person was seen. Try again."
        ) from error
    except NotOnePersonError as error:
        raise EnrolmentError(
            "not_one_person", "The pictures did not all show one person. Try again."
        ) from error
    except AcquisitionError as error:
        hindrance = hindrance_of(error)
        raise EnrolmentError("no_face_in_time", too_few(hindrance), hindrance) from error
    except CameraError as error:
        raise EnrolmentError(
            "camera_lost", f"The camera gives no pictures: {error}. Check it and try again."
        ) from error
