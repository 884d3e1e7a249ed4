"""Tests of a training run: falling loss, resumption and checkpoints."""

import csv
import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from face_auth.training import checkpoint
from face_auth.training.choosing import Chooser
from face_auth.training.command import main
from face_auth.training.data import TrainingSet, gather
from face_auth.training.export import averaged_network
from face_auth.training.inception import InceptionResNetV1
from face_auth.training.people import Half, half_of
from face_auth.training.run import CHOSEN, Run
from face_auth.training.settings import Settings, of_stage
from face_auth.training.shards import Faces, TrainingError, write_shards
from face_auth.training.teacher import Rows, write_vectors


def losses_in(folder: Path) -> list[float]:
    with (folder / "log.csv").open(encoding="utf-8") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


def tensors_in(folder: Path) -> Mapping[str, torch.Tensor]:
    return checkpoint.read(folder / checkpoint.FILE).tensors


def test_the_loss_falls(unbroken: Path) -> None:
    losses = losses_in(unbroken)
    assert len(losses) == 20
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    assert (unbroken / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_killed_run_goes_on_to_the_same_bits(
    tmp_path: Path,
    data: TrainingSet,
    settings: Settings,
    unbroken: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Stopped at step 7, killed at step 10 before anything more was kept, started again."""
    killed = Run(tmp_path, data, settings)
    assert not killed.train(until=7)
    monkeypatch.setattr(killed, "save", lambda: None)
    killed.train(until=10)
    killed.log.write()  # as the choosing half does, between two checkpoints
    torch.manual_seed(99)  # a new process has other random numbers
    resumed = Run(tmp_path, data, settings)
    assert resumed.step == 7
    assert resumed.train()
    ours, theirs = tensors_in(tmp_path), tensors_in(unbroken)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert (tmp_path / "log.csv").read_bytes() == (unbroken / "log.csv").read_bytes()


def test_one_command_trains_and_goes_on(
    tmp_path: Path, faces: Faces, vectors: dict[str, Rows], capsys: pytest.CaptureFixture[str]
) -> None:
    for place, numbers in (("own", range(40)), ("unseen", range(40, 200))):
        shown = ((faces.names[n].partition("/")[2], faces.pictures[n], "") for n in numbers)
        write_shards(tmp_path / place, "drawn", shown)
    write_vectors(tmp_path / "teacher.npz", list(vectors), np.stack(list(vectors.values())))
    line = ["train", str(tmp_path / "run"), "--stage", "imitate", "--teacher", str(tmp_path)]
    line += ["--faces", str(tmp_path / "own"), "--unseen", str(tmp_path / "unseen")]
    line += ["--steps", "2", "--batch", "8", "--threads", "1", "--without", "person1"]
    assert main(line) == 0
    said = capsys.readouterr().out
    assert "Nobody who must stay unseen" in said and "20 faces to train on, 1 names" in said
    assert "Most alike across both sides" in said
    assert (tmp_path / "run" / "choosing.csv").read_text().splitlines()[1].startswith("2,")
    assert main(line) == 0
    assert "Going on at step 2 of 2" in capsys.readouterr().out
    assert main([*line, "--seed", "1"]) == 2
    assert "run of other settings" in capsys.readouterr().err


def test_another_seed_is_another_run(
    tmp_path: Path, data: TrainingSet, settings: Settings, unbroken: Path
) -> None:
    other = replace(settings, seed=5)
    Run(tmp_path, data, other).train(until=1)
    assert losses_in(tmp_path)[0] != losses_in(unbroken)[0]


def test_ctrl_c_ends_after_the_step_and_leaves_a_good_checkpoint(
    tmp_path: Path, data: TrainingSet, settings: Settings
) -> None:
    run = Run(tmp_path, data, settings)

    def interrupt(network: InceptionResNetV1) -> Mapping[str, float]:
        os.kill(os.getpid(), signal.SIGINT)
        return {"score": 0.5}

    assert not run.train(interrupt, judge_every=2)
    assert Run(tmp_path, data, settings).step == 2
    assert len(losses_in(tmp_path)) == 2
    with pytest.raises(KeyboardInterrupt):  # as before the run
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()


def test_a_run_goes_on_only_with_its_own_settings_and_faces(
    unbroken: Path, data: TrainingSet, settings: Settings, faces: Faces, vectors: dict[str, Rows]
) -> None:
    with pytest.raises(TrainingError, match="run of other settings"):
        Run(unbroken, data, replace(settings, steps=21))
    fewer = gather(faces.take(range(190)), vectors, settings, "cpu")
    with pytest.raises(TrainingError, match="run on other faces"):
        Run(unbroken, fewer, settings)


def test_a_damaged_checkpoint_is_named(tmp_path: Path, unbroken: Path) -> None:
    content = (unbroken / checkpoint.FILE).read_bytes()
    for damaged in (b"", content[:1000], b"\x80\x04pickle" + content[9:2000]):
        (tmp_path / checkpoint.FILE).write_bytes(damaged)
        with pytest.raises(TrainingError, match=r"checkpoint\.safetensors cannot be read"):
            checkpoint.read(tmp_path / checkpoint.FILE)


def test_a_crash_while_writing_leaves_the_checkpoint_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / checkpoint.FILE
    checkpoint.write(path, {"network": {"a": torch.ones(3)}}, {"step": 1})
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        checkpoint.write(path, {"network": {"a": torch.zeros(3)}}, {"step": 2})
    stored = checkpoint.read(path)
    assert stored.about["step"] == 1
    assert torch.equal(stored.part("network")["a"], torch.ones(3))
    assert [file.name for file in tmp_path.iterdir()] == [checkpoint.FILE]


def test_the_best_network_is_chosen_unless_the_last_is_asked_for(
    tmp_path: Path, data: TrainingSet, settings: Settings
) -> None:
    scores = iter([0.1, 0.9, 0.3])
    seen: list[torch.Tensor] = []

    def judge(network: InceptionResNetV1) -> Mapping[str, float]:
        seen.append(network.bottleneck.weight.detach().clone())
        return {"score": next(scores)}

    Run(tmp_path, data, settings).train(judge, judge_every=1, until=3)
    chosen, about = averaged_network(tmp_path)
    assert about["step"] == 2 and about["figures"] == {"score": 0.9}
    assert torch.equal(chosen.bottleneck.weight, seen[1])
    assert not torch.equal(seen[1], seen[2])
    last, about = averaged_network(tmp_path, last=True)
    assert about["step"] == 3
    assert torch.equal(last.bottleneck.weight, seen[2])
    (tmp_path / CHOSEN).unlink()
    assert torch.equal(averaged_network(tmp_path)[0].bottleneck.weight, seen[2])


def test_a_teacher_is_judged_as_its_student_is(faces: Faces, vectors: dict[str, Rows]) -> None:
    """Vectors that know the people tell them apart; the same ones dealt out anew do not."""
    judge = Chooser(faces, faces, "cpu", "float32")
    knowing = judge.teacher(vectors)
    dealt = np.random.default_rng(1).permutation(list(vectors))
    ignorant = judge.teacher(
        {name: vectors[other] for name, other in zip(vectors, dealt, strict=True)}
    )
    assert knowing and ignorant
    assert knowing["pairs 0.001"] > 0.95
    assert ignorant["pairs 0.001"] < 0.2
    vectors = dict(vectors)
    for name in faces.names:
        if half_of(name.split("/")[1]) is Half.CHOOSING:
            del vectors[name]
            break
    assert judge.teacher(vectors) is None


def test_what_is_held_out_is_not_trained_on(faces: Faces, vectors: dict[str, Rows]) -> None:
    whole = gather(faces, vectors, of_stage("imitate"), "cpu")
    part = gather(faces, vectors, of_stage("imitate", held_out=0.3), "cpu")
    assert len(whole) == 200
    assert 110 < len(part) < 170


def test_each_stage_takes_the_faces_that_it_can_use(faces: Faces, vectors: dict[str, Rows]) -> None:
    half = {name: row for name, row in vectors.items() if name.startswith("drawn/person1")}
    assert len(gather(faces, half, of_stage("imitate"), "cpu")) == 20
    assert len(gather(faces, half, of_stage("names"), "cpu")) == 200
    with pytest.raises(TrainingError, match="No face has a teacher's vector"):
        gather(faces, {}, of_stage("imitate"), "cpu")
    with pytest.raises(TrainingError, match="Nobody has 21 faces"):
        gather(faces, {}, of_stage("names", fewest=21), "cpu")


def test_only_the_choosing_half_chooses(faces: Faces) -> None:
    chooser = Chooser(faces, faces, "cpu", "float32")
    embedded: list[str] = []

    def embed(network: InceptionResNetV1, shown: Faces) -> Rows:
        embedded.extend(shown.people)
        return Chooser.embed(chooser, network, shown)

    chooser.embed = embed  # type: ignore[method-assign]
    figures = chooser(InceptionResNetV1())
    assert 0 <= figures["score"] <= 1
    unseen = embedded[: sum(half_of(person) is Half.CHOOSING for person in faces.people)]
    assert {half_of(person) for person in unseen} == {Half.CHOOSING}
    assert len(set(unseen)) >= 2
