"""Counter in the TPM that the log's anchor is bound to, so that no image of the disk replaces it.

Each anchoring writes the counter's next value into the anchor, under a MAC whose key the TPM has
sealed, and then raises the counter. So an anchor whose value is lower than the counter's was put
back; one whose value is one higher was just written when the power went, and the counter is raised
then. The counter is an ordinary one, not an "orderly" one: that jumps at a power cut, and an image
could be put back within the jump.

A chip bears so many writes: 500,000 on the one whose data sheet was read (ST33GTPMISPI). At most
`AT_ONCE` entries in a row and `A_DAY` a day raise the counter; further ones are anchored with the
next that does. 250 a day for 5 years are 456,250 writes.
"""

import contextlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self, TypeVar

from atm.audit.entries import KEY_BYTES, AuditError
from atm.setting_values import PLACE_OF_TPM
from atm.tpm import SealedSecret, Tpm, TpmError, index_of
from credentials.errors import CredentialError
from credentials.sealed import files
from credentials.sealed.files import JsonObject

AT_ONCE, A_DAY = 60, 250
SUFFIX = ".counter"

T = TypeVar("T")

_VERSION = 1
_DAY_S = 86_400.0


class Thrift:
    """Limit of writes to the TPM: so many in a row, and so many a day on the average."""

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        """Begin with `AT_ONCE` writes; *steady* returns seconds."""
        self._steady = steady
        self._left, self._at = float(AT_ONCE), steady()

    def spend(self) -> bool:
        """Return whether a write may be made now, and count it."""
        now = self._steady()
        self._left = min(float(AT_ONCE), self._left + (now - self._at) * A_DAY / _DAY_S)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(frozen=True, slots=True)
class _Description:
    """Content of the counter's file: where it is, and the sealed key of its MACs."""

    place: str
    pcrs: str
    index: int
    begins: int
    public: str
    private: str


