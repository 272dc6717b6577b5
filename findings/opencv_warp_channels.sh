#!/usr/bin/env bash
# OpenCV 5: the same float picture is warped 2,000 times less exactly as one of two channels, or as float64.
#
# Versions: opencv-python-headless 5.0.0.93, numpy 2.4.6.
#
# Behaviour: warpAffine, warpPerspective and remap (INTER_LINEAR) are exact for float32 with 1, 3 or 4 channels. With
# 2 channels, and for float64 with any number, they take another path that rounds every coordinate to 1/32 of a pixel.
# So a plane warped alone and the same plane warped beside another one come out different, and turning an array into
# float64 "to be on the safe side" costs three digits. Nothing is logged. In 4.14 all of them are rounded so.
#
# Expected: channels are independent (the documentation speaks of one formula per pixel), and more bits are no less
# exact.
#
# Why it matters: two-channel float32 is what optical flow, UV maps and displacement fields are made of; an error of
# 1/64 pixel comes back at every warp of a chain (tracking, stabilising, aligning frames), while a test on one plane
# or on RGB passes.
#
# Seen on 2026-11-30 (largest error on a linear ramp turned by 30 degrees, where linear interpolation is exact; the
# ramp climbs 2 a pixel in x and 1 in y):
#   float32, 1 channel   0.00002      float64, 1 channel   0.04361
#   float32, 2 channels  0.04361      float64, 3 channels  0.04361
#   float32, 3 channels  0.00002
#   float32, 4 channels  0.00002      (the three functions alike)
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check opencv-python-headless==5.0.0.93 numpy==2.4.6
"$tmp/venv/bin/python" - <<'EOF'
import sys

import cv2
import numpy as np

SIDE = 64
y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float64)
turn = cv2.getRotationMatrix2D((31.5, 31.5), 30, 1.0)
back = cv2.invertAffineTransform(turn)
from_x = back[0, 0] * x + back[0, 1] * y + back[0, 2]
from_y = back[1, 0] * x + back[1, 1] * y + back[1, 2]
inside = (from_x > 1) & (from_x < SIDE - 2) & (from_y > 1) & (from_y < SIDE - 2)
ramp, exact = 2 * x + y, 2 * from_x + from_y
maps = from_x.astype(np.float32), from_y.astype(np.float32)
size = (SIDE, SIDE)


def error(dtype, channels):
    """The largest error of the first channel, for each of the three functions."""
    picture = np.dstack([ramp.astype(dtype)] * channels)
    warped = (
        cv2.warpAffine(picture, turn, size, flags=cv2.INTER_LINEAR),
        cv2.warpPerspective(picture, np.vstack([turn, [0, 0, 1]]), size, flags=cv2.INTER_LINEAR),
        cv2.remap(picture, *maps, cv2.INTER_LINEAR),
    )
    return [float(np.abs(out.reshape(SIDE, SIDE, -1)[..., 0] - exact)[inside].max()) for out in warped]


coarse = {}
for dtype in (np.float32, np.float64):
    for channels in (1, 2, 3, 4):
        errors = error(dtype, channels)
        coarse[dtype.__name__, channels] = min(errors) > 0.02
        print(f"{dtype.__name__}, {channels} channels: " + ", ".join(f"{value:.5f}" for value in errors))
        if max(errors) > 0.02 > min(errors):
            sys.exit("Changed: the three functions no longer agree with each other.")
expected = {(name, n): name == "float64" or n == 2 for name in ("float32", "float64") for n in (1, 2, 3, 4)}
if coarse != expected:
    sys.exit("Changed: other kinds of pictures are warped on coordinates rounded to 1/32 of a pixel.")
EOF
