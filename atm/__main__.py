"""`python -m atm`: command line for every act of a machine, without the window.

Exit code 0 means yes, 1 no, 2 an error with one sentence on standard error. Secrets are asked
without echo at a terminal and otherwise read from standard input, one a line, in the order that
each command's help names.
"""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from atm.birth import bear
from atm.commands import attended, cards, closed, customers, office, reports
from atm.commands.lost_folder import end_lost_folder
from atm.commands.recover import recover
from atm.commands.upgrade import upgrade_folder
from atm.consent import ConsentVersion
from atm.enrolment.hash_and_capture import EnrolmentError
from atm.errors import AtmError
from atm.folder import Kind
from atm.machine import Machine
from atm.opening import open_machine
from atm.people import StaffSignInError
from atm.settings import NETWORKS, Settings, load_settings
from atm.staff.acts import BalanceError
from atm.terminal import ERROR, NO
from credentials.errors import CredentialError
from face_auth.command_line import Parser, ShowVersion, told
from face_auth.errors import FaceAuthError
from face_auth.printing import escape_what_cannot_be_printed

CAMERA = "0, /dev/video0, https://..., a video, a folder of pictures, or demo"
LIVENESS = ("challenge", "passive", "off")
ONE = "reads staff name and PIN"
TERMS = "then the word yes in a live folder whose network has terms"
TWO = "reads name and PIN of two members of staff"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    escape_what_cannot_be_printed()
    options = _parser().parse_args(arguments)
    logging.getLogger().addHandler(logging.NullHandler())  # stderr is for the one sentence
    try:
        settings = load_settings(
            options.config,
            os.environ,
            data_dir=options.data,
            kind=getattr(options, "kind", None),
            liveness=getattr(options, "liveness", None),
            store=getattr(options, "to", None),
        )
        if options.run_closed is not None:
            return int(options.run_closed(settings, options))
        return _with_machine(settings, options)
    except (StaffSignInError, EnrolmentError, BalanceError) as error:
        print(error, file=sys.stderr)
        return NO
    except (AtmError, CredentialError, FaceAuthError, ValueError, OSError) as error:
        print(told(error), file=sys.stderr)
        return ERROR
    except KeyboardInterrupt:
        print("Stopped; nothing was decided.", file=sys.stderr)
        return ERROR


def _init(settings: Settings, options: argparse.Namespace) -> int:
    """Make a data folder, with its first member of staff or for a kiosk of the service."""
    if options.instead_of is not None:
        end_lost_folder(settings, options.instead_of)
    bear(settings)
    if settings.store:
        return closed.approve(settings, options)
    options.run = office.init
    return _with_machine(settings, options)


def _migrate(settings: Settings, options: argparse.Namespace) -> int:
    from atm.commands.migrate import migrate

    return migrate(settings)


def _with_machine(settings: Settings, options: argparse.Namespace) -> int:
    machine = open_machine(settings)
    try:
        return int(options.run(machine, options))
    finally:
        machine.close()


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, metavar="DIR", help="the data folder")
    common.add_argument("--config", type=Path, metavar="FILE", help="a kiosk.toml")
    parser = Parser(prog="python -m atm", description=__doc__)
    parser.add_argument("--version", action=ShowVersion)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str,
        about: str,
        run: Callable[[Machine, argparse.Namespace], int] | None = None,
        *needs: str,
        closed_run: Callable[[Settings, argparse.Namespace], int] | None = None,
    ) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(
            name, parents=[common], help=about, description=about
        )
        made.set_defaults(run=run, run_closed=closed_run)
        if "name" in needs:
            made.add_argument("name", metavar="NAME", help="the customer's username")
        if "camera" in needs:
            made.add_argument("--camera", required=True, metavar="SPEC", help=CAMERA)
            made.add_argument(
                "--liveness", choices=LIVENESS, help="the liveness check; default: challenge"
            )
        return made

    _add_customer_commands(command)
    _add_office_commands(command)
    return parser


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON, see docs/operations.md")


def _consent(text: str) -> ConsentVersion:
    found = ConsentVersion.read(text)
    if found is None:
        raise argparse.ArgumentTypeError(
            "give the line above the text that the customer signed, as"
            " “python -m kiosk.words.consent” prints it"
        )
    return found


