"""Names what is in a postcard: a small classifier that learned from renders; knows nothing of how pictures are made."""

from __future__ import annotations

import random
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from postcard2.pictures import batch, to_tensor
from postcard2.practice import Learners, Practice, practise
from postcard2.scene import COLOURS, GARMENTS, PLACES, SHAPES, SUBJECTS, TIMES, WEATHERS, Scene, canonical

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

WEIGHTS = Path(__file__).resolve().parent.parent / "assets" / "postcard" / "judge.safetensors"
HEADS: dict[str, tuple[str | int, ...]] = {
    "subject": SUBJECTS, "colour": COLOURS, "count": (1, 2, 3), "second": ("", *SUBJECTS), "second_colour": ("", *COLOURS),
    "relation": ("", "left of", "behind", "on"), "place": PLACES, "time": TIMES, "weather": WEATHERS, "garment": GARMENTS,
}  # fmt: skip
_SIDE = 128
_WIDTHS = (16, 32, 64, 96)
STATE = "judge.pt"
SHARP = 119.0
"""What the strongest steps between neighbouring pixels come to in a render, of 255: the median of 200."""


@dataclass(frozen=True)
class Verdict:
    """What the judge sees, in the words of a canonical scene: of two subjects the left, the rear or the upper one first."""

    subject: str
    colour: str
    count: int
    second: str
    second_colour: str
    relation: str
    place: str
    time: str
    weather: str
    garment: str

    @classmethod
    def of(cls, scene: Scene) -> Verdict:
        """Give what a perfect judge sees in a picture of the scene."""
        told = canonical(scene) if scene.second else scene
        return cls(*(getattr(told, field.name) for field in fields(cls)))


class Judge:
    """Ten answers to one picture. Gives an answer to anything: a fog has some nearest subject, too."""

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
        """Name what is in one picture of any size."""
        return self.judge_all([image])[0]

    def judge_all(self, images: list[Image.Image]) -> list[Verdict]:
        """Name what is in each picture."""
        import torch

        verdicts: list[Verdict] = []
        for start in range(0, len(images), 32):
            some = torch.cat([_shrink(to_tensor([image])) for image in images[start : start + 32]])
            with torch.no_grad():
                guesses = self.net(some)
            picks = {name: guesses[name].argmax(1).tolist() for name in HEADS}
            verdicts += [_verdict({name: pick[row] for name, pick in picks.items()}) for row in range(len(some))]
        return verdicts


def _verdict(picks: dict[str, int]) -> Verdict:
    seen: dict[str, Any] = {name: options[picks[name]] for name, options in HEADS.items()}
    return Verdict(**seen)


def sharpness(image: Image.Image) -> float:
    """Give how crisp a picture's edges are: the strongest steps between neighbouring pixels, against those of renders (1)."""
    grey = np.asarray(image.convert("L"), np.float32)
    steps = np.concatenate([np.abs(np.diff(grey, axis=0)).ravel(), np.abs(np.diff(grey, axis=1)).ravel()])
    return float(np.sort(steps)[-len(steps) // 100 :].mean()) / SHARP


def train(folder: Path, minutes: float, batch_size: int = 32, peak_rate: float = 2e-3, seed: int = 0) -> Judge:
    """Train on fresh renders, roughened so that it does not insist on perfect edges; goes on with the folder's state."""
    import torch
    from torch.nn.functional import cross_entropy

    torch.manual_seed(seed)
    net = _build()

    def loss_of(rng: random.Random, step: int) -> Tensor:
        scenes, pictures = batch(rng, batch_size, rng.choice(("square", *SHAPES)))
        guesses, answers = net(_shrink(_roughen(pictures, rng))), _answers(scenes)
        return sum((cross_entropy(guesses[name], answers[name]) for name in HEADS), torch.zeros(()))

    learners = Learners({"net": net}, torch.optim.AdamW(net.parameters(), weight_decay=0.02))
    practise(Practice(folder / STATE, minutes, peak_rate, seed=seed), learners, loss_of, lambda: _tell(net))
    return Judge(net.eval())


def _tell(net: Any) -> None:
    """Print the share of right answers on pictures that no training uses."""
    scenes, pictures = batch(random.Random("judge, unseen"), 64)
    answers, guesses = _answers(scenes), net(_shrink(pictures))
    right = {name: round(float((guesses[name].argmax(1) == answers[name]).float().mean()), 2) for name in HEADS}
    print(f"judge right {right}", flush=True)


def _answers(scenes: list[Scene]) -> dict[str, Tensor]:
    import torch

    seen = [Verdict.of(scene) for scene in scenes]
    return {name: torch.tensor([options.index(getattr(one, name)) for one in seen]) for name, options in HEADS.items()}


def _shrink(pictures: Tensor) -> Tensor:
    from torch.nn.functional import interpolate

    return interpolate(pictures, (_SIDE, _SIDE), mode="bilinear", antialias=True)


def _roughen(pictures: Tensor, rng: random.Random) -> Tensor:
    """Blur some batches, add noise, change the light: what a decoder or a finish may do to a picture."""
    import torch
    from torch.nn.functional import interpolate

    if rng.random() < 0.5:
        small = interpolate(pictures, scale_factor=rng.uniform(0.25, 0.6), mode="bilinear", antialias=True)
        pictures = interpolate(small, pictures.shape[-2:], mode="bilinear")
    light = 1 + 0.06 * torch.randn(len(pictures), 3, 1, 1) * rng.random()
    return pictures * light + 0.1 * rng.random() * torch.randn_like(pictures)


def _build() -> Any:
    import torch
    from torch import nn

    class Net(nn.Module):
        """Four halvings, then one query for each question looks over the 8 x 8 places: where something is matters here."""

        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = []
            before = 3
            for width in _WIDTHS:
                layers += [nn.Conv2d(before, width, 3, stride=2, padding=1), nn.GroupNorm(8, width), nn.SiLU()]
                layers += [nn.Conv2d(width, width, 3, padding=1), nn.GroupNorm(8, width), nn.SiLU()]
                before = width
            self.body = nn.Sequential(*layers)
            self.where = nn.Parameter(0.02 * torch.randn(1, (_SIDE // 16) ** 2, before))
            self.queries = nn.Parameter(0.02 * torch.randn(1, len(HEADS), before))
            self.mixing = nn.TransformerEncoderLayer(before, 4, 2 * before, 0.0, batch_first=True, norm_first=True)
            self.looking = nn.MultiheadAttention(before, 4, batch_first=True)
            self.heads = nn.ModuleDict({name: nn.Linear(before, len(options)) for name, options in HEADS.items()})

        def forward(self, pictures: Tensor) -> dict[str, Tensor]:
            places = self.mixing(self.body(pictures).flatten(2).transpose(1, 2) + self.where)
            seen, _ = self.looking(self.queries.expand(len(places), -1, -1), places, places, need_weights=False)
            return {name: head(seen[:, index]) for index, (name, head) in enumerate(self.heads.items())}

    return Net()
