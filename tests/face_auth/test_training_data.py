"""Tests of training without PyTorch: shards, preparation, people, teachers and comparison."""

import dataclasses
import io
import json
import shutil
import tarfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from face_auth import files
from face_auth.datasets import unseen as lists
from face_auth.errors import ModelError
from face_auth.evaluation.bootstrap import Attempts
from face_auth.evaluation.metrics import Interval
from face_auth.model_making.card_writing import check, write_entry
from face_auth.model_making.cohort import People, pack
from face_auth.model_making.recipes import write_bundled
from face_auth.models import MODELS, load_card, load_cohort, read_entry
from face_auth.recognition.alignment import FIVE_POINTS, align
from face_auth.recognition.embedding import load_network
from face_auth.training import shipping
from face_auth.training.command import _look_alikes, main, teacher_named
from face_auth.training.compare import (
    Comparison,
    Difference,
    Outcome,
    best_threshold,
    compare,
    differences,
)
from face_auth.training.people import (
    Half,
    half_of,
    is_held_out,
    labels,
    look_alikes,
    refuse_leaks,
    without,
)
from face_auth.training.prepare import prepare
from face_auth.training.settings import Settings, from_json, of_stage
from face_auth.training.shards import (
    MARGIN,
    QUALITY,
    SIDE,
    Faces,
    TrainingError,
    digest,
    read_shards,
    write_shards,
)
from face_auth.training.shipping import put_in_place, replace
from face_auth.training.teacher import PartialWhitening, read_vectors, rows_of, teach, write_vectors

Picture = NDArray[np.uint8]


def blob(seed: int, side: int = SIDE) -> Picture:
    """A picture of soft colours, another one for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8)


def as_stored(picture: Picture) -> Picture:
    """The picture as WebP of a shard's quality shows it."""
    _, data = cv2.imencode(".webp", picture[:, :, ::-1], (cv2.IMWRITE_WEBP_QUALITY, QUALITY))
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[:, :, ::-1], np.uint8)


def faces_of(names: Sequence[str], first: int = 0, photographs: Sequence[str] = ()) -> Faces:
    pictures = np.stack([blob(first + number) for number in range(len(names))])
    return Faces(tuple(names), pictures, tuple(photographs or [""] * len(names)), ())


def test_faces_come_back_from_shards_by_name(tmp_path: Path) -> None:
    kept = [(f"ada/{number}", blob(number), f"photo {number}") for number in range(3)]
    (shard,) = write_shards(tmp_path, "own", kept)
    faces = read_shards([shard])
    assert faces.names == ("own/ada/0", "own/ada/1", "own/ada/2")
    assert faces.photographs == ("photo 0", "photo 1", "photo 2")
    assert faces.people == ["ada"] * 3
    for picture, (_, original, _) in zip(faces.pictures, kept, strict=True):
        assert np.array_equal(picture, as_stored(original))
        assert np.abs(picture.astype(int) - original).mean() < 6


def test_shards_stay_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("face_auth.training.shards.LARGEST_SHARD", 40_000)
    noise = np.random.default_rng(1).integers(0, 256, (6, SIDE, SIDE, 3), np.uint8)
    shards = write_shards(tmp_path, "own", [(f"ada/{n}", face, "") for n, face in enumerate(noise)])
    assert len(shards) > 1
    assert all(shard.stat().st_size <= 40_960 for shard in shards)
    assert len(read_shards([tmp_path]).names) == 6
    write_shards(tmp_path, "own", [("ada/0", noise[0], "")])
    assert len(read_shards([tmp_path]).names) == 1


def test_a_broken_picture_is_skipped_and_listed(tmp_path: Path) -> None:
    (shard,) = write_shards(tmp_path, "own", [("ada/0", blob(0), ""), ("ada/1", blob(1), "")])
    with tarfile.open(shard, "a") as archive:
        for name, data in (("cut", b"RIFF1234WEBP"), ("small", _webp(blob(2, 64)))):
            member = tarfile.TarInfo(f"own/ada/{name}.webp")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    faces = read_shards([tmp_path])
    assert faces.names == ("own/ada/0", "own/ada/1")
    assert [line.split(" in ")[0] for line in faces.broken] == ["own/ada/cut", "own/ada/small"]


