#!/usr/bin/env bash
# diffusers: VaeImageProcessor resizes arrays and tensors by nearest neighbour, whatever `resample` says.
#
# Versions: diffusers 0.42.1, torch 2.13.0, pillow 12.3.0.
#
# Behaviour: the processor that every image-to-image and inpainting pipeline puts its input through has the option
# `resample`, "lanczos" by default. It reaches PIL pictures only. The same picture as a NumPy array or a tensor goes
# through torch's interpolation with its default, nearest neighbour without any filter: most pixels are thrown away.
# The option is accepted and reported by `.config` for all three.
#
# Expected: "resampling filter to use when resizing the image", for each of the three kinds that are accepted, or a
# refusal of those that it does not hold for.
#
# Why it matters: a photo shrunk to a model's size arrives with jagged edges and moire as an array, and smooth as a
# PIL picture: one input, two drawings. Code that keeps pictures as arrays (video frames, ComfyUI-like graphs) is hit
# in silence. Resize it yourself first.
#
# Seen on 2026-11-30 (a checkerboard of single pixels, 512 to 64: its mean is grey, 0.0 in the model's range -1 to 1):
#   PIL picture  -0.004 to 0.004
#   NumPy array  -1.000 to -1.000   (all black)
#   torch tensor -1.000 to -1.000
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
# torch's own index, https://download.pytorch.org/whl/cpu, has the small CPU build.
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check \
    torch==2.13.0 numpy==2.4.6 diffusers==0.42.1 pillow==12.3.0
"$tmp/venv/bin/python" - <<'EOF'
import sys

import numpy as np
import torch
from diffusers.image_processor import VaeImageProcessor
from PIL import Image

checkers = (np.indices((512, 512)).sum(axis=0) % 2).astype(np.float32)
array = np.repeat(checkers[None, :, :, None], 3, axis=3)
inputs = {
    "PIL picture": Image.fromarray((array[0] * 255).astype(np.uint8)),
    "NumPy array": array,
    "torch tensor": torch.from_numpy(array).permute(0, 3, 1, 2),
}
seen = {}
for resample in ("lanczos", "bilinear"):
    processor = VaeImageProcessor(resample=resample)
    for name, image in inputs.items():
        out = processor.preprocess(image, height=64, width=64)
        seen[resample, name] = out.min().item(), out.max().item()
        print(f"{processor.config.resample:8} {name:12} {out.min().item():.3f} to {out.max().item():.3f}")
for (resample, name), (low, high) in seen.items():
    grey = max(abs(low), abs(high)) < 0.05
    if name == "PIL picture" and not grey:
        sys.exit("Changed: a PIL picture is no longer filtered when it is made smaller.")
    if name != "PIL picture" and grey:
        sys.exit(f"Changed: a {name} is now filtered when it is made smaller.")
EOF
