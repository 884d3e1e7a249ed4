"""TCP proxy on the loopback whose connections can be cut, in either direction, at any moment."""

import contextlib
import socket
import threading
from collections.abc import Callable


class Proxy:
    """Passes connections on to a port, until it is told otherwise."""

    def __init__(self, to_port: int) -> None:
        """Listen on a free port."""
        self._to_port = to_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._sockets: set[socket.socket] = set()
        self._turn = threading.Lock()
        self._cut_answers = False
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_answers(self) -> None:
        """From now on pass requests on and swallow what comes back: the answer is lost."""
        self._cut_answers = True

    def mend(self) -> None:
        """Pass everything again, on new connections."""
        self._cut_answers = False
        self.cut()

    def cut(self) -> None:
        """Break every connection there is."""
        with self._turn:
            sockets, self._sockets = self._sockets, set()
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                here, _ = self._listener.accept()
            except OSError:
                return
            try:
                there = socket.create_connection(("127.0.0.1", self._to_port), 5)
            except OSError:
                here.close()
                continue
            there.settimeout(None)
            for each in (here, there):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._turn:
                self._sockets |= {here, there}
            self._pass(here, there, lambda: False)
            self._pass(there, here, lambda: self._cut_answers)

    def _pass(
        self, source: socket.socket, target: socket.socket, swallow: Callable[[], bool]
    ) -> None:
        def work() -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    if not swallow():
                        target.sendall(data)
            for each in (source, target):
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

        threading.Thread(target=work, daemon=True).start()