def test_what_is_no_shard_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no shard"):
        read_shards([tmp_path])
    (tmp_path / "cut.tar").write_bytes(b"no tar")
    with pytest.raises(TrainingError, match=r"cut\.tar cannot be read"):
        read_shards([tmp_path])
    (shard,) = write_shards(tmp_path / "one", "own", [("ada/0", blob(0), "")])
    with pytest.raises(TrainingError, match="own/ada/0 is there twice"):
        read_shards([shard, shard])


def test_preparing_aligns_with_a_margin_and_lists_what_has_no_face(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "ada").mkdir(parents=True)
    photograph = blob(3, 250)
    cv2.imwrite(str(source / "ada" / "one.png"), photograph[:, :, ::-1])
    cv2.imwrite(str(source / "ada" / "one.jpg"), photograph[:, :, ::-1])
    (source / "ada" / "cut.jpg").write_bytes(b"\xff\xd8\xff cut")
    cv2.imwrite(str(source / "ada" / "other.png"), photograph)
    (source / "ada" / "gone.jpg").symlink_to("nowhere.jpg")
    points = np.asarray(FIVE_POINTS + 60, np.float32)
    known = {"ada/one.png": points, "ada/one.jpg": points}
    made = prepare(source, tmp_path / "out", "own", landmarks=known)
    assert (made.faces, made.people) == (2, 1)
    assert [Path(line.split(": ")[0]).name for line in made.left_out] == [
        "gone.jpg",
        "cut.jpg",
        "other.png",
    ]
    for line, why in zip(made.left_out, ("dead link", "damaged", "no face"), strict=True):
        assert why in line
    faces = read_shards(made.shards)
    assert set(faces.names) == {"own/ada/one.jpg", "own/ada/one.png"}
    of_png = faces.names.index("own/ada/one.png")
    assert np.array_equal(faces.pictures[of_png], as_stored(align(photograph, points, MARGIN)))
    assert faces.photographs[of_png] == digest(photograph)


def test_the_margin_surrounds_the_very_face_that_the_network_sees() -> None:
    photograph, points = blob(4, 250), FIVE_POINTS * 1.2 + 40
    whole, middle = align(photograph, points, 12.0), align(photograph, points)
    assert whole.shape == (136, 136, 3)
    assert np.abs(whole[12:-12, 12:-12].astype(int) - middle).max() <= 1


def test_a_folder_without_a_face_is_refused(tmp_path: Path) -> None:
    (tmp_path / "source" / "ada").mkdir(parents=True)
    grey = np.full((200, 200, 3), 90, np.uint8)
    cv2.imwrite(str(tmp_path / "source" / "ada" / "grey.png"), grey)
    with pytest.raises(TrainingError, match="No face was found"):
        prepare(tmp_path / "source", tmp_path / "out", "own")
    assert "grey.png: no face" in (tmp_path / "out" / "own.left_out.txt").read_text()


def test_people_of_one_name_are_one_and_the_unnamed_are_none() -> None:
    people = ["ada", "unnamed", "bo", "ada", "unnamed", "unnamed", "ada", "bo"]
    numbers, names = labels(people, 3)
    assert names == ["ada"]
    assert numbers.tolist() == [0, -1, -1, 0, -1, -1, 0, -1]


def test_a_planted_name_is_refused_however_it_is_written() -> None:
    training = faces_of(["own/ada/0", "own/Bo  Long_Name/0"])
    unseen = faces_of(["lfw/Cy/0"], first=50)
    refuse_leaks(training, unseen, ["Di"])
    with pytest.raises(TrainingError, match=r"1 faces to train on belong to.*own/Bo"):
        refuse_leaks(training, unseen, ["bo_long_name"])
    with pytest.raises(TrainingError, match="own/ada/0"):
        refuse_leaks(training, faces_of(["lfw/Ada/7"], first=50), [])


