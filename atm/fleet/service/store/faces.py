"""Templates, captures and mean embeddings in the shared store, each encrypted for its row."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, insert, select, tuple_, update

from atm.fleet.service.store.database import Database
from atm.fleet.service.store.keys import KeyRing
from atm.fleet.service.store.schema import FACES
from face_auth.errors import GalleryError
from face_auth.gallery.duplicates import mean_of
from face_auth.gallery.sealed_faces import (
    Capture,
    Template,
    pack_captures,
    pack_template,
    unpack_captures,
    unpack_template,
)

_NETWORK_BYTES = 32
_PAGE = 2000  # means of one KiB each


class FaceRows:
    """Faces in the database; implements `atm.ports.Faces`."""

    def __init__(self, database: Database, ring: KeyRing) -> None:
        """Keep faces in *database*, encrypted with the keys of *ring*."""
        self._database = database
        self._ring = ring

    def save(self, template_id: str, template: Template, captures: Sequence[Capture]) -> None:
        """Store captures, template and mean under a new *template_id*."""
        owner, seals = template.customer_id, self._ring.current().faces
        mean = mean_of(template.embeddings)[0].astype(np.float16)
        plain = {
            "template": pack_template(template),
            "captures": pack_captures(captures),
            "mean": bytes.fromhex(template.network_sha256) + mean.tobytes(),
        }
        row = {each: seals[each].seal(data, template_id, owner) for each, data in plain.items()}
        made = insert(FACES).values(customer_id=owner, template_id=template_id, **row)
        self._database.run(lambda connection: connection.execute(made))

    def load(self, template_id: str, customer_id: str) -> Template:
        """Return the template of *customer_id*.

        Raises:
            GalleryError: If it is missing, damaged, or another customer's.
        """
        plain = self._open("template", template_id, customer_id)
        try:
            return unpack_template(plain, customer_id)
        except (KeyError, TypeError, ValueError) as error:
            raise GalleryError(f"template {template_id} has another layout") from error

    def load_captures(self, template_id: str, customer_id: str) -> list[Capture]:
        """Return the captures that the template was made from.

        Raises:
            GalleryError: As `load`.
        """
        plain = self._open("captures", template_id, customer_id)
        try:
            return unpack_captures(plain)
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise GalleryError(f"captures {template_id} have another layout") from error

    def remove(self, template_id: str, customer_id: str) -> None:
        """Blank the encrypted columns; a missing row is no error."""
        blank = (
            update(FACES)
            .where(FACES.c.customer_id == customer_id, FACES.c.template_id == template_id)
            .values(template=None, captures=None, mean=None)
        )
        self._database.run(lambda connection: connection.execute(blank))

    def means(self, network_sha256: str) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        """Yield the customers and mean embeddings of one network, a few thousand at a time.

        Each page is a transaction of its own, so a customer who enrols meanwhile may be missed.

        Yields:
            Customer ids, and unit rows, shape (n, 512), in their order.

        Raises:
            GalleryError: If one was altered.
        """
        last: tuple[str, str] | None = None
        while page := self._page(last):
            last = page[-1][:2]
            seal = self._ring.current().faces["mean"]
            owners, rows = [], []
            for customer_id, template_id, sealed in page:
                where = f"the mean of template {template_id}"
                plain = seal.open(sealed, template_id, customer_id, where=where)
                if plain[:_NETWORK_BYTES].hex() == network_sha256:
                    owners.append(customer_id)
                    rows.append(np.frombuffer(plain[_NETWORK_BYTES:], np.float16))
            if owners:
                yield owners, np.stack(rows).astype(np.float32)

    def _page(self, last: tuple[str, str] | None) -> list[tuple[str, str, bytes]]:
        query = (
            select(FACES.c.customer_id, FACES.c.template_id, FACES.c.mean)
            .where(FACES.c.mean.is_not(None))
            .order_by(FACES.c.customer_id, FACES.c.template_id)
            .limit(_PAGE)
        )
        if last is not None:
            query = query.where(tuple_(FACES.c.customer_id, FACES.c.template_id) > last)

        def work(connection: Connection) -> list[tuple[str, str, bytes]]:
            return [(a, b, c) for a, b, c in connection.execute(query).all()]

        return self._database.run(work)

    def _open(self, purpose: str, template_id: str, customer_id: str) -> bytes:
        column: Column[bytes] = FACES.c[purpose]
        query = select(column).where(
            FACES.c.customer_id == customer_id, FACES.c.template_id == template_id
        )

        def work(connection: Connection) -> bytes | None:
            return connection.execute(query).scalar_one_or_none()

        where = f"the {purpose} {template_id}"
        sealed = self._database.run(work)
        if sealed is None:
            raise GalleryError(f"{where} is missing")
        seal = self._ring.current().faces[purpose]
        return seal.open(bytes(sealed), template_id, customer_id, where=where)
