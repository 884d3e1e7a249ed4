"""Faults for tests: the calls of a use case's parts are counted, and each is struck in turn."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.patience import LIMIT_S

Strike = Callable[[], Any]
Place = tuple[str, int]
"""The thread's name, and which of its calls."""


@dataclass(frozen=True)
class Call:
    """One call that was made."""

    place: Place
    what: str


class Faults:
    """Wraps the parts of a use case; each call of theirs goes through here."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.struck = 0
        self._strikes: dict[Place, Strike] = {}
        self._counted: dict[str, int] = {}
        self._turn = threading.Lock()

    def arm(self, strikes: dict[Place, Strike]) -> None:
        """Begin to count anew, and strike at these calls."""
        with self._turn:
            self.calls, self._counted, self._strikes, self.struck = [], {}, strikes, 0

    def __call__(self, name: str, part: Any) -> Any:
        """Return *part* with every call of it counted."""
        return self._function(name, part) if callable(part) else _Part(self, name, part)

    def count(self, what: str) -> tuple[bool, Any]:
        """Count a call; returns whether something else came of it, and what."""
        with self._turn:
            thread = threading.current_thread().name
            thread = thread if thread.startswith(("login", "enrol")) else "caller"
            place = (thread, self._counted.get(thread, 0))
            self._counted[thread] = place[1] + 1
            self.calls.append(Call(place, what))
            strike = self._strikes.pop(place, None)
        if strike is None:
            return False, None
        self.struck += 1
        answer = strike()
        return answer is not None, answer

    def _function(self, name: str, function: Any) -> Any:
        def called(*args: Any, **kwargs: Any) -> Any:
            instead, answer = self.count(name)
            return answer if instead else function(*args, **kwargs)

        return called


class _Part:
    def __init__(self, faults: Faults, name: str, part: Any) -> None:
        self._faults, self._name, self._part = faults, name, part

    def __getattr__(self, attribute: str) -> Any:
        what = f"{self._name}.{attribute}"
        found = getattr(type(self._part), attribute, None)
        if isinstance(found, property):
            instead, answer = self._faults.count(what)
            return answer if instead else getattr(self._part, attribute)
        found = getattr(self._part, attribute)
        return self._faults._function(what, found) if callable(found) else found


def raising(error: type[BaseException], *args: Any) -> Strike:
    """Return what raises *error*."""

    def strike() -> None:
        raise error(*args)

    return strike


class Hang:
    """A call that does not return until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.over = False

    def __call__(self) -> None:
        self.go.wait(LIMIT_S)
        self.over = True
