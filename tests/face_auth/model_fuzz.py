"""A fuzzer that loads mutated model files: `python tests/face_auth/model_fuzz.py 10000`.

It simulates two attackers. The first changes a file, which its digest reveals before anything
parses it. The second (`--forge`) writes the file's new digest into the card too; then only the
approval of `atm.approval` stands before the parsers, which are tested here, each load in its own
process.
"""

import argparse
import io
import json
import os
import random
import resource
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from atm.approval import Approvals
from atm.errors import NotApprovedError
from atm.folder import Kind, open_folder
from atm.settings import Settings
from credentials.sealed.seal import Seal
from face_auth.errors import ModelError
from face_auth.model_making.card_writing import digest
from face_auth.models import MODELS, load_card, load_cohort
from face_auth.recogniser import Recogniser
from face_auth.recognition.detection import Detector
from face_auth.recognition.embedding import load_network

CARDS = ("model_card.json", "mtcnn.card.json")
NETWORK, COHORT = "inception_resnet_v1.tflite", "bundled_cohort.npz"
DETECTOR = ("mtcnn_pnet.tflite", "mtcnn_rnet.tflite", "mtcnn_onet.tflite")
MOST_SECONDS = 120
MOST_MEMORY = 8 << 30

Mutation = Callable[[random.Random, bytearray], bytes]


def flip(rng: random.Random, data: bytearray) -> bytes:
    """Change one to eight bits."""
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def overwrite(rng: random.Random, data: bytearray) -> bytes:
    """Put up to 64 bytes of noise, of zeros or of ones somewhere."""
    length = min(rng.randint(1, 64), len(data))
    at = rng.randint(0, len(data) - length)
    data[at : at + length] = rng.choice(
        [rng.randbytes(length), b"\0" * length, b"\xff" * length, b"9" * length]
    )
    return bytes(data)


def truncate(rng: random.Random, data: bytearray) -> bytes:
    """Keep only the beginning."""
    return bytes(data[: rng.choice([0, 1, 8, rng.randrange(len(data)), len(data) - 1])])


def insert(rng: random.Random, data: bytearray) -> bytes:
    """Put something in between."""
    at = rng.randint(0, len(data))
    more = rng.choice([rng.randbytes(rng.randint(1, 100)), b"[" * 5000, b'{"a":' * 3000, b"\0"])
    return bytes(data[:at]) + more + bytes(data[at:])


