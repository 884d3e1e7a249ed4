"""The auditor finds every manipulation of the log, and nothing in an untouched log."""

import io
import json
import os
import random
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from atm.audit import AuditError, AuditLog
from atm.audit.__main__ import main
from atm.audit.entries import make_line, next_key, open_fields
from atm.audit.show import show, table
from atm.audit.state import Anchored, State
from atm.audit.verifier import Verifier, hand_over, read_verifier
from atm.audit.verify import Report, verify
from atm.folder import DataFolder, open_folder
from atm.keys.keys import Keys
from atm.settings import Settings
from atm.stores import Stores

MUTATIONS = 10_000 if os.environ.get("LONG_TESTS") else 400
ENTRIES = 300

Parts = list[tuple[str, bytes]]


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    """Make a data folder."""
    return open_folder(tmp_path / "data")


@pytest.fixture
def log(folder: DataFolder, tmp_path: Path) -> AuditLog:
    """Return its log."""
    return AuditLog.of(folder, tmp_path / "keys")


@pytest.fixture
def command(
    tmp_path: Path, folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., int]:
    """Run `python -m atm.audit` on the data folder, which Ana Ruiz signs for."""
    monkeypatch.setenv("ATM_KEY_DIR", str(tmp_path / "keys"))
    settings = Settings(key_dir=tmp_path / "keys")
    stores = Stores.open(folder, Keys.open(settings.key_dir, folder), settings)
    stores.staff.add_first("Ana Ruiz", "482913")

    def run(name: str, *arguments: object) -> int:
        words = [name, "--data", str(tmp_path / "data"), *map(str, arguments)]
        monkeypatch.setattr("sys.stdin", io.StringIO("Ana Ruiz\n482913\n"))
        return main(words)

    return run


def contents(log: AuditLog) -> Parts:
    return [(each.name, each.read_bytes()) for each in log.chain.log_files.all()]


def verified(log: AuditLog, file: Path) -> Report:
    return verify(contents(log), read_verifier(file), log.anchor.read(), log.chain.states.read())


def whole_log(folder: DataFolder, tmp_path: Path) -> tuple[Parts, Verifier, Anchored]:
    """Return a log of some hundred entries in four files, what verifies it and its anchor."""
    sizes: dict[str, int] = {"credentials": 1, "ledger": 1}
    log = AuditLog(
        folder.path / "audit.jsonl",
        tmp_path / "keys" / f"{folder.folder_id}.audit",
        tmp_path / "keys" / f"{folder.folder_id}.anchor",
        stores=lambda: sizes,
        largest_bytes=30_000,
    )
    hand_over(log, tmp_path / "verifier")
    for number in range(ENTRIES):
        sizes["ledger"] += number % 3
        outcome = "granted" if number % 5 else "refused"
        log.append("decision", outcome=outcome, customer=f"{number % 7:032x}", score=number / 997)
    log.append("stop", anchor=True)
    anchored = log.anchor.read()
    assert anchored is not None
    return contents(log), read_verifier(tmp_path / "verifier"), anchored


