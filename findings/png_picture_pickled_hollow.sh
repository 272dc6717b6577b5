#!/usr/bin/env bash
# Pillow: an opened PNG that went through pickle (or copy.deepcopy) is a PngImageFile without what makes it one.
#
# Versions: pillow 12.3.0.
#
# Behaviour: pickling keeps the class, the pixels, `.format` and `.info`, and leaves out the fields of the subclass.
# The copy says that it is a PNG file, passes isinstance, shows well, and raises AttributeError from inside Pillow at
# `.text`, `.n_frames`, `.is_animated` and `.tell()`, all of which worked before. `.copy()` gives an
# honest plain Image instead.
#
# Expected: either the documented attributes of a PngImageFile, or a plain Image, as `.copy()` gives.
#
# Why it matters: multiprocessing, Ray, joblib and disk caches pickle on the way. `Image.text` is where picture
# programs keep the prompt; code that reads it works in one process and fails behind a worker pool, at the reader, far
# from the cause; and `getattr(picture, "text", {})`, which many write, says in silence that there is no prompt. Send
# the file's bytes, or read `.info`.
#
# Seen on 2026-11-30:
#   opened:    PngImageFile, format PNG, text {'parameters': 'a kite'}
#   pickled:   PngImageFile, format PNG, info {'parameters': 'a kite'}; missing: text, n_frames, is_animated, tell
#   deepcopy:  the same as pickled
#   .copy():   Image, format None
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check pillow==12.3.0
"$tmp/venv/bin/python" - <<'EOF'
import copy
import io
import pickle
import sys

from PIL import Image
from PIL.PngImagePlugin import PngImageFile, PngInfo

info = PngInfo()
info.add_text("parameters", "a kite")
file = io.BytesIO()
Image.new("RGB", (8, 8), "red").save(file, "PNG", pnginfo=info)
NAMES = ("text", "n_frames", "is_animated", "tell")


def missing(picture):
    lacking = []
    for name in NAMES:
        try:
            value = getattr(picture, name)
            if callable(value):
                value()
        except AttributeError:
            lacking.append(name)
    return lacking


def opened():
    return Image.open(io.BytesIO(file.getvalue()))


pictures = {"opened": opened(), "pickled": pickle.loads(pickle.dumps(opened())), "deepcopy": copy.deepcopy(opened()),
            ".copy()": opened().copy()}
for name, picture in pictures.items():
    print(f"{name}: {type(picture).__name__}, format {picture.format}, info {picture.info}; missing: {missing(picture)}")
if missing(opened()):
    sys.exit("Changed: a freshly opened PNG lacks some of these attributes too.")
if type(pictures[".copy()"]) is PngImageFile:
    sys.exit("Changed: .copy() no longer gives a plain Image.")
for name in ("pickled", "deepcopy"):
    if type(pictures[name]) is not PngImageFile or missing(pictures[name]) != list(NAMES):
        sys.exit(f"Changed: a {name} PNG is no longer a PngImageFile that lacks {', '.join(NAMES)}.")
EOF
