"""``python -m benchmarks``: measures part after part, prints tables, writes JSON and a chart."""

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Final

from atm.login.paced import REFUSE_AFTER_S
from atm.opening import open_machine
from atm.settings import Settings
from benchmarks import (
    evaluation,
    frames,
    growth,
    kiosk_run,
    limits,
    login,
    parity,
    refusals,
    stages,
    table,
    visits,
)
from benchmarks.bank import demo_settings, enrol_customer
from benchmarks.parts import Parts
from benchmarks.results import Report
from benchmarks.rivals import NEEDS, Rival, RivalError
from benchmarks.screen import Screen, ScreenError
from benchmarks.targets import TARGETS
from face_auth.errors import ModelError
from face_auth.recogniser import Recogniser

OUT: Final = Path(__file__).resolve().parent / "out"
PARTS: Final = ("stages", "login", "kiosk", "growth", "evaluation")
FRAMES: Final = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns 0, or 1 if it failed or a bound was missed, or 2 if it cannot run."""
    options = _parser().parse_args(arguments)
    folder = frames.photographs_folder(options.photographs)
    if options.command == "parity":
        if folder is None:
            print(f"Parity needs photographs: --photographs DIR or {frames.SHARED_VARIABLE}.")
            return 2
        found = parity.measure(folder, options.count)
        print(found.text(), end="")
        return 0 if found.met else 1
    if options.command == "refusals":
        with tempfile.TemporaryDirectory(prefix="atm-refusals-") as work:
            timed = refusals.measure(Path(work), options.attempts, options.after)
        print(timed.text(), end="")
        return 0 if timed.met else 1
    if options.command == "visits":
        with tempfile.TemporaryDirectory(prefix="atm-visits-") as work:
            print(visits.measure(Path(work), options.count, options.busy).text(), end="")
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        parts = run(options, folder)
    except KeyboardInterrupt:
        print(f"Cut off. What was measured is in {options.out}.", file=sys.stderr)
        return 1
    table.draw(parts.report, options.out / "speed.png")
    print(f"Written: {options.out}/speed.json, speed.png, speed.txt, speed.md")
    return 1 if parts.failed else 0


def run(options: argparse.Namespace, folder: Path | None) -> Parts:
    """Measure the parts that *options* ask for, one after the other."""
    report = Report(machine=limits.describe())
    with ExitStack() as stack:
        shown = _screen(stack, report)
        work = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="atm-benchmark-")))
        pictures, report.machine["frames"] = frames.large_faces(
            folder, min(FRAMES, max(4, options.rounds))
        )
        networks = _usable(options.networks, report)
        parts = Parts(report, options.out)
        if "stages" in options.parts:
            parts.measure("stages", lambda part: _stages(options, part, pictures, networks))
        for network in networks:
            if "login" in options.parts:
                at = work / f"login-{network}"
                parts.measure(
                    "logins",
                    partial(login.measure, folder=at, logins=options.logins, network=network),
                    network,
                )
            if "kiosk" in options.parts and shown is not None:
                _kiosk(
                    options, parts, pictures, shown, demo_settings(work / network, network=network)
                )
        if "growth" in options.parts:
            parts.measure(
                "growth",
                lambda part: growth.measure(
                    part, work / "growth", options.growth_runs, options.customers
                ),
            )
        if "evaluation" in options.parts:
            parts.measure(
                "evaluation",
                lambda part: evaluation.measure(
                    part, pictures, folder, work / "evaluation", options.count
                ),
            )
    return parts


def _usable(names: Sequence[str], report: Report) -> list[str]:
    """Return the networks that run here, and note why another does not."""
    usable = []
    for name in names:
        try:
            Recogniser.load(name)
        except ModelError as error:
            report.notes.append(f"The network {name} was not measured: {error}")
        else:
            usable.append(name)
    return usable


def _stages(
    options: argparse.Namespace,
    part: Report,
    pictures: list[frames.Picture],
    networks: Sequence[str],
) -> None:
    with ExitStack() as stack:
        rivals: dict[str, Rival] = {}
        for name in NEEDS if options.rivals else ():
            try:
                rivals[name] = stack.enter_context(Rival(name))
            except RivalError as error:
                part.notes.append(str(error))
        obvious = rivals.pop("obvious", None)
        product = None
        if obvious is not None:
            part.facts["baseline: seconds to import"] = obvious.start.import_s
            part.facts["baseline: seconds from there to ready"] = obvious.start.load_s
            part.facts["baseline: memory, MB (PSS)"] = obvious.start.memory_mb
            try:
                product = obvious.int8_product()
            except RivalError as error:
                part.failed["8-bit matrix product by TensorFlow"] = str(error)
        peak = limits.measure_peak(product, seconds=min(1.0, options.rounds / 20))
        part.machine |= peak.described()
        others = [*rivals.values()]
        stages.measure(part, pictures, options.rounds, peak, obvious, others, networks)


def _kiosk(
    options: argparse.Namespace,
    parts: Parts,
    pictures: list[frames.Picture],
    shown: Screen,
    settings: Settings,
) -> None:
    def enrol(_: Report) -> None:
        machine = open_machine(settings)
        try:
            machine.camera.start()
            enrol_customer(machine)
        finally:
            machine.close()

    for name, work in {
        "enrolment in the kiosk's data folder": enrol,
        "starts of the kiosk": lambda part: kiosk_run.measure_starts(
            part, settings, shown, pictures, options.starts
        ),
        "the kiosk at rest and with the preview": lambda part: kiosk_run.measure_running(
            part, settings, shown, pictures, options.seconds
        ),
        "logins in the window": lambda part: kiosk_run.measure_logins(
            part, settings, shown, options.logins
        ),
    }.items():
        parts.measure(name, work, settings.network)


def _screen(stack: ExitStack, report: Report) -> Screen | None:
    """Return a virtual screen for this process and the kiosk, None if there is none."""
    try:
        shown = stack.enter_context(Screen())
    except ScreenError as error:
        report.notes.append(f"Painting and the kiosk's window were left out: {error}")
        return None
    before = os.environ.get("DISPLAY")
    os.environ["DISPLAY"] = shown.display
    stack.callback(lambda: _put_back(before))
    return shown


def _put_back(display: str | None) -> None:
    if display is None:
        os.environ.pop("DISPLAY", None)
    else:
        os.environ["DISPLAY"] = display


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure how fast the program is."
    )
    parser.add_argument(
        "--photographs", type=Path, metavar="DIR",
        help="real photographs; without, LFW in ATM_SHARED, else the drawn face",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="where results go")
    parser.add_argument(
        "--parts", nargs="+", choices=PARTS, default=list(PARTS), metavar="PART",
        help="which of " + ", ".join(PARTS) + "; all by default",
    )  # fmt: skip
    parser.add_argument(
        "--networks", nargs="+", choices=TARGETS, default=list(TARGETS), metavar="NETWORK",
        help="which of " + ", ".join(TARGETS) + "; all that are there by default",
    )  # fmt: skip
    parser.add_argument("--rounds", type=int, default=200, help="of each stage (200)")
    parser.add_argument("--logins", type=int, default=60, help="(60)")
    parser.add_argument("--starts", type=int, default=10, help="of the kiosk (10)")
    parser.add_argument("--seconds", type=float, default=20.0, help="to watch the kiosk (20)")
    parser.add_argument("--growth-runs", type=int, default=20, help="at each number (20)")
    parser.add_argument(
        "--customers", type=int, nargs="+", default=list(growth.NUMBERS), metavar="N",
        help="numbers of made-up customers",
    )  # fmt: skip
    parser.add_argument(
        "--evaluated", dest="count", type=int, default=1000, metavar="N",
        help="photographs that the evaluation embeds (1000)",
    )  # fmt: skip
    parser.add_argument(
        "--no-rivals", dest="rivals", action="store_false", help="measure this program only"
    )
    parser.set_defaults(command="all")
    commands = parser.add_subparsers(metavar="parity | refusals | visits")
    compared = commands.add_parser("parity", help="compare our detector with the mtcnn package")
    compared.add_argument("--photographs", dest="count", type=int, default=500, metavar="N")
    compared.set_defaults(command="parity")
    refused = commands.add_parser(
        "refusals", help="measure whether the time of a refusal reveals its reason"
    )
    refused.add_argument("--attempts", type=int, default=1000, metavar="N", help="of each (1000)")
    refused.add_argument(
        "--after", type=float, default=REFUSE_AFTER_S, metavar="S",
        help=f"when a refusal is shown, seconds after the press ({REFUSE_AFTER_S:g})",
    )  # fmt: skip
    refused.set_defaults(command="refusals")
    busy = commands.add_parser(
        "visits", help="measure how often an honest customer is refused on a busy machine"
    )
    busy.add_argument("--visits", dest="count", type=int, default=100, metavar="N", help="(100)")
    busy.add_argument(
        "--busy", type=int, default=os.cpu_count() or 1, metavar="N",
        help="processes that spin meanwhile (as many as there are cores)",
    )  # fmt: skip
    busy.set_defaults(command="visits")
    return parser


if __name__ == "__main__":
    sys.exit(main())
