"""Judges XFS4IoT messages by the published JSON schema, which is not part of this repository."""

import copy
import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.conftest import SHARED_VARIABLE

NO_SCHEMA = f"{SHARED_VARIABLE} names no folder with the schema of XFS4IoT"
_CLOSED = {"unevaluatedProperties": False}


def schema_file() -> Path | None:
    """Return the schema's file, None where there is none."""
    shared = os.environ.get(SHARED_VARIABLE)
    file = Path(shared or "/nowhere") / "xfs4iot" / "schema.json"
    return file if file.exists() else None


class Messages:
    """Every message that passed between a client and the simulator, each judged as it passes.

    Attributes:
        told: Type and name of each, in order.
        wrong: What is wrong with them. It is kept, since the simulator's thread cannot fail a test.
    """

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []
        self.wrong: list[str] = []

    def seen(self, number: int, way: str, text: str) -> None:
        """Take in a message, as the simulator calls it."""
        header = json.loads(text)["header"]
        self.told.append((header["type"], header["name"]))
        if schema_file() is not None:
            self.wrong += problems(text)


def problems(text: str) -> list[str]:
    """Return what the schema finds wrong in the message *text*.

    More strictly than the schema itself, a message that it does not list is wrong, and so is a
    property that it does not list, wherever it stands.
    """
    message = json.loads(text)
    if message.keys() != {"header", "payload"}:
        return [f"it is no header and payload: {text}"]
    header = message["header"]
    payloads, validator = _schema()
    kind, name, version = (header.get(each) for each in ("type", "name", "version"))
    listed = payloads.get((kind, None if kind == "acknowledge" else name, version))
    if listed is None:
        return [f"the schema lists no {kind} {name} of version {version}"]
    head = "https://xfs4iot.com/schemas#/2021-01/Common.XFSHeader"
    judged = {"properties": {"header": {"$ref": head}, "payload": {"$ref": listed, **_CLOSED}}}
    found = validator.evolve(schema=judged).iter_errors(message)
    return [f"{kind} {name}, {list(each.path)}: {each.message}" for each in found]


@cache
def _schema() -> tuple[dict[tuple[Any, Any, Any], str], Any]:
    """Return where the payload of each type, name and version is defined, and a validator."""
    file = schema_file()
    assert file is not None
    whole = json.loads(file.read_text("utf-8-sig"))
    payloads = {}
    for each in whole["allOf"]:
        asked = each["if"]["properties"]["header"]["properties"]
        key = tuple(asked.get(part, {}).get("const") for part in ("type", "name", "version"))
        payloads[key] = "https://xfs4iot.com" + each["then"]["properties"]["payload"]["$ref"]
    registry: Any = Registry()
    for name in ("messages", "schemas"):
        part = copy.deepcopy(whole["$defs"][name])
        for group in part.values():
            for definition in group.values() if isinstance(group, dict) else ():
                _close(definition)
        resource = Resource.from_contents({"$schema": whole["$schema"], **part})
        registry = registry.with_resource(f"https://xfs4iot.com/{name}", resource)
    return payloads, Draft202012Validator({}, registry=registry)


def _close(schema: Any) -> None:
    """Let every object that a property or an item of *schema* holds have only what is listed."""
    if not isinstance(schema, dict):
        return
    values = [each for key in ("properties", "patternProperties") for each in _parts(schema, key)]
    values += [schema[key] for key in ("items", "additionalProperties") if key in schema]
    for each in values:
        if isinstance(each, dict):
            _close(each)
            each.update(_CLOSED)
    for key in ("allOf", "oneOf", "anyOf"):
        for each in schema.get(key, ()):
            _close(each)


def _parts(schema: dict[str, Any], key: str) -> list[Any]:
    return list(schema.get(key, {}).values())
