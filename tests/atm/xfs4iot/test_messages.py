"""The judge of messages finds what the schema forbids; so its silence elsewhere means something."""

import json
from typing import Any

import pytest

from tests.xfs4iot_messages import NO_SCHEMA, problems, schema_file

GOOD = {
    "header": {
        "type": "command",
        "name": "CashDispenser.Present",
        "version": "1.0",
        "requestId": 7,
    },
    "payload": {"timeout": 5000, "position": "outDefault"},
}
STORAGE = {
    "header": {**GOOD["header"], "type": "completion", "name": "Storage.GetStorage"},
    "payload": {
        "completionCode": "success",
        "storage": {"unit1": {"status": "ok", "cash": {"configuration": {"value": 20}}}},
    },
}


@pytest.fixture(autouse=True)
def _schema() -> None:
    if schema_file() is None:
        pytest.skip(NO_SCHEMA)


def changed(message: dict[str, Any], path: str, value: Any) -> str:
    """Return *message* with *value* at *path*, such as payload.timeout."""
    copied = json.loads(json.dumps(message))
    at = copied
    *parts, last = path.split("/")
    for part in parts:
        at = at[part]
    at[last] = value
    return json.dumps(copied)


@pytest.mark.parametrize("message", [GOOD, STORAGE])
def test_a_message_of_the_schema_passes(message: dict[str, Any]) -> None:
    assert problems(json.dumps(message)) == []


@pytest.mark.parametrize(
    ("message", "path", "value"),
    [
        (GOOD, "header/name", "CashDispenser.Presents"),
        (GOOD, "header/version", "9.0"),
        (GOOD, "header/type", "event"),
        (GOOD, "header/requestId", "seven"),
        (GOOD, "payload/timeout", "soon"),
        (GOOD, "payload/position", "outDoor"),
        (GOOD, "payload/positions", "outDefault"),
        (GOOD, "other", {}),
        (STORAGE, "payload/completionCode", "well"),
        (STORAGE, "payload/storage/unit1/status", "good"),
        (STORAGE, "payload/storage/unit1/colour", "red"),
        (STORAGE, "payload/storage/unit1/cash/configuration/currency", "euro"),
        (STORAGE, "payload/storage/unit1/cash/configuration/worth", 20),
    ],
)
def test_what_the_schema_does_not_list_is_found(
    message: dict[str, Any], path: str, value: Any
) -> None:
    assert problems(changed(message, path, value))