def _enrolment(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--full-name", metavar="T", help="default: the username")
    parser.add_argument("--balance", default="0", metavar="N", help="opening balance, default 0")
    parser.add_argument(
        "--consent", type=_consent, metavar="VERSION",
        help="version of the consent that the customer signed on paper; see docs/operations.md",
    )  # fmt: skip
    parser.add_argument(
        "--card", action="store_true",
        help="register the card in the reader, where the machine does not require one anyway",
    )  # fmt: skip


def _add_customer_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    run = customers
    enrol = command(
        "enrol",
        f"enrol a customer; {ONE} (of two for --excuse and for a balance above opening_limit), then"
        " the customer's PIN",
        run.enrol,
        "name",
        "camera",
    )
    enrol.add_argument(
        "--excuse", action="append", default=[], metavar="MOVEMENT",
        help="a movement that the customer cannot make, such as look_up; may be repeated",
    )  # fmt: skip
    _enrolment(enrol)
    command("login", "check PIN and face; reads the PIN", run.login, "name", "camera")
    _json(command("list", f"list customers; {ONE}", reports.customers))
    command("unlock", f"unlock a customer; {ONE}", run.unlock, "name")
    command("new-pin", f"set a customer's new PIN; {TWO}, then the PIN", run.new_pin, "name")
    command("new-face", f"capture a customer's face again; {TWO}", run.new_face, "name", "camera")
    excuse = command(
        "excuse", f"set the movements that a customer cannot make; {TWO}", run.excuse, "name"
    )
    excuse.add_argument(
        "movements",
        nargs="*",
        metavar="MOVEMENT",
        help="such as look_up; without any, nothing is excused",
    )
    unseen = command(
        "enrol-without-face",
        f"enrol a customer who is served without the face; {TWO}, then the customer's PIN",
        attended.enrol,
        "name",
    )
    _enrolment(unseen)
    marked = command(
        "without-face", f"let a customer be served without the face; {TWO}", attended.mark, "name"
    )
    marked.add_argument("--off", action="store_true", help="take that back")
    command(
        "serve",
        "log a customer in without the face; reads name and PIN of the member of staff who is"
        " present, then the customer's PIN",
        attended.serve,
        "name",
    )
    card = command(
        "card", f"block a customer's lost card: {ONE}; replace it by the one in the reader: {TWO}",
        cards.card,
    )  # fmt: skip
    card.add_argument("act", choices=("block", "replace"))
    card.add_argument("name", metavar="NAME", help="the customer's username")
    delete = command("delete", f"delete a customer; {ONE}", run.delete, "name")
    delete.add_argument(
        "--override",
        action="store_true",
        help="delete an account that is not empty; two members sign",
    )
    export = command(
        "export", f"print all data kept about a customer; {ONE}", run.export_customer, "name"
    )
    export.add_argument("--print", action="store_true", help="for paper; without it: JSON")
    unused = command(
        "inactive", f"list the accounts that were not used for long; {ONE}", reports.inactive
    )
    _json(unused)
    unused.add_argument("--delete", action="store_true", help="delete those that are due")
    imported = command(
        "import-plain",
        f"import the prototype's names; {ONE}, then the word shred to delete the file",
        run.import_names,
    )
    imported.add_argument("file", type=Path, metavar="FILE", help="userCredentials.json")


def _add_office_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    run = office
    init = command(
        "init",
        "make a data folder; reads the first staff name and PIN, or those of one at the service, "
        f"{TERMS}",
        closed_run=_init,
    )
    init.add_argument("--kind", type=Kind, choices=list(Kind), help="default: live")
    init.add_argument(
        "--instead-of", type=Path, metavar="FILE",
        help="the key backup of a live folder that is lost; first reads its passphrase, then name"
        " and PIN of two members of staff, and ends that folder",
    )  # fmt: skip
    staff = command(
        "staff",
        "members of staff: list reads name and PIN of one, change-pin one's own and the new PIN,"
        " the others name and PIN of two",
        run.staff,
    )
    staff.add_argument("act", choices=("list", "add", "remove", "unlock", "change-pin"))
    staff.add_argument("name", nargs="?", metavar="NAME", help="of the member of staff")
    refusals = command("refusals", f"print the last refusals; {ONE}", reports.refusals)
    _json(refusals)
    refusals.add_argument("--number", type=int, default=20, metavar="N", help="default 20")
    _json(command("health", f"print the state of the machine; {ONE}", reports.health))
    holds = command("holds", f"list or settle open withdrawals; {ONE}", reports.holds)
    _json(holds)
    holds.add_argument("reference", nargs="?", metavar="REFERENCE", help="the one to settle")
    holds.add_argument(
        "--paid", action=argparse.BooleanOptionalAction, help="whether notes came out"
    )
    register = command(
        "register-camera", f"make this the only camera of a live folder; {ONE}", run.register_camera
    )
    register.add_argument("--camera", metavar="SPEC", help=CAMERA)
    approve = command(
        "approve",
        f"approve models and settings; {ONE}, or of two where a live folder is to be looser than"
        f" its defaults, {TERMS}",
        closed_run=closed.approve,
    )
    approve.add_argument("--liveness", choices=LIVENESS, help="the liveness check to approve")
    rebuild = command(
        "rebuild",
        "change the face network: approve it and make every customer's template again from the"
        f" kept pictures; {TWO}, {TERMS}",
        closed_run=closed.rebuild,
    )
    rebuild.add_argument("network", metavar="NETWORK", choices=NETWORKS, help=" or ".join(NETWORKS))
    restore = command(
        "restore",
        f"restore the credential records from a copy; {TWO}, then the word restore",
        closed_run=closed.restore,
    )
    restore.add_argument("--file", type=Path, metavar="FILE", help="default: the previous copy")
    command(
        "upgrade", f"bring a data folder of an earlier version to today's; {TWO}",
        closed_run=upgrade_folder,
    )  # fmt: skip
    moved = command(
        "migrate",
        "move a machine's customers to the bank's service; reads name and PIN of two of its staff",
        closed_run=_migrate,
    )
    moved.add_argument(
        "--from", dest="data", type=Path, required=True, metavar="DIR", help="its data folder"
    )
    moved.add_argument("--to", required=True, metavar="URL", help="the service, https://host:port")
    recovered = command(
        "recover",
        "replace all staff by one new member, when nobody can sign in; with the backup of the key"
        " and the auditor's verifier; reads the passphrase, then the new PIN",
        closed_run=recover,
    )
    recovered.add_argument("name", metavar="NAME", help="of the new member of staff")
    recovered.add_argument("--file", type=Path, required=True, metavar="FILE", help="the backup")
    recovered.add_argument(
        "--verifier", type=Path, required=True, metavar="FILE", help="the auditor's file"
    )
    keys = command(
        "keys", f"back up, restore or rotate the root key; backup and rotate: {TWO};"
        " all: then a passphrase",
        closed_run=closed.keys,
    )  # fmt: skip
    keys.add_argument("act", choices=("backup", "restore", "rotate"))
    keys.add_argument(
        "--file", type=Path, metavar="FILE", help="the backup; of a rotation: of the new key"
    )


if __name__ == "__main__":
    sys.exit(main())
