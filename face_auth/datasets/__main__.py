"""The command line ``python -m face_auth.datasets``: fills the training and test folders."""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from face_auth.command_line import BAD_INPUT, Parser, ShowVersion, told
from face_auth.datasets.drawn_people import draw_people
from face_auth.datasets.folders import (
    TEST,
    TRAIN,
    TRAIN_PHOTOGRAPHS,
    FolderContents,
    make_folders,
)
from face_auth.datasets.photographs import LeftOut, people_in
from face_auth.datasets.plan import DRAWN, Plan
from face_auth.datasets.unseen import SEED, unseen_people
from face_auth.errors import DatasetError, FaceAuthError
from face_auth.printing import escape_what_cannot_be_printed

Choice = tuple[Plan, Mapping[str, Sequence[Path]]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return 0 (done), 1 (failed) or 2 (invalid request)."""
    escape_what_cannot_be_printed()
    options = _options(arguments)
    left_out: LeftOut = []
    try:
        with tempfile.TemporaryDirectory() as drawn:
            if options.command == "lfw":
                plan, people = _lfw(options, left_out)
            elif options.command == "folder":
                plan, people = _folder(options, left_out)
            else:
                plan, people = _sample(options, Path(drawn))
            if not people:
                raise DatasetError(
                    f"{plan.source} holds no person with {TRAIN_PHOTOGRAPHS + 1} images."
                )
            made = make_folders(plan, people, options.train, options.test, left_out)
    except DatasetError as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    except (FaceAuthError, OSError, ValueError) as error:
        print(f"The folders could not be filled: {told(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command goes on where this one was.", file=sys.stderr)
        return 1
    print(_summary(made, options.train, options.test))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--seed", type=int, default=SEED, help="decides which photographs and how altered"
    )
    common.add_argument("--train", type=Path, default=TRAIN, help="default: aligned_image_data/")
    common.add_argument("--test", type=Path, default=TEST, help="default: test_images/")
    parser = Parser(
        prog="python -m face_auth.datasets",
        description="Fill aligned_image_data/ and test_images/: five photographs a person for "
        "training and one for testing, twenty altered copies of each.",
    )
    parser.add_argument("--version", action=ShowVersion)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    lfw = commands.add_parser(
        "lfw", parents=[common], help="from Labeled Faces in the Wild, people with six photographs"
    )
    lfw.add_argument("--source", type=Path, help="LFW's folder; without it, it is downloaded")
    lfw.add_argument(
        "--people",
        choices=("unseen", "seen", "all"),
        default="unseen",
        help="whom a network may have seen in training (default: unseen)",
    )
    folder = commands.add_parser("folder", parents=[common], help="from any folder of people")
    folder.add_argument("source", type=Path, help="one sub-folder a person")
    commands.add_parser(
        "sample",
        parents=[common],
        help="from the demonstration's drawn people, to try evaluation.py without a download; its "
        "figures tell nothing about people",
    )
    return parser.parse_args(arguments)


def _lfw(options: argparse.Namespace, left_out: LeftOut) -> Choice:
    unseen = unseen_people()
    source = _existing(options.source) if options.source else _downloaded()
    everybody = people_in(source, left_out)
    if not unseen & everybody.keys():
        raise DatasetError(f"{source} is not LFW: it has no folder of a known name.")
    chosen = {
        name: photographs
        for name, photographs in everybody.items()
        if len(photographs) > TRAIN_PHOTOGRAPHS
        and (options.people == "all" or (name in unseen) == (options.people == "unseen"))
    }
    return Plan(str(source), "lfw", options.people, options.seed), chosen


def _folder(options: argparse.Namespace, left_out: LeftOut) -> Choice:
    source = _existing(options.source)
    return Plan(str(source), "folder", "all", options.seed), people_in(source, left_out)


def _sample(options: argparse.Namespace, drawn: Path) -> Choice:
    plan = Plan("the demonstration's drawn people", DRAWN, "all", options.seed)
    return plan, draw_people(drawn, options.seed)


def _existing(source: Path) -> Path:
    if not source.is_dir():
        raise DatasetError(f"There is no folder {source}.")
    return source.resolve()


def _downloaded() -> Path:
    """Return scikit-learn's folder of LFW, after its own downloader filled it."""
    from sklearn.datasets import fetch_lfw_people, get_data_home

    print(
        "LFW is taken from scikit-learn's downloader (200 MB the first time) ...", file=sys.stderr
    )
    try:
        # One person has so many photographs; the files are what is wanted, not this array.
        fetch_lfw_people(min_faces_per_person=500)
    except (OSError, RuntimeError) as error:
        raise FaceAuthError(
            f"LFW could not be downloaded ({error}); name a folder that has it with --source"
        ) from error
    return Path(get_data_home()) / "lfw_home" / "lfw_funneled"


def _summary(made: FolderContents, train: Path, test: Path) -> str:
    lines = [
        f"{made.people} people",
        f"{made.train_images:,} training images in {train}",
        f"{made.test_images:,} test images in {test}",
    ]
    lines += [f"{problem}: {count}" for problem, count in sorted(made.problems.items())]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
