"""Recipes of other programs in pictures: what each dialect says, with its traps, and that nothing in a file is too much."""

# ruff: noqa: E501 - texts stand in one line where their programs write them so

from __future__ import annotations

import dataclasses
import json
import random
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.commands import Imagine, read
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines.local.sampling.schedulers import SCHEDULERS
from gemini_diffusion.generation.drawing.recipe_offer import offer_of_file, offer_of_texts
from gemini_diffusion.generation.services import Services
from gemini_diffusion.storage.gallery import Gallery, recipe_to_json
from gemini_diffusion.storage.metadata import read_from_picture, samplers
from gemini_diffusion.storage.metadata.written import RECIPE_KEY
from gemini_diffusion.types import AdapterChoice
from gemini_diffusion.types.errors import BadInput
from tests.foreign_pictures import chunk, comment, plain, png, stealth, webp, xmp
from tests.recipes import FOX
from tests.sketch_engine import SketchEngine

KITE = {"prompt": "a kite", "negative_prompt": "fog", "seed": 42, "steps": 20, "width": 512, "height": 768}
END = "Steps: 20, Sampler: Euler a, CFG scale: 6.5, Seed: 42, Size: 512x768"
A1111 = f"a kite\nNegative prompt: fog\n{END}"
CIVITAI = '[{"type":"lora","weight":0.5,"modelVersionId":1}]'


