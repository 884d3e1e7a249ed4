"""Test of the size limit of request bodies, which no header evades."""

import asyncio
from typing import Any

import pytest

from atm.fleet.service.body_limit import BodyLimit

LENGTH = (b"content-length", b"2")


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ([LENGTH], True), ([(b"content-length", b"101")], False), ([], False),
        ([(b"content-length", b"-1")], False), ([(b"transfer-encoding", b"chunked")], False),
        ([LENGTH, (b"transfer-encoding", b"chunked")], False),
    ],
)  # fmt: skip
def test_only_a_length_within_the_limit_passes(
    headers: list[tuple[bytes, bytes]], passes: bool
) -> None:
    """With both headers the server reads chunks: 200 MB passed under a length of two bytes."""
    passed, sent = [], []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        passed.append(scope)

    async def send(message: Any) -> None:
        sent.append(message.get("status"))

    async def receive() -> Any:
        pytest.fail("nothing is read before the limit was checked")

    scope = {"type": "http", "path": "/v1/health", "headers": headers}
    asyncio.run(BodyLimit(app, usual=100, by_path={})(scope, receive, send))
    assert bool(passed) is passes
    assert sent == ([] if passes else [413, None])