def test_a_planted_picture_is_refused_under_any_name() -> None:
    unseen = faces_of(["lfw/Cy/0", "lfw/Cy/1"], first=50, photographs=["p", "q"])
    same_pixels = faces_of(["own/ada/0"], first=51)
    with pytest.raises(TrainingError, match=r"own/ada/0 \(is lfw/Cy/1\)"):
        refuse_leaks(same_pixels, unseen, [])
    same_photograph = faces_of(["own/ada/0"], first=9, photographs=["p"])
    with pytest.raises(TrainingError, match=r"own/ada/0 \(is lfw/Cy/0\)"):
        refuse_leaks(same_photograph, unseen, [])
    refuse_leaks(faces_of(["own/ada/0"], first=9, photographs=["other"]), unseen, [])


def test_look_alikes_can_be_left_out_by_name_and_a_wrong_name_is_refused() -> None:
    faces = faces_of(["own/ada/0", "own/bo/0", "own/ada/1"])
    left = without(faces, ["ada"])
    assert left.names == ("own/bo/0",)
    assert np.array_equal(left.pictures[0], faces.pictures[1])
    with pytest.raises(TrainingError, match="Nobody is called Ada"):
        without(faces, ["Ada"])


def test_training_does_not_start_with_a_leak(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole command: the same photograph, planted under another name."""
    write_shards(tmp_path / "unseen", "lfw", [("Cy/0", blob(0), ""), ("Di/0", blob(1), "")])
    write_shards(tmp_path / "own", "own", [("ada/0", blob(1), ""), ("ada/1", blob(2), "")])
    line = ["train", str(tmp_path / "run"), "--stage", "names"]
    line += ["--faces", str(tmp_path / "own"), "--unseen", str(tmp_path / "unseen")]
    assert main(line) == 2
    assert "own/ada/0 (is lfw/Di/0)" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_the_most_alike_across_both_sides_are_reported() -> None:
    trained = np.eye(3, 4, dtype=np.float32)
    unseen = np.array([[0, 0.6, 0, 0.8], [0.28, 0, 0, 0.96]], np.float32)
    first, second, third = look_alikes(trained, ["a", "b", "c"], unseen, ["x", "y"])
    assert (first.trained, first.unseen, round(first.cosine, 3)) == ("b", "x", 0.6)
    assert (second.trained, second.unseen, round(second.cosine, 3)) == ("a", "y", 0.28)
    assert third.cosine == 0


def test_unnamed_faces_like_an_unseen_person_are_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Of four with the unseen person's vector the two unnamed go; a named one may look alike."""
    names = ["own/unnamed/0", "own/ada/0", "own/unnamed/1", "own/unnamed/2", "own/bo/0"]
    faces, unseen = faces_of(names), faces_of(["lfw/Cy/0"])
    rng = np.random.default_rng(3)
    vectors = {name: rng.normal(size=4).astype(np.float32) for name in names}
    vectors |= dict.fromkeys((*names[:3], "lfw/Cy/0"), np.array([9, 0, 0, 0], np.float32))
    kept = _look_alikes(faces, unseen, vectors, 0.9)
    assert kept.names == ("own/ada/0", "own/unnamed/2", "own/bo/0")
    assert "2 unnamed faces" in capsys.readouterr().out
    assert _look_alikes(faces, unseen, vectors, None).names == tuple(names)
    with pytest.raises(TrainingError, match="both sides"):
        _look_alikes(faces, unseen, {name: vectors[name] for name in names}, 0.9)


def test_the_unseen_are_halved_and_pictures_held_out_by_name_alone() -> None:
    names = [f"Person_{number}" for number in range(2000)]
    comparing = sum(half_of(name) is Half.COMPARING for name in names)
    assert 900 < comparing < 1100
    assert [half_of(name) for name in names] == [half_of(name) for name in names]
    held = sum(is_held_out(name, 0.2) for name in names)
    assert 330 < held < 470
    assert not any(is_held_out(name, 0) for name in names)
    assert all(is_held_out(n, 0.5) for n in names if is_held_out(n, 0.2))


def test_the_teachers_vectors_come_back_within_a_step(tmp_path: Path) -> None:
    rows = np.random.default_rng(2).normal(size=(5, 8)).astype(np.float32)
    write_vectors(tmp_path / "teacher.npz", [f"own/ada/{n}" for n in range(5)], rows)
    vectors = read_vectors([tmp_path])
    found, known = rows_of(["own/ada/3", "own/bo/0"], vectors)
    assert known.tolist() == [True, False]
    assert np.abs(found[0] - rows[3]).max() <= np.abs(rows).max() / 254 * 1.001
    assert not found[1].any()


def test_vectors_of_two_teachers_do_not_mix(tmp_path: Path) -> None:
    write_vectors(tmp_path / "a.npz", ["own/ada/0"], np.ones((1, 8), np.float32))
    write_vectors(tmp_path / "b.npz", ["own/ada/1"], np.ones((1, 9), np.float32))
    with pytest.raises(TrainingError, match="several teachers"):
        read_vectors([tmp_path / "a.npz", tmp_path / "b.npz"])
    with pytest.raises(TrainingError, match="cannot be read"):
        read_vectors([tmp_path / "missing.npz"])


def test_whitening_evens_out_but_not_wholly() -> None:
    rng = np.random.default_rng(3)
    rows = (rng.normal(size=(4000, 3)) * [4, 1, 1] + [5, 0, 0]).astype(np.float32)
    whiten = PartialWhitening.of(rows)
    turned = (rows - whiten.mean) @ whiten.matrix
    # Standard deviations to the power 1 - 0.6.
    assert turned.std(axis=0) == pytest.approx([4**0.4, 1, 1], rel=0.1)
    assert np.linalg.norm(whiten(rows), axis=1) == pytest.approx(np.ones(4000), abs=1e-5)


def test_a_network_teaches_the_mean_of_a_face_and_its_mirror_image() -> None:
    faces = faces_of(["own/ada/0", "own/ada/1"])
    mirrored = Faces(faces.names, faces.pictures[:, :, ::-1].copy(), faces.photographs, ())
    teacher = teacher_named("bundled")
    rows = teach(faces, teacher)
    assert rows.shape == (2, 512)
    assert teach(mirrored, teacher) == pytest.approx(rows, abs=1e-6)


def test_the_rate_rises_then_falls_to_nothing() -> None:
    settings = Settings(steps=100, rate=0.1, warm_up=0.1)
    rates = [settings.rate_at(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.01)
    assert max(rates) == pytest.approx(0.1, rel=0.01)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[55] == pytest.approx(0.05)
    assert rates[99] < 1e-4


def test_settings_survive_their_text_and_refuse_nonsense() -> None:
    settings = of_stage("names", steps=7, seed=None)
    assert settings.steps == 7 and settings.seed == Settings().seed
    assert from_json(settings.as_json()) == settings
    with pytest.raises(TrainingError, match="rate must be"):
        of_stage("names", rate=-1.0)
    for text in ("{}", "no", json.dumps({"steps": 1})):
        with pytest.raises(TrainingError, match="settings"):
            from_json(text)


def comparison(
    low: float,
    strict: tuple[float, float] = (-0.01, 0.01),
    pairs: float = 0.01,
    size: int = 24_000_000,
    ms: float = 3.0,
    high: float = 0.05,
) -> Comparison:
    return Comparison(
        tar={
            "0.001": Difference(0.9, 0.92, Interval(low, high)),
            "0.0001": Difference(0.8, 0.8, Interval(*strict)),
        },
        pairs=Difference(0.98, 0.98, Interval(-0.02, pairs)),
        sizes=(24_000_000, size),
        milliseconds=(3.0, ms),
        customers=10,
        people=20,
    )


@pytest.mark.parametrize(
    ("made", "verdict", "reason"),
    [
        (comparison(0.001), Outcome.BETTER, "higher"),
        (comparison(0.0), Outcome.CANNOT_TELL, "may be none"),
        (comparison(-0.01), Outcome.CANNOT_TELL, "may be none"),
        (comparison(-0.05, high=-0.01), Outcome.WORSE, "1e-3"),
        (comparison(0.001, strict=(-0.05, -0.001)), Outcome.WORSE, "1e-4"),
        (comparison(0.001, pairs=-0.001), Outcome.WORSE, "pairs"),
        (comparison(0.001, size=25_000_001), Outcome.WORSE, "25.0 MB"),
        (comparison(0.001, ms=3.31), Outcome.WORSE, "tenth longer"),
        (comparison(0.001, ms=3.29), Outcome.BETTER, "higher"),
    ],
)
def test_only_a_sure_gain_without_a_loss_is_better(
    made: Comparison, verdict: Outcome, reason: str
) -> None:
    assert made.verdict()[0] is verdict
    assert reason in made.verdict()[1]


@pytest.mark.parametrize("made", [comparison(0.0), comparison(-0.05, high=-0.01)])
def test_nothing_is_replaced_unless_it_is_better(made: Comparison, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="Nothing was replaced"):
        replace(tmp_path, tmp_path, made, tmp_path, None, tmp_path, 1)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def candidate(tmp_path: Path) -> Path:
    """A models folder with another network and its cohort; neither would run."""
    folder = tmp_path / "candidate"
    shutil.copytree(MODELS, folder)
    write_bundled(folder, b"another network")
    entry = dict(read_entry("bundled", folder))
    cohort = pack(np.eye(20, 512, dtype=np.float32), entry["sha256"])
    (folder / "bundled_cohort.npz").write_bytes(cohort)
    entry["cohort"] = {"file": "bundled_cohort.npz", "sha256": sha256(cohort).hexdigest()}
    entry |= {"thresholds": {"1e-4": 0.5}, "training": {"step": 7}}
    write_entry(folder / "model_card.json", "bundled", entry)
    return folder


def test_a_better_network_comes_with_its_cohort_and_thresholds(
    tmp_path: Path, candidate: Path
) -> None:
    old = tmp_path / "old"
    shutil.copytree(MODELS, old)
    put_in_place(old, candidate, comparison(0.001))
    card = load_card("bundled", old)
    assert (old / card.file).read_bytes() == b"another network"
    assert card.thresholds == {"1e-4": 0.5}
    assert np.array_equal(load_cohort(card), np.eye(20, 512, dtype=np.float32))
    section = read_entry("bundled", old)["training"]
    assert section["step"] == 7 and section["comparison"]["verdict"] == "better"
    assert read_entry("covering", old) == read_entry("covering", MODELS)


@pytest.mark.parametrize("written", [1, 2])
def test_half_a_replacement_is_no_network(
    tmp_path: Path, candidate: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """The power goes after one or two of the three files; the same command then mends it."""
    old = tmp_path / "old"
    shutil.copytree(MODELS, old)
    real, left = files.write_whole, [written]

    def fail(path: Path, data: bytes, *, mode: int = 0o600) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError("no power")
        real(path, data, mode=mode)

    monkeypatch.setattr("face_auth.training.shipping.write_whole", fail)
    monkeypatch.setattr("face_auth.model_making.card_writing.write_whole", fail)
    with pytest.raises(OSError, match="no power"):
        put_in_place(old, candidate, comparison(0.001))
    with pytest.raises(ModelError, match="is not the one that its model card names"):
        load_network("bundled", old)
    left[0] = 3
    put_in_place(old, candidate, comparison(0.001))
    assert all(right for right, _ in check(old))


def test_only_the_choosing_half_sets_a_candidates_thresholds(
    candidate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = (MODELS / "unseen_people.txt").read_text().split()[:60]
    rows = np.concatenate([np.eye(60, 512), np.ones((1, 512))]).astype(np.float32)
    everybody = People(rows, [*names, "a"])
    monkeypatch.setattr(shipping, "embed_people", lambda *_: everybody)
    used: list[People] = []

    def stop(known: People, unseen: People, kind: str, say: object) -> None:
        used.extend([known, unseen])
        raise ModelError("seen enough")

    monkeypatch.setattr(shipping, "make_cohort", stop)
    with pytest.raises(ModelError, match="seen enough"):
        shipping.add_cohort(candidate, candidate, None)
    assert list(used[0].names) == ["a"]
    assert list(used[1].names) == [name for name in names if half_of(name) is Half.CHOOSING]
    kept = [index for index, name in enumerate(names) if half_of(name) is Half.CHOOSING]
    assert used[1].embeddings.argmax(axis=1).tolist() == kept


def attempts(gain: float) -> Attempts:
    """Forty customers and sixty others; genuine scores around 1 + gain, impostors around 0."""
    rng = np.random.default_rng(5)
    customer, stranger = (
        part.ravel().astype(np.int32)
        for part in np.meshgrid(np.arange(40), np.arange(40, 100), indexing="ij")
    )
    return Attempts(
        customers=40,
        people=100,
        genuine=rng.normal(1.0, 0.5, 400) + gain,
        genuine_person=np.repeat(np.arange(40), 10).astype(np.int32),
        impostor=rng.normal(0.0, 0.4, len(customer)),
        customer=customer,
        stranger=stranger,
    )


def test_the_difference_is_paired() -> None:
    """The same scores twice differ by nothing at all, though each figure alone is unsure."""
    same = differences(attempts(0.0), attempts(0.0), 7)["0.001"]
    assert same.old == same.new
    assert (same.around.low, same.around.high) == (0, 0)
    gained = differences(attempts(0.0), attempts(0.5), 7)["0.001"]
    assert gained.around.low > 0
    lost = differences(attempts(0.5), attempts(0.0), 7)["0.001"]
    assert lost.around.high < 0


def test_the_best_threshold_calls_most_pairs_rightly() -> None:
    scores = np.array([0.9, 0.7, 0.6, 0.5, 0.2])
    same = np.array([True, True, False, True, False])
    # At 0.7 or at 0.5 four of five are right; the stricter one is taken.
    assert best_threshold(scores, same) == 0.7


@pytest.mark.faces
def test_only_the_comparing_half_compares(
    shared: Path, tmp_path: Path, unseen_people: list[tuple[str, list[Path]]]
) -> None:
    """Ten customers of each half among real faces, and enough names for LFW; against itself."""
    lfw, pictures = shared / "data" / "lfw", tmp_path / "lfw"
    pictures.mkdir()
    nobody_saw = lists.unseen_people()
    customers = [name for name, paths in unseen_people if len(paths) < 9 and name in nobody_saw]
    chosen = {half: [n for n in customers if half_of(n) is half][:10] for half in Half}
    many = {name for name, _ in unseen_people}
    others = sorted(nobody_saw - many)
    for name in [*chosen[Half.COMPARING], *chosen[Half.CHOOSING], *others[:90]]:
        (pictures / name).symlink_to(lfw / name)
    pairs = [line for own in chosen.values() for line in _pairs_of(own)]
    (pictures / "pairs.txt").write_text(f"1 {len(pairs) // 2}\n" + "\n".join(pairs) + "\n")
    result = compare(MODELS, MODELS, pictures, tmp_path / "cache", 1)
    expected = {n for n in others[:90] if half_of(n) is Half.COMPARING} | {*chosen[Half.COMPARING]}
    assert 9 <= result.customers <= 10  # a photograph may have no face
    assert len(expected) - 3 <= result.people <= len(expected)
    assert result.tar["0.001"].new > 0.8
    assert result.tar["0.001"].around == Interval(0, 0)
    assert result.pairs is not None and result.pairs.new > 0.8
    as_fast = dataclasses.replace(result, milliseconds=(1.0, 1.0))  # no time is asserted here
    assert as_fast.verdict()[0] is Outcome.CANNOT_TELL


def _pairs_of(people: list[str]) -> list[str]:
    """Five pairs of one person each, five of two people."""
    same = [f"{name}\t1\t2" for name in people[:5]]
    return same + [f"{a}\t1\t{b}\t1" for a, b in zip(people[:5], people[5:], strict=True)]


def _webp(picture: Picture) -> bytes:
    return cv2.imencode(".webp", picture)[1].tobytes()
