"""The command line of evaluation.py: it parses options, runs protocols and writes the report."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from face_auth.command_line import BAD_INPUT, Parser, ShowVersion, told
from face_auth.datasets.folders import TEST, TRAIN
from face_auth.datasets.unseen import SEED
from face_auth.errors import DatasetError, FaceAuthError, ModelError
from face_auth.evaluation import about, report
from face_auth.evaluation.cache import default_folder
from face_auth.evaluation.context import Context
from face_auth.evaluation.features import Extractor
from face_auth.evaluation.frames import ALTERATIONS
from face_auth.evaluation.material import (
    InputError,
    Material,
    Photographs,
    load,
    photographs_in,
    say,
)
from face_auth.evaluation.protocols import (
    allowed,
    calibration,
    closed_set,
    groups,
    guidance,
    open_set,
    pairs,
    two_factor,
    verification,
)
from face_auth.evaluation.protocols.pad import fitting
from face_auth.evaluation.protocols.pad import protocol as pad
from face_auth.evaluation.protocols.pad.species import RATE
from face_auth.evaluation.protocols.two_factor import PinRules
from face_auth.evaluation.result import Section
from face_auth.evaluation.thumbnails import check_outside_repository
from face_auth.liveness import minifas
from face_auth.models import LIVENESS_HEAD, MODELS
from face_auth.printing import escape_what_cannot_be_printed

OF_FOLDERS: Final = (closed_set.NAME, open_set.NAME)
"""Protocols on the two folders; they are the default. The others need only photographs."""
PROTOCOLS: Final = (*OF_FOLDERS, verification.NAME, pairs.NAME, two_factor.NAME)
ALL: Final = (*PROTOCOLS, allowed.NAME, groups.NAME, guidance.NAME, pad.NAME)
FAILED: Final = 1


def main(pin_rules: PinRules, arguments: Sequence[str] | None = None) -> int:
    """Run the requested protocols and return 0 (done), 1 (failed) or 2 (invalid request).

    Args:
        pin_rules: What the PIN factor allows; this package knows nothing of PINs.
        arguments: Those of the command line by default.
    """
    escape_what_cannot_be_printed()
    options = _options(arguments)
    try:
        return _run(options, pin_rules)
    except (InputError, DatasetError) as error:
        say(str(error))
        return BAD_INPUT
    except (FaceAuthError, OSError) as error:
        say(f"The evaluation failed: {told(error)}")
        return FAILED
    except KeyboardInterrupt:
        say("Stopped. What was computed is kept; the same command goes on from there.")
        return FAILED


def _run(options: argparse.Namespace, pin_rules: PinRules) -> int:
    names = _protocols(options)
    if options.show_mistakes and not options.report:
        raise InputError("--show-mistakes goes with --report DIR.")
    if options.show_mistakes:
        check_outside_repository(options.report)
    if options.report:
        try:
            options.report.mkdir(parents=True, exist_ok=True)  # fails now, not after the work
        except OSError as error:
            raise InputError(f"{options.report} cannot be made: {error.strerror}.") from error
    needs_folders = options.command is None and bool({*names} & {*OF_FOLDERS})
    material = _material(options, needs_folders=needs_folders)
    if options.command and material.drawn:
        raise InputError(f"{options.command} needs photographs of people; these are drawn.")
    if options.command == "train-occlusion":
        return _train_occlusion(material.photographs, options)
    if options.command == "train-liveness":
        return _train_liveness(material.photographs, options)
    try:
        extractor = Extractor(options.model, options.cache, options.models, ALTERATIONS)
    except ModelError as error:
        raise InputError(str(error)) from error
    with extractor.cache:
        strangers = options.groups if options.command == "calibrate" else None
        context = Context(extractor, material, options.seed, strangers)
        if options.command == "calibrate":
            return _calibrate(context, strangers)
        sections = _sections(context, names, options, pin_rules)
    facts = about.about(context, options.train, options.test)
    try:
        if options.report:
            report.write(options.report, facts, sections, show_mistakes=options.show_mistakes)
            say(f"The report is in {options.report / report.PAGE_FILE}")
    finally:  # neither is lost if the other cannot be written
        print(report.as_json(facts, sections) if options.json else report.as_text(facts, sections))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = Parser(
        prog="python evaluation.py",
        description="Measure recognition: train on aligned_image_data/, classify test_images/, and "
        "say what happens when strangers come. Tables go to stdout, progress to stderr.",
        epilog="calibrate writes the kiosk's thresholds into the model card; train-occlusion makes "
        "the classifiers of covered eyes and mouths, models/covering.npz, and writes them there; "
        "train-liveness fits the liveness head on --attacks and writes it into the model card.",
    )
    parser.add_argument("--version", action=ShowVersion)
    parser.add_argument(
        "command",
        nargs="?",
        choices=("calibrate", "train-occlusion", "train-liveness"),
        help="instead of a report",
    )
    parser.add_argument(
        "--protocol",
        choices=(*ALL, "all"),
        help=f"default: {' and '.join(OF_FOLDERS)}; with --report all but allowed, groups, "
        "guidance and pad",
    )
    parser.add_argument("--train", type=Path, default=TRAIN, help="default: aligned_image_data/")
    parser.add_argument("--test", type=Path, default=TEST, help="default: test_images/")
    parser.add_argument(
        "--photographs",
        type=Path,
        help="one sub-folder a person, for strangers, verification and pairs; default: what both "
        "folders were made from",
    )
    parser.add_argument("--pairs", type=Path, help="LFW's pairs.txt; default: in its folder")
    parser.add_argument(
        "--groups",
        type=Path,
        metavar="DIR",
        help="labelled faces for groups, whose adults are further strangers for calibrate",
    )
    parser.add_argument("--model", default="bundled", help="a network of the model card")
    parser.add_argument("--models", type=Path, default=MODELS, help="default: models/")
    parser.add_argument(
        "--attacks", type=Path, metavar="DIR", help="real presentations with a manifest, for pad"
    )
    parser.add_argument(
        "--leave-out",
        choices=("person", "collection"),
        default="",
        help="judge --attacks by heads that are fitted anew without each person or collection",
    )
    parser.add_argument(
        "--no-head", action="store_true", help="judge pad without the model card's fitted head"
    )
    parser.add_argument("--videos", type=Path, metavar="DIR", help="real clips for pad")
    parser.add_argument(
        "--minifas",
        type=Path,
        metavar="FILE",
        help="the published liveness network for pad; default: what was fetched into --models",
    )
    parser.add_argument(
        "--sequences",
        type=int,
        default=pad.ATTACKS_EACH,
        help="simulated attacks of each species for pad (default: %(default)s; 0 for none)",
    )
    parser.add_argument(
        "--visits",
        type=int,
        help="simulated honest customers for pad (default: in proportion to --sequences)",
    )
    parser.add_argument(
        "--rate",
        type=float,
        default=RATE,
        metavar="N",
        help="pictures a second that pad has judged (default: %(default)g)",
    )
    parser.add_argument(
        "--liveness",
        choices=("challenge", "passive"),
        default="challenge",
        help="the setting that pad measures",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write a page with pictures")
    parser.add_argument(
        "--show-mistakes",
        action="store_true",
        help="show the pictures that were judged wrongly on the page, which lies outside the "
        "program's folder then",
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=default_folder(),
        required=default_folder() is None,
        help="where embeddings are kept (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=SEED, help="of every random choice")
    return parser.parse_args(arguments)


def _protocols(options: argparse.Namespace) -> tuple[str, ...]:
    if options.protocol == "all":
        return ALL
    if options.protocol is None and options.report:
        return PROTOCOLS
    return (options.protocol,) if options.protocol else OF_FOLDERS


def _pad_options(options: argparse.Namespace) -> pad.PadOptions:
    fetched = options.models / minifas.FILE
    return pad.PadOptions(
        videos=options.videos,
        attacks=options.attacks,
        minifas=options.minifas or (fetched if fetched.is_file() else None),
        head=None if options.no_head else options.models,
        leave_out=options.leave_out,
        cache=options.cache,
        sequences=options.sequences,
        visits=options.visits,
        liveness=options.liveness,
        rate=options.rate,
    )


def _material(options: argparse.Namespace, *, needs_folders: bool) -> Material:
    if options.photographs and not needs_folders:
        return Material({}, {}, frozenset(), photographs_in(options.photographs))
    return load(options.train, options.test, options.photographs)


def _sections(
    context: Context, names: Sequence[str], options: argparse.Namespace, pin_rules: PinRules
) -> list[Section]:
    """Run the protocols; one of several that lacks its data is left out and named."""
    run: dict[str, Callable[[], Section]] = {
        closed_set.NAME: lambda: closed_set.closed_set(context),
        open_set.NAME: lambda: open_set.open_set(context),
        verification.NAME: lambda: verification.verification(context),
        pairs.NAME: lambda: pairs.pairs(context, options.pairs),
        two_factor.NAME: lambda: two_factor.two_factor(context, pin_rules),
        allowed.NAME: lambda: allowed.allowed(
            context.material.photographs, options.seed, options.model, options.models
        ),
        groups.NAME: lambda: groups.groups(context, options.groups),
        guidance.NAME: lambda: guidance.guidance(context.material.photographs, options.seed),
        pad.NAME: lambda: pad.pad(
            context.material.photographs, _pad_options(options), options.seed
        ),
    }
    sections: list[Section] = []
    for place, name in enumerate(names):
        try:
            sections.append(run[name]())
        except InputError as error:
            if place == 0:
                raise
            say(f"{name} is left out: {error}")
    return sections


def _calibrate(context: Context, labelled: Path | None) -> int:
    points = calibration.points_of(context)
    supported = [point for point in points if not point.missing]
    if not supported:
        raise InputError(
            f"The data support no threshold ({points[0].missing}): more people are needed."
        )
    worst: dict[str, tuple[str, float]] = {}
    if labelled is not None:
        faces, _ = groups.faces_of(context, labelled)
        worst = {p.rate: groups.worst_within(faces, p.threshold) for p in supported}
    path = calibration.write(context, points, worst)
    table = calibration.table(
        points,
        "The kiosk's thresholds",
        (
            f"{context.kiosk_attempts.pairs:,} distinct (customer, stranger) pairs.",
            *(f"{rate}: within {who} {fmr:.1e}." for rate, (who, fmr) in worst.items()),
        ),
    )
    print(report.table_text(table))
    say(f"{len(supported)} thresholds were written into {path}")
    return 0


def _train_occlusion(photographs: Photographs, options: argparse.Namespace) -> int:
    content = guidance.train_occlusion(photographs, options.seed)
    path = guidance.write_occlusion(options.models, content)
    say(f"Wrote {path}, and its SHA-256 into the model card. Measure it: --protocol guidance")
    return 0


def _train_liveness(photographs: Photographs, options: argparse.Namespace) -> int:
    network = _pad_options(options).minifas
    if options.attacks is None or network is None:
        raise InputError("train-liveness needs --attacks and the liveness network (--minifas).")
    card = fitting.train(options.attacks, photographs, network, options.models, options.seed)
    say(f"Wrote the entry {LIVENESS_HEAD} into {card}. Measure it: --protocol pad")
    return 0
