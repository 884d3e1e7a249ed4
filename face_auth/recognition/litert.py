"""Creation of LiteRT interpreters without LiteRT's message on standard error."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ai_edge_litert.interpreter import Interpreter

_quiet = threading.Lock()


def make_interpreter(model: bytes, threads: int) -> Interpreter:
    """Return an interpreter of *model* (the bytes of a .tflite file), its tensors allocated.

    Raises:
        ValueError, RuntimeError: If LiteRT cannot run it.
    """
    with _quiet, _without_stderr():
        made = Interpreter(model_content=model, num_threads=threads)
        made.allocate_tensors()
        return made


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Redirect file descriptor 2 to /dev/null for a moment; no option silences that message."""
    sys.stderr.flush()
    kept = os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
