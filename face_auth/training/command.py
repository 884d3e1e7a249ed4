"""The command line ``python -m face_auth.training``, from preparation to comparison."""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from face_auth.datasets.unseen import UNSEEN_FILE, read_names
from face_auth.errors import FaceAuthError
from face_auth.model_making.conversion import read_npz
from face_auth.model_making.photograph_embeddings import read_landmarks
from face_auth.models import MODELS
from face_auth.printing import escape_what_cannot_be_printed
from face_auth.training import compare as comparing
from face_auth.training.blend import blends
from face_auth.training.options import NUMBERS, parser
from face_auth.training.people import LISTED, look_alikes, nearest, refuse_leaks, without
from face_auth.training.prepare import prepare
from face_auth.training.settings import of_stage
from face_auth.training.shards import UNNAMED, Faces, TrainingError, read_shards, write_shards
from face_auth.training.shipping import add_cohort, replace
from face_auth.training.teacher import (
    PartialWhitening,
    Teach,
    dlib_teacher,
    network_teacher,
    read_vectors,
    rows_of,
    teach,
    write_vectors,
)
from face_auth.training.wear import with_glasses

BAD_INPUT: Final = 2
NOT_BETTER: Final = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return 0 (done, better), 1 (not better, stopped) or 2 (an error)."""
    escape_what_cannot_be_printed()
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = parser(__doc__).parse_args(given)
    options.line = shlex.join(["python", "-m", "face_auth.training", *given])
    try:
        return COMMANDS[options.command](options)
    except (FaceAuthError, OSError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("Stopped; no partial file was left.", file=sys.stderr)
        return NOT_BETTER


def _prepare(options: argparse.Namespace) -> int:
    unseen = read_names(MODELS / UNSEEN_FILE)
    wanted: dict[str, Callable[[str], bool]] = {
        "all": lambda person: True,
        "known": lambda person: person not in unseen,
        "unseen": lambda person: person in unseen,
    }
    made = prepare(
        options.source,
        options.out,
        options.collection or options.source.resolve().name,
        wanted[options.people],
        read_landmarks(options.landmarks) if options.landmarks else None,
    )
    for line in made.left_out[:LISTED]:
        print(f"left out: {line}")
    print(
        f"{made.faces:,} faces of {made.people:,} people in {len(made.shards)} shards; "
        f"{len(made.left_out)} photographs left out"
    )
    return 0


def _blend(options: argparse.Namespace) -> int:
    faces = _those_of(options)
    shards = write_shards(options.out, "blends", blends(faces, options.count, options.seed))
    print(f"{options.count:,} blends in {len(shards)} shards")
    return 0


def _wear(options: argparse.Namespace) -> int:
    faces = _those_of(options)
    rows, known = rows_of(faces.names, read_vectors(options.teacher))
    taught = np.flatnonzero(known)
    if len(taught) < options.count:
        raise TrainingError(f"The teacher knows {len(taught):,} of these faces only.")
    chosen = np.random.default_rng(options.seed).choice(taught, options.count, replace=False)
    glasses = with_glasses(faces, chosen.tolist(), options.seed)
    shards = write_shards(options.out, "worn", glasses)
    names = read_shards(shards).names
    write_vectors(options.out / "teacher.npz", names, rows[chosen])
    print(f"{options.count:,} faces with glasses in {len(shards)} shards, taught to be themselves")
    return 0


def _those_of(options: argparse.Namespace) -> Faces:
    faces = _read(options.faces)
    return without(faces, options.without) if options.without else faces


def _teach(options: argparse.Namespace) -> int:
    faces = _read(options.faces)
    rows = teach(faces, teacher_named(options.teacher))
    write_vectors(options.out, faces.names, rows)
    print(f"{len(rows):,} vectors of {rows.shape[1]} values in {options.out}")
    return 0


def teacher_named(name: str, folder: Path = MODELS) -> Teach:
    """Return a teacher: "dlib", a wheel with FaceNet's network, or one of the card in *folder*.

    Raises:
        TrainingError: If it is not installed.
        ModelError: If the wheel is another one, or the card knows no such network.
    """
    if name.endswith(".whl"):
        _torch()
        from face_auth.training.facenet import facenet

        return facenet(Path(name))
    return dlib_teacher() if name == "dlib" else network_teacher(name, folder)


def _train(options: argparse.Namespace) -> int:
    given = {name: getattr(options, name) for name in NUMBERS}
    settings = of_stage(options.stage, **given)
    faces, unseen = _those_of(options), _read([options.unseen])
    refuse_leaks(faces, unseen, read_names(MODELS / UNSEEN_FILE))
    print("Nobody who must stay unseen is among them, by name or by picture.")
    vectors = read_vectors(options.teacher)
    faces = _look_alikes(faces, unseen, vectors, options.apart)
    torch = _torch()
    from face_auth.training.choosing import Chooser, as_text
    from face_auth.training.data import gather
    from face_auth.training.run import Run

    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    if options.threads:
        torch.set_num_threads(options.threads)
    if device.startswith("cuda"):
        torch.backends.cudnn.deterministic = True
    data = gather(faces, vectors, settings, device)
    print(f"{len(data):,} faces to train on, {len(data.names):,} names, on {device}")
    judge = Chooser(unseen, faces, device, settings.precision)
    level = judge.teacher(vectors)
    if level:
        print("The teacher itself, on the half that chooses:", as_text(level))
    del faces, unseen  # gigabytes; what is needed of them has been copied
    note = {"command": options.line, "start": str(options.start or "random weights")}
    run = Run(options.folder, data, settings, device, _start(options.start), note)
    if run.step:
        print(f"Going on at step {run.step} of {settings.steps}.")
    done = run.train(judge, options.choose_every)
    print(f"Step {run.step} of {settings.steps}; the checkpoint is in {options.folder}.")
    return 0 if done else NOT_BETTER


def _export(options: argparse.Namespace) -> int:
    _torch()
    from face_auth.training.export import export

    unseen, whiten = _read([options.unseen]), None
    if options.whiten:
        whiten = _read(options.whiten)
        refuse_leaks(whiten, unseen, read_names(MODELS / UNSEEN_FILE))
    export(options.folder, unseen, options.out, last=options.last, whiten=whiten)
    if options.photographs is None:
        print("It has no cohort yet: name LFW's folder with --photographs before comparing.")
    else:
        add_cohort(options.out / "models", options.photographs, options.landmarks)
    return 0


def _compare(options: argparse.Namespace) -> int:
    result = comparing.compare(
        options.old, options.new, options.photographs, options.cache, options.seed, options.pairs
    )
    print(comparing.as_text(result))
    if options.replace:
        replace(
            options.old,
            options.new,
            result,
            options.photographs,
            options.landmarks,
            options.cache,
            options.seed,
        )
    return 0 if result.verdict()[0] is comparing.Outcome.BETTER else NOT_BETTER


def _read(places: Sequence[Path]) -> Faces:
    faces = read_shards(places)
    for line in faces.broken:
        print(f"left out: {line}", file=sys.stderr)
    if not faces.names:
        raise TrainingError(f"{', '.join(map(str, places))}: no face could be read.")
    return faces


def _look_alikes(
    faces: Faces, unseen: Faces, vectors: dict[str, Any], apart: float | None
) -> Faces:
    """Report who looks alike across both sides; leave out the unnamed ones that do so too much."""
    rows, known = rows_of(faces.names, vectors)
    others, known_others = rows_of(unseen.names, vectors)
    if known.sum() < 2 or not known_others.any():
        if apart is not None:
            raise TrainingError("--apart needs the teacher's vectors of both sides.")
        print("Look-alikes were not looked for: the teacher has no vectors of both sides.")
        return faces
    whiten = PartialWhitening.of(rows[known])
    trained, strangers = whiten(rows[known]), whiten(others[known_others])
    if apart is not None:
        cosines = np.zeros(len(rows), np.float32)
        cosines[known] = nearest(trained, strangers)[0]
        unnamed = np.array(faces.people) == UNNAMED
        kept = ~(unnamed & (cosines >= apart))
        print(f"{(~kept).sum():,} unnamed faces look like an unseen person's and are left out")
        faces = faces.take(np.flatnonzero(kept).tolist())
        trained, known = trained[kept[known]], known[kept]
    found = look_alikes(
        trained,
        [name for name, is_known in zip(faces.names, known, strict=True) if is_known],
        strangers,
        [name for name, is_known in zip(unseen.names, known_others, strict=True) if is_known],
    )
    print("Most alike across both sides, by the teacher (look at these):")
    for one in found:
        print(f"  {one.cosine:.3f}  {one.trained}  {one.unseen}")
    return faces


def _start(place: Path | None) -> Any:
    if place is None:
        return None
    if place.is_dir():
        from face_auth.training.export import averaged_network
        from face_auth.training.inception import to_weights

        return to_weights(averaged_network(place)[0])
    return read_npz(place)


def _torch() -> Any:
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # else products may differ by run
    try:
        import safetensors  # noqa: F401
        import torch
    except ImportError as error:
        raise TrainingError(
            f"Training needs PyTorch and safetensors ({error}). "
            "Install them: pip install -r requirements-train.txt"
        ) from error
    return torch


COMMANDS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "prepare": _prepare,
    "teach": _teach,
    "blend": _blend,
    "wear": _wear,
    "train": _train,
    "export": _export,
    "compare": _compare,
}
