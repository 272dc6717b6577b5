#!/usr/bin/env bash
# OpenCV: cv2.add(picture, 20) works on every channel, cv2.min(picture, 200) limits the first and blackens the others.
#
# Versions: opencv-python-headless 5.0.0.93 and 4.14.0.94, numpy 2.4.6.
#
# Behaviour: a plain number as the second argument is spread over all channels by add, subtract, absdiff, compare,
# multiply and divide. min, max and the bitwise functions take it for the colour (number, 0, 0, 0) instead: the first
# channel meets the number, every other one meets 0. min(picture, 200) is then black but for blue, max(picture, 100)
# lifts blue alone. No error, no warning, and on a grey picture all is well.
#
# Expected: one meaning of a number in one family of functions, or a refusal: these functions are documented for arrays
# of one size, and a number is accepted.
#
# Why it matters: clamping highlights and lifting shadows is what min and max are for. The code is written and tested on
# masks and grey pictures, beside an add that does what it says, and ruins the first colour picture; with max the cast
# is mild enough to go unnoticed. cv2.min(picture, (200, 200, 200, 200)) and numpy.minimum do it right.
#
# Seen on 2026-11-30, alike in both versions (a pixel (50, 50, 50)):
#   add 100      (150, 150, 150)      max 100          (100, 50, 50)
#   subtract 20  (30, 30, 30)         min 20           (20, 0, 0)
#   absdiff 100  (50, 50, 50)         bitwise_and 16   (16, 0, 0)
#   multiply 2   (100, 100, 100)      bitwise_or 1     (51, 50, 50)
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cat > "$tmp/one_number.py" <<'EOF'
import sys

import cv2
import numpy as np

picture = np.full((4, 4, 3), 50, np.uint8)
SPREAD = {
    "add 100": (cv2.add(picture, 100), 150),
    "subtract 20": (cv2.subtract(picture, 20), 30),
    "absdiff 100": (cv2.absdiff(picture, 100), 50),
    "multiply 2": (cv2.multiply(picture, 2), 100),
    "divide 2": (cv2.divide(picture, 2), 25),
    "compare 20": (cv2.compare(picture, 20, cv2.CMP_GT), 255),
}
FIRST_ONLY = {
    "max 100": (cv2.max(picture, 100), [100, 50, 50]),
    "min 20": (cv2.min(picture, 20), [20, 0, 0]),
    "bitwise_and 16": (cv2.bitwise_and(picture, 16), [16, 0, 0]),
    "bitwise_or 1": (cv2.bitwise_or(picture, 1), [51, 50, 50]),
}
print("OpenCV", cv2.__version__)
for name, (result, value) in SPREAD.items():
    print(f"  {name:15} {result[0, 0].tolist()}")
    if result[0, 0].tolist() != [value] * 3:
        sys.exit(f"Changed: {name} no longer works on every channel.")
for name, (result, pixel) in FIRST_ONLY.items():
    print(f"  {name:15} {result[0, 0].tolist()}")
    if result[0, 0].tolist() != pixel:
        sys.exit(f"Changed: {name} no longer takes the number for the first channel alone.")
EOF
for version in 5.0.0.93 4.14.0.94; do
    python3 -m venv "$tmp/$version"
    "$tmp/$version/bin/pip" install -qq --no-compile --disable-pip-version-check \
        "opencv-python-headless==$version" numpy==2.4.6
    "$tmp/$version/bin/python" "$tmp/one_number.py"
done
