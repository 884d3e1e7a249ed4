"""Contract tests of stored faces: bound to one customer and place, and protected from changes."""

import numpy as np
import pytest

from face_auth.errors import GalleryError
from tests.fleet.contract.banks import Bank, face

ADA, BOB = "a" * 32, "b" * 32


def saved(bank: Bank, name: str, owner: str, template_id: str):
    template, captures = face(name, owner)
    bank.gallery.save(template_id, template, captures)
    return template, captures


def test_a_face_is_found_as_it_was_saved(bank: Bank) -> None:
    template, captures = saved(bank, "ada", ADA, "t1")
    again = bank.reopened()
    found = again.gallery.load("t1", ADA)
    assert (found.customer_id, found.network, found.network_sha256) == (
        ADA, template.network, template.network_sha256
    )  # fmt: skip
    np.testing.assert_array_equal(found.embeddings, template.embeddings)
    np.testing.assert_array_equal(found.svm.weights, template.svm.weights)
    assert found.svm.bias == template.svm.bias
    pictures = again.gallery.load_captures("t1", ADA)
    assert len(pictures) == len(captures)
    for picture, capture in zip(pictures, captures, strict=True):
        np.testing.assert_array_equal(picture.image, capture.image)
        assert picture.box == capture.box
    again.close()


def test_a_face_is_nobody_elses(bank: Bank) -> None:
    saved(bank, "ada", ADA, "t1")
    for load in (bank.gallery.load, bank.gallery.load_captures):
        for template_id, owner in (("t1", BOB), ("t2", ADA)):
            with pytest.raises(GalleryError):
                load(template_id, owner)


def test_one_bit_of_a_template_is_noticed(bank: Bank) -> None:
    saved(bank, "ada", ADA, "t1")
    bank.alter_face("t1")
    with pytest.raises(GalleryError, match="damaged"):
        bank.gallery.load("t1", ADA)


def test_a_template_in_anothers_place_does_not_open(bank: Bank) -> None:
    saved(bank, "ada", ADA, "t1")
    saved(bank, "bob", BOB, "t2")
    bank.swap_faces("t1", "t2")
    with pytest.raises(GalleryError, match="belongs to someone else"):
        bank.gallery.load("t2", BOB)
    bank.gallery.load("t1", ADA)


def test_a_customers_older_template_does_not_open_in_place_of_the_newer(bank: Bank) -> None:
    saved(bank, "ada", ADA, "t1")
    saved(bank, "ada later", ADA, "t2")
    bank.swap_faces("t1", "t2")
    with pytest.raises(GalleryError, match="damaged"):
        bank.gallery.load("t2", ADA)


def test_nothing_is_left_of_a_face_that_is_removed(bank: Bank) -> None:
    saved(bank, "ada", ADA, "t1")
    saved(bank, "bob", BOB, "t2")
    bank.gallery.remove("t1", ADA)
    bank.gallery.remove("t1", ADA)
    for load in (bank.gallery.load, bank.gallery.load_captures):
        with pytest.raises(GalleryError):
            load("t1", ADA)
    bank.gallery.load("t2", BOB)
