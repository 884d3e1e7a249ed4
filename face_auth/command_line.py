"""The parser of every command line: errors of one sentence, nearest names, and the version."""

import argparse
import difflib
import itertools
import re
import sys
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

BAD_INPUT: Final = 2
PROGRAM: Final = "two-factor-atm"
_PROJECT: Final = Path(__file__).resolve().parents[1] / "pyproject.toml"
_CHOICE = re.compile(r"argument (.+): invalid choice: '?(.*?)'? \(choose from (.*)\)", re.DOTALL)
_WORD = re.compile(r"[\w.:-]+")
_OPTION = re.compile(r"--[a-z][\w-]+")


def version() -> str:
    """Return the program's version, which stands in pyproject.toml alone.

    An installed program has no such file; pip noted the version then.
    """
    if not _PROJECT.exists():
        from importlib import metadata

        return metadata.version(PROGRAM)
    return str(tomllib.loads(_PROJECT.read_text("utf-8"))["project"]["version"])


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """Return " Did you mean “…”?" with the nearest of the *known* names; "" if none is near."""
    near = difflib.get_close_matches(wrong.lower(), sorted(known), n=1)
    return f" Did you mean “{near[0]}”?" if near else ""


def told(error: Exception) -> str:
    """Return *error* as a sentence: of a file, its name and the reason, without the number."""
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{error.filename}: {error.strerror}."
    return str(error)


class Parser(argparse.ArgumentParser):
    """A parser that ends with one sentence on standard error, and exit code 2, where it fails."""

    _has_commands = False

    def add_subparsers(self, **options: Any) -> Any:
        """Add the commands; their parsers are of this class too."""
        self._has_commands = True
        return super().add_subparsers(**options)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse; an unknown option is told before what is missing, by the command's own parser."""
        given = sys.argv[1:] if args is None else args
        if self._has_commands:  # each of them checks its own
            given = list(itertools.takewhile(lambda word: word.startswith("-"), given))
        self._check_options(given)
        known, rest = super().parse_known_args(args, namespace)
        if rest:
            self._fail(f"“{rest[0]}” is not expected here.")
        return known, rest

    def error(self, message: str) -> NoReturn:
        """Print what is wrong, with the name that was probably meant, and exit."""
        choice = _CHOICE.fullmatch(message)
        if choice is None:
            self._fail(f"{message[:1].upper()}{message[1:].rstrip('.')}.")
        name, wrong, listed = choice.groups()
        known = _WORD.findall(listed)
        nearest = did_you_mean(wrong, known)
        if name == "COMMAND":
            self._fail(f"There is no command “{wrong}”.{nearest}")
        self._fail(f"{name} cannot be “{wrong}”: choose {', '.join(known)}.{nearest}")

    def _check_options(self, given: Sequence[str]) -> None:
        known = _OPTION.findall(self.format_help())
        for word in given:
            name = word.partition("=")[0]
            if word == "--":
                return
            if word.startswith("--") and not any(each.startswith(name) for each in known):
                self._fail(f"There is no option “{name}”.{did_you_mean(name, known)}")

    def _fail(self, sentence: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{sentence} See “{self.prog} --help”.\n")


class ShowVersion(argparse.Action):
    """The option `--version`: prints the program's version and exits."""

    def __init__(self, option_strings: Sequence[str], dest: str, **_: Any) -> None:
        """Take no value."""
        about = "print the program's version and exit"
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=about)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and exit."""
        sys.stdout.write(f"{PROGRAM} {version()}\n")
        parser.exit()
