"""``python -m benchmarks.fleet``: fill a temporary PostgreSQL server and measure the service."""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from atm.service.database_parts import ServiceStores
from atm.service.keys import make_keys
from benchmarks import limits
from benchmarks.fleet import kiosks
from benchmarks.fleet.bank import MadeUpBank, pictures
from benchmarks.fleet.measure import count_queries, measure_stage
from benchmarks.fleet.results import Crowd, FleetReport, draw, markdown
from benchmarks.fleet.service import running_service
from face_auth.models import load_card
from tests.fleet.postgres import running_cluster

OUT: Final = Path(__file__).resolve().parents[1] / "out"
NUMBERS: Final = (1_000, 10_000, 100_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; returns 0, whatever the figures are."""
    options = _parser().parse_args(arguments)
    report = run(options)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "fleet.json").write_text(report.to_json(), "utf-8")
    (options.out / "fleet.md").write_text(markdown(report), "utf-8")
    draw(report, options.out / "fleet.png")
    print(markdown(report))
    print(f"Written: {options.out}/fleet.json, fleet.md, fleet.png")
    return 0


def run(options: argparse.Namespace) -> FleetReport:
    """Measure what *options* ask for."""
    report = FleetReport(machine=limits.describe())
    card = load_card("bundled")
    captures = pictures()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="atm-fleet-")))
        server = stack.enter_context(
            running_cluster(fsync="on", autovacuum="on", max_connections=100)
        )
        keys = folder / "service.keys"
        make_keys(keys)
        parts = ServiceStores.open(server.url(), keys, lambda: card)
        stack.callback(parts.close)
        files = stack.enter_context(
            running_service(folder, server.url(), keys, parts, options.kiosks)
        )
        numbers = sorted(options.customers)
        bank = MadeUpBank(parts, server.connect, card.sha256, captures, with_pictures=numbers[0])
        for number in numbers:
            _say(f"filling up to {number:,} customers")
            begin = time.perf_counter()
            bank.fill(number)
            report.filled_s.append(time.perf_counter() - begin)
            _say("measuring")
            report.stages.append(
                measure_stage(bank, parts, files[0], captures, card.sha256, options.runs)
            )
        report.queries = count_queries(parts, card, parts.kiosks.all()[0], bank.paying[0])
        report.before = bank.size()
        for every_s, seconds in ((options.every, options.seconds), (0.0, options.flat_out)):
            _say(f"{len(files)} kiosks at once for {seconds:g} s")
            found = kiosks.run(
                files, bank.paying, card.sha256, seconds=seconds, every_s=every_s,
                processes=options.processes,
            )  # fmt: skip
            report.crowds.append(Crowd.of(len(files), every_s, seconds, found))
        report.after = bank.size()
    return report


def _say(words: str) -> None:
    print(f"... {words}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="where results go")
    parser.add_argument(
        "--customers", type=int, nargs="+", default=list(NUMBERS), metavar="N",
        help="numbers of made-up customers",
    )  # fmt: skip
    parser.add_argument("--runs", type=int, default=80, help="logins at each number (80)")
    parser.add_argument("--kiosks", type=int, default=50, help="at once (50)")
    parser.add_argument("--processes", type=int, default=5, help="that the kiosks run in (5)")
    parser.add_argument("--every", type=float, default=30.0, help="seconds to a kiosk's next (30)")
    parser.add_argument("--seconds", type=float, default=180.0, help="of that (180)")
    parser.add_argument("--flat-out", type=float, default=60.0, help="seconds of the rest (60)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
