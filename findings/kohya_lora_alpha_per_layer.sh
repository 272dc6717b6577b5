#!/usr/bin/env bash
# diffusers: a Kohya LoRA whose layers have different alphas is applied with one layer's alpha everywhere.
#
# Versions: diffusers 0.42.1, peft 0.21.2, transformers 5.23.0, torch 2.13.0, safetensors 0.8.0.
#
# Behaviour: the format stores an `alpha` beside each layer's two matrices, and the layer's strength is alpha / rank.
# load_lora_weights reads all of them and hands peft the commonest one with a table of exceptions, but the table's keys
# name no layer that peft knows, so every layer gets the commonest alpha. A warning lists those keys as "ignored", in
# names that stand in neither the file nor the model; nothing says that the result is wrong, and loading succeeds.
# A file with one alpha throughout is exact.
#
# Expected: up x down x alpha / rank for each layer, as the file says and other programs that read it do.
#
# Why it matters: trainers write such files whenever attention and convolution get different alphas, or by block. Here
# the value layers are meant to be eight times as strong as the rest and are drawn at an eighth: the LoRA looks weak,
# and raising its weight overdrives everything else.
#
# Seen on 2026-11-30:
#   one alpha (2):           strength 0.5 in all layers; off by 0.00 from weights merged by hand
#   to_v 16, the others 2:   strength 0.5 in all layers; off by 1.62 where the LoRA's whole effect is 1.49
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
# torch's own index, https://download.pytorch.org/whl/cpu, has the small CPU build.
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check torch==2.13.0 numpy==2.4.6 \
    diffusers==0.42.1 transformers==5.23.0 peft==0.21.2 accelerate==1.15.0 safetensors==0.8.0
"$tmp/venv/bin/python" - "$tmp" <<'EOF'
import sys

import torch
from diffusers import AutoencoderKL, EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import save_file

RANK = 4


def build():
    """A pipeline with a tiny U-Net; what is not needed to load a LoRA into it is left out."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(16, 16), layers_per_block=1, norm_num_groups=8, attention_head_dim=4,
        cross_attention_dim=16, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
    ).eval()
    vae = AutoencoderKL(block_out_channels=(8,), norm_num_groups=4)
    return StableDiffusionPipeline(
        vae=vae, unet=unet, scheduler=EulerDiscreteScheduler(steps_offset=1), text_encoder=None, tokenizer=None,
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )


LAYERS = [name for name, _ in build().unet.named_modules() if name.endswith(("to_q", "to_k", "to_v"))]


def write(path, alpha_of):
    """A LoRA in Kohya's layout for every attention layer."""
    generator, unet, file = torch.Generator().manual_seed(1), build().unet, {}
    for name in LAYERS:
        layer, key = unet.get_submodule(name), "lora_unet_" + name.replace(".", "_")
        file[f"{key}.lora_down.weight"] = torch.randn(RANK, layer.in_features, generator=generator)
        file[f"{key}.lora_up.weight"] = torch.randn(layer.out_features, RANK, generator=generator)
        file[f"{key}.alpha"] = torch.tensor(float(alpha_of(name)))
    save_file(file, path)
    return file


def by_hand(file):
    unet = build().unet
    for name in LAYERS:
        key = "lora_unet_" + name.replace(".", "_")
        change = file[f"{key}.lora_up.weight"] @ file[f"{key}.lora_down.weight"] * file[f"{key}.alpha"] / RANK
        unet.get_submodule(name).weight.data += change
    return unet


@torch.no_grad()
def predict(unet):
    generator = torch.Generator().manual_seed(2)
    latents, prompt = torch.randn(1, 4, 8, 8, generator=generator), torch.randn(1, 7, 16, generator=generator)
    return unet(latents, 500, prompt).sample


plain = predict(build().unet)


def compare(name, alpha_of):
    path = f"{sys.argv[1]}/lora.safetensors"
    file = write(path, alpha_of)
    pipe = build()
    pipe.load_lora_weights(path, adapter_name="kohya")
    layers = [module for module in pipe.unet.modules() if "kohya" in getattr(module, "scaling", {})]
    strengths = sorted({module.scaling["kohya"] for module in layers})
    meant = sorted({float(file[key]) / RANK for key in file if key.endswith(".alpha")})
    off = (predict(pipe.unet) - predict(by_hand(file))).abs().max().item()
    effect = (predict(by_hand(file)) - plain).abs().max().item()
    print(f"{name}: strengths {strengths} in {len(layers)} layers, meant {meant}; "
          f"off by {off:.2f} where the LoRA's effect is {effect:.2f}")
    return strengths, off


one = compare("one alpha (2)", lambda name: 2)
mixed = compare("to_v 16, the others 2", lambda name: 16 if name.endswith("to_v") else 2)
if one[0] != [0.5] or one[1] > 1e-3:
    sys.exit("Changed: a file with one alpha is no longer loaded exactly.")
if mixed[0] != [0.5] or mixed[1] < 0.05:
    sys.exit("Changed: the alphas of single layers are no longer dropped.")
EOF
