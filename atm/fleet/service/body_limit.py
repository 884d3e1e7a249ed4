"""Size limit of request bodies: a larger one is refused before it is read."""

import json
from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TOO_LARGE = json.dumps({"error": "unavailable", "sentence": "This is too large.", "fields": {}})


class BodyLimit:
    """ASGI middleware that checks a request's Content-Length against a limit."""

    def __init__(self, app: ASGIApp, *, usual: int, by_path: Mapping[str, int]) -> None:
        """Allow *usual* bytes, and on the paths in *by_path* the number given there."""
        self._app = app
        self._usual = usual
        self._by_path = by_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._by_path.get(scope["path"], self._usual)
        headers = dict(scope["headers"])
        promised = headers.get(b"content-length", b"")
        chunks = b"transfer-encoding" in headers  # their length is told nowhere
        if chunks or not promised.isdigit() or int(promised) > limit:
            await _refuse(send)
            return
        await self._app(scope, receive, send)


async def _refuse(send: Send) -> None:
    start: Message = {
        "type": "http.response.start",
        "status": 413,
        "headers": [(b"content-type", b"application/json"), (b"connection", b"close")],
    }
    body: dict[str, Any] = {"type": "http.response.body", "body": _TOO_LARGE.encode("ascii")}
    await send(start)
    await send(body)
