#!/usr/bin/env bash
# sd-parsers: values that the picture program put in quotes are cut at their first comma, and the rest is lost or renamed.
#
# Versions: sd-parsers 0.6, pillow 12.3.0.
#
# Behaviour: AUTOMATIC1111's "parameters" text ends in a line `Key: value, Key: value`, and a value with a comma, a
# colon or a line break is written as a quoted JSON string. sd-parsers splits the line at every comma all the same.
# `Lora hashes: "dune: 9f8e, ink: 77aa"` loses dune and comes back as a setting named "ink" with the value `77aa"`; a
# model named "kite, v2" comes back as `"kite`; a high-resolution prompt ends at its first comma. Nothing is logged. A
# prompt that itself says "Negative prompt:" raises ValueError from unpacking instead of one of the library's errors.
#
# Expected: the quotes are the format's own means against this, and every picture with two LoRAs has them.
#
# Why it matters: this is the reader that galleries and sorters take from PyPI. A LoRA is dropped from the recipe, a
# setting that nobody wrote is added, and a search for the model by name finds nothing.
#
# Seen on 2026-11-30:
#   Lora hashes: "dune: 9f8e, ink: 77aa"  ->  {'ink': '77aa"'}
#   Model: "kite, v2"                     ->  model '"kite'
#   Hires prompt: "a kite, blue sky"      ->  {'Hires prompt': '"a kite'}
#   "Negative prompt:" in the prompt      ->  ValueError: too many values to unpack (expected 2)
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check sd-parsers==0.6 pillow==12.3.0
"$tmp/venv/bin/python" - <<'EOF'
import io
import sys

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from sd_parsers import ParserManager

SETTINGS = "Steps: 24, Sampler: Euler, CFG scale: 6.5, Seed: 42, Size: 64x64"


def parse(parameters):
    info = PngInfo()
    info.add_text("parameters", parameters)
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "PNG", pnginfo=info)
    file.seek(0)
    return ParserManager().parse(file)


def extra(line):
    settings = parse(f"a kite\n{SETTINGS}, {line}").metadata
    return {key: value for key, value in settings.items() if key != "Size"}


def named(line):
    return [model.name for model in parse(f"a kite\n{SETTINGS}, {line}").models]


plain = extra("Denoising strength: 0.4"), named("Model: kite")
loras = extra('Lora hashes: "dune: 9f8e, ink: 77aa"')
model = named('Model: "kite, v2"')
hires = extra('Hires prompt: "a kite, blue sky"')
try:
    parse(f"a sign that says Negative prompt: wind\nNegative prompt: fog\n{SETTINGS}")
    twice = "no error"
except ValueError as error:
    twice = f"ValueError: {error}"
print("without quotes:       ", *plain)
print("Lora hashes:          ", loras)
print("Model:                ", model)
print("Hires prompt:         ", hires)
print("Negative prompt twice:", twice)
if plain != ({"Denoising strength": "0.4"}, ["kite"]):
    sys.exit("Changed: plain settings are read otherwise.")
if "dune" in str(loras) or model == ["kite, v2"] or "blue sky" in str(hires):
    sys.exit("Changed: a quoted value is now read whole.")
if not twice.startswith("ValueError: too many values"):
    sys.exit("Changed: a prompt that says Negative prompt: no longer raises from unpacking.")
EOF
