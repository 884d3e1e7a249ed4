"""Approval of models, model cards, cohort and settings by staff, sealed in the data folder.

Model cards name the digests of the files beside them, but whoever can write there can change both.
So the digests that staff approved are kept under the seal; with any other file the kiosk is out of
service. The check reads each file once, and the machine runs the bytes that were checked
(`face_auth.models.ModelFiles`).

The approval is also where a data folder records its face network: the first one takes the best that
is there, and each later one keeps it (`Approvals.in_effect`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from atm.approval_record import Approval, parse
from atm.approved_models import card_of, digest, file_names, files_of, uses_head
from atm.bound_settings import (
    AUTHORITIES,
    authorities,
    bound_settings,
    changes_for_two,
    looser_settings,
    usual,
)
from atm.errors import NotApprovedError
from atm.folder import DataFolder, Kind
from atm.outside_memory import Memory, outside_memory
from atm.settings import Settings
from credentials.errors import CredentialError, DamagedStoreError
from credentials.sealed.record_file import RecordFile
from credentials.sealed.seal import Seal
from face_auth.errors import ModelError

if TYPE_CHECKING:
    from face_auth.models import ModelFiles

APPROVAL_FILE = "approval.json"

UNSIGNED = "Two members of staff must still approve this kiosk. Ask staff."
"""Why a live folder without a memory outside its disk serves nobody yet."""

_MEMORY, _SIGNED_BY_ONE = "memory", "none, signed by one"
"""Name of the memory outside the disk among the approved settings, and what the first member of
staff alone can say of it."""

_COVERING = "covering.npz"
"""Older approvals list neither this file, which the approved card names with its digest, nor the
liveness network, of which only the published file runs."""
_ADVICE = "run “python -m atm approve”"


class Approvals:
    """File of the latest approval of one data folder."""

    def __init__(self, folder: DataFolder, seal: Seal) -> None:
        """Use the approval file in *folder*, whose key made *seal*; nothing is opened yet."""
        self._folder = folder
        self._live = folder.kind is Kind.LIVE
        self._file = RecordFile(folder.path / APPROVAL_FILE, parse, seal)

    @property
    def generation(self) -> int:
        """Number of approvals so far; the audit log remembers it.

        Raises:
            NotApprovedError: If the file cannot be read, or was altered.
        """
        with _as_not_approved():
            return self._file.generation

    @property
    def last(self) -> Approval | None:
        """The latest approval, None if there is none.

        Raises:
            NotApprovedError: If the file cannot be read, or was altered.
        """
        with _as_not_approved():
            return self._file.read()

    def in_effect(self, settings: Settings, *, models: Path | ModelFiles | None = None) -> Settings:
        """Return *settings* with the name of the face network that this folder uses.

        A network that *settings* name is kept; `check` refuses one that was not approved. Otherwise
        it is the one of the last approval ("bundled" where that was altered), and before the first
        approval the best that is there.
        """
        if settings.network:
            return settings
        from face_auth.models import BUNDLED, best_network  # NumPy with it, as in `models_of`

        try:
            last = self.last
        except NotApprovedError:  # `check` says so
            return replace(settings, network=BUNDLED)
        recorded = best_network(files_of(settings, models).folder) if last is None else last.network
        return replace(settings, network=recorded)

    def approve(
        self,
        settings: Settings,
        by: Sequence[str],
        *,
        models: Path | ModelFiles | None = None,
        after: int = 0,
        confirmed: str = "",
        now: datetime | None = None,
    ) -> Approval:
        """Approve the present models and settings; this replaces the previous approval.

        One may sign that nothing outside the disk remembers the log, but nobody is served until two
        have (`problem`).

        Args:
            settings: In effect: defaults, file, environment and options together.
            by: Names of those who sign.
            models: The folder of the model files, or those that a machine has read already; by
                default those that come with the program.
            after: The generation that the audit log remembers; an altered approval is replaced too.
            confirmed: The `terms` that those who sign have read and confirmed.
            now: Time of the approval.

        Raises:
            NotApprovedError: If a file is missing or a card is damaged, it cannot be written, the
                network's terms were not confirmed, or a live folder is to be looser than its
                defaults by one signature.
            ValueError: If nobody signs.
        """
        if not by:
            raise ValueError("an approval needs a name")
        source = files_of(settings, models)
        settings = self.in_effect(settings, models=source)
        looser = self.looser(settings, models=source, after=after)
        if looser and len(set(by)) < 2:
            raise NotApprovedError(
                f"A live data folder takes this from two members of staff only: {looser}. Make the"
                " folder with the defaults, then let two run “python -m atm approve”."
            )
        if self.terms(settings, models=source) not in ("", confirmed):
            raise NotApprovedError(
                f"The terms of the face network “{settings.network}” were not confirmed;"
                f" {_ADVICE}, read them and confirm them, or use the network “bundled”."
            )
        names = file_names(settings, source, live=self._live)
        files = {name: digest(source, name) for name in names}
        bound = bound_settings(settings) | authorities(settings, AUTHORITIES)
        bound[_MEMORY] = self._memory(settings, by)
        approval = Approval(tuple(by), now or datetime.now(UTC), files, bound)
        with _as_not_approved():
            with contextlib.suppress(DamagedStoreError):
                after = max(after, self._file.generation)
            self._file.rewrite([approval.record()], after + 1)
        return approval

    def terms(self, settings: Settings, *, models: Path | ModelFiles | None = None) -> str:
        """Return what staff must confirm to approve *settings*: the network's terms, or "".

        Only a live folder asks: the others serve no bank.

        Raises:
            NotApprovedError: If the network's card is missing or damaged.
        """
        if not self._live:
            return ""
        files = files_of(settings, models)
        return card_of(self.in_effect(settings, models=files).network, files).terms

    def looser(
        self, settings: Settings, *, models: Path | ModelFiles | None = None, after: int = 0
    ) -> str:
        """Return why two must sign: what is looser than a live folder's defaults; "" if nothing is.

        It is also a change of `TWO_CHANGE`, and any approval in the place of one that is not the
        last, which shows no change.

        Args:
            settings: In effect.
            models: As `approve` takes them.
            after: The generation that the audit log remembers.

        Raises:
            NotApprovedError: If the network's card is missing or damaged.
        """
        from face_auth.models import LIVENESS_HEAD, is_shipped

        if not self._live:
            return ""
        files = files_of(settings, models)
        settings = self.in_effect(settings, models=files)
        rate = card_of(settings.network, files).default_rate
        found = [*looser_settings(settings, rate), *self._changes(settings, after)]
        heads = [LIVENESS_HEAD] if uses_head(settings) else []
        for name in (settings.network, "mtcnn", *heads):
            try:
                if not is_shipped(name, files):
                    found.append(f"the model card of {name} is not the one of this program")
            except ModelError as error:
                raise NotApprovedError(str(error)) from error
        return "; ".join(found)

    def _changes(self, settings: Settings, after: int) -> list[str]:
        with contextlib.suppress(NotApprovedError):
            last = self.last
            if self.generation >= after:
                if last is None:
                    return []
                return changes_for_two(settings, last.settings)
        return ["the last approval is missing, old or altered"]

    def check_service(self, settings: Settings) -> None:
        """Check that *settings* name the service, or none, for which this folder was approved.

        Staff sign in where that setting says, so nobody can sign for another service.

        Raises:
            NotApprovedError: If they name another one, or the last approval was altered.
        """
        last = self.last
        if last is not None and last.settings.get("store", "") != settings.store:
            raise NotApprovedError(
                f"The data folder {self._folder.path} is not one of"
                f" {settings.store or 'a kiosk that keeps its own customers'}: make a new data"
                " folder, with a key folder of its own."
            )

    def problem(self, settings: Settings) -> str:
        """Return why nobody may be served yet, "" where they may."""
        if not self._live or outside_memory(settings, self._folder) is not Memory.NONE:
            return ""
        with contextlib.suppress(NotApprovedError):  # `check` says what is wrong with it
            found = self.last
            if found is not None and found.settings.get(_MEMORY) == Memory.NONE:
                return ""
        return UNSIGNED

    def check(self, settings: Settings, *, models: Path | ModelFiles | None = None) -> Approval:
        """Check that the models, and in a live folder the settings, are the approved ones.

        Args:
            settings: In effect.
            models: As `approve` takes them; what *models* has read is checked, and nothing else.

        Raises:
            NotApprovedError: If they are not, nothing was approved yet, or the approval was
                altered; the sentence names what differs.
        """
        found = self.last
        if found is None:
            raise NotApprovedError(f"Staff have not approved models and settings yet; {_ADVICE}.")
        from face_auth.models import LIVENESS_FILE

        settings = self.in_effect(settings)
        if settings.network != found.network:
            raise NotApprovedError(
                f"The setting network is “{settings.network}”, but staff approved"
                f" “{found.network}”: remove the setting, or"
                f" run “python -m atm rebuild {settings.network}”."
            )
        files = files_of(settings, models)
        for name, approved in found.files.items():
            if digest(files, name) != approved:
                raise NotApprovedError(
                    f"The model file {files.path(name)} differs from what staff approved;"
                    f" {_ADVICE}."
                )
        names = file_names(settings, files, live=self._live)
        if _COVERING not in found.files:
            names -= {_COVERING, LIVENESS_FILE}
        if names - found.files.keys():
            raise NotApprovedError(
                f"The model files in {files.folder} differ from what staff approved; {_ADVICE}."
            )
        if not self._live:
            return found
        defaults = bound_settings(usual(settings))
        now = bound_settings(settings)
        now |= authorities(settings, found.settings)
        for name in sorted((now.keys() | found.settings.keys()) - {_MEMORY}):
            # A setting that is newer than the approval had its default then.
            if now.get(name) != found.settings.get(name, defaults.get(name)):
                raise NotApprovedError(
                    f"The setting {name} differs from what staff approved; {_ADVICE}."
                )
        then, memory = found.settings.get(_MEMORY), outside_memory(settings, self._folder)
        if then in (Memory.SERVICE, Memory.TPM, Memory.DISK) and then != memory:
            raise NotApprovedError(
                f"Outside this disk {then} remembered the audit log when staff approved, and now"
                f" {memory} does: connect it again, or {_ADVICE}."
            )
        return found

    def _memory(self, settings: Settings, by: Sequence[str]) -> str:
        alone = bool(self.problem(settings)) and len(set(by)) < 2
        return _SIGNED_BY_ONE if alone else outside_memory(settings, self._folder)


@contextlib.contextmanager
def _as_not_approved() -> Iterator[None]:
    try:
        yield
    except CredentialError as error:
        raise NotApprovedError(str(error)) from error
