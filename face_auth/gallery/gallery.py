"""The gallery: a folder of templates and captures, encrypted at rest.

Each customer has two files, both named by the template's id: `<id>.template` (embeddings and the
customer's own SVM) and `<id>.captures` (the face crops that it was made from, so that another
network can rebuild it). `face_auth.gallery.sealed_faces` defines their format.

While the network is changed there is a third, `<id>.staged`: the template of the next network,
which `settle` puts in the place of the present one.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from face_auth.errors import GalleryError
from face_auth.files import read_regular, sync_folder, write_whole
from face_auth.gallery.sealed_faces import (
    Capture,
    FaceSeal,
    Template,
    pack_captures,
    pack_template,
    read_header,
    unpack_captures,
    unpack_template,
)

__all__ = ["Capture", "Gallery", "Template"]

_LARGEST = 256 << 20


class Gallery:
    """The folder of all templates and captures."""

    def __init__(self, folder: Path, *, template_key: bytes, capture_key: bytes) -> None:
        """Use *folder*, made if missing (0700), with two keys of 32 bytes each."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        of_templates = FaceSeal("template", template_key)
        self._seals = {
            "template": of_templates,
            "captures": FaceSeal("captures", capture_key),
            "staged": of_templates,
        }

    def save(self, template_id: str, template: Template, captures: Sequence[Capture]) -> None:
        """Write captures and template under a fresh *template_id*.

        Raises:
            OSError: If the disk refuses; nothing usable is left then.
        """
        owner = template.customer_id
        self._seal(template_id, owner, "captures", pack_captures(captures))
        self._seal(template_id, owner, "template", pack_template(template))

    def load(self, template_id: str, customer_id: str) -> Template:
        """Return the template of *customer_id*.

        Raises:
            GalleryError: If it is missing, damaged, or another customer's.
        """
        return self._template(template_id, customer_id, "template")

    def load_captures(self, template_id: str, customer_id: str) -> list[Capture]:
        """Return the captures that the template was made from, to rebuild it.

        Raises:
            GalleryError: If they are missing, damaged, or another customer's.
        """
        plain = self._open(template_id, customer_id, "captures")
        try:
            return unpack_captures(plain)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise GalleryError(f"captures {template_id} have another layout") from error

    def stage(self, template_id: str, template: Template) -> None:
        """Write another network's *template* beside the present one, until `settle`.

        Raises:
            OSError: If the disk refuses.
        """
        self._seal(template_id, template.customer_id, "staged", pack_template(template))

    def settle(self, networks: Collection[str]) -> int:
        """Put each staged template in the place of the present one, or delete it.

        It may be killed and called again, as long as *networks* are the same.

        Args:
            networks: SHA-256 of the files that staff approved; a staged template of another network
                is deleted, and so is one that cannot be read.

        Returns:
            How many took the place of the former ones.

        Raises:
            OSError: If the disk refuses.
        """
        settled = 0
        staged = list(self._folder.glob("*.staged"))
        for path in staged:
            try:
                _, customer_id, _ = read_header(read_regular(path, _LARGEST), path)
                template = self._template(path.stem, customer_id, "staged")
                wanted = template.network_sha256 in networks
            except GalleryError:
                wanted = False
            if wanted:
                path.replace(path.with_suffix(".template"))
                settled += 1
            else:
                path.unlink()
        if staged:
            sync_folder(self._folder)
        return settled

    def remove(self, template_id: str, customer_id: str | None = None) -> None:
        """Delete all files of *template_id*; missing files are ignored.

        Whose face it is does not matter here; a database finds the row by it.
        """
        for purpose in self._seals:
            self._path(template_id, purpose).unlink(missing_ok=True)

    def remove_partials(self) -> None:
        """Delete partial files of interrupted writers; no writer may be active.

        Raises:
            OSError: If the disk refuses.
        """
        for stray in self._folder.glob(".*.partial"):
            stray.unlink(missing_ok=True)

    def ids(self) -> set[str]:
        """Return the ids of all templates and captures on disk, including orphans."""
        return {path.stem for kind in self._seals for path in self._folder.glob(f"*.{kind}")}

    def reseal(self, *, template_key: bytes, capture_key: bytes) -> list[str]:
        """Seal every file of these former keys again with the present ones.

        It may be killed and called again: each file is old or new. A file that neither keys open
        is left as it is.

        Returns:
            The names of the files that were left.

        Raises:
            OSError: If the disk refuses.
        """
        former = Gallery(self._folder, template_key=template_key, capture_key=capture_key)
        left = []
        for purpose, seal in self._seals.items():
            for path in self._folder.glob(f"*.{purpose}"):
                try:
                    key_id, customer_id, _ = read_header(read_regular(path, _LARGEST), path)
                    if key_id == seal.key_id:
                        self._open(path.stem, customer_id, purpose)
                    else:
                        plain = former._open(path.stem, customer_id, purpose)
                        self._seal(path.stem, customer_id, purpose, plain)
                except GalleryError:
                    left.append(path.name)
        return sorted(left)

    def _template(self, template_id: str, customer_id: str, purpose: str) -> Template:
        plain = self._open(template_id, customer_id, purpose)
        try:
            return unpack_template(plain, customer_id)
        except (KeyError, TypeError, ValueError) as error:
            raise GalleryError(f"template {template_id} has another layout") from error

    def _path(self, template_id: str, purpose: str) -> Path:
        return self._folder / f"{template_id}.{purpose}"

    def _seal(self, template_id: str, customer_id: str, purpose: str, plain: bytes) -> None:
        sealed = self._seals[purpose].seal(plain, template_id, customer_id)
        write_whole(self._path(template_id, purpose), sealed)

    def _open(self, template_id: str, customer_id: str, purpose: str) -> bytes:
        path = self._path(template_id, purpose)
        try:
            data = read_regular(path, _LARGEST)
        except OSError as error:
            raise GalleryError(f"{path} cannot be read: {error.strerror}") from error
        return self._seals[purpose].open(data, template_id, customer_id, where=path)