def mutated(parts: Parts, rng: random.Random) -> tuple[str, Parts]:
    """Return one random mutation of *parts* that changes a byte at least, and what it is."""
    kind = rng.choice(
        ["bit", "byte", "value", "remove bytes", "add bytes", "delete lines", "swap lines",
         "repeat line", "insert line", "cut", "file", "blank line", "move line", "renumber"]
    )  # fmt: skip
    at = rng.randrange(len(parts))
    name, data = parts[at]
    lines = data.splitlines(keepends=True)
    line = rng.randrange(len(lines))
    place = rng.randrange(len(data))
    if kind == "bit":
        data = data[:place] + bytes([data[place] ^ 1 << rng.randrange(8)]) + data[place + 1 :]
    elif kind == "byte":
        data = data[:place] + rng.randbytes(1) + data[place + 1 :]
    elif kind == "value":
        entry = json.loads(lines[line])
        entry[rng.choice(["at", "kind", "customer", "outcome"])] = rng.choice(["granted", "x"])
        lines[line] = json.dumps(entry).encode() + b"\n"
        data = b"".join(lines)
    elif kind == "remove bytes":
        data = data[:place] + data[place + rng.randint(1, 300) :]
    elif kind == "add bytes":
        data = data[:place] + rng.randbytes(rng.randint(1, 300)) + data[place:]
    elif kind == "delete lines":
        data = b"".join(lines[:line] + lines[line + rng.randint(1, 3) :])
    elif kind == "swap lines":
        other = rng.randrange(len(lines))
        lines[line], lines[other] = lines[other], lines[line]
        data = b"".join(lines)
    elif kind == "repeat line":
        lines.insert(rng.randint(0, len(lines)), lines[line])
        data = b"".join(lines)
    elif kind in ("insert line", "renumber"):
        entry = json.loads(lines[line])
        forged, _ = make_line(
            rng.randbytes(32), entry["n"] + rng.randrange(3), entry["at"], "decision",
            {"outcome": "granted"}, entry["stores"], entry["previous"],
        )  # fmt: skip
        if kind == "insert line":
            lines.insert(line, forged + b"\n")
        else:
            lines[line] = forged + b"\n"
        data = b"".join(lines)
    elif kind == "cut":
        data = data[:place]
        if rng.random() < 0.5:
            return kind, [*parts[:at], (name, data)]
    elif kind == "file":
        others = parts[:at] + parts[at + 1 :]
        if rng.random() < 0.5:
            others.insert(rng.randint(0, len(others)), parts[at])
        return kind, others
    elif kind == "blank line":
        lines.insert(line, b"\n")
        data = b"".join(lines)
    else:
        moved = lines.pop(line)
        lines.insert(rng.randint(0, len(lines)), moved)
        data = b"".join(lines)
    return kind, [*parts[:at], (name, data), *parts[at + 1 :]]


def test_every_mutation_is_found(folder: DataFolder, tmp_path: Path) -> None:
    parts, verifier, anchored = whole_log(folder, tmp_path)
    assert len(parts) >= 4
    clean = verify(parts, verifier, anchored)
    assert (clean.problems, clean.notes, clean.verified) == ([], [], ENTRIES + 2)
    rng = random.Random(10_000)
    found, kinds = 0, set()
    while found < MUTATIONS:
        kind, changed = mutated(parts, rng)
        if [data for _, data in changed] == [data for _, data in parts]:
            continue
        assert verify(changed, verifier, anchored).problems, kind
        found += 1
        kinds.add(kind)
    assert (found, len(kinds)) == (MUTATIONS, 14)


def test_bytes_behind_the_newest_entry_are_told_of(folder: DataFolder, tmp_path: Path) -> None:
    parts, verifier, anchored = whole_log(folder, tmp_path)
    name, data = parts[-1]
    report = verify([*parts[:-1], (name, data + b'{"n"')], verifier, anchored)
    assert (report.problems, len(report.notes)) == ([], 1)
    assert verify([*parts[:-1], (name, data + b"{}\n")], verifier, anchored).problems


def test_bytes_behind_the_last_line_of_a_full_file_are_a_problem(
    folder: DataFolder, tmp_path: Path
) -> None:
    parts, verifier, anchored = whole_log(folder, tmp_path)
    name, data = parts[0]
    report = verify([(name, data + b"more"), *parts[1:]], verifier, anchored)
    assert report.problems == ["The last line of audit-000001.jsonl is not whole."]


def test_anchor_and_key_that_are_not_this_logs_are_problems(log: AuditLog, tmp_path: Path) -> None:
    hand_over(log, tmp_path / "verifier")
    log.append("start", anchor=True)
    verifier = read_verifier(tmp_path / "verifier")
    parts, anchored, state = contents(log), log.anchor.read(), log.chain.states.read()
    assert anchored is not None and state is not None
    assert verify(parts, verifier, anchored, state).problems == []
    assert "not the one that was anchored" in "".join(
        verify(parts, verifier, Anchored(2, "0" * 64), state).problems
    )
    assert verify(parts, verifier, anchored, replace(state, key=b"k" * 32)).problems == [
        "The kiosk's key does not come from this verifier's."
    ]


