"""Receipts on python-escpos' Dummy printer, on printers that are in trouble, and on a dead one."""

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from atm import receipts
from atm.receipts import Hindrance, NotPrintedError, Receipt, ReceiptPrinter, lines_of, set_out
from tools.receipt_png import draw

printer = pytest.importorskip("escpos.printer")

RECEIPT = Receipt(
    "Auszahlung",
    (
        ("Datum und Uhrzeit", "29. November 2026, 19:20"),
        ("Betrag", "1\u202f234,50\u00a0€"),
        ("Referenz", "AUUDPMOY"),
    ),
    "Danke für Ihren Besuch in unserer Filiale.",
)


class Device(printer.Dummy):  # type: ignore[misc]
    """The library's Dummy printer, which answers each request for its state in turn."""

    def __init__(self, *states: int) -> None:
        super().__init__()
        self.states = [bytes([state]) for state in states]

    def _read(self) -> bytes:
        return self.states.pop(0)

    def close(self) -> None:
        """Keep what was printed."""


def test_lines_fit_the_paper_and_keep_every_word() -> None:
    lines = list(lines_of(RECEIPT, 32))
    assert all(len(line) <= 32 for line in lines)
    assert lines[0] == "Datum und Uhrzeit" and lines[1] == "29. November 2026, 19:20".rjust(32)
    assert lines[2] == "Betrag" + "1 234,50 €".rjust(26)
    assert " ".join(lines[5:]) == RECEIPT.closing


def test_the_paper_shows_what_the_receipt_says() -> None:
    dummy = printer.Dummy()
    set_out(dummy, RECEIPT)
    text = dummy.output.decode("cp858")
    assert "1 234,50 €" in text and "für" in text
    assert dummy.output.endswith(b"\x1dV\x00")  # GS V 0 cuts
    paper = draw(dummy.output)
    ink = paper.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert ink is not None and ink[0] >= 20 and ink[2] <= paper.width - 20


@pytest.mark.parametrize("found", [Image.Image])
def test_a_command_that_the_drawing_does_not_know_is_an_error(found: Any) -> None:
    assert isinstance(draw(b"a\n"), found)
    with pytest.raises(ValueError, match="byte 2"):
        draw(b"a\n\x1b\x07")


def test_a_printer_that_is_well_prints_all_of_it() -> None:
    device = Device(0x12, 0x12)
    told = ReceiptPrinter("tcp:x:1", opened=lambda: device)
    told.print(RECEIPT)
    assert b"AUUDPMOY" in device.output and told.note == ""


@pytest.mark.parametrize(
    ("states", "hindrance", "printed"),
    [
        ((0x32,), Hindrance.PAPER, False),
        ((0x16,), Hindrance.COVER, False),
        ((0x52,), Hindrance.NO_ANSWER, False),
        ((0x12, 0x32), Hindrance.PAPER, True),  # the paper ended while it printed
        ((), Hindrance.NO_ANSWER, False),
    ],
)
def test_a_printer_in_trouble_is_told_apart_and_staff_are_told(
    states: tuple[int, ...], hindrance: Hindrance, printed: bool
) -> None:
    device = Device(*states)
    told = ReceiptPrinter("tcp:x:1", opened=lambda: device)
    with pytest.raises(NotPrintedError) as caught:
        told.print(RECEIPT)
    assert caught.value.hindrance is hindrance
    assert (b"AUUDPMOY" in device.output) is printed
    assert "printer" in told.note
    device.states = [b"\x12", b"\x12"]
    told.print(RECEIPT)
    assert told.note == ""


def test_a_printer_in_the_network_is_asked_before_and_after(served: Callable[[bytes], Any]) -> None:
    port, got = served(b"\x12")
    ReceiptPrinter(f"tcp:127.0.0.1:{port}").print(RECEIPT)
    assert b"AUUDPMOY" in bytes(got) and bytes(got).count(b"\x10\x04\x02") == 2


def test_a_printer_that_is_not_there_is_no_fault_of_the_kiosk() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(NotPrintedError, match="no answer"):
        ReceiptPrinter(f"tcp:127.0.0.1:{port}").print(RECEIPT)


def test_a_device_that_hangs_is_given_up_and_not_opened_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "LIMIT_S", 0.2)
    pipe = tmp_path / "lp0"
    os.mkfifo(pipe)  # nobody reads: opening it blocks, as a printer's file does without paper
    hangs = ReceiptPrinter(f"file:{pipe}")
    for _ in range(3):
        with pytest.raises(NotPrintedError, match="no answer"):
            hangs.print(RECEIPT)
    assert [each.name for each in threading.enumerate()].count("receipt") == 1
    monkeypatch.setattr(receipts, "LIMIT_S", 60.0)
    with pipe.open("rb") as reader:
        first = reader.read()
    assert b"AUUDPMOY" in first  # the one that was begun, and once


def test_a_file_is_written_without_questions(tmp_path: Path) -> None:
    out = tmp_path / "out.bin"
    ReceiptPrinter(f"file:{out}").print(RECEIPT)
    assert b"AUUDPMOY" in out.read_bytes() and b"\x10\x04" not in out.read_bytes()


@pytest.fixture
def served() -> Any:
    """Starts a printer in the network that gives one answer to each request for its state."""
    servers: list[socket.socket] = []

    def start(answer: bytes) -> tuple[int, bytearray]:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        got = bytearray()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                while data := connection.recv(4096):
                    got.extend(data)
                    for _ in range(data.count(b"\x10\x04\x02")):
                        connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        return server.getsockname()[1], got

    yield start
    for each in servers:
        each.close()
