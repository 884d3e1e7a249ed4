"""Tests of stored templates and captures: sealed, bound to their owner, damage reported."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from face_auth.errors import GalleryError
from face_auth.gallery import Capture, Gallery, Template
from face_auth.recognition.classifier import CustomerSvm


@pytest.fixture
def gallery(tmp_path) -> Gallery:
    return Gallery(tmp_path / "gallery", template_key=b"t" * 32, capture_key=b"c" * 32)


@pytest.fixture
def template(rng) -> Template:
    embeddings = rng.normal(size=(5, 512)).astype(np.float32)
    return Template("ada", "bundled", "ab" * 32, embeddings, CustomerSvm(embeddings[0], -0.5))


@pytest.fixture
def captures(rng) -> list[Capture]:
    return [
        Capture(
            rng.integers(0, 256, (40 + i, 30, 3), dtype=np.uint8),
            (1.5, 2.5, 20.0, 25.0),
            rng.normal(size=(5, 2)).astype(np.float32),
        )
        for i in range(5)
    ]


def test_what_is_saved_comes_back(gallery, template, captures) -> None:
    gallery.save("t1", template, captures)
    loaded = gallery.load("t1", "ada")
    np.testing.assert_array_equal(loaded.embeddings, template.embeddings)
    np.testing.assert_array_equal(loaded.svm.weights, template.svm.weights)
    assert (loaded.svm.bias, loaded.network) == (-0.5, "bundled")
    for kept, given in zip(gallery.load_captures("t1", "ada"), captures, strict=True):
        np.testing.assert_array_equal(kept.image, given.image)
        np.testing.assert_array_equal(kept.landmarks, given.landmarks)
        assert kept.box == given.box


def test_files_are_for_their_owner_alone(gallery, template, captures, tmp_path) -> None:
    gallery.save("t1", template, captures)
    files = list((tmp_path / "gallery").iterdir())
    assert sorted(f.name for f in files) == ["t1.captures", "t1.template"]
    assert {f.stat().st_mode & 0o777 for f in files} == {0o600}


@pytest.mark.parametrize("kind", ["template", "captures"])
def test_any_changed_byte_is_found(gallery, template, captures, tmp_path, rng, kind) -> None:
    gallery.save("t1", template, captures)
    path = tmp_path / "gallery" / f"t1.{kind}"
    whole = path.read_bytes()
    load = gallery.load if kind == "template" else gallery.load_captures
    for position in [*range(30), *rng.integers(30, len(whole), 200), len(whole) - 1]:
        changed = bytearray(whole)
        changed[position] ^= 1 << int(rng.integers(8))
        path.write_bytes(changed)
        with pytest.raises(GalleryError):
            load("t1", "ada")
    for length in (0, 5, 20, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(GalleryError):
            load("t1", "ada")


def test_a_file_in_anothers_place_does_not_open(gallery, template, captures, tmp_path) -> None:
    gallery.save("t1", template, captures)
    folder = tmp_path / "gallery"
    (folder / "t1.template").rename(folder / "t2.template")
    for template_id, customer in (("t2", "ada"), ("t2", "bob")):
        with pytest.raises(GalleryError):
            gallery.load(template_id, customer)


def test_nothing_of_a_face_can_be_read_without_the_key(
    gallery, template, captures, tmp_path
) -> None:
    gallery.save("t1", template, captures)
    sealed = b"".join(f.read_bytes() for f in (tmp_path / "gallery").iterdir())
    assert template.embeddings.tobytes()[:64] not in sealed
    assert json.dumps("bundled").encode() not in sealed
    assert not zipfile.is_zipfile(io.BytesIO(sealed))
    other = Gallery(tmp_path / "gallery", template_key=b"x" * 32, capture_key=b"c" * 32)
    with pytest.raises(GalleryError):
        other.load("t1", "ada")


def test_removed_files_are_gone_and_missing_ones_are_named(gallery, template, captures) -> None:
    gallery.save("t1", template, captures)
    assert gallery.ids() == {"t1"}
    gallery.remove("t1")
    gallery.remove("t1")
    assert gallery.ids() == set()
    with pytest.raises(GalleryError, match=r"t1\.template"):
        gallery.load("t1", "ada")


def everything(folder: Path) -> dict[str, bytes]:
    """Return every file of *folder* by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("kind", ["template", "captures"])
