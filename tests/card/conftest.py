"""Debian's pcscd with vsmartcard's virtual readers, running for each test."""

import gc
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.atm.conftest import (  # noqa: F401 - fixtures
    CHEAP,
    BootClock,
    bank,
    face,
    open_bank,
)
from tests.card.apdu_card import PORT, ApduCard
from tests.patience import LIMIT_S
from tests.virtual_card import VirtualCard

COMM = Path("/run/pcscd/pcscd.comm")


class Pcscd:
    """The PC/SC daemon, and the cards in its readers."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.inserted: list[ApduCard] = []

    def start(self) -> None:
        """Run it; two readers of vpcd wait for cards then."""
        assert not COMM.exists(), "a pcscd runs already; stop it and its socket first"
        COMM.parent.mkdir(exist_ok=True)
        self._process = subprocess.Popen(
            ["pcscd", "--foreground"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(lambda: COMM.exists() and (_listens(PORT) and _listens(PORT + 1)))

    def stop(self) -> None:
        """End it: the readers are gone."""
        for card in self.inserted:
            card.take_out()
        self.inserted.clear()
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
        COMM.unlink(missing_ok=True)
        gc.collect()  # pyscard's connections complain in their finalisers: here, not anywhere

    def insert(self, card: VirtualCard, slot: int = 0) -> ApduCard:
        """Put *card* in a reader, and wait until PC/SC sees it."""
        made = ApduCard(card, slot)
        made.insert()
        self.inserted.append(made)
        until(lambda: seen() == len(self.inserted))
        return made

    def take_out(self, card: ApduCard) -> None:
        """Take *card* out, and wait until PC/SC has noticed."""
        card.take_out()
        self.inserted.remove(card)
        until(lambda: seen() == len(self.inserted))


def seen() -> int:
    """Return the number of cards that PC/SC sees, without touching one."""
    from smartcard import scard

    error, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    assert error == scard.SCARD_S_SUCCESS
    try:
        _, names = scard.SCardListReaders(context, [])
        asked = [(name, scard.SCARD_STATE_UNAWARE) for name in names]
        _, found = scard.SCardGetStatusChange(context, 0, asked)
        return sum(bool(state & scard.SCARD_STATE_PRESENT) for _, state, _ in found)
    finally:
        scard.SCardReleaseContext(context)


def until(true: Callable[[], object]) -> None:
    """Wait until something has come about."""
    end = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


def _listens(port: int) -> bool:
    """Return whether somebody waits at *port*, without connecting: that would be a card."""
    wanted = f":{port:04X} "
    lines = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    return any(wanted in line and " 0A " in line for line in lines.splitlines())


@pytest.fixture
def pcscd() -> Iterator[Pcscd]:
    """The daemon, running."""
    if shutil.which("pcscd") is None:
        pytest.skip("pcscd and vpcd are not installed; `make test-card` does it")
    made = Pcscd()
    made.start()
    yield made
    made.stop()
