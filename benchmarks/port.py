"""A loopback port that is reserved until a server of ours listens at it."""

import socket
from typing import Self


class Port:
    """A port that is kept: the system gives it to nobody, and whoever knows it may listen there.

    It is bound and never listened on, so a connection is refused until a server that sets
    SO_REUSEADDR (PostgreSQL, uvicorn, `socket.create_server`) listens.
    """

    def __init__(self) -> None:
        """Take a free one."""
        self._kept = socket.socket()
        self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept.bind(("127.0.0.1", 0))
        self.number: int = self._kept.getsockname()[1]

    def __enter__(self) -> Self:
        """Keep it as long as the block lasts."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of it."""
        self.close()

    def close(self) -> None:
        """Let go of it."""
        self._kept.close()
