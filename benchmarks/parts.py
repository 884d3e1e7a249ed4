"""The parts of a run, each measured for itself: printed and saved as soon as it is done."""

import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from benchmarks import table
from benchmarks.results import Report


class Parts:
    """One part after the other; what fails in one leaves the others alone.

    Attributes:
        report: What was measured so far. It is on disk too, so a run that is cut off keeps it.
        failed: Whether a part ended with an error.
    """

    def __init__(self, report: Report, out: Path) -> None:
        """Print what *report* says of the machine, and save it into the folder *out*.

        Raises:
            OSError: If the folder cannot be written to.
        """
        self.report = report
        self.failed = False
        self._out = out
        print(table.text(report), flush=True)
        self._save()

    def measure(self, name: str, work: Callable[[Report], None], network: str = "") -> None:
        """Measure one part, print its tables and save the whole.

        Args:
            name: Of the part; an error is reported under it.
            work: Adds its results to the report that it is given.
            network: Is added in brackets to the names of the results, if given.
        """
        print(f"... {name} {network}".rstrip(), file=sys.stderr, flush=True)
        part = Report()
        try:
            work(part)
        except Exception as error:
            traceback.print_exc()
            part.failed[name] = in_one_line(error)
            self.failed = True
        except KeyboardInterrupt:
            part.failed[name] = "it was cut off"
            raise
        finally:
            part = part.of_network(network)
            self.report.add(part)
            print(table.text(part), flush=True)
            self._save()

    def _save(self) -> None:
        self.report.save(self._out / "speed.json")
        (self._out / "speed.txt").write_text(table.text(self.report), "utf-8")
        (self._out / "speed.md").write_text(table.markdown(self.report), "utf-8")


def in_one_line(error: Exception) -> str:
    """Return the type and text of *error*, at most 300 characters without a line break."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