def test_anothers_file_does_not_open_whoever_its_header_names(
    gallery, template, captures, tmp_path, kind
) -> None:
    gallery.save("t1", template, captures)
    path = tmp_path / "gallery" / f"t1.{kind}"
    load = gallery.load if kind == "template" else gallery.load_captures
    with pytest.raises(GalleryError, match="belongs to someone else"):
        load("t1", "bob")
    path.write_bytes(path.read_bytes().replace(b"\3ada", b"\3bob", 1))
    for customer_id in ("ada", "bob"):
        with pytest.raises(GalleryError, match="belongs to someone else"):
            load("t1", customer_id)


def test_captures_do_not_open_as_a_template(template, captures, tmp_path) -> None:
    gallery = Gallery(tmp_path, template_key=b"k" * 32, capture_key=b"k" * 32)
    gallery.save("t1", template, captures)
    (tmp_path / "t1.captures").rename(tmp_path / "t1.template")
    with pytest.raises(GalleryError, match="damaged"):
        gallery.load("t1", "ada")


def test_changed_keys_open_everything_after_reseal_and_the_old_ones_nothing(
    gallery, template, captures, tmp_path
) -> None:
    gallery.save("t1", template, captures)
    gallery.save("t2", template, captures)
    newer = Gallery(tmp_path / "gallery", template_key=b"T" * 32, capture_key=b"C" * 32)
    with pytest.raises(GalleryError, match="another key"):
        newer.load("t1", "ada")
    assert newer.reseal(template_key=b"t" * 32, capture_key=b"c" * 32) == []
    for template_id in ("t1", "t2"):
        np.testing.assert_array_equal(
            newer.load(template_id, "ada").embeddings, template.embeddings
        )
        assert len(newer.load_captures(template_id, "ada")) == 5
        with pytest.raises(GalleryError, match="another key"):
            gallery.load(template_id, "ada")
    before = everything(tmp_path / "gallery")
    assert newer.reseal(template_key=b"t" * 32, capture_key=b"c" * 32) == []
    assert everything(tmp_path / "gallery") == before


def test_reseal_leaves_and_names_what_it_cannot_open(gallery, template, captures, tmp_path) -> None:
    gallery.save("t1", template, captures)
    gallery.save("t2", template, captures)
    broken = tmp_path / "gallery" / "t2.template"
    broken.write_bytes(broken.read_bytes()[:-1])
    before = broken.read_bytes()
    newer = Gallery(tmp_path / "gallery", template_key=b"T" * 32, capture_key=b"C" * 32)
    for _ in range(2):
        assert newer.reseal(template_key=b"t" * 32, capture_key=b"c" * 32) == ["t2.template"]
    assert broken.read_bytes() == before
    newer.load("t1", "ada")


def test_staged_templates_take_the_place_of_the_present_ones_or_go(
    gallery, template, captures, tmp_path
) -> None:
    better = replace(template, network="vggface2", network_sha256="cd" * 32)
    for name in ("t1", "t2"):
        gallery.save(name, template, captures)
        gallery.stage(name, better)
    assert gallery.load("t1", "ada").network == "bundled" and gallery.ids() == {"t1", "t2"}
    assert gallery.settle(["ab" * 32]) == 0
    assert gallery.load("t1", "ada").network == "bundled"
    for name in ("t1", "t2"):
        gallery.stage(name, better)
    damaged = tmp_path / "gallery" / "t2.staged"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert gallery.settle(["cd" * 32, "ef" * 32]) == 1
    assert [gallery.load(name, "ada").network for name in ("t1", "t2")] == ["vggface2", "bundled"]
    assert len(gallery.load_captures("t1", "ada")) == 5
    assert not list(tmp_path.rglob("*.staged")) and gallery.settle(["cd" * 32]) == 0


def test_staged_template_keeps_its_place_through_a_change_of_keys(
    gallery, template, captures, tmp_path
) -> None:
    gallery.save("t1", template, captures)
    gallery.stage("t1", replace(template, network_sha256="cd" * 32))
    newer = Gallery(tmp_path / "gallery", template_key=b"T" * 32, capture_key=b"C" * 32)
    assert newer.reseal(template_key=b"t" * 32, capture_key=b"c" * 32) == []
    assert newer.settle(["cd" * 32]) == 1
    assert newer.load("t1", "ada").network_sha256 == "cd" * 32


def test_staged_template_is_removed_with_its_customer(gallery, template, tmp_path) -> None:
    gallery.stage("t1", template)
    assert gallery.ids() == {"t1"}
    gallery.remove("t1")
    assert not list((tmp_path / "gallery").iterdir())
