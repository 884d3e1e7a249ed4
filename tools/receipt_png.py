"""`python -m tools.receipt_png FILE PNG` draws an ESC/POS file as the printer would, for the eye.

It knows the commands that `atm.receipts` sends: emphasis, height, place and code page of text, and
the cut. Any other control byte is an error, so that nothing is left out unnoticed.
"""

import re
import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_COMMAND = re.compile(
    rb"\x1b(?P<esc>[aEtMGd{!\-])(?P<value>.)|\x1bU.|\x1b2|\x1b3.|\x1b@|\x1d(?P<gs>[!Bb])(?P<size>.)"
    rb"|\x1d(?P<cut>V).|\x1b(?P<partial>[im])|(?P<line>\n)|(?P<text>[^\x00-\x1f]+)",
    re.DOTALL,
)
_CODE_PAGES = {0: "cp437", 19: "cp858"}
"""Epson's numbers of the code pages that a receipt uses."""
_COLUMNS, _WIDE, _HIGH, _MARGIN = 32, 12, 28, 24


def draw(data: bytes) -> Image.Image:
    """Return the paper with what *data* prints, black on white.

    Raises:
        ValueError: If *data* holds a command that is not known here.
    """
    font = ImageFont.truetype("DejaVuSansMono.ttf", 20)
    bold = ImageFont.truetype("DejaVuSansMono-Bold.ttf", 20)
    paper = Image.new("L", (_COLUMNS * _WIDE + 2 * _MARGIN, 4000), 255)
    pen = ImageDraw.Draw(paper)
    y, line, page, strong, tall, middle = _MARGIN, "", "cp437", False, False, False
    at = 0
    while at < len(data):
        found = _COMMAND.match(data, at)
        if found is None:
            raise ValueError(f"byte {at}: {data[at : at + 4]!r} is not known")
        at = found.end()
        if found["text"]:
            line += found["text"].decode(page)
        elif found["esc"] == b"t":
            page = _CODE_PAGES[found["value"][0]]
        elif found["esc"] == b"E":
            strong = found["value"] == b"\x01"
        elif found["esc"] == b"a":
            middle = found["value"] in b"\x011"
        elif found["esc"] == b"!":
            tall = bool(found["value"][0] & 0x10)
        elif found["gs"] == b"!":
            tall = bool(found["size"][0] & 0x0F)
        elif found["line"]:
            shift = (_COLUMNS - len(line)) // 2 * _WIDE if middle else 0
            pen.text((_MARGIN + shift, y), line, fill=0, font=bold if strong else font)
            y, line = y + (2 * _HIGH if tall else _HIGH), ""
        elif found["cut"] or found["partial"]:
            pen.line((0, y, paper.width, y), fill=160, width=1)
    return paper.crop((0, 0, paper.width, y + _MARGIN))


def main() -> None:
    """Draw the file that the first argument names into the second."""
    draw(Path(sys.argv[1]).read_bytes()).save(sys.argv[2])


if __name__ == "__main__":
    main()
