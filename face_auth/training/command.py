"""``python -m face_auth.training``: prepare, teach, train, export, compare."""

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import platformdirs

from face_auth.conversion import read_npz
from face_auth.dataset_commands import SEED, unseen_people
from face_auth.errors import FaceAuthError
from face_auth.pictures import read_landmarks
from face_auth.training import compare as comparing
from face_auth.training.own import compare_own
from face_auth.training.people import LISTED, look_alikes, refuse_leaks, without
from face_auth.training.prepare import prepare
from face_auth.training.settings import STAGES, Settings, of_stage
from face_auth.training.shards import Faces, TrainingError, read_shards
from face_auth.training.teacher import (
    Whitening,
    read_vectors,
    rows_of,
    teach,
    teacher_named,
    write_vectors,
)

BAD_INPUT: Final = 2
NOT_BETTER: Final = 1
NUMBERS: Final[dict[str, tuple[Callable[[str], Any], str]]] = {
    "steps": (int, "batches in all"),
    "batch": (int, "faces in each"),
    "seed": (int, "of everything that is drawn"),
    "rate": (float, "highest learning rate"),
    "imitation": (float, "weight of the teacher"),
    "margin": (float, "of the softmax over names"),
    "fewest": (int, "faces that a person needs in the second stage"),
    "held_out": (float, "share of the faces to test with, for a bank's own people"),
    "strength": (float, "of the alterations, 0 to 1"),
    "average": (float, "what stays of the averaged weights at each step"),
    "precision": (str, "bfloat16 or float32"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command: 0 done (`compare`: better), 1 not better or stopped, 2 an error."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    options.line = shlex.join(["python", "-m", "face_auth.training", *given])
    try:
        return int(options.run(options))
    except (FaceAuthError, OSError) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("Stopped; nothing half-written was left.", file=sys.stderr)
        return NOT_BETTER


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m face_auth.training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("prepare", help="photographs -> shards of aligned faces")
    one.add_argument("source", type=Path, help="one sub-folder a person")
    one.add_argument("--out", type=Path, required=True, help="folder of the shards")
    one.add_argument("--collection", help="what to call them (default: the folder's name)")
    one.add_argument("--landmarks", type=Path, metavar="NPZ", help="five points, where known")
    one.add_argument(
        "--people",
        choices=("all", "known", "unseen"),
        default="all",
        help="of LFW: all, those who may be trained on, or those who must stay unseen",
    )
    one.set_defaults(run=_prepare)

    one = commands.add_parser("teach", help="a teacher's vector for each face")
    one.add_argument("faces", type=Path, nargs="+", help="shards or folders of them")
    one.add_argument("--out", type=Path, required=True, metavar="NPZ")
    one.add_argument("--teacher", default="dlib", help="dlib, or a network of the model card")
    one.set_defaults(run=_teach)

    one = commands.add_parser("train", help="one stage; the same command goes on where it stopped")
    one.add_argument("folder", type=Path, help="of this run")
    one.add_argument("--faces", type=Path, nargs="+", required=True, help="shards, or folders")
    one.add_argument("--teacher", type=Path, nargs="*", default=[], metavar="NPZ")
    one.add_argument(
        "--unseen", type=Path, required=True, help="prepared faces of people who stay unseen"
    )
    one.add_argument(
        "--without", nargs="+", default=[], metavar="PERSON", help="people not to train on"
    )
    one.add_argument("--stage", choices=STAGES, required=True)
    one.add_argument("--start", type=Path, help="weights (.npz), or the folder of a run")
    one.add_argument("--device", help="cpu or cuda (default: cuda where there is one)")
    one.add_argument("--threads", type=int, help="of the processor")
    one.add_argument("--choose-every", type=int, default=0, help="steps; default: at the end")
    defaults = Settings()
    for name, (kind, words) in NUMBERS.items():
        option = f"--{name.replace('_', '-')}"
        one.add_argument(
            option, type=kind, help=f"{words} (first stage: {getattr(defaults, name)})"
        )
    one.set_defaults(run=_train)

    one = commands.add_parser("export", help="a run -> a candidate: weights and model files")
    one.add_argument("folder", type=Path, help="of the run")
    one.add_argument("--unseen", type=Path, required=True, help="as for train")
    one.add_argument("--out", type=Path, required=True, help="gets weights/ and models/")
    one.add_argument("--photographs", type=Path, help="LFW; its known people make the cohort")
    one.add_argument("--landmarks", type=Path, metavar="NPZ", help="of these photographs")
    one.set_defaults(run=_export)

    one = commands.add_parser("compare", help="which network ships")
    one.add_argument("old", type=Path, help="models folder of the present network")
    one.add_argument("new", type=Path, help="models folder of the other")
    one.add_argument("--photographs", type=Path, help="LFW's folder; needed without --own")
    one.add_argument("--landmarks", type=Path, metavar="NPZ", help="of these photographs")
    one.add_argument("--pairs", type=Path, help="LFW's pairs.txt; default: in its folder")
    one.add_argument("--own", type=Path, nargs="+", help="shards of a bank's own people, instead")
    one.add_argument("--unseen", type=Path, help="with --own: prepared faces of strangers")
    one.add_argument("--held-out", type=float, default=0.2, help="with --own: as in training")
    one.add_argument(
        "--replace",
        action="store_true",
        help="where it is better, put network, cohort, thresholds and card in the old one's place",
    )
    one.add_argument("--seed", type=int, default=SEED)
    one.add_argument(
        "--cache",
        type=Path,
        default=platformdirs.user_cache_path("two-factor-atm") / "evaluation",
        help="where embeddings are kept (default: %(default)s)",
    )
    one.set_defaults(run=_compare)
    return parser


def _prepare(options: argparse.Namespace) -> int:
    unseen = unseen_people()
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


def _teach(options: argparse.Namespace) -> int:
    faces = _read(options.faces)
    rows = teach(faces, teacher_named(options.teacher))
    write_vectors(options.out, faces.names, rows)
    print(f"{len(rows):,} vectors of {rows.shape[1]} values in {options.out}")
    return 0


def _train(options: argparse.Namespace) -> int:
    given = {name: getattr(options, name) for name in NUMBERS}
    settings = of_stage(options.stage, **given)
    faces, unseen = _read(options.faces), _read([options.unseen])
    if options.without:
        faces = without(faces, options.without)
    refuse_leaks(faces, unseen, unseen_people())
    print("Nobody who must stay unseen is among them, by name or by picture.")
    vectors = read_vectors(options.teacher)
    _report_look_alikes(faces, unseen, vectors)
    torch = _torch()
    from face_auth.training.choosing import Chooser
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
    from face_auth.training.shipping import add_cohort

    export(options.folder, _read([options.unseen]), options.out)
    if options.photographs is None:
        print("It has no cohort yet: name LFW's folder with --photographs before comparing.")
    else:
        add_cohort(options.out / "models", options.photographs, options.landmarks)
    return 0


def _compare(options: argparse.Namespace) -> int:
    if options.own:
        if options.unseen is None or options.replace:
            raise TrainingError("--own needs --unseen, and replaces nothing.")
        own, strangers = _read(options.own), _read([options.unseen])
        gain = compare_own(options.old, options.new, own, strangers, options.held_out, options.seed)
        print(f"{gain.customers} own people, their held-out pictures as attempts")
        for rate, difference in gain.tar.items():
            print(comparing.line(f"TAR at FMR {float(rate):g}", difference))
        return 0
    if options.photographs is None:
        raise TrainingError("Networks are compared on LFW: name its folder with --photographs.")
    result = comparing.compare(
        options.old, options.new, options.photographs, options.cache, options.seed, options.pairs
    )
    print(comparing.as_text(result))
    if options.replace:
        from face_auth.training.shipping import replace

        replace(
            options.old,
            options.new,
            result,
            options.photographs,
            options.landmarks,
            options.cache,
            options.seed,
        )
    return 0 if result.verdict()[0] is comparing.Verdict.BETTER else NOT_BETTER


def _read(places: Sequence[Path]) -> Faces:
    faces = read_shards(places)
    for line in faces.broken:
        print(f"left out: {line}", file=sys.stderr)
    if not faces.names:
        raise TrainingError(f"{', '.join(map(str, places))}: no face could be read.")
    return faces


def _report_look_alikes(faces: Faces, unseen: Faces, vectors: dict[str, Any]) -> None:
    rows, known = rows_of(faces.names, vectors)
    others, known_others = rows_of(unseen.names, vectors)
    if known.sum() < 2 or not known_others.any():
        print("Look-alikes were not looked for: the teacher has no vectors of both sides.")
        return
    whiten = Whitening.of(rows[known])
    found = look_alikes(
        whiten(rows[known]),
        [name for name, is_known in zip(faces.names, known, strict=True) if is_known],
        whiten(others[known_others]),
        [name for name, is_known in zip(unseen.names, known_others, strict=True) if is_known],
    )
    print("Most alike across both sides, by the teacher (look at these):")
    for one in found:
        print(f"  {one.cosine:.3f}  {one.trained}  {one.unseen}")


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