def graph(**nodes: Any) -> str:
    """A ComfyUI graph of nodes as (class, inputs); NaN as Python writes it."""
    found = {name.lstrip("n"): {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in nodes.items()}
    return json.dumps(found | {"99": {"class_type": "Note", "inputs": {}, "is_changed": [float("nan")]}})


KSAMPLER = {"seed": 42, "steps": 20, "cfg": 6.5, "sampler_name": "dpmpp_2m", "scheduler": "karras", "denoise": 1.0,
            "model": ["10", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}  # fmt: skip
NODES: dict[str, Any] = {
    "n4": ("CheckpointLoaderSimple", {"ckpt_name": "sub\\kiteXL.safetensors"}),
    "n5": ("EmptyLatentImage", {"width": 512, "height": 768, "batch_size": 1}),
    "n6": ("CLIPTextEncode", {"text": "a kite", "clip": ["11", 0]}),
    "n7": ("CLIPTextEncode", {"text": "fog", "clip": ["11", 0]}),
    "n3": ("KSampler", KSAMPLER),
    "n9": ("SaveImage", {"images": ["3", 0]}),
    "n10": ("LoraLoader", {"lora_name": "dune.safetensors", "strength_model": 0.6, "model": ["4", 0], "clip": ["4", 1]}),
    "n11": ("CLIPSetLastLayer", {"stop_at_clip_layer": -2, "clip": ["10", 1]}),
}
HIRES = {
    "n2": ("KSampler", KSAMPLER | {"seed": 7, "denoise": 0.4, "latent_image": ["12", 0]}),
    "n12": ("LatentUpscale", {"samples": ["3", 0]}),
    **NODES,
    "n9": ("SaveImage", {"images": ["2", 0]}),
}
REFINED = NODES | {
    "n3": ("KSamplerAdvanced", {**KSAMPLER, "noise_seed": 42, "start_at_step": 0, "end_at_step": 16}),
    "n2": (
        "KSamplerAdvanced",
        {**KSAMPLER, "noise_seed": 0, "start_at_step": 16, "latent_image": ["3", 0], "model": ["13", 0]},
    ),
    "n13": ("CheckpointLoaderSimple", {"ckpt_name": "xl_refiner.safetensors"}),
    "n9": ("SaveImage", {"images": ["2", 0]}),
}
CUSTOM = {
    "n1": ("SamplerCustomAdvanced", {"noise": ["2", 0], "guider": ["3", 0], "sampler": ["4", 0], "sigmas": ["5", 0], "latent_image": ["6", 0]}),
    "n2": ("RandomNoise", {"noise_seed": ["12", 0]}),
    "n12": ("PrimitiveInt", {"value": 42}),
    "n3": ("BasicGuider", {"model": ["7", 0], "conditioning": ["8", 0]}),
    "n4": ("KSamplerSelect", {"sampler_name": "euler"}),
    "n5": ("BasicScheduler", {"steps": 20, "scheduler": "simple", "denoise": 1, "model": ["7", 0]}),
    "n6": ("EmptySD3LatentImage", {"width": 512, "height": 768, "batch_size": 1}),
    "n7": ("UNETLoader", {"unet_name": "flux1-dev.sft"}),
    "n8": ("FluxGuidance", {"guidance": 3.5, "conditioning": ["9", 0]}),
    "n9": ("CLIPTextEncode", {"text": ["10", 0], "clip": ["11", 0]}),
    "n10": ("ImpactWildcardProcessor", {"wildcard_text": "a __toy__", "populated_text": "a kite"}),
    "n11": ("DualCLIPLoader", {}),
}  # fmt: skip
LINKED = NODES | {
    "n3": ("KSampler", KSAMPLER | {"positive": ["14", 0], "negative": ["14", 1]}),
    "n14": ("ControlNetApplyAdvanced", {"positive": ["6", 0], "negative": ["7", 0], "strength": 1}),
}
COMFY = KITE | {
    "program": "ComfyUI",
    "model": "kiteXL",
    "sampler": "dpmpp_2m",
    "schedule": "karras",
    "guidance": 6.5,
    "clip_skip": 2,
}
FOOOCUS = {"base_model": "kiteXL.safetensors", "base_model_hash": "0a1b2c3d4e", "prompt": "a kite", "negative_prompt": "fog",
           "seed": "42", "steps": 20, "guidance_scale": 4.0, "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras",
           "resolution": "(512, 768)", "refiner_model": "None", "refiner_switch": 0.5, "styles": "['Fooocus V2']", "clip_skip": 2,
           "loras": [["dune.safetensors", 0.6, "9f8e7d6c5b"]], "version": "Fooocus v2.5.5"}  # fmt: skip
NAI = {"prompt": "{{a kite}}, 1.2::red::", "uc": "[fog]", "steps": 20, "scale": 5, "sampler": "k_dpmpp_2m", "seed": 42,
       "noise_schedule": "karras", "width": 512, "height": 768, "request_type": "PromptGenerateRequest", "cfg_rescale": 0.2}  # fmt: skip
THINGS = {"c": "a kite", "uc": "fog", "steps": 20, "sampler": "DPM++ 2M Karras", "scale": 6.5, "seed": 42, "size": "512x768",
          "model": "kite_xl_f16.ckpt", "strength": 1, "seed_mode": "Scale Alike", "lora": [{"model": "dune.ckpt", "weight": 0.6}],
          "hires_fix": False, "v2": {"clipSkip": 2}}  # fmt: skip
EASY: dict[str, Any] = {"prompt": "a kite", "negative_prompt": "fog", "seed": "42", "use_stable_diffusion_model": "/home/x/kiteXL.ckpt",
        "clip_skip": "True", "sampler_name": "euler_a", "width": "512", "height": "768", "num_inference_steps": "20",
        "guidance_scale": "6.5", "use_lora_model": "['dune', 'sand']", "lora_alpha": "[0.6, 1]"}  # fmt: skip
INVOKE = {"generation_mode": "sdxl_txt2img", "positive_prompt": "a kite", "negative_prompt": None, "seed": 42, "steps": 20,
          "cfg_scale": 6.5, "scheduler": "dpmpp_2m_k", "width": 512, "height": 768, "clip_skip": 1,
          "model": {"key": "1", "hash": "blake3:00", "name": "kiteXL", "base": "sdxl"},
          "loras": [{"model": {"name": "dune"}, "weight": 0.6}, {"lora": {"model_name": "sand"}, "weight": 1}]}  # fmt: skip
SWARM = {"prompt": "a kite", "negativeprompt": "fog", "model": "OfficialFolder/kiteXL.safetensors", "seed": "42", "steps": 20,
         "cfgscale": "6.5", "sampler": "dpmpp_2m", "scheduler": "karras", "width": 512, "height": "768", "clipstopatlayer": -2,
         "loras": "dune,sand", "loraweights": ["0.6", "1"], "refinercontrolpercentage": "0.2", "refinermodel": "xl_refiner",
         "refinerupscale": "1.5", "swarm_version": "0.9.7"}  # fmt: skip
DUNE_SAND = [("dune", 0.6), ("sand", 1.0)]
FACES = "a kite, [red:blue:0.5], Negative prompt: none, Steps: three of them"

FILES: dict[str, tuple[bytes, dict[str, Any]]] = {
    # A1111 and who writes like it
    "a1111": (png(parameters=A1111), KITE | {"program": "AUTOMATIC1111", "sampler": "Euler a", "guidance": 6.5}),
    "a1111 without a negative": (png(parameters=f"a kite\n{END}"), KITE | {"negative_prompt": ""}),
    "a1111 crlf": (png(parameters=A1111.replace("\n", "\r\n")), KITE),
    "a1111 ztxt": (png(form="zTXt", parameters=A1111), KITE),
    "a1111 itxt": (png(form="iTXt", parameters=A1111.replace("kite", "連")), KITE | {"prompt": "a 連"}),
    "a1111 packed itxt after the pixels": (png(form="packed iTXt", after=True, parameters=A1111), KITE),
    "a1111 jpeg": (comment(A1111), KITE),
    "a1111 jpeg, little endian": (comment(A1111, "utf-16-le", order="<"), KITE),
    "a1111 webp": (comment(A1111, kind="WEBP"), KITE),
    "a1111 jpeg, ascii": (comment(A1111, "ascii", mark=b"ASCII\0\0\0"), KITE),
    "a1111 jpeg, utf-8 behind the mark of utf-16": (comment(A1111, "utf-8"), KITE),
    "a1111 cyrillic jpeg": (comment(A1111.replace("a kite", "воздушный змей")), KITE | {"prompt": "воздушный змей"}),
    "a1111 with its words in the prompt": (png(parameters=f"{FACES}\nSteps: 3\n{A1111}"), KITE | {"prompt": f"{FACES}\nSteps: 3\na kite"}),
    "a1111 that begins with Negative prompt": (
        png(parameters=f"Negative prompt: in words\nNegative prompt: fog\n{END}"), KITE | {"prompt": "Negative prompt: in words"},
    ),
    "a1111 quoted values": (
        png(parameters=f'a kite <lora:dune:0.6> <lora:sand:te=1:unet=0.4>\nNegative prompt: fog\n{END}, Model hash: 0a1b2c3d4e, '
            'Model: kite: "one", Wildcard prompt: "a, b: c", Clip skip: 2, Lora hashes: "dune: 9f8e7d6c5b4a, sand: 00ff", Version: v1.10.1'),
        KITE | {"model": 'kite: "one"', "model_hash": "0a1b2c3d4e", "clip_skip": 2, "loras": [("dune", 0.6, "9f8e7d6c5b4a"), ("sand", 0.4, "00ff")],
                "others": ("Wildcard prompt a, b: c",)},
    ),
    "a1111 hires and refiner": (
        png(parameters=f"{A1111}, Denoising strength: 0.4, Hires upscale: 2, Hires upscaler: Latent, Refiner: xl_refiner [7440042bbd], "
            "Refiner switch at: 0.8"), KITE | {"hd": True, "refiner": "xl_refiner", "refine": 0.8, "strength": None},
    ),
    "a1111 from a picture": (png(parameters=f"{A1111}, Denoising strength: 0.4"), KITE | {"strength": 0.4, "hd": False}),
    "template afterwards": (png(parameters=f"{A1111}\nTemplate: a __toy__\nNegative Template: fog"), KITE),
    "forge": (
        png(parameters=f"{A1111}, Schedule type: Karras, Distilled CFG Scale: 3.5, Module 1: ae, Version: f2.0.1v1.10.1-previous-6"),
        KITE | {"program": "Forge", "guidance": 3.5, "schedule": "Karras", "others": ("Module 1 ae",)},
    ),
    "forge, hidden": (stealth(A1111), KITE),
    "forge, hidden, plain": (stealth(A1111, packed=False), KITE),
    "sd.next": (
        png(parameters="a kite\nNegative prompt: fog\nSteps: 20, Size: 512x768, Sampler: Euler, Scheduler: EulerDiscreteScheduler, Seed: 42, "
            "CFG scale: 6, CLiP-skip: 2, App: SD.Next, Version: 0badcafe, Pipeline: StableDiffusionXLPipeline, Operations: txt2img"),
        KITE | {"program": "SD.Next", "clip_skip": 2, "others": ()},
    ),
    "sd.next without a negative": (
        png(parameters="a kite\nNegative prompt: \nSteps: 20, Size: 512x768, Sampler: Euler, Seed: 42, App: SD.Next"), KITE | {"negative_prompt": ""},
    ),
    "sd.cpp": (
        png(parameters="a kite\nNegative prompt: fog\nSteps: 20, CFG scale: 7.000000, Guidance: 3.500000, Eta: inf, Seed: 42, Size: 512x768, "
            'Model: k.gguf, RNG: cuda, Skip layers: [7, 8], Sampler: euler_a karras, Version: stable-diffusion.cpp, SDCPP: {"a": [1, 2]}'),
        KITE | {"program": "stable-diffusion.cpp", "guidance": 7.0, "model": "k", "sampler": "euler_a karras"},
    ),
    "krita": (
        png(form="iTXt", parameters="a kite <lora:dune:0.6>\nNegative prompt: fog\nSteps: 20, Sampler: Default, CFG scale: 5.0, Seed: 42, "
            "Size: 512x768, Model hash: unknown, Model: k.safetensors"),
        KITE | {"program": "Krita", "model": "k", "model_hash": "", "loras": [("dune", 0.6, "")]},
    ),
    "civitai": (
        comment(f'{A1111}, Created Date: 2026-02-03T04:05:06.1Z, Civitai resources: {CIVITAI}, Civitai metadata: {{"quantity":1}}', "utf-16-le"),
        KITE | {"program": "Civitai", "others": ("a lora that only Civitai knows",)},
    ),
    "image saver": (
        png(parameters=f'{A1111}, Hashes: {{"model":"0a1b2c3d4e","LORA:dune":"9f8e"}}, Version: ComfyUI', prompt=graph(**NODES)),
        KITE | {"program": "ComfyUI", "model_hash": "0a1b2c3d4e"},
    ),
    "fooocus a1111": (
        png(parameters='a kite in style\nNegative prompt: fog, blur\nSteps: 20, Sampler: DPM++ 2M SDE Karras, Seed: 42, Size: 512x768, CFG scale: 4, '
            'Sharpness: 2, ADM Guidance: "(1.5, 0.8, 0.3)", Model: kiteXL, Model hash: 0a1b2c3d4e, Performance: Speed, Scheduler: karras, '
            'Raw prompt: a kite, Raw negative prompt: fog, Lora hashes: dune: 9f8e7d6c5b, Lora weights: dune: 0.6, Version: Fooocus v2.5.5',
            fooocus_scheme="a1111"),
        KITE | {"program": "Fooocus", "sampler": "DPM++ 2M SDE Karras", "loras": [("dune", 0.6, "9f8e7d6c5b")],
                "others": ("Sharpness 2", "ADM Guidance (1.5, 0.8, 0.3)")},
    ),
    # JSON
    "fooocus": (
        png(parameters=json.dumps(FOOOCUS), fooocus_scheme="fooocus"),
        KITE | {"program": "Fooocus", "model_hash": "0a1b2c3d4e", "loras": [("dune", 0.6, "9f8e7d6c5b")], "refine": None,
                "others": ("styles ['Fooocus V2']",)},
    ),
    "fooocus jpeg, older": (
        comment(json.dumps({**FOOOCUS, "loras": [], "lora_combined_1": "dune : 0.6"}), "utf-8", mark=b"", first=True),
        KITE | {"program": "Fooocus", "loras": [("dune", 0.6, "")]},
    ),
    "invokeai": (
        png(form="iTXt", invokeai_metadata=json.dumps(INVOKE)),
        KITE | {"program": "InvokeAI", "negative_prompt": "", "sampler": "dpmpp_2m", "schedule": "karras", "clip_skip": 2, "model": "kiteXL",
                "loras": DUNE_SAND},
    ),
    "invokeai 3": (png(invokeai_metadata=json.dumps(INVOKE | {"model": {"model_name": "kiteXL"}, "hrf_enabled": True})), {"model": "kiteXL", "hd": True}),
    "invokeai 2": (
        png(sd__metadata=json.dumps({"model_weights": "kiteXL", "image": {"prompt": [{"prompt": "a kite [fog]", "weight": 1}], "steps": 20,
            "cfg_scale": 6.5, "seed": 42, "width": 512, "height": 768, "sampler": "k_lms", "type": "txt2img"}})),
        KITE | {"program": "InvokeAI", "sampler": "k_lms", "guidance": 6.5},
    ),
    "dream": (png(Dream='"a kite [fog]" -s 20 -S 42 -W 512 -H 768 -C 6.5 -A k_lms'), KITE | {"program": "InvokeAI", "guidance": 6.5}),
    "comfyui": (png(prompt=graph(**NODES), workflow="{}"), COMFY | {"loras": [("dune", 0.6)], "hd": False}),
    "comfyui webp": (webp(prompt=graph(**NODES), workflow="{}"), COMFY),
    "comfyui in two passes": (png(prompt=graph(**HIRES)), COMFY | {"hd": True, "others": ("2 samplers, of which the first is read",)}),
    "comfyui refined": (png(prompt=graph(**REFINED)), COMFY | {"refiner": "xl_refiner", "refine": 0.8, "hd": False}),
    "comfyui custom": (
        png(prompt=graph(**CUSTOM)),
        KITE | {"negative_prompt": "", "model": "flux1-dev", "guidance": 3.5, "sampler": "euler", "schedule": "simple"},
    ),
    "comfyui, its two prompts through one node": (png(prompt=graph(**LINKED)), COMFY | {"others": ("ControlNetApplyAdvanced",)}),
    "comfyui in a circle": (
        png(prompt=graph(**NODES | {"n6": ("Reroute", {"text": ["6", 0]})})), {"prompt": "", "seed": 42},
    ),
    "comfyui, a large seed": (png(prompt=graph(**NODES | {"n3": ("KSampler", KSAMPLER | {"seed": 2**63})})), COMFY | {"seed": 2**63}),
    "swarmui": (
        png(form="iTXt", parameters=json.dumps({"sui_image_params": SWARM, "sui_models": [{"name": "dune.safetensors", "hash": "0x9f8e"}]})),
        KITE | {"program": "SwarmUI", "model": "kiteXL", "guidance": 6.5, "clip_skip": 2, "refine": 0.8, "hd": True,
                "loras": [("dune", 0.6, "9f8e"), ("sand", 1.0, "")]},
    ),
    "swarmui jpeg": (comment(json.dumps({"sui_image_params": SWARM}), "utf-16-le"), KITE | {"program": "SwarmUI"}),
    "novelai": (
        png(Software="NovelAI", Source="NovelAI Diffusion V4.5 4BDE2A90", Comment=json.dumps(NAI), Description="a kite"),
        KITE | {"program": "NovelAI", "prompt": "(a kite:1.1), (red:1.2)", "negative_prompt": "(fog:0.952)", "guidance": 5.0,
                "model": "NovelAI Diffusion V4.5 4BDE2A90", "others": ("CFG rescale",), "strength": None},
    ),
    "novelai, hidden": (stealth(json.dumps({"Software": "NovelAI", "Source": "Diffusion", "Comment": json.dumps(NAI)})), {"program": "NovelAI", "seed": 42}),
    "draw things": (
        png(form="iTXt", Software="Draw Things", Description="a kite\n-fog", Comment=json.dumps(THINGS)),
        KITE | {"program": "Draw Things", "model": "kite_xl_f16", "clip_skip": 2, "loras": [("dune", 0.6)], "strength": None},
    ),
    "draw things jpeg": (comment(json.dumps(THINGS)), KITE | {"program": "Draw Things"}),
    "draw things on a mac": (xmp(json.dumps(THINGS)), KITE | {"program": "Draw Things"}),
    "easy diffusion": (png(**EASY), KITE | {"program": "Easy Diffusion", "model": "kiteXL", "clip_skip": 2, "loras": DUNE_SAND}),
    "easy diffusion jpeg": (comment(json.dumps(EASY | {"clip_skip": False, "seed": 42})), KITE | {"program": "Easy Diffusion", "clip_skip": None}),
    "midjourney": (
        png(Description="a kite --ar 2:3 --seed 42 --v 7 Job ID: 00000000-0000-0000-0000-000000000000", Author="x"),
        {"program": "Midjourney", "prompt": "a kite", "seed": 42, "line": "/imagine a kite --ar 2:3 --seed 42 --v 7 --raw"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_program_says_what_it_was_made_with(name: str) -> None:
    content, expected = FILES[name]
    found = read_from_picture(content)
    assert found is not None
    seen = {field: getattr(found, field) for field in expected}
    if "loras" in expected:
        width = len(expected["loras"][0])
        seen["loras"] = [dataclasses.astuple(lora)[:width] for lora in found.loras]
    assert seen == expected


def test_a_broken_file_is_a_picture_without_a_recipe_or_with_one() -> None:
    """Cut, and with bytes exchanged: whatever comes of it, nothing is raised."""
    dice = random.Random(7)
    for content, _ in FILES.values():
        for _ in range(6):
            broken = bytearray(content[: dice.randrange(8, len(content))])
            for _ in range(4):
                broken[dice.randrange(8, len(broken))] = dice.randrange(256)
            read_from_picture(bytes(broken))


HOSTILE = {
    "bombs": lambda: b"\x89PNG\r\n\x1a\n" + chunk(b"zTXt", b"parameters\0\0" + zlib.compress(b"Steps: 1, " * 2_000_000)) * 90,
    "many chunks": lambda: b"\x89PNG\r\n\x1a\n" + chunk(b"abCd", b"") * 200_000,
    "depth": lambda: png(prompt='{"1":' * 100_000 + "1" + "}" * 100_000),
    "many lists": lambda: png(prompt='{"1": [' + "[]," * 300_000 + "[]]}"),
    "long numbers": lambda: png(parameters="a\n" + f"Steps: {'9' * 20_000}, Sampler: x, CFG scale: 1e999, Seed: {'9' * 900_000}, Size: 1x1"),
    "many names": lambda: png(parameters="a\n" + "Steps: 1, " + "A: 1, " * 150_000),
    "blanks": lambda: png(parameters="Negative prompt: " + " " * 900_000 + "\n" + "Steps: " * 9),
    "tags": lambda: png(parameters="<lora:a:" * 100_000 + f"\n{END}"),
    "colons": lambda: png(Comment=json.dumps({"prompt": "1::{[" * 150_000, "uc": ""})),
    "a long chain": lambda: png(prompt=json.dumps({
        str(n): {"class_type": "KSampler", "inputs": {"seed": 1, "latent_image": [str(n + 1), 0], "positive": [str(n + 1), 0]}}
        for n in range(1900)})),
    "a large picture": lambda: plain()[:16] + b"\0\0\xff\xff\0\0\xff\xff" + plain()[24:],
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_metadata_cost_more_than_they_may(name: str) -> None:
    content = HOSTILE[name]()
    tracemalloc.start()
    try:
        read_from_picture(content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 50_000_000


# Offered as lines


class Stocked(SketchEngine):
    """An engine beside which two LoRAs lie, one known by its hash alone."""

    def adapters(self) -> list[AdapterChoice]:
        return [AdapterChoice("<lora:Dune:1>", ""), AdapterChoice("<lora:beach:1>", "", hash="00ff" * 16)]


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return Services({"builtin": BuiltinChatModel()}, {"local": Stocked()}, Gallery(tmp_path / "pictures"))


OFFERS = {
    "a1111 quoted values": (
        '/imagine a kite <lora:Dune:0.6> <lora:beach:0.4> --ar 2:3 --seed 42 --no fog --raw --steps 20 --cfg 6.5 --scheduler "Euler a" --clip-skip 2',
        ['It was drawn by kite: "one" (hash 0a1b2c3d4e), which is not here; the model that is chosen draws instead.',
         "Without a counterpart here: Wildcard prompt a, b: c."],
    ),
    "a1111 hires and refiner": (
        '/imagine a kite --ar 2:3 --seed 42 --no fog --raw --steps 20 --cfg 6.5 --scheduler "Euler a" --refine 0.8 --hd', [],
    ),
    "comfyui custom": (
        "/imagine a kite --ar 2:3 --seed 42 --raw --steps 20 --cfg 3.5 --scheduler Euler --model black-forest-labs/FLUX.1-dev",
        ["Without a counterpart here: the schedule simple of its sampler."],
    ),
    "comfyui, a large seed": (
        '/imagine a kite <lora:Dune:0.6> --ar 2:3 --no fog --raw --steps 20 --cfg 6.5 --scheduler "DPM++ 2M Karras" --clip-skip 2',
        ["It was drawn by kiteXL, which is not here; the model that is chosen draws instead.",
         "Its seed 9223372036854775808 is larger than any here, so another one is drawn."],
    ),
    "invokeai": (
        '/imagine a kite <lora:Dune:0.6> --ar 2:3 --seed 42 --raw --steps 20 --cfg 6.5 --scheduler "DPM++ 2M Karras" --clip-skip 2',
        ["It was drawn by kiteXL, which is not here; the model that is chosen draws instead.", "Not here, so left out: the LoRA sand."],
    ),
    "dream": (
        "/imagine a kite --ar 2:3 --seed 42 --no fog --raw --steps 20 --cfg 6.5", ["Without a counterpart here: the sampler k_lms."],
    ),
    "midjourney": (
        "/imagine a kite --ar 2:3 --seed 42 --v 7 --raw", [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OFFERS)
def test_a_recipe_is_offered_as_a_line_and_what_is_missing_is_named(name: str, services: Services, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(FILES[name][0])
    offer = offer_of_file(tmp_path / "file", services, Settings())
    line, notices = OFFERS[name]
    assert (offer.line, list(offer.notices)) == (line, notices)
    assert isinstance(read(offer.line), Imagine) and isinstance(read(offer.prompt), Imagine)


def test_a_model_is_found_by_its_hash_its_name_or_beside_the_chosen_one(services: Services, tmp_path: Path) -> None:
    (tmp_path / "kiteXL.safetensors").touch()
    chosen = Settings().replaced({"image_model": str(tmp_path / "other.safetensors")})
    for model, host, expected in (
        ("Model hash: 31e35c80fc, Model: my own name", True, "sdxl"), ("Model: sd_xl_base_1.0", True, "sdxl"),
        ("Model: Realistic_Vision_V5.1_fp16-no-ema", True, None), ("Model: sd_xl_turbo_1.0_fp16", True, "sdxl-turbo"),
        ("Model: kiteXL", True, str(tmp_path / "kiteXL.safetensors")), ("Model: kiteXL", False, None), ("Model: sdxlUnreal", True, None),
    ):  # fmt: skip
        offer = offer_of_texts({"parameters": f"{A1111}, {model}"}, services, chosen, host=host)
        command = read(offer.line) if offer else None
        assert isinstance(command, Imagine) and command.flags.model == expected, model


def test_our_own_recipe_is_its_own_line_and_a_picture_without_one_is_refused(services: Services, tmp_path: Path) -> None:
    offer = offer_of_texts({RECIPE_KEY: recipe_to_json(FOX), "parameters": A1111}, services, Settings())
    assert offer and (offer.program, offer.line, offer.seed) == ("Gemini Diffusion", FOX.line, 1234)
    (tmp_path / "plain.png").write_bytes(plain())
    with pytest.raises(BadInput, match=r"No recipe was found in plain\.png"):
        offer_of_file(tmp_path / "plain.png", services, Settings())


@pytest.mark.parametrize(
    ("sampler", "schedule", "ours", "unlike"),
    [
        ("DPM++ 2M", "Automatic", "DPM++ 2M Karras", False), ("DPM++ 2M", "", "DPM++ 2M", False), ("DPM++ 2M SDE", "Automatic", "DPM++ 2M SDE", True),
        ("dpmpp_2m_sde_gpu", "karras", "DPM++ 2M SDE Karras", False), ("Euler a", "Karras", "Euler a", True), ("DPM2 a", "", "KDPM2 a", False),
        ("PLMS", "", "PNDM", False), ("k_euler_ancestral", "native", "Euler a", False), ("Restart", "Karras", "", True), ("Default", "", "", False),
        ("DPMSolverMultistepScheduler", "", "DPM++ 2M", False), ("uni_pc_bh2", "normal", "UniPC", False),
    ],
)  # fmt: skip
def test_a_sampler_has_our_name_or_is_named(sampler: str, schedule: str, ours: str, unlike: bool) -> None:
    found, said = samplers.like_ours(sampler, schedule)
    assert (found, bool(said)) == (ours, unlike)
    assert not found or found in SCHEDULERS
