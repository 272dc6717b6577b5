"""A tiny image classifier as the hub keeps one, taught in a blink that red is unsafe and blue is not; knows no filter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SIDE = 16
LABELS = ("normal", "nsfw")
PREPROCESSOR = {
    "do_normalize": True, "do_rescale": True, "do_resize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3,
    "image_processor_type": "ViTImageProcessor", "resample": 2, "rescale_factor": 1 / 255,
    "size": {"height": SIDE, "width": SIDE},
}  # fmt: skip


def build_classifier(folder: Path, labels: tuple[str, ...] = LABELS) -> Path:
    """A vision transformer in `folder` that calls what is more blue than red `labels[0]` and the rest `labels[1]`."""
    import torch
    import transformers

    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=SIDE, patch_size=8,
        id2label=dict(enumerate(labels)), label2id={label: number for number, label in enumerate(labels)},
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = transformers.ViTForImageClassification(config)
        _teach(model)
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR), "utf-8")
    return folder


def _teach(model: Any) -> None:
    import torch

    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(60):
        colours = torch.rand(32, 3, 1, 1) * 2 - 1
        wanted = (colours[:, 0, 0, 0] > colours[:, 2, 0, 0]).long()
        loss = torch.nn.functional.cross_entropy(model(colours.expand(-1, -1, SIDE, SIDE)).logits, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
