"""`python -m atm.fleet.service`: runs the bank's service, and sets it up.

All settings are environment variables ATM_SERVICE_…; see docs/fleet.md. Exit code 0 means done; 2
means an error, with one sentence on standard error. Secrets are typed without echo at a terminal,
or read from standard input, one a line.
"""

import argparse
import hashlib
import logging
import ssl
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from atm.errors import AtmError
from atm.fleet.kiosk_kind import KINDS, LIVENESS, USUAL, KioskKind
from atm.fleet.service.log_rate import LogRate
from atm.fleet.service.settings import ServiceSettings, ServiceSettingsError, load_service_settings
from atm.fleet.service.store.keys import add_peppers, make_keys
from atm.keys.key_backup import peppers_in
from atm.terminal import ERROR, YES, ask, sign_in, sign_two
from credentials.errors import CredentialError
from face_auth.errors import FaceAuthError
from face_auth.models import load_card
from face_auth.printing import escape_what_cannot_be_printed

if TYPE_CHECKING:
    from atm.fleet.service.store.stores import ServiceStores


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    escape_what_cannot_be_printed()
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(LogRate())
    try:
        return int(options.run(load_service_settings(), options))
    except (AtmError, CredentialError, FaceAuthError, ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return ERROR


def run(settings: ServiceSettings, options: argparse.Namespace) -> int:
    """Serve kiosks until the process is stopped."""
    from atm.fleet.service.app import make_app
    from atm.fleet.service.monitoring import service_metrics
    from atm.fleet.service.server import serve, tls_context

    tls_context(settings)  # a missing file is reported before anything is loaded
    stores = _stores(settings)
    metrics = service_metrics(settings.metrics, stores) if settings.metrics else None
    app = make_app(
        stores, load_card(settings.network), currency=settings.currency,
        day_limit=settings.day_limit, opening_limit=settings.opening_limit, metrics=metrics,
    )  # fmt: skip
    if metrics is not None:
        metrics.serve()
    serve(app, settings)
    return YES


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of the certificate in *path* (PEM), 64 hexadecimal digits.

    Raises:
        AtmError: If the file holds no certificate.
    """
    try:
        pem = path.read_text("ascii")
        certificate = pem[pem.index("-----BEGIN CERTIFICATE-----") :]
        certificate = certificate[: certificate.index("-----END CERTIFICATE-----") + 25]
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).hexdigest()
    except (OSError, ValueError) as error:
        raise AtmError(f"There is no certificate in {path}.") from error


def schema(settings: ServiceSettings, options: argparse.Namespace) -> int:
    """Create the tables and the service's role, or bring them up to date."""
    from atm.fleet.service.store.migrate import migrate

    if not settings.owner:
        raise ServiceSettingsError("Set ATM_SERVICE_OWNER: the database's address as its owner.")
    migrate(settings.owner)
    print("the schema is up to date")
    return YES


def keys(settings: ServiceSettings, options: argparse.Namespace) -> int:
    """Make the key file, rotate the key, or add a machine's peppers before `atm migrate`."""
    if options.act == "make":
        make_keys(settings.keys)
        print(f"wrote {settings.keys}; back it up: without it the database is worthless")
    elif options.act == "adopt":
        if options.file is None:
            raise AtmError("keys adopt needs --file FILE: a backup of the machine's key.")
        add_peppers(settings.keys, peppers_in(options.file, ask("Passphrase: ")))
        print(f"PINs of that machine can be moved here; back {settings.keys} up again")
    else:
        from atm.fleet.service.store.database import Database
        from atm.fleet.service.store.key_rotation import rotate

        rows = rotate(Database(settings.database), settings.keys)
        print(f"{rows} rows are under the new key; back {settings.keys} up again")
    return YES


def init(settings: ServiceSettings, options: argparse.Namespace) -> int:
    """Add the first member of staff, or the second, whom the first signs for; PINs are typed."""
    from atm.fleet.service.store.stores import NO_KIOSK

    staff = _stores(settings).staff(NO_KIOSK)
    names = [] if staff.empty else staff.names()
    if len(names) > 1:
        raise AtmError("There are two members of staff already; they add others at a kiosk.")
    first = sign_in(staff) if names else None
    name = ask("Staff name: ", secret=False)
    pin = ask("Staff PIN (six digits or more): ")
    if first is None:
        print(f"{staff.add_first(name, pin).name} is the first member of staff")
    else:
        print(f"{staff.add(name, pin, signed=first).name} is the second member of staff")
    return YES


def kiosk(settings: ServiceSettings, options: argparse.Namespace) -> int:
    """Register, revoke or list kiosks."""
    from atm.fleet.service.store.stores import NO_KIOSK

    stores = _stores(settings)
    if options.act == "list":
        for each in stores.kiosks.all():
            state = "revoked" if each.revoked else "active"
            print(f"{each.name}\t{each.fingerprint}\t{state}\t{each.allowed}")
        return YES
    if options.name is None:
        raise AtmError(f"kiosk {options.act} needs a name.")
    if options.act == "revoke":
        stores.kiosks.revoke(options.name)
    else:
        if options.certificate is None:
            raise AtmError("kiosk add needs --certificate FILE.")
        of = fingerprint(options.certificate)
        allowed = KioskKind(options.kind, options.liveness)
        staff = stores.staff(NO_KIOSK)
        names: list[str] = [] if allowed == USUAL else sign_two(staff).names
        made = stores.kiosks.add(options.name, of, allowed)
        stores.log(made.kiosk_id).append(
            "kiosk", act="add", name=made.name, allows=str(allowed), staff=names
        )
    print(f"kiosk {options.act}: {options.name}")
    return YES


def _stores(settings: ServiceSettings) -> "ServiceStores":
    from atm.fleet.service.store.stores import ServiceStores

    zone = ZoneInfo(settings.zone)
    return ServiceStores.open(
        settings.database, settings.keys, lambda: load_card(settings.network), zone=zone
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m atm.fleet.service", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, about: str, work: Callable[[ServiceSettings, argparse.Namespace], int]
    ) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about)
        made.set_defaults(run=work)
        return made

    command("run", "serve kiosks until the process is stopped", run)
    command("schema", "create the tables and the service's role, or bring them up to date", schema)
    command("init", "add the first member of staff, then the second; reads names and PINs", init)
    key_file = command("keys", "the key file; adopt reads the passphrase of the backup", keys)
    key_file.add_argument("act", choices=("make", "rotate", "adopt"))
    key_file.add_argument(
        "--file", type=Path, metavar="FILE", help="the backup of a machine's key, for adopt"
    )
    kiosks = command("kiosk", "the bank's kiosks, by their certificates", kiosk)
    kiosks.add_argument("act", choices=("add", "revoke", "list"))
    kiosks.add_argument("name", nargs="?", metavar="NAME", help="of the kiosk")
    kiosks.add_argument("--certificate", type=Path, metavar="FILE", help="of the kiosk, PEM")
    kiosks.add_argument(
        "--kind", choices=KINDS, default=USUAL.kind,
        help="what its data folder may be besides live, for add; two members of staff sign",
    )  # fmt: skip
    kiosks.add_argument(
        "--liveness", choices=LIVENESS, default=USUAL.liveness,
        help="the weakest liveness check that it may have, for add; two members of staff sign",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
