#!/usr/bin/env bash
# huggingface-hub: a PNG or WebP given to image_to_image as bytes is sent to the providers under the label image/jpeg.
#
# Versions: huggingface-hub 2.4.0, httpx2 2.16.2, pillow 12.3.0.
#
# Behaviour: providers that take pictures inside JSON get a data URI, `data:<type>;base64,...`. The type is guessed from
# a path's suffix alone; for bytes, which are accepted as well, and for files without a suffix it is always image/jpeg,
# though the first bytes of a PNG say what it is. For the provider wavespeed even a path that ends in .png is called
# a JPEG. Nothing is logged.
#
# Expected: the true type, or none; bytes and a path of one picture make one request.
#
# Why it matters: a programmer who has the picture in memory gives bytes. A server that looks for itself copes, one that
# believes the label cannot decode what it gets. So the same call works or fails by provider, and by whether the picture
# came from a file. Write a file with its suffix first.
#
# Seen on 2026-11-30 (the type that is sent):
#              PNG bytes    WebP bytes   kite.png     kite.webp
#   fal-ai     image/jpeg   image/jpeg   image/png    image/webp
#   replicate  image/jpeg   image/jpeg   image/png    image/webp
#   together   image/jpeg   image/jpeg   image/png    image/webp
#   wavespeed  image/jpeg   image/jpeg   image/jpeg   image/jpeg
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check \
    huggingface-hub==2.4.0 httpx2==2.16.2 pillow==12.3.0
HF_HOME="$tmp/home" HF_HUB_DISABLE_TELEMETRY=1 "$tmp/venv/bin/python" - "$tmp" <<'EOF'
import io
import re
import sys

import httpx2
from huggingface_hub import InferenceClient, set_client_factory
from PIL import Image

PROVIDERS = ("fal-ai", "replicate", "together", "wavespeed")
requests = []


def answer(request):
    """Stands for the hub and the providers: knows one model, and keeps what is posted to it."""
    if request.method == "POST":
        requests.append(request.read())
        return httpx2.Response(503)
    served = {name: {"providerId": "acme/kite", "task": "image-to-image", "status": "live"} for name in PROVIDERS}
    return httpx2.Response(200, json={"id": "acme/kite", "pipeline_tag": "image-to-image", "tags": [],
                                      "inferenceProviderMapping": served})


set_client_factory(lambda: httpx2.Client(transport=httpx2.MockTransport(answer)))
pictures = {}
for kind in ("PNG", "WebP"):
    file = io.BytesIO()
    Image.new("RGBA", (8, 8), (255, 0, 0, 90)).save(file, kind)
    pictures[f"{kind} bytes"] = file.getvalue()
for kind in ("PNG", "WebP"):
    path = f"{sys.argv[1]}/kite.{kind.lower()}"
    with open(path, "wb") as file:
        file.write(pictures[f"{kind} bytes"])
    pictures[f"kite.{kind.lower()}"] = path


def label(provider, picture):
    requests.clear()
    try:
        InferenceClient(provider=provider, api_key="hf_none").image_to_image(picture, prompt="at dawn", model="acme/kite")
    except Exception as error:  # no answer is a picture: the request is all that is wanted
        failure = error
    found = re.search(rb"data:(image/\w+);base64", requests[0]) if requests else None
    if not found:
        sys.exit(f"Changed: {provider} is no longer sent a data URI ({failure}).")
    return found[1].decode()


seen = {provider: {name: label(provider, picture) for name, picture in pictures.items()} for provider in PROVIDERS}
print(f"{'':10}", *(f"{name:12}" for name in pictures))
for provider, labels in seen.items():
    print(f"{provider:10}", *(f"{labels[name]:12}" for name in pictures))
for provider, labels in seen.items():
    by_path = "image/jpeg" if provider == "wavespeed" else "image/png"
    if labels["kite.png"] != by_path or {labels["PNG bytes"], labels["WebP bytes"]} != {"image/jpeg"}:
        sys.exit(f"Changed: {provider} is sent other types than before.")
EOF
