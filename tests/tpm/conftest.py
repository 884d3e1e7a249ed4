"""A TPM in software for each test: swtpm, whose state may be kept or lost."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import LIMIT_S


class SoftTpm:
    """One TPM; its state lies in a folder beside the kiosk's disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "s"
        self._process: subprocess.Popen[bytes] | None = None
        self.place = f"swtpm:path={self._socket}"

    def start(self) -> None:
        """Power it up."""
        self._socket.unlink(missing_ok=True)
        self._process = subprocess.Popen(
            ["swtpm", "socket", "--tpm2", "--tpmstate", f"dir={self._folder}",
             "--server", f"type=unixio,path={self._socket}",
             "--ctrl", f"type=unixio,path={self._socket}.ctrl",
             "--flags", "not-need-init,startup-clear"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + LIMIT_S
        while not self._socket.exists():
            assert self._process.poll() is None and time.monotonic() < end, "swtpm does not start"
            time.sleep(0.01)

    def cut_power(self) -> None:
        """End it without a shutdown."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def exchange(self) -> None:
        """Put another TPM in its place: its state is lost."""
        self.cut_power()
        for path in self._folder.glob("*.permall"):
            path.unlink()
        self.start()

    def tool(self, *command: str) -> str:
        """Run a command of tpm2-tools."""
        return subprocess.run(
            [f"tpm2_{command[0]}", *command[1:]], env={"TPM2TOOLS_TCTI": self.place,
            "PATH": "/usr/bin:/bin"}, check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip


@pytest.fixture
def soft_tpm() -> Iterator[SoftTpm]:
    """The kiosk's TPM, running."""
    yield from _running()


@pytest.fixture
def other_tpm() -> Iterator[SoftTpm]:
    """Another one beside it, running."""
    yield from _running()


def _running() -> Iterator[SoftTpm]:
    if not (shutil.which("swtpm") and shutil.which("tpm2_unseal")):
        pytest.skip("swtpm and tpm2-tools are not installed; `make test-tpm` does it")
    with tempfile.TemporaryDirectory(prefix="tpm-") as made:  # a socket's name must be short
        tpm = SoftTpm(Path(made))
        tpm.start()
        yield tpm
        tpm.cut_power()
