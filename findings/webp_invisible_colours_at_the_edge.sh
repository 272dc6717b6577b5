#!/usr/bin/env bash
# WebP and AVIF: the colour of pixels that cannot be seen stains the visible edge of a cut-out, at quality 100 too.
#
# Versions: pillow 12.3.0 (libwebp 1.6.0 and libavif as in its wheel), numpy 2.4.6.
#
# Behaviour: a red square on a fully transparent ground, saved with quality 100, comes back with red edge pixels up to
# 143 of 255 away from red when the transparent pixels were green, and within 1 when they were red: two pictures that
# look exactly the same give different ones. In WebP it depends on the place as well: where the edge lies on a multiple
# of 8 pixels the stain is there, one pixel further it is gone. `exact=False`, the default, is documented to discard the
# values of invisible pixels, and it does not discard them there. Colour is stored at half the size, so an edge shares
# it with its invisible neighbours; as it looks, those are evened out only in blocks of 8 that are partly visible.
#
# Expected: with exact=False nothing that is visible depends on a pixel that is not, least of all on the edge's place.
#
# Why it matters: background removers and inpainting masks leave the old background under alpha 0, and masks of
# diffusion models lie on a grid of 8 pixels, just where it goes wrong. The cut-out gets a green or grey rim, which no
# quality setting removes. Lossless is exact; so is painting the invisible pixels with the nearest visible colour
# first, and for AVIF subsampling="4:4:4".
#
# Seen on 2026-11-30 (largest error of a visible pixel at quality 100, by the colour of the invisible ones):
#                       red   green  black
#   WebP, edge at 8       1     143     78
#   WebP, edge at 9       1       1      2
#   AVIF, edge at 8       1     143     78
#   AVIF, edge at 9       1     199    108
#   WebP lossless         0       0      0
#   AVIF 4:4:4            0       0      0
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check pillow==12.3.0 numpy==2.4.6
"$tmp/venv/bin/python" - <<'EOF'
import io
import sys

import numpy as np
from PIL import Image

INVISIBLE = {"red": (255, 0, 0), "green": (0, 255, 0), "black": (0, 0, 0)}


def cut_out(invisible, edge):
    """A red square of 32 pixels that begins at `edge`, on a transparent ground of a colour nobody sees."""
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[..., :3] = invisible
    pixels[edge : edge + 32, edge : edge + 32] = 255, 0, 0, 255
    return pixels


def error(edge, kind, **options):
    """For each invisible colour, by how much a visible pixel is off after saving and reading."""
    off = {}
    for name, colour in INVISIBLE.items():
        pixels, file = cut_out(colour, edge), io.BytesIO()
        Image.fromarray(pixels).save(file, kind, **options)
        back = np.asarray(Image.open(file).convert("RGBA"))
        visible = pixels[..., 3] == 255
        off[name] = int(np.abs(back[visible].astype(int) - pixels[visible].astype(int)).max())
    return off


seen = {
    "WebP, edge at 8": error(8, "WEBP", quality=100),
    "WebP, edge at 9": error(9, "WEBP", quality=100),
    "AVIF, edge at 8": error(8, "AVIF", quality=100),
    "AVIF, edge at 9": error(9, "AVIF", quality=100),
    "WebP lossless": error(8, "WEBP", lossless=True),
    "AVIF 4:4:4": error(8, "AVIF", quality=100, subsampling="4:4:4"),
}
for name, off in seen.items():
    print(f"{name:16} " + "  ".join(f"{colour} {value:3}" for colour, value in off.items()))
webp = seen["WebP, edge at 8"]["green"], seen["WebP, edge at 9"]["green"]
if max(off["red"] for off in seen.values()) > 12:
    sys.exit("Changed: the picture whose invisible pixels have the visible colour is off as well.")
if webp[0] < 60 or webp[1] > 20:
    sys.exit("Changed: WebP no longer stains an edge at a multiple of 8 and only there.")
if seen["AVIF, edge at 8"]["green"] < 60:
    sys.exit("Changed: AVIF no longer stains the edge.")
EOF
