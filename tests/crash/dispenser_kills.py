"""Kills a kiosk at each message of a withdrawal by XFS4IoT, and lets the next customer withdraw."""

import contextlib
import os
import shutil
import signal
from pathlib import Path

from tests.crash.place import address_of, journal_of, said_by
from tests.crash.syscalls import inject, only, traced
from tests.crash.teller import Act
from tests.crash.tellers import Tellers, heard
from tests.crash.truth import check
from tests.patience import until
from tests.xfs4iot_messages import Messages
from tools.xfs4iot_simulator.device import Device, worth
from tools.xfs4iot_simulator.service import Simulator

FIRST: Act = ["withdraw", "person-2", "4072", 8000]
NEXT: Act = ["withdraw", "person-3", "4073", 3000]


class Kiosk:
    """A kiosk of which a withdrawal is killed, with a simulated dispenser that outlives it."""

    def __init__(self, tellers: Tellers, work: Path) -> None:
        """Copy the kiosk; `kill_at_message` or `kill_at_call` then kills it."""
        self._tellers = tellers
        self.root = tellers.copy()
        self._journal = work / "simulated"
        self._journal.write_text("")
        self._messages = Messages()
        self._device = Device({"unit1": (10, 9), "unit2": (50, 9)}, journal=self._journal)
        self._kill_at, self._pid = 0, 0

    def kill_at_message(self, at: int) -> int:
        """Kill it as message *at* passes, before that is sent or acted on; then `_check`.

        Returns:
            What the first customer was paid, in euros.
        """
        self._kill_at = at
        with Simulator(self._device, seen=self._seen) as simulator:
            address_of(self.root).write_text(simulator.address)
            self._pid, _ = self._tellers.start(self.root, [FIRST], wait=True)
            self._tellers.go(self.root)
            assert self._tellers.ended() == -9
            return self._check(simulator)

    def kill_at_call(self, call: str, when: int) -> bool:
        """Kill it before the *when*-th *call* to the disk; then `_check`.

        Returns:
            Whether it came so far.
        """
        with Simulator(self._device, seen=self._messages.seen) as simulator:
            address_of(self.root).write_text(simulator.address)
            pid, _ = self._tellers.start(self.root, [FIRST], wait=True)
            with traced(pid, *only(call), *inject(call, when, "signal=KILL")):
                self._tellers.go(self.root)
                status = self._tellers.ended()
            assert status in (0, -9)
            self._check(simulator)
            return status == -9

    def _seen(self, number: int, way: str, text: str) -> None:
        self._messages.seen(number, way, text)
        if number == self._kill_at:
            os.kill(self._pid, signal.SIGKILL)
            until(self._is_gone)

    def _is_gone(self) -> bool:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, 0)
            return False
        return True

    def _check(self, simulator: Simulator) -> int:
        """Start the kiosk again, let the next customer withdraw, and compare all books."""
        truth = self._tellers.truth()
        truth.hear(heard(self.root))
        said_by(self.root).unlink()
        with simulator.at_work:
            first = worth(self._device.taken)
        self._tellers.start(self.root, [NEXT])
        assert self._tellers.ended() == 0
        lines = heard(self.root)
        assert lines[-1].startswith("done "), lines
        truth.hear(lines)
        assert worth(self._device.taken) - first == 30, "another customer's notes were among them"
        assert self._device.total == 9 * 60, "the device lost notes"
        assert self._messages.wrong == []
        with journal_of(self.root).open("a", encoding="ascii") as written:
            for line in self._journal.read_text("ascii").splitlines():
                reference, euros = line.split()
                name = NEXT[1] if euros == "30" else FIRST[1]
                written.write(f"{reference} {100 * int(euros)} {name}\n")
        check(self.root, truth)
        said_by(self.root).unlink()
        shutil.rmtree(self.root)
        return first
