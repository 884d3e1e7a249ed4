"""A training run of one stage, with log and checkpoints, resumable at any step."""

import copy
import hashlib
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

import torch
from torch import Tensor
from tqdm import tqdm

from face_auth.training import checkpoint
from face_auth.training.augment import altered, middle
from face_auth.training.data import TrainingSet
from face_auth.training.inception import InceptionResNetV1, Weights, load_weights
from face_auth.training.log import Log
from face_auth.training.losses import Heads, initialise_heads, losses
from face_auth.training.settings import Settings, from_json
from face_auth.training.shards import TrainingError

EVERY_S: Final = 180.0
"""Between two checkpoints."""
HEADS_FASTER: Final = 10.0
"""How much faster than the network the heads learn."""
SETTLING: Final = 4
"""Faces of each person, and so many times 1,000 of all, that the heads begin from."""
LARGEST_GRADIENT: Final = 5.0
AT_ONCE: Final = 128

Judge = Callable[[InceptionResNetV1], Mapping[str, float]]


class Run:
    """A network in training, its averaged weights and the current step."""

    def __init__(
        self,
        folder: Path,
        data: TrainingSet,
        settings: Settings,
        device: str = "cpu",
        start: Weights | None = None,
        note: Mapping[str, str] | None = None,
    ) -> None:
        """Start a run, or resume the one in *folder*.

        Args:
            folder: Of checkpoint, log and curves; made if it is not there.
            data: To train on.
            settings: Of the stage.
            device: As PyTorch names it.
            start: Initial weights; None for random ones.
            note: Whatever else the model card should say: command, where *start* is from.

        Raises:
            TrainingError: If the folder holds a run of other settings or data.
            ModelError: If *start* are other weights.
        """
        self.folder, self.data, self.settings = folder, data, settings
        self._device, self._note = torch.device(device), dict(note or {})
        self.step, self.seconds, self.best = 0, 0.0, -1.0
        folder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(_number(settings.seed, "weights", 0))
        network, heads = InceptionResNetV1(), Heads(data.teacher.shape[1], len(data.names))
        if start is not None:
            load_weights(network, start)
        self.network = network.to(self._device, memory_format=torch.channels_last)
        self.heads = heads.to(self._device)
        self.average = copy.deepcopy(self.network)
        self._optimiser = self._make_optimiser()
        self._file = folder / checkpoint.FILE
        if self._file.exists():
            self._go_on()
        elif start is not None:
            self._settle()
        self._is_improving = start is not None
        self.log = Log(folder, self.step)
        self._wants_stop = False

    def train(self, judge: Judge | None = None, judge_every: int = 0, until: int = 0) -> bool:
        """Run the remaining steps and return whether the run is complete.

        Ctrl-C (and SIGTERM) ends it after the step in hand. A checkpoint is left in any case.

        Args:
            judge: Says how good the averaged network is; the best one is kept.
            judge_every: After how many steps; 0 only at the end.
            until: Stop at that step; 0 at the end.

        Raises:
            TrainingError: If the loss is no longer a number; the last checkpoint is kept.
            OSError: If a file cannot be written.
        """
        last = min(until or self.settings.steps, self.settings.steps)
        kept = time.monotonic()
        bar = tqdm(
            total=self.settings.steps * self.settings.batch,
            initial=self.step * self.settings.batch,
            unit="picture",
            smoothing=0.1,
        )
        if judge and self._is_improving and not self.step:
            self._judge(judge)  # so that nothing worse than the beginning is ever chosen
        with _interruptible(self._stop), bar:
            while self.step < last and not self._wants_stop:
                began = time.monotonic()
                parts = self._take_step()
                self.seconds += time.monotonic() - began
                bar.update(self.settings.batch)
                bar.set_postfix(loss=f"{parts['loss']:.4f}", refresh=False)
                is_last = self.step == self.settings.steps
                if judge and (is_last or (judge_every and self.step % judge_every == 0)):
                    self._judge(judge)
                if time.monotonic() - kept > EVERY_S:
                    self.save()
                    kept = time.monotonic()
        self.save()
        self.log.draw()
        return self.step == self.settings.steps

    def save(self) -> None:
        """Write the log and a checkpoint."""
        self.log.write()
        checkpoint.write(
            self._file,
            {
                "network": self.network.state_dict(),
                "average": self.average.state_dict(),
                "heads": self.heads.state_dict(),
                "moments": checkpoint.moments_of(self._optimiser),
            },
            self.about(),
        )

    def about(self) -> dict[str, Any]:
        """Return the run's description for the checkpoint and the model card."""
        return {
            "step": self.step,
            "settings": self.settings.as_json(),
            "data digest": self.data.digest,
            "data": dict(self.data.about),
            "seconds": round(self.seconds, 1),
            "best": self.best,
            "torch": torch.__version__,
            "device": str(self._device),
            "threads": torch.get_num_threads(),
        } | self._note

    def _take_step(self) -> dict[str, float]:
        settings, step = self.settings, self.step
        places = self._places(step).to(self._device)
        generator = torch.Generator().manual_seed(_number(settings.seed, "alterations", step))
        faces = altered(self.data.pictures[places], generator, settings.strength)
        torch.manual_seed(_number(settings.seed, "dropout", step))
        rate = settings.rate_at(step)
        for group in self._optimiser.param_groups:
            group["lr"] = rate * group["faster"]
        self.network.train()
        parts = losses(
            self._embed(self.network, faces),
            self.heads,
            self.data.teacher[places],
            self.data.is_taught[places],
            self.data.labels[places],
            settings,
        )
        values = {name: float(value.detach()) for name, value in parts.items()}
        if not all(abs(value) < float("inf") for value in values.values()):
            raise TrainingError(
                f"The loss is {values['loss']} at step {step}; the last checkpoint is kept. "
                "Begin again in another folder with a lower --rate."
            )
        self._optimiser.zero_grad()
        parts["loss"].backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
        self._optimiser.step()
        self._follow()
        self.step += 1
        self.log.add(self.step, rate, values)
        return values

    def _follow(self) -> None:
        """Update the averaged weights; the first steps, from random weights, count little."""
        stays = min(self.settings.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            own, moved = self.average.state_dict(), self.network.state_dict()
            for name, tensor in own.items():
                tensor.lerp_(moved[name], 1 - stays)

    def _places(self, step: int) -> Tensor:
        """Return the faces of a step's batch; each epoch has its own order."""
        size = min(self.settings.batch, len(self.data))
        epoch, place = divmod(step, len(self.data) // size)
        generator = torch.Generator().manual_seed(_number(self.settings.seed, "order", epoch))
        order = torch.randperm(len(self.data), generator=generator)
        return order[place * size : (place + 1) * size]

    def _embed(self, network: InceptionResNetV1, faces: Tensor) -> Tensor:
        faces = faces.contiguous(memory_format=torch.channels_last)
        mixed = self.settings.precision == "bfloat16"
        with torch.autocast(self._device.type, torch.bfloat16, enabled=mixed):
            rows: Tensor = network(faces)
        return rows

    def _make_optimiser(self) -> torch.optim.Optimizer:
        kernels = [tensor for tensor in self.network.parameters() if tensor.ndim > 1]
        others = [tensor for tensor in self.network.parameters() if tensor.ndim == 1]
        decay = self.settings.decay
        return torch.optim.AdamW(
            [
                {"params": kernels, "weight_decay": decay, "faster": 1.0},
                {"params": others, "weight_decay": 0.0, "faster": 1.0},
                {"params": self.heads.parameters(), "weight_decay": 0.0, "faster": HEADS_FASTER},
            ],
            lr=self.settings.rate,
        )

    def _settle(self) -> None:
        """Initialise the heads from embeddings of some faces."""
        seen: dict[int, int] = {}
        places = []
        for place, label in enumerate(self.data.labels.tolist()):
            seen[label] = seen.get(label, 0) + 1
            if seen[label] <= (SETTLING if label >= 0 else 1000 * SETTLING):
                places.append(place)
        chosen = torch.tensor(places, device=self._device)
        self.network.eval()
        with torch.no_grad():
            rows = [
                self._embed(self.network, middle(self.data.pictures[part]))
                for part in chosen.split(AT_ONCE)
            ]
        data = self.data
        initialise_heads(
            self.heads,
            torch.cat(rows),
            data.teacher[chosen],
            data.is_taught[chosen],
            data.labels[chosen],
        )

    def _go_on(self) -> None:
        stored = checkpoint.read(self._file)
        about = stored.about
        if from_json(str(about.get("settings"))) != self.settings:
            raise TrainingError(
                f"{self.folder} holds a run of other settings: {about.get('settings')}. "
                "Give the same ones, or name another folder."
            )
        if about.get("data digest") != self.data.digest:
            raise TrainingError(f"{self.folder} holds a run on other faces. Name another folder.")
        checkpoint.set_tensors(self.network, stored.part("network"), self._file)
        checkpoint.set_tensors(self.average, stored.part("average"), self._file)
        checkpoint.set_tensors(self.heads, stored.part("heads"), self._file)
        checkpoint.set_moments(self._optimiser, stored.part("moments"))
        self.step = int(about["step"])
        self.seconds, self.best = float(about["seconds"]), float(about["best"])

    def _judge(self, judge: Judge) -> None:
        self.average.eval()
        figures = judge(self.average)
        self.log.chose(self.step, figures)
        if figures["score"] > self.best:
            self.best = figures["score"]
            parts = {"average": self.average.state_dict()}
            checkpoint.write(self.folder / CHOSEN, parts, self.about() | {"figures": dict(figures)})

    def _stop(self) -> None:
        self._wants_stop = True


CHOSEN: Final = "chosen.safetensors"
"""The averaged network that the choosing half found best."""


def _number(seed: int, what: str, step: int) -> int:
    """Return a seed for one purpose at one step."""
    digest = hashlib.sha256(f"{seed} {what} {step}".encode()).digest()
    return int.from_bytes(digest[:7], "big")


@contextmanager
def _interruptible(stop: Callable[[], None]) -> Iterator[None]:
    """Make Ctrl-C and SIGTERM request a stop after the current step."""

    def handle(number: int, frame: FrameType | None) -> None:
        stop()

    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, handle) for number in signals]
    try:
        yield
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
