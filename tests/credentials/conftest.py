"""Fixtures of the tests of the PIN factor."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from credentials.hashing import PinHasher

ROOT = Path(__file__).parents[2]

StartPython = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start_python() -> Iterator[StartPython]:
    """Start Python on some code, with pipes, in the project's root; killed at the end."""
    started = []

    def start(code: str, *arguments: object) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def quick_hasher() -> PinHasher:
    """A hasher of next to no cost."""
    return PinHasher(bytes(range(32)), PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
