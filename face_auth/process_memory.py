"""Control of glibc's allocator, to keep the process's memory small."""

import contextlib
import ctypes
from typing import Final

_M_ARENA_MAX: Final = -8  # malloc.h
_ARENAS: Final = 2


def share_arenas() -> None:
    """Limit the allocator to two arenas for all threads, not eight per core (mallopt(3)).

    Call it before threads start. Elsewhere than on glibc nothing happens.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Return freed memory to the system (malloc_trim(3)).

    Call it once after work that used much of it: after the models are loaded, it is 4 MB.
    Elsewhere than on glibc nothing happens.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
