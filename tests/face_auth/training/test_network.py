"""Tests of the network in PyTorch, its augmentation, its losses and its export."""

from pathlib import Path

import numpy as np
import pytest
import torch

from face_auth.errors import ModelError
from face_auth.model_making.conversion import read_npz
from face_auth.models import load_card, load_cohort, read_entry
from face_auth.recognition.embedding import load_network
from face_auth.training.augment import altered, blurred, middle, recompressed
from face_auth.training.data import TrainingSet
from face_auth.training.export import averaged_network, export
from face_auth.training.inception import InceptionResNetV1, load_weights, to_weights
from face_auth.training.log import CHOICES, curve
from face_auth.training.losses import Heads, initialise_heads, losses
from face_auth.training.run import Run
from face_auth.training.settings import of_stage
from face_auth.training.shards import Faces, TrainingError


@pytest.fixture(scope="module")
def weights(shared: Path) -> Path:
    return shared / "weights"


def test_the_bundled_networks_weights_give_its_embeddings(weights: Path) -> None:
    network = InceptionResNetV1().eval()
    load_weights(network, read_npz(weights / "inception_resnet_v1.npz"))
    with np.load(weights / "check.npz", allow_pickle=False) as check:
        faces, expected = check["faces"][:8], check["embeddings"][:8]
    values = torch.from_numpy(faces).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        found = network(values).numpy()
    assert (found * expected).sum(axis=1).min() > 0.99999
    assert (found[:-1] * expected[1:]).sum(axis=1).max() < 0.9


def test_weights_go_both_ways_without_loss() -> None:
    network, other = InceptionResNetV1(), InceptionResNetV1()
    arrays = to_weights(network)
    assert arrays["Block17_3_Branch_1_Conv2d_0b_1x7/kernel"].shape == (1, 7, 128, 128)
    load_weights(other, arrays)
    for name, tensor in other.state_dict().items():
        assert torch.equal(tensor, network.state_dict()[name]), name


def test_other_weights_are_refused() -> None:
    network = InceptionResNetV1()
    arrays = to_weights(network)
    kernel = arrays.pop("Bottleneck/kernel")
    with pytest.raises(ModelError, match="1 arrays are missing or left over, Bottleneck/kernel"):
        load_weights(network, arrays)
    for damaged in (kernel[1:], np.full_like(kernel, np.nan)):
        with pytest.raises(ModelError, match="Bottleneck/kernel are damaged"):
            load_weights(network, arrays | {"Bottleneck/kernel": damaged})


def test_without_strength_only_mirroring_is_left(faces: Faces) -> None:
    pictures = torch.from_numpy(faces.pictures[:12].copy())
    plain, changed = middle(pictures), altered(pictures, torch.Generator().manual_seed(1), 0.0)
    as_it_is = (changed - plain).abs().amax((1, 2, 3)) < 1e-3
    mirrored = (changed - plain.flip(3)).abs().amax((1, 2, 3)) < 1e-3
    assert (as_it_is ^ mirrored).all()
    assert as_it_is.any() and mirrored.any()


def test_the_middle_is_what_the_kiosk_cuts_out(faces: Faces) -> None:
    """12.5 px in from each edge: each pixel the mean of four."""
    picture = faces.pictures[0].astype(np.float64)
    parts = [picture[a : a + 112, b : b + 112] for a in (12, 13) for b in (12, 13)]
    expected = np.mean(parts, axis=0).transpose(2, 0, 1) / 127.5 - 1
    found = middle(torch.from_numpy(faces.pictures[:1].copy()))[0].numpy()
    assert np.abs(found - expected).max() < 1e-3


def test_every_face_is_altered_differently_and_the_seed_decides(faces: Faces) -> None:
    same = torch.from_numpy(np.stack([faces.pictures[0]] * 6))
    first = altered(same, torch.Generator().manual_seed(3))
    again = altered(same, torch.Generator().manual_seed(3))
    assert torch.equal(first, again)
    assert all(not torch.equal(first[0], other) for other in first[1:])
    assert first.shape == (6, 3, 112, 112) and first.abs().max() <= 1


def test_recompressing_finely_changes_nothing_and_coarsely_something() -> None:
    noise = torch.rand(2, 3, 112, 112, generator=torch.Generator().manual_seed(1)) * 255
    fine, coarse = recompressed(noise, torch.tensor([1e-4, 3.0]))
    assert (fine - noise[0]).abs().max() < 0.1
    assert (coarse - noise[1]).abs().mean() > 5
    assert abs(float(coarse.mean() - noise[1].mean())) < 2


