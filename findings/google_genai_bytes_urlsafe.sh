#!/usr/bin/env bash
# google-genai: pictures leave in the URL-safe alphabet of base64, and Python's b64decode drops its letters without a word.
#
# Versions: google-genai 3.3.0 (pydantic decides the alphabet), Python 3.11.
#
# Behaviour: types.Part.from_bytes is sent as inlineData whose `data` is written with "-" and "_" where the API's own examples
# have "+" and "/". Google's servers read both. A gateway, a recorder or a stand-in in Python that reads it with
# base64.b64decode gets other bytes and no error: without validate=True letters outside the alphabet are skipped, and what
# follows shifts. On the way back the library reads both alphabets.
#
# Expected: the alphabet of the documentation on the wire, or an error from whoever cannot read it.
#
# Why it matters: whoever puts a server of their own behind `base_url` sees text requests work and pictures arrive broken, and only
# those pictures that happen to hold such a letter: nearly all of them, but rarely the four bytes of a test.
#
# Seen on 2026-11-30:
#   sent: 'ab-_ab-_', in the documentation's alphabet: 'ab+/ab+/'
#   read by b64decode: 3 of 6 bytes, no error
#   read by urlsafe_b64decode: the bytes that were given
#   answers read by the library: standard True, urlsafe True
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check google-genai==3.3.0
NO_PROXY=127.0.0.1 "$tmp/venv/bin/python" - <<'EOF'
import base64
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google import genai
from google.genai import types

GIVEN = base64.b64decode("ab+/ab+/")
sent = []


class Server(BaseHTTPRequestHandler):
    """Keeps what it was sent, and answers with the same bytes in the alphabet that the model's name asks for."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sent.append(asked["contents"][0]["parts"][0]["inlineData"]["data"])
        write = base64.urlsafe_b64encode if "urlsafe" in self.path else base64.b64encode
        part = {"inlineData": {"mimeType": "image/png", "data": write(GIVEN).decode()}}
        body = json.dumps({"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
options = types.HttpOptions(base_url=f"http://127.0.0.1:{server.server_port}")
client = genai.Client(api_key="none", http_options=options)
right = {}
for alphabet in ("standard", "urlsafe"):
    answer = client.models.generate_content(model=alphabet, contents=[types.Part.from_bytes(data=GIVEN, mime_type="image/png")])
    right[alphabet] = answer.candidates[0].content.parts[0].inline_data.data == GIVEN

read = base64.b64decode(sent[0])
print(f"sent: {sent[0]!r}, in the documentation's alphabet: {base64.b64encode(GIVEN).decode()!r}")
print(f"read by b64decode: {len(read)} of {len(GIVEN)} bytes, no error")
print(f"read by urlsafe_b64decode: {'the bytes that were given' if base64.urlsafe_b64decode(sent[0]) == GIVEN else 'others'}")
print(f"answers read by the library: {', '.join(f'{name} {yes}' for name, yes in right.items())}")
seen = (sent[0], len(read), base64.urlsafe_b64decode(sent[0]) == GIVEN, right)
sys.exit(seen != ("ab-_ab-_", 3, True, {"standard": True, "urlsafe": True}))
EOF
