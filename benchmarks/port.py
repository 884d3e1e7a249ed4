"""Reserved loopback port, for a server that is started later."""

import socket
from typing import Self


class Port:
    """A reserved port: the system assigns it to no other program until `close`.

    It is bound but not listened on, so a connection is refused until a server that sets
    SO_REUSEADDR (PostgreSQL, uvicorn, `socket.create_server`) listens.
    """

    def __init__(self) -> None:
        """Reserve a free port."""
        self._kept = socket.socket()
        self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept.bind(("127.0.0.1", 0))
        self.number: int = self._kept.getsockname()[1]

    def __enter__(self) -> Self:
        """Keep the port until the block ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """Release the port."""
        self.close()

    def close(self) -> None:
        """Release the port."""
        self._kept.close()
