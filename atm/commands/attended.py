"""Commands for customers who are served without the face: enrol, mark, serve."""

import argparse
from datetime import UTC, datetime

from atm.accounts.money import parse_amount
from atm.commands.customers import told
from atm.machine import Machine
from atm.people import Application
from atm.terminal import YES, ask, sign_two
from credentials.attempt_rules import Place


def enrol(machine: Machine, options: argparse.Namespace) -> int:
    """Enrol a customer who is served without the face; two members of staff sign."""
    _ = machine.attended  # or nobody types anything
    if options.card:
        _ = machine.card_acts
    opening_minor = parse_amount(options.balance, machine.settings.currency)
    signed = sign_two(machine.staff)
    application = Application(
        username=machine.check_username(options.name, staff=signed.first),
        full_name=options.full_name or options.name,
        opening_minor=opening_minor,
        pin=ask("Customer's PIN: "),
        consent_at=datetime.now(UTC),
        consent=options.consent,
        card=options.card,
    )
    customer = machine.enrol_attended(application, signed=signed)
    print(f"enrolled {customer.username}, without a face")
    return YES


def mark(machine: Machine, options: argparse.Namespace) -> int:
    """Mark a customer as served without the face, or take the mark back; two sign."""
    if not options.off:
        _ = machine.attended
    signed = sign_two(machine.staff)
    machine.office.serve_without_face(options.name, not options.off, signed=signed)
    said = "needs the face again" if options.off else "may be served without the face"
    print(f"{options.name} {said}")
    return YES


def serve(machine: Machine, options: argparse.Namespace) -> int:
    """Log a customer in by PIN, beside a member of staff who signs in for it."""
    logins = machine.attended
    name = ask("Staff name: ", secret=False)
    attendance = logins.attend(options.name, name, ask("Staff PIN: "), place=Place.COMMAND_LINE)
    decision = machine.login_attended(options.name, ask("Customer's PIN: "), attendance)
    if decision.session is not None:
        decision.session.close()
    return told(decision)