def test_each_problem_is_one_plain_line(folder: DataFolder, tmp_path: Path) -> None:
    parts, verifier, anchored = whole_log(folder, tmp_path)
    lines = b"".join(data for _, data in parts).splitlines(keepends=True)

    def problems(*changed: bytes) -> list[str]:
        return verify([("audit.jsonl", b"".join(changed))], verifier, anchored).problems

    assert problems(*lines[:9], *lines[10:]) == ["Entry 10 is missing."]
    assert problems(*lines[:9], *lines[12:]) == ["The entries 10 to 12 are missing."]
    assert problems(*lines[3:]) == ["The entries 1 to 3 are missing."]
    assert problems(*lines[:9], lines[9].replace(b"de", b"DE", 1), *lines[10:]) == [
        "Entry 10 (line 10 of audit.jsonl) was altered, or this kiosk did not write it."
    ]
    assert problems(*lines[:9], b"{}\n", *lines[9:]) == [
        "Line 10 of audit.jsonl is not an entry of the log."
    ]
    assert problems(*lines, lines[4]) == [
        "Entry 5 (line 303 of audit.jsonl) is a duplicate or out of order."
    ]
    assert problems(*lines[:-2]) == [
        "The log was cut: it ends at entry 300, but entry 302 was anchored."
    ]


def test_cut_is_found_back_to_the_last_anchor_and_by_the_kiosks_state(
    log: AuditLog, tmp_path: Path
) -> None:
    hand_over(log, tmp_path / "verifier")
    for number in range(10):
        log.append("decision", number=number, anchor=number == 5)
    verifier = read_verifier(tmp_path / "verifier")
    lines = log.path.read_bytes().splitlines(keepends=True)
    anchored, state = log.anchor.read(), log.chain.states.read()
    for left in range(1, 11):
        parts = [("audit.jsonl", b"".join(lines[:left]))]
        assert bool(verify(parts, verifier, anchored).problems) is (left < 7)
        assert verify(parts, verifier, anchored, state).problems
    assert "no anchor" in verify(contents(log), verifier, None).problems[0]


def test_thief_of_todays_key_cannot_rewrite_yesterday(log: AuditLog, tmp_path: Path) -> None:
    hand_over(log, tmp_path / "verifier")
    for number in range(5):
        log.append("decision", number=number)
    state = log.chain.states.read()
    assert state is not None
    verifier = read_verifier(tmp_path / "verifier")
    lines = log.path.read_bytes().splitlines(keepends=True)
    key = state.key
    for _ in range(20):  # neither the present key nor any later one makes an older entry
        previous = json.loads(lines[2])["mac"]
        forged, mac = make_line(key, 4, "2026-11-23", "decision", {"number": 9}, {}, previous)
        parts = [("audit.jsonl", b"".join([*lines[:3], forged + b"\n"]))]
        assert verify(parts, verifier, Anchored(4, mac)).problems
        key = next_key(key)
    forged, mac = make_line(
        state.key, state.n, "2026-11-23", "decision", {"number": 9}, {}, state.previous
    )
    parts = [("audit.jsonl", b"".join([*lines, forged + b"\n"]))]
    assert verify(parts, verifier, Anchored(7, mac)).problems == []  # tomorrow is the thief's


def test_verifier_is_written_once_and_its_key_is_nowhere_else(
    log: AuditLog, tmp_path: Path
) -> None:
    file = tmp_path / "verifier"
    made = hand_over(log, file)
    assert read_verifier(file) == made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = file.read_bytes()
    with pytest.raises(AuditError, match="exists and is not overwritten"):
        hand_over(log, file)
    assert file.read_bytes() == written
    key = bytes.fromhex(made.key)
    for each in tmp_path.rglob("*"):
        if each.is_file() and each != file:
            assert made.key.encode() not in each.read_bytes()
            assert key not in each.read_bytes()
    assert not list(tmp_path.glob("*.partial"))


def test_garbage_in_a_log_that_is_yet_to_begin_is_cut_off(log: AuditLog, tmp_path: Path) -> None:
    hand_over(log, tmp_path / "first")
    log.key_path.unlink()
    log.anchor.path.unlink()
    log.path.write_bytes(b"")
    log.chain.states.write(State.first())
    log.path.write_bytes(b"garbage")
    hand_over(log, tmp_path / "second")
    log.append("start")
    assert [each["kind"] for each in log.entries()] == ["torn", "audit begin", "start"]
    assert verified(log, tmp_path / "second").problems == []


def test_handed_over_key_is_fresh(log: AuditLog, tmp_path: Path) -> None:
    log.append("start")
    state = log.chain.states.read()
    assert state is not None
    made = hand_over(log, tmp_path / "verifier")
    assert bytes.fromhex(made.key) not in (state.key, next_key(state.key))