class Counter:
    """Counter of one data folder's log; the caller holds the log's lock."""

    def __init__(self, path: Path) -> None:
        """Use the counter that the file *path* describes; nothing is opened yet."""
        self.path = path
        self._thrift = Thrift()
        self._key: bytes | None = None
        self._known: _Description | None = None

    @classmethod
    def of(cls, key_dir: Path, folder_id: str) -> Self | None:
        """Return the counter of a folder, None where it has none."""
        path = key_dir / f"{folder_id}{SUFFIX}"
        return cls(path) if path.exists() else None

    @classmethod
    def make(cls, key_dir: Path, folder_id: str, tpm: Tpm) -> None:
        """Make the counter of a folder in *tpm*, and the file that describes it.

        Raises:
            AuditError: If TPM or disk refuses.
        """
        path = key_dir / f"{folder_id}{SUFFIX}"
        try:
            index, key = index_of(folder_id), secrets.token_bytes(KEY_BYTES)
            sealed = tpm.seal(key)
            made = _Description(
                tpm.place, tpm.pcrs, index, tpm.make_counter(index), sealed.public.hex(),
                sealed.private.hex(),
            )  # fmt: skip
            document = {"version": _VERSION, **asdict(made), "tag": _tag(key, asdict(made))}
            files.private_folder(path.parent)
            with files.locked(path):
                files.write_whole(path, json.dumps(document, indent=1).encode("ascii") + b"\n")
        except (TpmError, CredentialError) as error:
            raise AuditError(str(error)) from error
        except OSError as error:
            raise AuditError(f"The counter {path} cannot be made: {error.strerror}.") from error

    @classmethod
    def replace(cls, key_dir: Path, folder_id: str, tpm: Tpm | None) -> None:
        """Make a counter in *tpm*, or none, in the place of one that another TPM had.

        Raises:
            AuditError: If TPM or disk refuses.
        """
        if tpm is not None:
            cls.make(key_dir, folder_id, tpm)
            return
        try:
            files.remove(key_dir / f"{folder_id}{SUFFIX}")
        except CredentialError as error:
            raise AuditError(str(error)) from error

    @contextlib.contextmanager
    def raised(self, *, gives: bool) -> Iterator[int]:
        """Yield the value for a new anchor, and raise the counter to it once that is written.

        Args:
            gives: Whether something is given out after the entry, so that it must not come undone;
                else, and over the budget of writes, the value is the present one.

        Raises:
            AuditError: If the TPM does not answer.
        """
        present = self._value()
        value = present + 1 if gives and self._thrift.spend() else present
        yield value
        if value > present:
            self._raise()

    def _raise(self) -> None:
        self._ask(lambda tpm, index: tpm.increment(index))

    def check(self, anchored: JsonObject | None) -> None:
        """Check the anchor's document against the counter; see the module.

        Raises:
            AuditError: If it was put back or altered, or the TPM is another one.
        """
        present = self._value()
        if anchored is None:
            if present != self._description().begins:
                raise AuditError(
                    f"The log's anchor is missing, but the TPM counted {present}: an old image of"
                    " the disk was put back, or the anchor is lost. Ask the auditor."
                )
            return
        value, tag = anchored.get("counter"), anchored.get("tag")
        if type(value) is not int or not isinstance(tag, str) or not self._is_tag(tag, anchored):
            raise AuditError("The log's anchor was altered, or is not bound to this TPM's counter.")
        if value == present + 1:  # the power went in between
            self._raise()
        elif value != present:
            raise AuditError(
                f"The log's anchor has {value}, but the TPM counted {present}: an old image of the"
                " disk was put back. Ask the auditor."
            )

    def tagged(self, document: JsonObject) -> JsonObject:
        """Return *document* with its MAC.

        Raises:
            AuditError: If the TPM does not open the key.
        """
        return document | {"tag": _tag(self._opened(), self._bound(document))}

    def _is_tag(self, tag: str, anchored: JsonObject) -> bool:
        document = {name: each for name, each in anchored.items() if name != "tag"}
        return hmac.compare_digest(tag, _tag(self._opened(), self._bound(document)))

    def _bound(self, document: JsonObject) -> JsonObject:
        return document | {"folder": self.path.stem, "index": self._description().index}

    def _value(self) -> int:
        return self._ask(lambda tpm, index: tpm.read(index))

    def _ask(self, act: Callable[[Tpm, int], T]) -> T:
        known = self._description()
        try:
            return act(Tpm(known.place, known.pcrs), known.index)
        except TpmError as error:
            raise AuditError(str(error)) from error

    def _opened(self) -> bytes:
        if self._key is None:
            self._description()
        assert self._key is not None
        return self._key

    def _description(self) -> _Description:
        """Return what the file says, once the TPM has opened the key that vouches for it."""
        if self._known is not None:
            return self._known
        try:
            found = files.read_json(self.path)
            document = found[0] if found else {}
            version, tag = document.pop("version", None), document.pop("tag", None)
            known = _Description(**document)  # type: ignore[arg-type]
            if not PLACE_OF_TPM.fullmatch(known.place):  # a command would be run
                raise ValueError("no place of a TPM")
            beside = files.read_json(self.path.with_suffix(".key"))
            if beside and beside[0].get("tpm", known.place) != known.place:
                raise AuditError(
                    f"The counter {self.path} is in another TPM than the key beside it: it was"
                    " exchanged. Ask the auditor."
                )
            sealed = SealedSecret(bytes.fromhex(known.public), bytes.fromhex(known.private))
            key = Tpm(known.place, known.pcrs).unseal(sealed)
        except TpmError as error:
            raise AuditError(str(error)) from error
        except (CredentialError, TypeError, ValueError) as error:
            raise AuditError(f"The counter {self.path} is damaged.") from error
        right = isinstance(tag, str) and hmac.compare_digest(tag, _tag(key, asdict(known)))
        if version != _VERSION or len(key) != KEY_BYTES or not right:
            raise AuditError(f"The counter {self.path} was altered.")
        self._known, self._key = known, key
        return known


def _tag(key: bytes, document: JsonObject) -> str:
    text = json.dumps(document, sort_keys=True).encode("ascii")
    return hmac.digest(key, text, "sha256").hex()
