"""Strange names and PINs are refused cleanly, and nothing is written.

What is folded: case, full-width and other compatibility forms, composed and decomposed letters.
What is not: letters of other scripts that look alike (Cyrillic a, Greek o), digits of other
scripts, 0 and O, l and I. Such names are different customers.
"""

import io
import os
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest

import credentials.hashing
from atm.__main__ import main
from atm.approval import Approvals
from atm.login.decision import Outcome
from atm.people import Application, StaffMember
from credentials.policy import PolicyError, check_pin, normalise_username, username_key
from face_auth.types import FaceResult
from tests.atm.conftest import CHEAP

ROOT = Path(__file__).parents[2]
STAFF = "ruiz\n482913\n"
HUGE = 10 * 2**20
REFUSED = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}

BAD_NAMES = {
    "empty": "", "spaces": "   ", "NUL": "a\0b", "escape": "a\x1b[2Jb", "line end": "a\nb",
    "right-to-left mark": "a\u200fb", "override": "\u202eada", "isolate": "\u2067ada\u2069",
    "zero width": "a\u200bda", "joiner": "a\u200dda", "soft hyphen": "a\u00adda",
    "byte order mark": "\ufeffada", "half a character": "a\ud800", "not UTF-8": "a\udcff",
    "private": "a\ue000", "unassigned": "a\U000e0fff", "line separator": "a\u2028b",
    "tag": "a\U000e0041", "filler": "a\u3164b", "65 letters": "x" * 65, "long": "x" * 100_000,
    "grows": "\ufdfa" * 64,
}  # fmt: skip
BAD_PINS = {
    "empty": "", "spaces": "    ", "full-width": "４０７１", "Arabic": "٤٠٧١", "Persian": "۴۰۷۱",
    "Devanagari": "४०७१", "superscript": "⁴⁰⁷¹", "circled": "④⓪⑦①", "mathematical": "𝟒𝟎𝟕𝟏",
    "one of them": "407１", "letters": "abcd", "sign": "-407", "point": "4.07", "exponent": "4e71",
    "hexadecimal": "0x4f", "underscore": "40_71", "space within": "40 71", "space before": " 4071",
    "NUL": "4071\0", "mark": "4071\u200f", "three": "407", "thirteen": "4071829364507",
    "run": "1234",
}  # fmt: skip
PATHS = ["../x", "..", ".", "/etc/passwd", "con", "NUL.txt", "C:\\x", "a/../../b", "~root", "$HOME",
         "%2e%2e", "a;rm -rf b", "-rf", "--data", "`x`", "'; DROP TABLE accounts; --"]  # fmt: skip