def swap(rng: random.Random, data: bytearray) -> bytes:
    """Exchange two pieces."""
    length = min(rng.randint(1, 256), len(data) // 2)
    first, second = sorted(rng.sample(range(len(data) - length + 1), 2))
    second = max(second, min(first + length, len(data) - length))
    data[first : first + length], data[second : second + length] = (
        data[second : second + length],
        data[first : first + length],
    )
    return bytes(data)


def renumber(rng: random.Random, data: bytearray) -> bytes:
    """Replace a piece by what JSON or a header may choke on."""
    pieces = [b"1e999", b"-1", b"NaN", b"null", b"[]", b"{}", b'"\\ud800"', b'"\\u0000"', b"true"]
    at = rng.randrange(len(data))
    return bytes(data[:at]) + rng.choice([*pieces, b"9" * 400]) + bytes(data[at + 4 :])


MUTATIONS: tuple[Mutation, ...] = (flip, flip, overwrite, truncate, insert, swap, renumber)


def mutated(rng: random.Random, whole: bytes) -> bytes:
    """Return *whole* changed by one of the mutations; never as it was."""
    while (found := rng.choice(MUTATIONS)(rng, bytearray(whole))) == whole:
        pass
    return found


def early_half(rng: random.Random, whole: bytes) -> bytes:
    """Return *whole* with a change in its first or last 4 KiB, where the structure is."""
    edge = min(4096, len(whole) // 2)
    if rng.random() < 0.5:
        return mutated(rng, whole[:edge]) + whole[edge:]
    return whole[:-edge] + mutated(rng, whole[-edge:])


def copy_of(folder: Path) -> Path:
    """Copy the models that ship into *folder*, which is made."""
    folder.mkdir()
    for name in (*CARDS, NETWORK, COHORT, *DETECTOR, "covering.npz"):
        shutil.copy(MODELS / name, folder / name)
    return folder


def load(name: str, folder: Path) -> None:
    """Load what the file *name* is read by."""
    if name == COHORT or name in CARDS:
        load_cohort(load_card("bundled", folder))
        load_card("bundled", folder).threshold("1e-4")
    if name == NETWORK or name == CARDS[0]:
        load_network("bundled", folder)
    if name in DETECTOR or name == CARDS[1]:
        Detector(folder)


def first_attacker(count: int, folder: Path, seed: int = 20261123) -> Counter[tuple[str, str]]:
    """Load *count* mutated files whose digests do not fit.

    Returns:
        How often each file was ``refused``, or ``not approved``: a card whose change is in a word
        that nobody computes with, or in a threshold.

    Raises:
        Exception: What is no clean refusal.
    """
    data = open_folder(folder / "data", Kind.TEST)
    seal, settings = Seal(bytes(32)), Settings(data_dir=folder / "data")
    Approvals(data, seal).approve(settings, ["Ada"], models=folder)
    rng = random.Random(seed)
    found: Counter[tuple[str, str]] = Counter()
    names = rng.choices((*CARDS, COHORT, NETWORK, *DETECTOR), (4, 4, 4, 1, 1, 1, 1), k=count)
    for name in names:
        whole = (MODELS / name).read_bytes()
        (folder / name).write_bytes(mutated(rng, whole))
        try:
            load(name, folder)
            Approvals(data, seal).check(settings, models=folder)
            raise AssertionError(f"{name} was changed, and nobody saw it")
        except ModelError:
            found[name, "refused"] += 1
        except NotApprovedError:
            found[name, "not approved"] += 1
        finally:
            (folder / name).write_bytes(whole)
    return found


def forge(name: str, content: bytes, folder: Path) -> None:
    """Write a file and its digest into the card."""
    (folder / name).write_bytes(content)
    card = folder / CARDS[name in DETECTOR]
    entries = json.loads((MODELS / card.name).read_text())
    if name in DETECTOR:
        entries["mtcnn"]["files"][name] = digest(content)
    elif name == COHORT:
        entries["bundled"]["cohort"]["sha256"] = digest(content)
    else:
        entries["bundled"]["sha256"] = digest(content)
        packed = io.BytesIO()  # the cohort names its network
        vectors = load_cohort(load_card("bundled", MODELS))
        np.savez(packed, vectors=vectors, network=np.array(digest(content)))
        (folder / COHORT).write_bytes(packed.getvalue())
        entries["bundled"]["cohort"]["sha256"] = digest(packed.getvalue())
    card.write_text(json.dumps(entries))


def second_attacker(
    count: int, name: str, folder: Path, seed: int = 20261123
) -> Counter[tuple[str, str]]:
    """Load *count* mutations of the file *name* with the digest put right, each in a child.

    Returns:
        How often it was ``refused`` (ModelError), ``ran``, raised another exception (its name),
        died of a signal (its name), or ``hung`` for `MOST_SECONDS`.
    """
    rng = random.Random(seed)
    whole = (MODELS / name).read_bytes()
    found: Counter[tuple[str, str]] = Counter()
    for number in range(count):
        forge(name, (early_half if number % 2 else mutated)(rng, whole), folder)
        found[name, _in_child(lambda: Recogniser.load(folder=folder))] += 1
    for each in (name, COHORT, *CARDS):
        shutil.copy(MODELS / each, folder / each)
    return found


def _in_child(action: Callable[[], object]) -> str:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        word = "ran"
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            signal.alarm(MOST_SECONDS)
            action()
        except ModelError:
            word = "refused"
        except BaseException as error:
            word = type(error).__name__
        finally:
            os.write(writing, word.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        word = pipe.read().decode()
    status = os.waitpid(child, 0)[1]
    if not os.WIFSIGNALED(status):
        return word
    name = signal.Signals(os.WTERMSIG(status)).name
    return "hung" if name == "SIGALRM" else name


def main() -> None:
    """Run both attackers and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--forge", action="store_true")
    parser.add_argument("--folder", type=Path, required=True, help="made, for the mutated copies")
    parser.add_argument("--seed", type=int, default=20261123)
    given = parser.parse_args()
    folder = copy_of(given.folder)
    started = time.monotonic()
    found: Counter[tuple[str, str]] = Counter()
    if given.forge:
        for name in (COHORT, NETWORK, *DETECTOR):
            found += second_attacker(given.count, name, folder, given.seed)
    else:
        found = first_attacker(given.count, folder, given.seed)
    for (name, outcome), times in sorted(found.items()):
        print(f"{name:28} {outcome:20} {times}")
    print(f"{sum(found.values())} in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
