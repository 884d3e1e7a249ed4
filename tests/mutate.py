"""Mutations of documents, by the byte and by the structure; seeded, so that a find comes again."""

import copy
import json
import random
from typing import Any

JUNK: list[Any] = [
    None, True, False, 0, 1, -1, 1.5, 2**31, 2**63, -(2**63) - 1, 10**400, float("inf"),
    float("-inf"), float("nan"), 1e-320, "", " ", "0", "\0", "\ud800", "é" * 40, "\u202e", "../x",
    "/dev/zero", "x" * 5000, "a" * 32, "0" * 64, "k00000000$argon2id$x", [], [None], [[]], {},
    {"": {}}, "2026-11-23T00:00:00+00:00", "9999-12-31T23:59:59-23:59", "live",
]  # fmt: skip
"""Values that a field of another type does not expect."""


def nested(depth: int, kind: str = "[") -> str:
    """Return JSON that is nested *depth* times."""
    return "[" * depth + "]" * depth if kind == "[" else '{"a":' * depth + "1" + "}" * depth


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """Return *data* with one to four changes: bits, slices cut, doubled, swapped, strange bytes."""
    changed = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(changed) + 1)
        end = min(len(changed), at + rng.choice([1, 1, 2, 8, 64, 4096]))
        what = rng.randrange(7)
        if what == 0 and changed:
            changed[at % len(changed)] ^= 1 << rng.randrange(8)
        elif what == 1:
            del changed[at:end]
        elif what == 2:
            changed[at:at] = changed[at:end] * rng.choice([1, 2, 50])
        elif what == 3:
            changed[at:end] = rng.randbytes(end - at)
        elif what == 4:
            del changed[at:]
        elif what == 5:
            strange = [b"\0", b"\xff", b"\n", b'"', b"\\u0000", b"{", b"[" * 3000, b"9" * 5000]
            changed[at:at] = rng.choice(strange)
        else:
            changed[at:end] = bytes(end - at)
    return bytes(changed)


def mutate_value(value: Any, rng: random.Random) -> Any:
    """Return a copy of *value* (as of JSON) with one to three places changed."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        value = _once(value, rng)
    return value


def _once(value: Any, rng: random.Random) -> Any:
    places = list(_places(value)) if isinstance(value, dict | list) else []
    if not places or rng.random() < 0.03:
        return copy.deepcopy(rng.choice(JUNK))
    parent, key = rng.choice(places)
    what = rng.randrange(6)
    if what <= 2:
        parent[key] = copy.deepcopy(rng.choice(JUNK))
    elif what == 3:
        del parent[key]
    elif what == 4:
        other, otherkey = rng.choice(places)
        parent[key] = copy.deepcopy(other[otherkey])
    elif isinstance(parent, dict):
        parent[rng.choice(["", "x", "version", "mac", key.upper()])] = parent.pop(key)
    else:
        parent.insert(rng.randrange(len(parent) + 1), copy.deepcopy(rng.choice(JUNK)))
    return value


def _places(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in list(items):
        yield value, key
        if isinstance(each, dict | list):
            yield from _places(each)


def mutate_json(data: bytes, rng: random.Random) -> bytes:
    """Return the JSON document *data* changed by its structure, now and then nested without end."""
    if rng.random() < 0.02:
        return nested(rng.choice([500, 5000, 200_000]), rng.choice("[{")).encode()
    document = mutate_value(json.loads(data), rng)
    text = json.dumps(document, indent=rng.choice([None, 1]))
    if rng.random() < 0.05:
        text = text.replace('"', nested(rng.choice([500, 3000])) + '"', 1)
    if rng.random() < 0.1 and text.startswith("{") and ":" in text:  # a key that stands twice
        text = text[:-1] + "," + text[1:]
    return text.encode()
