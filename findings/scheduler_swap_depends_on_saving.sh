#!/usr/bin/env bash
# diffusers: swapping a scheduler gives other timesteps after save_pretrained and from_pretrained than before.
#
# Versions: diffusers 0.42.1, torch 2.13.0.
#
# Behaviour: a scheduler remembers which of its options were left at their defaults. `Other.from_config(s.config)`
# drops those and takes the other class's defaults instead. The memory is not saved: in the file the same values are
# ordinary ones, so after a round trip through the disk the swap keeps them. DDIM's default spacing is "leading",
# Euler's "linspace": a four-step drawing starts at 999 before the round trip and at 750 after it.
#
# Expected: two schedulers whose public options are equal one by one convert alike, and saving changes nothing.
#
# Why it matters: swapping schedulers this way is the documented recipe. A pipeline built in a program (or a test) and
# the same pipeline loaded from its own folder draw different pictures from one seed after the same line of code.
# Pass every option that matters explicitly.
#
# Seen on 2026-11-30:
#   options equal: True
#   built here:      linspace [999, 666, 333, 0]
#   saved and read:  leading [750, 500, 250, 0]
#   named by hand:   leading [750, 500, 250, 0]
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
# torch's own index, https://download.pytorch.org/whl/cpu, has the small CPU build.
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check torch==2.13.0 numpy==2.4.6 diffusers==0.42.1
"$tmp/venv/bin/python" - "$tmp/scheduler" <<'EOF'
import sys

from diffusers import DDIMScheduler, EulerDiscreteScheduler

built = DDIMScheduler()
built.save_pretrained(sys.argv[1])
read = DDIMScheduler.from_pretrained(sys.argv[1])
named = DDIMScheduler(timestep_spacing="leading")


def public(scheduler):
    return {key: value for key, value in scheduler.config.items() if not key.startswith("_")}


def swapped(scheduler):
    euler = EulerDiscreteScheduler.from_config(scheduler.config)
    euler.set_timesteps(4)
    return euler.config.timestep_spacing, [int(t) for t in euler.timesteps]


print("options equal:", public(built) == public(read) == public(named))
seen = {"built here": swapped(built), "saved and read": swapped(read), "named by hand": swapped(named)}
for name, (spacing, timesteps) in seen.items():
    print(f"{name + ':':16} {spacing} {timesteps}")
if public(built) != public(read):
    sys.exit("Changed: the options themselves no longer survive saving.")
if seen["built here"] == seen["saved and read"]:
    sys.exit("Changed: saving and reading a scheduler no longer changes what it is swapped for.")
EOF
