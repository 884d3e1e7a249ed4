"""The import of the prototype's file: as people have it, and files of other programs."""

import codecs
import json
from types import SimpleNamespace

import pytest

from atm.errors import AtmError
from atm.maintenance.import_plain import import_plain
from credentials.errors import DuplicateUserError

PEOPLE = {"ada": "4071", "José": "9876"}


@pytest.fixture
def store():
    """A store that keeps the names it was given, each once."""
    names = []

    def add(record) -> None:
        if record.username in names:
            raise DuplicateUserError(record.username)
        names.append(record.username)

    return SimpleNamespace(add=add, names=names)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "userCredentials.json"


TEXT = json.dumps(PEOPLE, indent=2, ensure_ascii=False)


@pytest.mark.parametrize(
    "data",
    [
        TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.replace("\n", "\r\n").encode(),
        TEXT.encode("utf-16"),
        json.dumps({name: int(pin) for name, pin in PEOPLE.items()}).encode(),
        json.dumps({f" {name}\n": f"{pin}\r\n" for name, pin in PEOPLE.items()}).encode(),
    ],
    ids=["plain", "CRLF", "mark", "mark and CRLF", "UTF-16", "numbers", "with line ends"],
)
def test_files_as_editors_and_prototypes_leave_them(data, store, file) -> None:
    file.write_bytes(data)
    assert import_plain(file, store).imported == ("ada", "José")
    assert store.names == ["ada", "José"]


def test_a_name_that_stands_twice_is_imported_once_and_said(store, file) -> None:
    file.write_text('{"ada": "4071", "bob": "9876", "ada": "1212"}')
    report = import_plain(file, store)
    assert (report.imported, report.taken) == (("ada", "bob"), ("ada",))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"users": [{"name": "ada", "pin": "4071"}]}', "users"),
        ('{"name": "kiosk", "version": "1.0.0", "scripts": {}}', "name"),
        ('{"ada": "4071", "bob": "letters"}', "bob"),
        ('{"ada": "4071", "bob": null}', "bob"),
        ('{"ada": "4071", "bob": true}', "bob"),
        ('{"ada": "4071", "bob": 40.5}', "bob"),
        ('{"ada": "4071", "bob": ""}', "bob"),
        ('[["ada", "4071"]]', "not a JSON object"),
        ('"ada"', "not a JSON object"),
        ('{"ada": "4071"', "not valid JSON"),
        ("ada = 4071", "not valid JSON"),
    ],
)
def test_another_programs_file_imports_nobody_and_says_what_is_wrong(
    text, names, store, file
) -> None:
    file.write_text(text)
    with pytest.raises(AtmError, match=names):
        import_plain(file, store)
    assert store.names == []


def test_a_file_in_another_encoding_imports_nobody(store, file) -> None:
    file.write_bytes(TEXT.encode("latin-1"))
    with pytest.raises(AtmError, match="not valid JSON"):
        import_plain(file, store)
    assert store.names == []


def test_no_pin_stands_in_the_sentence(store, file) -> None:
    file.write_text('{"ada": "4071", "bob": "40715x"}')
    with pytest.raises(AtmError) as raised:
        import_plain(file, store)
    assert "4071" not in str(raised.value)
