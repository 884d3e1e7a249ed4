"""The machine's TPM 2.0, by the commands of tpm2-tools: sealed secrets and counters.

A sealed secret opens in the TPM that sealed it and nowhere else; with PCRs, only after a start that
gave them the same values. A counter only ever rises, also when its index is removed and made anew.
The hierarchy of the owner must have no password, as tpm2-tools leave it.
"""

import contextlib
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from atm.errors import AtmError
from atm.settings import Settings

FIRST_INDEX, INDICES = 0x01A70000, 0x10000
"""NV indices of the counters: in the range that TCG leaves to the owner."""

_LIMIT_S = 30.0
_SEALED = "fixedtpm|fixedparent|noda"
_PARENT = f"{_SEALED}|sensitivedataorigin|userwithauth|restricted|decrypt"
# noda: a power cut during a use would else count as a wrong password, and a few lock the TPM.


class TpmError(AtmError):
    """The TPM cannot be used, or is not the one that sealed this."""


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A secret that only its TPM opens: the two parts of a TPM object."""

    public: bytes
    private: bytes


@dataclass(frozen=True, slots=True)
class Tpm:
    """One TPM.

    Attributes:
        place: How to reach it, such as "device:/dev/tpmrm0" (a TCTI; `Settings.tpm`).
        pcrs: PCRs to seal with, such as "sha256:0,7"; "" for none.
    """

    place: str
    pcrs: str = ""

    @classmethod
    def of(cls, settings: Settings) -> "Tpm | None":
        """Return the TPM of *settings*, None where they name none."""
        return cls(settings.tpm, settings.tpm_pcrs) if settings.tpm else None

    def seal(self, secret: bytes) -> SealedSecret:
        """Seal *secret*, at most 128 bytes.

        Raises:
            TpmError: If the TPM refuses.
        """
        with self._session() as work:
            options = ["-a", f"{_SEALED}|userwithauth"]
            if self.pcrs:
                self._run(work, "createpolicy", "--policy-pcr", "-l", self.pcrs, "-L", "policy")
                options = ["-a", _SEALED, "-L", "policy"]
            self._load(
                work, "create", "-C", "parent", "-u", "public", "-r", "private", "-i", "-",
                *options, given=secret,
            )  # fmt: skip
            return SealedSecret((work / "public").read_bytes(), (work / "private").read_bytes())

    def unseal(self, sealed: SealedSecret) -> bytes:
        """Return the secret.

        Raises:
            TpmError: If another TPM sealed it, or the PCRs have other values now.
        """
        with self._session() as work:
            (work / "public").write_bytes(sealed.public)
            (work / "private").write_bytes(sealed.private)
            self._run(work, "load", "-C", "parent", "-u", "public", "-r", "private", "-c", "sealed")
            policy = ["-p", f"pcr:{self.pcrs}"] if self.pcrs else []
            try:
                return self._run(work, "unseal", "-c", "sealed", *policy)
            finally:
                with contextlib.suppress(TpmError):
                    self._run(work, "flushcontext", "-t")

    def counters(self) -> list[int]:
        """Return the indices of all counters of this program.

        Raises:
            TpmError: If the TPM does not answer.
        """
        with tempfile.TemporaryDirectory(prefix="atm-tpm-") as made:
            told = self._run(Path(made), "getcap", "handles-nv-index").decode("ascii")
        found = [int(each, 16) for each in re.findall("0x[0-9A-Fa-f]+", told)]
        return [each for each in found if FIRST_INDEX <= each < FIRST_INDEX + INDICES]

    def make_counter(self, index: int) -> int:
        """Make the counter *index* where it is missing, and return its value.

        Raises:
            TpmError: If the TPM refuses.
        """
        if index not in self.counters():
            self._nv(
                "nvdefine", index, "-C", "o", "-a",
                "nt=counter|ownerread|ownerwrite|authread|authwrite|no_da",
            )  # fmt: skip
            self.increment(index)
        return self.read(index)

    def remove_counter(self, index: int) -> None:
        """Remove the counter *index*; one made later begins above every value there was.

        Raises:
            TpmError: If there is none.
        """
        self._nv("nvundefine", index, "-C", "o")

    def read(self, index: int) -> int:
        """Return the value of the counter *index*.

        Raises:
            TpmError: If there is none.
        """
        value = self._nv("nvread", index, "-C", hex(index), "-s", "8")
        if len(value) != 8:
            raise TpmError(f"The TPM {self.place} did not tell its counter {index:#x}.")
        return int.from_bytes(value, "big")

    def increment(self, index: int) -> None:
        """Raise the counter *index* by one; the new value survives a power cut.

        Raises:
            TpmError: If there is none.
        """
        self._nv("nvincrement", index, "-C", hex(index))

    def _nv(self, command: str, index: int, *arguments: str) -> bytes:
        with tempfile.TemporaryDirectory(prefix="atm-tpm-") as made:
            return self._run(Path(made), command, hex(index), *arguments)

    @contextlib.contextmanager
    def _session(self) -> Iterator[Path]:
        """Yield a private folder whose file "parent" stands for the storage key."""
        with tempfile.TemporaryDirectory(prefix="atm-tpm-") as made:
            work = Path(made)
            self._load(work, "createprimary", "-C", "o", "-G", "ecc", "-c", "parent", "-a", _PARENT)
            yield work

    def _load(self, work: Path, command: str, *arguments: str, given: bytes = b"") -> None:
        """Run a command that leaves an object in the TPM, whose file of context suffices.

        A TPM without a resource manager has room for three.
        """
        self._run(work, command, *arguments, given=given)
        self._run(work, "flushcontext", "-t")

    def _run(self, work: Path, command: str, *arguments: str, given: bytes = b"") -> bytes:
        quiet = ["-Q"] if command not in ("unseal", "nvread", "getcap") else []
        try:
            done = subprocess.run(
                [f"tpm2_{command}", *arguments, *quiet],
                input=given,
                capture_output=True,
                cwd=work,
                env=os.environ | {"TPM2TOOLS_TCTI": self.place},
                timeout=_LIMIT_S,
                check=False,
            )
        except FileNotFoundError as error:
            raise TpmError("The commands of tpm2-tools are missing; install them.") from error
        except (OSError, subprocess.TimeoutExpired) as error:
            raise TpmError(f"The TPM {self.place} does not answer.") from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            why = next((line for line in said if "0x" in line), said[-1] if said else "no reason")
            raise TpmError(f"The TPM {self.place} refused “{command}”: {why[:200]}.")
        return done.stdout


def index_of(folder_id: str) -> int:
    """Return the NV index of the counter of a data folder."""
    return FIRST_INDEX + int(folder_id[:4], 16)
