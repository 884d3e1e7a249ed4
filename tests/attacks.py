"""Attacks on sealed files, for the short proofs of the suite and the long ones of `test-long`."""

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from atm.errors import AtmError
from credentials.errors import CredentialError

Read = Callable[[], object]


def flips(path: Path, read: Read, count: int, rng: random.Random) -> list[str]:
    """Turn *count* random bits of *path*, each alone; return which of them *read* let pass.

    Args:
        path: The file; afterwards it is as it was.
        read: Opens it as a fresh start would and reads everything in it.
        count: How many bits.
        rng: Chooses them.
    """
    good = path.read_bytes()
    accepted = []
    for _ in range(count):
        place, bit = rng.randrange(len(good)), rng.randrange(8)
        bad = bytearray(good)
        bad[place] ^= 1 << bit
        if not _refused(path, bytes(bad), read):
            accepted.append(f"byte {place} bit {bit}")
    _restore(path, good, read)
    return accepted


def forgeries(
    path: Path, read: Read, count: int, rng: random.Random, older: Sequence[bytes] = ()
) -> list[str]:
    """Edit, swap, copy and take away records of *path*; return what of it *read* let pass.

    Args:
        path: A document of two different records or more; afterwards it is as it was.
        read: As for `flips`; it must have read the file before where *older* is given.
        count: How many forgeries, each alone.
        rng: Chooses them.
        older: What the file held before: each of these is put back among the others.
    """
    good = path.read_bytes()
    kinds = [_edit, _swap_fields, _swap_records, _copy, _take_away, _turn_generation]
    accepted = []
    for _ in range(count):
        if older and rng.random() < 0.1:
            what, bad = "older file", rng.choice(older)
        else:
            kind = rng.choice(kinds)
            document = json.loads(good)
            kind(document, rng)
            what, bad = kind.__name__, _like_ours(document)
        if not _refused(path, bad, read):
            accepted.append(what)
    _restore(path, good, read)
    return accepted


def _like_ours(document: dict) -> bytes:
    lines = ",\n".join(json.dumps(record) for record in document.pop("records"))
    return f'{json.dumps(document)[:-1]}, "records": [\n{lines}\n]}}\n'.encode()


def _edit(document: dict, rng: random.Random) -> None:
    record = rng.choice(document["records"])
    field = rng.choice(sorted(record))
    text = str(record[field])
    place = rng.randrange(len(text))
    other = rng.choice("0123456789abcdef".replace(text[place], ""))
    record[field] = text[:place] + other + text[place + 1 :]


def _swap_fields(document: dict, rng: random.Random) -> None:
    one, other = rng.sample(document["records"], 2)
    fields = [field for field in one if one[field] != other[field]]
    for field in rng.sample(fields, rng.randint(1, len(fields) - 1)):
        one[field], other[field] = other[field], one[field]


def _swap_records(document: dict, rng: random.Random) -> None:
    records = document["records"]
    one, other = rng.sample(range(len(records)), 2)
    records[one], records[other] = records[other], records[one]


def _copy(document: dict, rng: random.Random) -> None:
    records = document["records"]
    records.insert(rng.randrange(len(records) + 1), rng.choice(records))


def _take_away(document: dict, rng: random.Random) -> None:
    document["records"].pop(rng.randrange(len(document["records"])))


def _turn_generation(document: dict, rng: random.Random) -> None:
    document["generation"] += rng.choice([-1, 1, 1000])


def _refused(path: Path, bad: bytes, read: Read) -> bool:
    path.write_bytes(bad)
    try:
        read()
    except (AtmError, CredentialError):
        return True
    return False


def _restore(path: Path, good: bytes, read: Read) -> None:
    path.write_bytes(good)
    read()
