"""Names what is in a postcard: a small classifier that learned from renders; knows nothing of how pictures are made."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from postcard.clock import Clock, set_rate
from postcard.pictures import batch, to_tensor
from postcard.scene import COLOURS, PLACES, SUBJECTS, TIMES, Scene

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

WEIGHTS = Path(__file__).resolve().parent.parent / "assets" / "postcard" / "judge.safetensors"
HEADS: dict[str, tuple[str, ...]] = {"subject": SUBJECTS, "colour": COLOURS, "place": PLACES, "time": TIMES}
_SIDE = 64
_WIDTHS = (24, 48, 64, 88)


@dataclass(frozen=True)
class Verdict:
    """What the judge sees; each is a canonical name of postcard.scene."""

    subject: str
    colour: str
    place: str
    time: str


class Judge:
    """Four answers to one picture. Gives an answer to anything: a fog has some nearest subject, too."""

    def __init__(self, net: Any) -> None:
        self.net = net

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Judge:
        """Read the shipped weights (fp16 on disk, fp32 in memory)."""
        from safetensors.torch import load_file

        net = _build()
        net.load_state_dict({name: value.float() for name, value in load_file(path).items()})
        return cls(net.eval())

    def save(self, path: Path = WEIGHTS) -> None:
        """Write the weights in half precision."""
        from safetensors.torch import save_file

        save_file({name: value.half().contiguous() for name, value in self.net.state_dict().items()}, path)
        path.chmod(0o644)

    def judge(self, image: Image.Image) -> Verdict:
        """Name subject, colour, place and time of one picture of any size."""
        return self.judge_all([image])[0]

    def judge_all(self, images: list[Image.Image]) -> list[Verdict]:
        """Name what is in each picture."""
        import torch

        with torch.no_grad():
            guesses = self.net(_shrink(to_tensor([image.resize((128, 128)) for image in images])))
        picks = {name: guesses[name].argmax(1).tolist() for name in HEADS}
        return [Verdict(**{name: options[picks[name][row]] for name, options in HEADS.items()}) for row in range(len(images))]


def train(minutes: float, batch_size: int = 48, peak_rate: float = 2e-3, seed: int = 0) -> Judge:
    """Train a judge on fresh renders, roughened a little so that it does not insist on perfect edges."""
    import torch
    from torch.nn.functional import cross_entropy

    torch.manual_seed(seed)
    net, rng, clock, step = _build(), random.Random(f"judge {seed}"), Clock(minutes), 0
    optimizer = torch.optim.AdamW(net.parameters(), lr=peak_rate, weight_decay=0.02)
    while clock.progress < 1:
        set_rate(optimizer, clock.rate(peak_rate))
        scenes, pictures = batch(rng, batch_size)
        guesses, answers = net(_shrink(_roughen(pictures, rng))), _answers(scenes)
        loss = sum((cross_entropy(guesses[name], answers[name]) for name in HEADS), torch.zeros(()))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        step += 1
        if step % 50 == 0:
            right = {name: float((guesses[name].argmax(1) == answers[name]).float().mean()) for name in HEADS}
            print(f"judge {clock.minutes_spent:4.1f} min, step {step}, loss {loss.item():.3f}, right {right}", flush=True)
    return Judge(net.eval())


def _answers(scenes: list[Scene]) -> dict[str, Tensor]:
    import torch

    return {name: torch.tensor([options.index(getattr(scene, name)) for scene in scenes]) for name, options in HEADS.items()}


def _shrink(pictures: Tensor) -> Tensor:
    from torch.nn.functional import interpolate

    return interpolate(pictures, (_SIDE, _SIDE), mode="bilinear", antialias=True)


def _roughen(pictures: Tensor, rng: random.Random) -> Tensor:
    """Blur some batches, add noise, change the light: what a decoder or a finish may do to a picture."""
    import torch
    from torch.nn.functional import interpolate

    if rng.random() < 0.5:
        small = interpolate(pictures, scale_factor=rng.uniform(0.3, 0.7), mode="bilinear", antialias=True)
        pictures = interpolate(small, pictures.shape[-2:], mode="bilinear")
    light = 1 + 0.1 * torch.randn(len(pictures), 3, 1, 1) * rng.random()
    return pictures * light + 0.1 * rng.random() * torch.randn_like(pictures)


def _build() -> Any:
    import torch
    from torch import nn

    class Net(nn.Module):
        """Four halvings, the mean and the peak of what is left, and one linear answer for each question."""

        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = []
            before = 3
            for width in _WIDTHS:
                layers += [nn.Conv2d(before, width, 3, stride=2, padding=1), nn.GroupNorm(8, width), nn.SiLU()]
                before = width
            self.body = nn.Sequential(*layers)
            self.heads = nn.ModuleDict({name: nn.Linear(2 * before, len(options)) for name, options in HEADS.items()})

        def forward(self, pictures: Tensor) -> dict[str, Tensor]:
            seen = self.body(pictures)
            view = torch.cat([seen.mean((2, 3)), seen.amax((2, 3))], dim=1)
            return {name: head(view) for name, head in self.heads.items()}

    return Net()
