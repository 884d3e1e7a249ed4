"""Export of a run: weights by keras-facenet's names, and the kiosk's model files."""

import io
import json
import platform
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from face_auth.errors import ModelError
from face_auth.files import write_whole
from face_auth.model_making.card_writing import card_of, write_entry
from face_auth.model_making.conversion import convert_bundled, run_once
from face_auth.model_making.recipes import write_bundled
from face_auth.models import MODELS, read_entry
from face_auth.training import checkpoint
from face_auth.training.augment import middle
from face_auth.training.inception import InceptionResNetV1, to_weights
from face_auth.training.log import CHOICES, CURVES, LOSSES, curve
from face_auth.training.run import CHOSEN
from face_auth.training.shards import Faces, TrainingError
from face_auth.training.whitening import POWER, whitened

WEIGHTS: Final = "inception_resnet_v1.npz"
CHECK: Final = "check.npz"
CHECKED: Final = 40
LEAST_COSINE: Final = 0.999
"""Of the 8-bit network to the trained one."""


def averaged_network(
    run: Path, *, last: bool = False
) -> tuple[InceptionResNetV1, Mapping[str, Any]]:
    """Return a run's averaged network, and the run's description.

    That is the averaged one: as the choosing half found it best, else as it is now.

    Args:
        run: Its folder.
        last: Take it as it is now, whatever the choosing half found.

    Raises:
        TrainingError: If *run* holds none.
    """
    path = run / CHOSEN
    if last or not path.exists():
        path = run / checkpoint.FILE
    stored = checkpoint.read(path)
    network = InceptionResNetV1()
    checkpoint.set_tensors(network, stored.part("average"), path)
    return network.eval(), stored.about


def write_weights(network: InceptionResNetV1, faces: Faces, folder: Path) -> None:
    """Write a network's arrays, and faces with their embeddings to check a conversion.

    Args:
        network: In PyTorch.
        faces: Some of nobody whom it was trained on; the first 40 are used.
        folder: Made if it is not there.

    Raises:
        OSError: If it cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {
        name: array.astype(np.float16) if name.endswith("/kernel") else array
        for name, array in to_weights(network).items()
    }
    values = middle(torch.from_numpy(faces.pictures[:CHECKED].copy()))
    pixels = torch.round((values + 1) * 127.5).clamp(0, 255)
    with torch.no_grad():
        embeddings = network(pixels / 127.5 - 1).numpy()
    shown: NDArray[np.uint8] = pixels.permute(0, 2, 3, 1).numpy().astype(np.uint8)
    check = {
        "files": np.array(faces.names[:CHECKED], str),
        "faces": shown,
        "embeddings": embeddings,
    }
    for name, content in ((WEIGHTS, arrays), (CHECK, check)):
        buffer = io.BytesIO()
        np.savez(buffer, allow_pickle=False, **content)
        write_whole(folder / name, buffer.getvalue(), mode=0o644)


def export(
    run: Path,
    faces: Faces,
    out: Path,
    models: Path = MODELS,
    say: Callable[[str], None] = print,
    *,
    last: bool = False,
    whiten: Faces | None = None,
) -> None:
    """Write a candidate for `compare`: a models folder with the run's network.

    Cohort and thresholds are those of no network yet; `compare` wants them made.

    Args:
        run: Folder of the run.
        faces: Of people who are not trained on, to check the conversion by.
        out: Gets ``weights/`` and ``models/``, both made anew, and the curves.
        models: The models folder to take the other files from.
        say: Gets a line on each step.
        last: As for `averaged_network`.
        whiten: Faces of people who are trained on, by whom the embeddings are whitened in part.

    Raises:
        TrainingError: If there is no run, or people are too few.
        ModelError: If the 8-bit network is not near enough to the trained one.
        OSError: If a file cannot be written.
    """
    network, about = averaged_network(run, last=last)
    if len(faces.names) < 2:
        raise TrainingError("Some faces are needed to check the conversion by.")
    if whiten is not None:
        network = whitened(network, whiten)
    write_weights(network, faces, out / "weights")
    content = convert_bundled(out / "weights", say)
    with np.load(out / "weights" / CHECK, allow_pickle=False) as check:
        cosines = np.sum(run_once(content, check["faces"]) * check["embeddings"], axis=1)
    if not cosines.min() >= LEAST_COSINE:
        raise ModelError(
            f"The 8-bit network differs from the trained one: cosine {cosines.min():.5f}, at least "
            f"{LEAST_COSINE} is needed. Nothing was exported."
        )
    shutil.rmtree(out / "models", ignore_errors=True)
    shutil.copytree(models, out / "models", ignore=shutil.ignore_patterns(".*"))
    say(write_bundled(out / "models", content))
    entry = dict(read_entry("bundled", out / "models"))
    section = card_section(about, float(cosines.min()))
    if whiten is not None:
        section["embeddings whitened in part"] = f"covariance over people to the power {POWER}"
    section["curve on the choosing half"] = curve(run)
    entry["training"] = section
    entry["measured"] = {}
    write_entry(card_of("bundled", out / "models"), "bundled", entry)
    for name in (LOSSES, CHOICES, CURVES):
        if (run / name).exists():
            shutil.copy(run / name, out / name)
    say(f"{out / 'models'} holds the candidate; cosine to the trained network {cosines.min():.5f}.")


def card_section(about: Mapping[str, Any], cosine: float) -> dict[str, Any]:
    """Return the model card's section on a training run."""
    return {
        "data": about.get("data", {}),
        "settings": json.loads(str(about["settings"])),
        "step": about["step"],
        "hours": round(float(about["seconds"]) / 3600, 2),
        "machine": f"{platform.machine()}, {about.get('threads')} threads, {about.get('device')}",
        "software": f"Python {sys.version.split()[0]}, PyTorch {about.get('torch')}",
        "command": about.get("command", ""),
        "started from": about.get("start", "random weights"),
        "lowest cosine, 8-bit to trained": round(cosine, 5),
        "not measured": ["errors by age, sex and skin", "a kiosk's camera"],
    }