@pytest.fixture
def command(tmp_path, monkeypatch, capsys, no_sync):
    """Run `python -m atm` in this process; returns exit code and what it said.

    Hashing is cheap here, and the models' digests are not looked at: both are tested elsewhere.
    """
    monkeypatch.setattr(credentials.hashing, "PasswordHasher", lambda: CHEAP)
    for name in ("approve", "check"):
        monkeypatch.setattr(Approvals, name, lambda *_, **__: None)
    for name in [name for name in os.environ if name.startswith("ATM_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ATM_KEY_DIR", str(tmp_path / "keys"))

    def run(*arguments: str, lines: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
        command, *rest = arguments
        code = main([command, "--data", str(tmp_path / "data"), *rest])
        return code, capsys.readouterr().err

    assert run("init", "--kind", "test", lines=STAFF)[0] == 0
    return run


def kept(folder: Path) -> dict[str, bytes]:
    """Return what must stay as it is: all but the log and the counters of staff."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted((folder / "data").rglob("*"))
        if path.is_file() and not path.name.startswith(("audit", "staff-attempts"))
        and path.suffix != ".lock"
    }  # fmt: skip


def assert_clean(code: int, said: str) -> None:
    assert code == 2
    assert said.endswith("\n")
    assert said[:-1].isprintable()
    assert 0 < len(said) < 250


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES)
def test_a_bad_name_is_refused_by_every_command(command, tmp_path, name) -> None:
    before = kept(tmp_path)
    log = (tmp_path / "data" / "audit.jsonl").stat().st_size
    for arguments, lines in (
        (("enrol", "--camera", "demo", "--", name), STAFF + "4071\n"),
        (("unlock", "--", name), STAFF),
        (("staff", "add", "--", name), STAFF + "739164\n"),
    ):
        assert_clean(*command(*arguments, lines=lines))
    assert kept(tmp_path) == before
    assert (tmp_path / "data" / "audit.jsonl").stat().st_size - log < 6000


@pytest.mark.parametrize("pin", BAD_PINS.values(), ids=BAD_PINS)
def test_a_bad_pin_is_refused_at_an_enrolment(command, tmp_path, pin) -> None:
    before = kept(tmp_path)
    assert_clean(*command("enrol", "ada", "--camera", "demo", lines=f"{STAFF}{pin}\n"))
    assert kept(tmp_path) == before


def test_ten_megabytes_on_standard_input_are_refused(command, tmp_path) -> None:
    before = kept(tmp_path)
    for digit in ("4", "x", "４"):
        assert_clean(*command("enrol", "ada", "--camera", "demo", lines=f"{STAFF}{digit * HUGE}\n"))
    code, said = command("list", lines=f"{'r' * HUGE}\n{'4' * HUGE}\n")
    assert (code, len(said) < 250) == (1, True)
    assert kept(tmp_path) == before


def test_bytes_that_are_no_text_are_refused(command, tmp_path) -> None:
    before = kept(tmp_path)
    for data, name in ((STAFF.encode() + b"\xff\xfe\x80\n", b"ada"), (STAFF.encode(), b"\xff\x80")):
        done = subprocess.run(
            [sys.executable, "-m", "atm", "enrol", name, "--camera", "demo", "--data",
             str(tmp_path / "data")],
            input=data, capture_output=True, cwd=ROOT, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert b"Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert kept(tmp_path) == before


def application(username: str, full_name: str = "Ada", pin: str = "4071") -> Application:
    return Application(username, full_name, 0, pin, datetime.now(UTC))


def check_face(record, pressed, deadline) -> FaceResult:
    return FaceResult(record.customer_id if record else "", record is not None, 1.0, 0.5, 3)


def test_no_strange_name_or_pin_is_admitted_or_logged(bank, face, no_sync) -> None:
    bank.enrolment().enrol(application("ada"), StaffMember("ruiz"), lambda who, stop: face(who))
    strange = [("ada", pin) for pin in [*BAD_PINS.values(), "4" * HUGE, "4071" + " " * HUGE]]
    strange += [(name, "4071") for name in [*BAD_NAMES.values(), *PATHS, "a" * HUGE, "\0" * HUGE]]
    for name, pin in strange:
        bank.clock.seconds += 8000
        for record in bank.store.all():
            bank.attempts.clear(record.customer_id)
        decision = bank.logins().login(name, pin, check_face)
        assert decision.outcome is Outcome.REFUSED, (name[:20], pin[:20])
    bank.audit.flush()
    assert (bank.folder / "audit.jsonl").stat().st_size < 1000 * (len(strange) + 10)
    bank.clock.seconds += 8000
    bank.attempts.clear(bank.store.get("ada").customer_id)
    assert bank.logins().login("ada", "4071", check_face).outcome is Outcome.GRANTED


def test_path_tricks_are_names_like_any_other_and_name_no_file(bank, face, no_sync) -> None:
    def names() -> set[str]:
        return {str(p.relative_to(bank.folder.parent)) for p in bank.folder.parent.rglob("*")}

    enrolments = bank.enrolment()
    enrolments.enrol(application("first"), StaffMember("ruiz"), lambda who, stop: face(who))
    bank.attempts.reserve("0" * 32)
    before = names()
    for name in PATHS:
        enrolments.enrol(application(name), StaffMember("ruiz"), lambda who, stop: face(who))
        assert bank.logins().login(name, "4071", check_face).outcome is Outcome.GRANTED
    new = names() - before
    template_ids = {record.template_id for record in bank.store.all()}
    assert {Path(name).stem for name in new} <= template_ids | {"credentials.json"}
    assert {record.username for record in bank.store.all()} == {"first", *PATHS}


FOLDED = [("ada", "ADA"), ("ada", "ａｄａ"), ("ada", " ada "), ("straße", "STRASSE"),
          ("Å", "A\u030a"), ("Å", "\u212b"), ("k", "\u212a"), ("ﬁn", "FIN"), ("x²", "x2"),
          ("Ⅳ", "iv"), ("ſ", "S"), ("ΑΣ", "ας")]  # fmt: skip
KEPT_APART = [("ada", "аda"), ("ada", "adа"), ("o", "ο"), ("l", "I"), ("0", "O"), ("1", "١"),
              ("ada", "ädä"), ("I", "ı"), ("rn", "m"), ("a b", "ab"), ("-", "‐")]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), FOLDED)
def test_these_are_one_username(one, other) -> None:
    assert username_key(one) == username_key(other)


@pytest.mark.parametrize(("one", "other"), KEPT_APART)
def test_these_look_alike_and_are_two_usernames(one, other) -> None:
    assert username_key(one) != username_key(other)


def check_characters(characters: list[str]) -> set[str]:
    """Check each within a name, alone, doubled; returns the categories that were let in."""
    accepted = set()
    for character in characters:
        category = unicodedata.category(character)
        try:
            name = normalise_username(f"a{character}b")
        except PolicyError as error:
            assert error.code == "control"
            continue
        accepted.add(category)
        assert category not in REFUSED
        assert name.isprintable() or any(map(str.isspace, name))
        assert normalise_username(name) == name
        assert username_key(name) == username_key(name.casefold())
        with pytest.raises(PolicyError):
            check_pin(character * 4) if character not in "0123456789" else check_pin("")
    return accepted


EVERY = [chr(number) for number in range(sys.maxunicode + 1)]


def test_a_sample_of_each_unicode_category() -> None:
    by_category: dict[str, list[str]] = {}
    for character in EVERY:
        by_category.setdefault(unicodedata.category(character), []).append(character)
    assert len(by_category) == 30
    sample = [each for found in by_category.values() for each in found[:: len(found) // 300 + 1]]
    assert check_characters(sample) == by_category.keys() - REFUSED


@pytest.mark.long
def test_every_unicode_character() -> None:
    check_characters(EVERY)


def test_every_name_that_is_let_in_can_be_kept(bank, face, no_sync) -> None:
    """The store's own check of its records refuses none that the policy lets in."""
    rest = [c for c in EVERY if unicodedata.category(c) not in REFUSED][::997]
    for at in range(0, len(rest), 20):
        name = "".join(rest[at : at + 20])
        try:
            normalise_username(name)
        except PolicyError:
            continue
        bank.enrolment().enrol(
            application(name, name), StaffMember("ruiz"), lambda who, stop: face(who)
        )
        assert bank.store.get(name).full_name == normalise_username(name)
