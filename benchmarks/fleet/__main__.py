"""``python -m benchmarks.fleet``: measures the bank's service, or runs a whole bank here.

Without a command it fills a temporary PostgreSQL server and measures the service. ``up`` runs three
servers under Patroni and two copies of the service until Ctrl-C, and needs root.
"""

import argparse
import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from atm.errors import AtmError
from atm.fleet.service.store.keys import make_keys
from atm.fleet.service.store.stores import NO_KIOSK, ServiceStores
from benchmarks import limits, table
from benchmarks.fleet import kiosks
from benchmarks.fleet.bank import MadeUpBank, pictures
from benchmarks.fleet.hosts import Hosts, HostsError
from benchmarks.fleet.measure import bytes_a_customer, bytes_a_login, count_queries, measure_stage
from benchmarks.fleet.patroni import ClusterError
from benchmarks.fleet.postgres import OWNER, running_server
from benchmarks.fleet.service import STAFF, Service
from benchmarks.fleet.whole_bank import WholeBank
from benchmarks.results import Crowd, Report
from face_auth.models import load_card

OUT: Final = Path(__file__).resolve().parents[1] / "out"
NUMBERS: Final = (1_000, 10_000, 100_000)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns 0, or 2 with one sentence if it cannot run."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "up":
            up()
            return 0
        report = run(options)
    except (AtmError, HostsError, ClusterError) as error:
        print(error, file=sys.stderr)
        return 2
    report.save(options.out / "fleet.json")
    text = table.markdown(report)
    (options.out / "fleet.md").write_text(text, "utf-8")
    table.draw(report, options.out / "fleet.png")
    print(text)
    print(f"Written: {options.out}/fleet.json, fleet.md, fleet.png")
    return 0


def up() -> None:
    """Run a whole bank in a temporary folder until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with (
        tempfile.TemporaryDirectory(prefix="atm-fleet-", ignore_cleanup_errors=True) as folder,
        Hosts(3) as hosts,
    ):
        place = Path(folder)
        place.chmod(0o755)
        bank = WholeBank(place / "bank", hosts)
        try:
            print(
                bank.described(bank.add_kiosk("kiosk")),
                "Ctrl-C stops everything.",
                sep="\n",
                flush=True,
            )
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
        finally:
            bank.close()


def run(options: argparse.Namespace) -> Report:
    """Measure what *options* ask for."""
    report = Report(machine=limits.describe())
    card = load_card("bundled")
    captures = pictures()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="atm-fleet-")))
        server = stack.enter_context(
            running_server(fsync="on", autovacuum="on", max_connections=100)
        )
        service = Service(folder, server.url(), server.url(OWNER))
        stack.callback(service.close)
        make_keys(service.keys)
        stores = ServiceStores.open(server.url(), service.keys, lambda: card)
        stack.callback(stores.close)
        staff = stores.staff(NO_KIOSK)
        first = staff.add_first("ruiz", STAFF["ruiz"])
        staff.add("okafor", STAFF["okafor"], signed=first)
        files = []
        for number in range(options.kiosks):
            pair = service.authority.issue(f"kiosk{number}")
            stores.kiosks.add(f"kiosk{number}", pair.fingerprint, kiosks.BENCH)
            files.append(service.files(pair))
        service.start()
        numbers = sorted(options.customers)
        bank = MadeUpBank(stores, server.connect, card.sha256, captures, with_pictures=numbers[0])
        for number in numbers:
            _say(f"filling up to {number:,} customers")
            begin = time.perf_counter()
            bank.fill(number)
            report.facts[f"seconds to fill up to {number:,}"] = time.perf_counter() - begin
            if number == numbers[0]:  # before the measuring adds to it
                for name, size in bytes_a_customer(bank.size()).items():
                    report.facts[f"bytes of a customer: {name}"] = size
            _say("measuring")
            report.growth.append(
                measure_stage(bank, stores, files[0], captures, card.sha256, options.runs)
            )
        for name, count in count_queries(
            stores, card, stores.kiosks.all()[0], bank.paying[0]
        ).items():
            report.facts[f"{name} of one login"] = count
        before = bank.size()
        for every_s, seconds in ((options.every, options.seconds), (0.0, options.flat_out)):
            _say(f"{len(files)} kiosks at once for {seconds:g} s")
            found = kiosks.run(
                files, bank.paying, card.sha256, seconds=seconds, every_s=every_s,
                processes=options.processes,
            )  # fmt: skip
            report.crowds.append(
                Crowd.of(len(files), every_s, seconds, found.times_s, found.errors)
            )
        logins = sum(crowd.logins for crowd in report.crowds)
        report.facts["bytes that a login leaves"] = bytes_a_login(before, bank.size(), logins)
    return report


def _say(words: str) -> None:
    print(f"... {words}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fleet",
        description="Measure the bank's service, or run a whole bank here.",
    )
    parser.add_argument("--out", type=Path, default=OUT, metavar="DIR", help="where results go")
    parser.add_argument(
        "--customers", type=int, nargs="+", default=list(NUMBERS), metavar="N",
        help="numbers of made-up customers",
    )  # fmt: skip
    parser.add_argument("--runs", type=int, default=80, help="logins at each number (80)")
    parser.add_argument("--kiosks", type=int, default=50, help="at once (50)")
    parser.add_argument("--processes", type=int, default=5, help="that the kiosks run in (5)")
    parser.add_argument(
        "--every", type=float, default=30.0, help="seconds from a kiosk's login to its next (30)"
    )
    parser.add_argument("--seconds", type=float, default=180.0, help="how long they do that (180)")
    parser.add_argument(
        "--flat-out", type=float, default=60.0, help="seconds of logins as fast as possible (60)"
    )
    parser.set_defaults(command="measure")
    commands = parser.add_subparsers(metavar="up")
    whole = commands.add_parser("up", help="run a whole bank until Ctrl-C (root)")
    whole.set_defaults(command="up")
    return parser


if __name__ == "__main__":
    sys.exit(main())
