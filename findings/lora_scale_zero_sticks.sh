#!/usr/bin/env bash
# diffusers: drawing once with a LoRA scale of 0 sets every LoRA's weight to 1.0 for all later drawings.
#
# Versions: diffusers 0.42.1, peft 0.21.2, transformers 5.23.0, torch 2.13.0.
#
# Behaviour: `cross_attention_kwargs={"scale": s}` multiplies the weights given to `set_adapters` for one call and
# divides them back afterwards. With s = 0 there is nothing to divide back, and the library writes 1.0 instead of what
# was there: two adapters at 0.5 and 0.2 are both at 1.0 from then on, without a word.
#
# Expected: an argument of one call leaves no trace, as with every other value of `scale`. The documentation presents 0
# as "the base model only", so a before-and-after comparison is the natural use of it.
#
# Why it matters: a service that offers a strength slider from 0 to 1 draws everybody's next picture at another
# strength than it says, from the first time that someone moves the slider to 0.
#
# Seen on 2026-11-30:
#   weights set:              warm 0.5, ink 0.2
#   after a call at 0.3:      warm 0.5, ink 0.2
#   after a call at 0.0:      warm 1.0, ink 1.0
#   the same input before and after the call at 0.0 differs by 0.06
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
# torch's own index, https://download.pytorch.org/whl/cpu, has the small CPU build.
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check \
    torch==2.13.0 numpy==2.4.6 diffusers==0.42.1 transformers==5.23.0 peft==0.21.2 accelerate==1.15.0
"$tmp/venv/bin/python" - <<'EOF'
import sys

import torch
from diffusers import UNet2DConditionModel
from peft import LoraConfig

torch.manual_seed(0)
unet = UNet2DConditionModel(
    sample_size=8, block_out_channels=(16, 16), layers_per_block=1, norm_num_groups=8, attention_head_dim=4,
    cross_attention_dim=16, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
).eval()
for name in ("warm", "ink"):
    unet.add_adapter(LoraConfig(r=4, lora_alpha=4, init_lora_weights=False, target_modules=["to_q", "to_v"]), name)
unet.set_adapters(["warm", "ink"], [0.5, 0.2])
latents, prompt = torch.randn(1, 4, 8, 8), torch.randn(1, 7, 16)


@torch.no_grad()
def predict(**kwargs):
    return unet(latents, 500, prompt, **kwargs).sample


def weights():
    layer = next(m for m in unet.modules() if hasattr(m, "scaling"))
    return {name: round(layer.scaling[name], 3) for name in ("warm", "ink")}


before = predict()
print("weights set:        ", weights())
predict(cross_attention_kwargs={"scale": 0.3})
print("after a call at 0.3:", weights())
if weights() != {"warm": 0.5, "ink": 0.2}:
    sys.exit("Changed: a scale of 0.3 is no longer taken back after the call.")
predict(cross_attention_kwargs={"scale": 0.0})
print("after a call at 0.0:", weights())
off = (predict() - before).abs().max().item()
print(f"the same input before and after the call at 0.0 differs by {off:.2f}")
if weights() != {"warm": 1.0, "ink": 1.0} or off < 1e-3:
    sys.exit("Changed: a scale of 0 no longer overwrites the weights of the adapters.")
EOF