def test_blurring_keeps_the_mean_and_takes_the_detail() -> None:
    noise = torch.rand(2, 3, 112, 112, generator=torch.Generator().manual_seed(1)) * 255
    kept, soft = blurred(noise, torch.tensor([0.0, 1.5]))
    assert torch.allclose(kept, noise[0], atol=1e-3)
    assert soft.std() < 0.4 * noise[1].std()
    assert float(soft.mean()) == pytest.approx(float(noise[1].mean()), abs=1)


def test_a_student_who_says_what_the_teacher_says_loses_nothing() -> None:
    rows = torch.nn.functional.normalize(torch.randn(6, 512), dim=1)
    heads = Heads(512, 0)
    heads.project.weight.data.copy_(torch.eye(512))
    nobody = torch.full((6,), -1)
    parts = losses(rows, heads, rows, torch.ones(6, dtype=torch.bool), nobody, of_stage("imitate"))
    assert parts["loss"].item() == pytest.approx(0, abs=1e-5)
    turned = rows.roll(1, 0)
    parts = losses(
        rows, heads, turned, torch.ones(6, dtype=torch.bool), nobody, of_stage("imitate")
    )
    assert parts["cosine"].item() > 0.5


def test_the_margin_by_hand() -> None:
    """Two people along the axes, a face on the first axis: logits s (1 - m) and 0."""
    heads = Heads(2, 2)
    heads.names.data = torch.eye(2, 512)
    settings = of_stage("names", margin=0.25, scale=4.0, imitation=0.0)
    face, nothing = torch.eye(1, 512), torch.zeros(1, 2)
    untaught = torch.zeros(1, dtype=torch.bool)
    parts = losses(face, heads, nothing, untaught, torch.tensor([0]), settings)
    assert parts["names"].item() == pytest.approx(np.log1p(np.exp(-4 * 0.75)), abs=1e-6)
    parts = losses(face, heads, nothing, untaught, torch.tensor([1]), settings)
    assert parts["names"].item() == pytest.approx(np.log1p(np.exp(4 * 1.25)), abs=1e-6)


def test_the_heads_begin_where_the_network_stands() -> None:
    rows = torch.nn.functional.normalize(torch.randn(800, 512), dim=1)
    aims = torch.nn.functional.normalize(rows[:, :4], dim=1)
    labels = torch.tensor([0, 0, 1, *[-1] * 797])
    heads = Heads(4, 2)
    initialise_heads(heads, rows, aims, torch.ones(800, dtype=torch.bool), labels)
    guessed = torch.nn.functional.normalize(heads.project(rows), dim=1)
    assert float((guessed * aims).sum(1).mean()) > 0.9
    mean = torch.nn.functional.normalize(rows[:2].mean(0), dim=0)
    assert torch.allclose(heads.names[0], mean, atol=1e-6)


def test_the_export_loads_in_the_kiosk_and_agrees(
    tmp_path: Path, weights: Path, data: TrainingSet, faces: Faces
) -> None:
    """From the bundled weights, so that faces are told apart; then one step, so that it is new."""
    settings = of_stage("names", steps=1, batch=10, average=0.0, rate=1e-5)
    start = read_npz(weights / "inception_resnet_v1.npz")
    Run(tmp_path / "run", data, settings, start=start).train()
    export(tmp_path / "run", faces, tmp_path / "out", say=lambda _: None)
    models = tmp_path / "out" / "models"
    pixels = torch.round((middle(torch.from_numpy(faces.pictures[:4].copy())) + 1) * 127.5)
    trained, about = averaged_network(tmp_path / "run")
    with torch.no_grad():
        expected = trained(pixels / 127.5 - 1).numpy()
    shown = pixels.permute(0, 2, 3, 1).numpy().astype(np.uint8)
    found = load_network("bundled", models, mirror=False).embed(shown)
    assert (found * expected).sum(axis=1).min() >= 0.999
    section = read_entry("bundled", models)["training"]
    assert section["data"] == {"drawn": {"pictures": 200, "people": 10}}
    assert section["step"] == about["step"] == 1
    assert section["curve on the choosing half"] == []
    assert load_card("bundled", models).sha256 != load_card("bundled").sha256
    with pytest.raises(ModelError, match="no impostor cohort"):
        load_cohort(load_card("bundled", models))


def test_the_curve_of_a_run_is_its_table(tmp_path: Path) -> None:
    (tmp_path / CHOICES).write_text("step,score\n0,0.93294\n550,0.92647\n")
    assert curve(tmp_path) == [{"step": 0, "score": 0.9329}, {"step": 550, "score": 0.9265}]
    (tmp_path / CHOICES).write_text("step,score\n0,much\n")
    with pytest.raises(TrainingError, match="is damaged"):
        curve(tmp_path)
