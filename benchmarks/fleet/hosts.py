"""Virtual hosts on one machine: network namespaces joined by one bridge. Needs root."""

import subprocess
from types import TracebackType
from typing import Final, Self

_BRIDGE: Final = "atmfleet"
_NET: Final = "10.87.0"
OUTSIDE: Final = f"{_NET}.1"
"""Address at which the hosts reach the machine itself."""


class HostsError(Exception):
    """The hosts cannot be created; the text says what to do."""


class Hosts:
    """Virtual hosts named ``atm1``, ``atm2`` ..., at ``10.87.0.11``, ``10.87.0.12`` ..."""

    def __init__(self, count: int) -> None:
        """Name *count* hosts; entering the context creates them."""
        self.names = [f"atm{number}" for number in range(1, count + 1)]

    def address(self, name: str) -> str:
        """Return the address of host *name*."""
        return f"{_NET}.{10 + int(name.removeprefix('atm'))}"

    def command(self, name: str, *words: str) -> list[str]:
        """Return the command that runs *words* on host *name*."""
        return ["ip", "netns", "exec", name, *words]

    def cut_off(self, name: str) -> None:
        """Take host *name* off the network."""
        _ip("link", "set", _outer(name), "down")

    def join(self, name: str) -> None:
        """Put host *name* back on the network."""
        _ip("link", "set", _outer(name), "up")

    def __enter__(self) -> Self:
        """Create the hosts.

        Raises:
            HostsError: If this user may not create them.
        """
        self._remove()
        try:
            _ip("link", "add", _BRIDGE, "type", "bridge")
            _ip("address", "add", f"{OUTSIDE}/24", "dev", _BRIDGE)
            _ip("link", "set", _BRIDGE, "up")
            for name in self.names:
                self._make(name)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the hosts."""
        self._remove()

    def _make(self, name: str) -> None:
        inner = f"{name}in"
        _ip("netns", "add", name)
        _ip("link", "add", _outer(name), "type", "veth", "peer", "name", inner)
        _ip("link", "set", inner, "netns", name)
        _ip("link", "set", _outer(name), "master", _BRIDGE, "up")
        for words in (
            ("address", "add", f"{self.address(name)}/24", "dev", inner),
            ("link", "set", inner, "up"),
            ("link", "set", "lo", "up"),
        ):
            _ip("-netns", name, *words)

    def _remove(self) -> None:
        for name in self.names:
            _ip("netns", "delete", name, may_fail=True)
            _ip("link", "delete", _outer(name), may_fail=True)
        _ip("link", "delete", _BRIDGE, may_fail=True)


def _outer(name: str) -> str:
    return f"{name}out"


def _ip(*words: str, may_fail: bool = False) -> None:
    try:
        done = subprocess.run(["ip", *words], capture_output=True, text=True)
    except FileNotFoundError as error:
        raise HostsError("The command “ip” is missing; install iproute2.") from error
    if done.returncode and not may_fail:
        raise HostsError(f"Virtual hosts need root and network namespaces: {done.stderr.strip()}")
