"""`make fleet`: the whole bank on this machine until Ctrl-C, in a temporary folder."""

import contextlib
import signal
import tempfile
from pathlib import Path

from tests.fleet_ha.bank import Bank
from tests.fleet_ha.hosts import Hosts, HostsError
from tests.fleet_ha.patroni import ClusterError


def main() -> None:
    """Start it, say where it is, and wait."""
    with (
        tempfile.TemporaryDirectory(prefix="atm-fleet-", ignore_cleanup_errors=True) as folder,
        Hosts(3) as hosts,
    ):
        place = Path(folder)
        place.chmod(0o755)
        bank = Bank(place / "bank", hosts)
        try:
            pair = bank.fleet.authority.issue("kiosk")
            bank.fleet.register("kiosk", pair)
            print(
                f"PostgreSQL: 127.0.0.1:{bank.cluster.port}, primary on {bank.cluster.primary()}\n"
                f"Staff: ruiz, PIN 482913\n"
                f"A kiosk's settings, for kiosk.toml:\n"
                f'store = "https://127.0.0.1:{bank.cluster.service_port}"\n'
                f'store_ca = "{bank.fleet.authority.certificate}"\n'
                f'store_cert = "{pair.certificate}"\n'
                f'store_key = "{pair.key}"\n'
                "Ctrl-C ends everything.",
                flush=True,
            )
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
        finally:
            bank.close()


if __name__ == "__main__":
    try:
        main()
    except (HostsError, ClusterError) as error:
        raise SystemExit(str(error)) from error