@pytest.mark.parametrize("where", ["data", "keys"])
def test_verifier_is_not_kept_with_data_or_keys(log: AuditLog, tmp_path: Path, where: str) -> None:
    log.append("start")
    with pytest.raises(AuditError, match="must not be kept in"):
        hand_over(log, tmp_path / where / "verifier")


def test_verifier_that_cannot_be_written_changes_nothing(log: AuditLog, tmp_path: Path) -> None:
    first = tmp_path / "verifier"
    hand_over(log, first)
    with pytest.raises(AuditError, match="cannot be written"):
        hand_over(log, tmp_path / "none" / "verifier")
    assert not verified(log, first).problems


def test_verifier_whose_key_was_not_taken_is_removed(
    log: AuditLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(state: State) -> None:
        raise AuditError("The audit key cannot be written.")

    log.append("start", anchor=True)
    state = log.chain.states.read()
    with monkeypatch.context() as patch:
        patch.setattr(log, "extend", lambda *_, **__: state)
        patch.setattr(log.chain.states, "write", broken)
        with pytest.raises(AuditError, match="cannot be written"):
            hand_over(log, tmp_path / "verifier")
    assert {each.name for each in tmp_path.iterdir()} == {"data", "keys"}
    log.append("stop")


def test_notes_say_that_nobody_can_verify_until_the_key_was_handed_over(
    log: AuditLog, tmp_path: Path
) -> None:
    log.append("start")
    assert any("python -m atm.audit init" in note for note in log.notes())
    hand_over(log, tmp_path / "verifier")
    assert not any("python -m atm.audit init" in note for note in log.notes())


def test_entries_before_the_hand_over_are_counted_and_linked(log: AuditLog, tmp_path: Path) -> None:
    for _ in range(4):
        log.append("decision")
    made = hand_over(log, tmp_path / "verifier")
    assert made.start == 6  # the fifth tells of the hand-over
    report = verified(log, tmp_path / "verifier")
    assert (report.problems, report.unverified, report.verified) == ([], 5, 1)
    lines = log.path.read_bytes().splitlines(keepends=True)
    parts = [("audit.jsonl", b"".join(lines[:2] + lines[3:]))]
    assert verify(parts, made, log.anchor.read()).problems == ["Entry 3 is missing."]
    for edited in (3, 5):  # the fifth is followed by the first that can be verified
        mac = json.loads(lines[edited - 1])["mac"].encode()
        changed = b"".join([*lines[: edited - 1], lines[edited - 1].replace(mac, b"0" * 64)])
        parts = [("audit.jsonl", changed + b"".join(lines[edited:]))]
        assert verify(parts, made, log.anchor.read()).problems == [
            f"Entry {edited + 1} (line {edited + 1} of audit.jsonl) does not follow"
            " the one before it."
        ]


def test_each_verifier_speaks_for_its_own_time(log: AuditLog, tmp_path: Path) -> None:
    hand_over(log, tmp_path / "first")
    log.append("decision")
    hand_over(log, tmp_path / "second")
    log.append("decision", anchor=True)
    first, second = verified(log, tmp_path / "first"), verified(log, tmp_path / "second")
    assert (first.problems, first.verified, first.unverified) == ([], 3, 2)
    assert "handed over to a new verifier" in first.notes[0]
    assert (second.problems, second.verified, second.unverified) == ([], 2, 3)


@pytest.mark.parametrize("lost", ["lines", "log", "key", "both"])
def test_damaged_log_is_set_aside_and_the_numbers_and_stores_go_on(
    tmp_path: Path, folder: DataFolder, lost: str
) -> None:
    log = AuditLog.of(folder, tmp_path / "keys", stores=lambda: {"ledger": 8})
    hand_over(log, tmp_path / "first")
    for _ in range(5):
        log.append("decision", anchor=True)
    lines = log.path.read_bytes().splitlines(keepends=True)
    if lost == "lines":
        log.path.write_bytes(b"".join(lines[:4]))
    if lost in ("log", "both"):
        log.path.unlink()
    if lost in ("key", "both"):
        log.key_path.unlink()
    with pytest.raises(AuditError, match=r"sk the auditor"):
        log.append("stop")
    fresh = AuditLog.of(folder, tmp_path / "keys")
    made = hand_over(fresh, tmp_path / "second", set_aside=True)
    assert (made.begins, made.start) == (7, 7)
    fresh.append("start", anchor=True)
    assert fresh.head_stores() == ({} if lost == "both" else {"ledger": 8})
    assert verified(fresh, tmp_path / "second").problems == []
    assert verified(fresh, tmp_path / "first").problems
    aside = [each.read_bytes() for each in folder.path.glob("audit-set-aside-*/audit.jsonl")]
    kept = {"lines": [b"".join(lines[:4])], "key": [b"".join(lines)]}
    assert aside == kept.get(lost, [])


def test_verifier_of_another_folder_or_no_verifier_at_all_is_refused(
    log: AuditLog, tmp_path: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    hand_over(log, tmp_path / "verifier")
    document = json.loads((tmp_path / "verifier").read_text())
    (tmp_path / "other").write_text(json.dumps(document | {"folder": "ab" * 16}))
    assert command("verify", "--verifier", tmp_path / "other") == 2
    assert "the verifier of another data folder" in capsys.readouterr().err
    for bad in ("{}", "[]", "", json.dumps(document | {"key": "zz"}), json.dumps({"version": 1})):
        (tmp_path / "other").write_text(bad)
        assert command("verify", "--verifier", tmp_path / "other") == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert command("verify", "--verifier", tmp_path / "none") == 2


def test_commands_hand_over_verify_and_find(
    log: AuditLog, tmp_path: Path, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(3):
        log.append("decision")
    assert command("init", "--verifier", tmp_path / "verifier") == 0
    said = capsys.readouterr().out
    assert "verifies the log from entry 7 on" in said
    assert "The 6 entries before it cannot be verified with this file." in said
    log.append("decision")
    assert command("verify", "--verifier", tmp_path / "verifier") == 0
    assert capsys.readouterr().out == (
        "2 entries are genuine, 6 cannot be verified with this verifier. Problems: 0.\n"
    )
    log.path.write_bytes(log.path.read_bytes().replace(b'"n": 8', b'"n": 9'))
    assert command("verify", "--verifier", tmp_path / "verifier") == 1
    assert "Entry 9 (line 8 of audit.jsonl) was altered" in capsys.readouterr().out
    log.key_path.write_bytes(b"")
    assert command("verify", "--verifier", tmp_path / "verifier") == 1
    assert "is damaged" in capsys.readouterr().out


def test_commands_make_no_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ATM_KEY_DIR", str(tmp_path / "keys"))
    for words in (["show"], ["init", "--verifier", str(tmp_path / "v")]):
        assert main([*words, "--data", str(tmp_path / "none")]) == 2
        assert "There is no data folder" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_each_look_is_an_entry(log: AuditLog) -> None:
    log.append("decision", customer="c1", outcome="granted")
    log.append("decision", customer="c2", outcome="granted")
    log.append("withdrawal", customer="c1")
    assert [each["kind"] for each in show(log, "Ana Ruiz", customer="c1")] == [
        "decision",
        "withdrawal",
        "audit read",
    ]
    assert [each["customer"] for each in show(log, "Ana Ruiz", kind="decision")] == ["c1", "c2"]
    later = datetime.now(UTC) + timedelta(days=1)
    assert show(log, "Ana Ruiz", since=later) == []
    assert len(show(log, "Ana Ruiz", since=later - timedelta(days=2))) == 7
    reads = log.tail(9, "audit read")
    assert [(each["staff"], each["customer"], each["of"]) for each in reads] == [
        (["Ana Ruiz"], "c1", None),
        (["Ana Ruiz"], None, "decision"),
        (["Ana Ruiz"], None, None),
        (["Ana Ruiz"], None, None),
    ]


def test_nothing_is_shown_if_the_look_cannot_be_logged(
    log: AuditLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append("start")

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(AuditError):
        show(log, "Ana Ruiz")


def test_table_holds_nothing_that_could_turn_a_terminal_around(log: AuditLog) -> None:
    log.append("staff", staff="Ana\u202eziuR\n\x1b[2J", reasons=["a", "b"], nothing=None)
    line = table(log.tail(1))
    assert "  staff=" in line
    assert "reasons=a, b" in line
    assert line.isprintable()
    assert "nothing" not in line


def test_show_prints_a_table_or_json(
    log: AuditLog, command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    log.append("decision", customer="c1", outcome="granted")
    assert command("show", "--customer", "c1", "--since", "2026-01-01") == 0
    first, *second = capsys.readouterr().out.splitlines()
    assert first.split()[3:] == ["decision", "customer=c1", "outcome=granted"]
    assert "audit read" in second[0] and second[-1].endswith("(names and amounts encrypted)")
    assert "Ana" not in "".join(second)
    assert command("show", "--json", "--kind", "decision") == 0
    assert json.loads(capsys.readouterr().out)["mac"]
    assert command("show", "--since", "yesterday") == 2


def test_the_second_key_reads_names_and_amounts_and_the_first_alone_does_not(
    log: AuditLog, command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "hall.verifier", tmp_path / "hall.verifier.reading"
    log.append("start")
    assert command("init", "--verifier", first) == 0
    log.append("withdrawal", customer="c1", amount_minor=12_345_678, reference="ABCDEFGH")
    log.append("enrolment", customer="c1", staff=["Zoë Quixote"], opening_minor=87_654_321)
    assert command("verify", "--verifier", first) == 0
    capsys.readouterr()
    assert command("show", "--customer", "c1") == 0
    shown = capsys.readouterr().out
    assert "ABCDEFGH" in shown and "12345678" not in shown and "Quixote" not in shown
    assert command("show", "--customer", "c1", "--reading", second) == 0
    shown = capsys.readouterr().out
    assert "amount_minor=12345678" in shown and "staff=Zoë Quixote" in shown
    assert "opening_minor=87654321" in shown
    assert stat.S_IMODE(second.stat().st_mode) == 0o600
    assert json.loads(first.read_text())["key"] != json.loads(second.read_text())["reading"]
    assert command("show", "--reading", first) == 2  # the first key reads nothing
    document = json.loads(second.read_text()) | {"folder": "0" * 32}
    second.write_text(json.dumps(document))
    assert command("show", "--reading", second) == 2
    assert "another data folder" in capsys.readouterr().err


def test_names_in_a_log_that_was_set_aside_stay_readable(log: AuditLog, tmp_path: Path) -> None:
    log.append("staff", act="add", name="Zerubbabel")
    log.append("stop")
    log.path.write_bytes(b"".join(log.path.read_bytes().splitlines(keepends=True)[:-1]))
    hand_over(log, tmp_path / "second", set_aside=True)
    assert [each["name"] for each in log.entries() if each["kind"] == "staff"] == ["Zerubbabel"]


def test_the_file_of_the_log_holds_no_name_and_no_amount(log: AuditLog) -> None:
    log.append("staff", act="recover", name="Dulcinea", removed=["Dapple"])
    log.append("staff", act="add", name="Zerubbabel", staff=["Quixote", "Rosinante"])
    log.append("withdrawal", customer="c1", amount_minor=12_345_678, step="held")
    text = log.path.read_text()
    for secret in ("Dulcinea", "Dapple", "Zerubbabel", "Quixote", "Rosinante", "12345678"):
        assert secret not in text
    assert [each.get("name") for each in log.tail(2)] == ["Zerubbabel", None]
    assert [each["amount_minor"] for each in log.tail(1)] == [12_345_678]
    assert not any("name" in each or "staff" in each for each in log.entries(b""))


def test_encrypted_fields_open_in_their_own_entry_only(log: AuditLog) -> None:
    log.append("withdrawal", customer="c1", amount_minor=1)
    log.append("withdrawal", customer="c1", amount_minor=2)
    one, two = log.entries(b"")
    state = log.chain.states.read()
    assert state is not None
    assert open_fields(state.reading, one)["amount_minor"] == 1
    moved = two | {"sealed": one["sealed"]}
    assert open_fields(state.reading, moved) == moved
    assert open_fields(bytes(32), one) == one
    for junk in ("", "zz", "00" * 40, 7):
        assert open_fields(state.reading, one | {"sealed": junk}) == one | {"sealed": junk}


def test_the_log_of_an_earlier_program_goes_on_with_a_reading_key(log: AuditLog) -> None:
    """Its state has none; the new one is on the disk before anything is encrypted with it."""
    log.append("start")
    state = log.chain.states.read()
    assert state is not None
    log.chain.states.write(replace(state, reading=b""))
    assert log.chain.states.read() == replace(state, reading=b"")
    writes = []
    write = log.chain.states.write
    log.chain.states.write = lambda new: (writes.append(new), write(new))[1]  # type: ignore
    log.append("withdrawal", amount_minor=5)
    assert writes[0].n == state.n and writes[0].reading
    assert [each.get("amount_minor") for each in log.entries()] == [None, 5]
