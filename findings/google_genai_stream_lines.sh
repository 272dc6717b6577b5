#!/usr/bin/env bash
# google-genai: a valid event stream ends in an error at a comment, an event name, `data:` without a blank, or U+2028.
#
# Versions: google-genai 3.3.0, httpx2 2.16.2.
#
# Behaviour: generate_content_stream reads its events line by line. A line that does not begin with exactly "data: " is
# taken for a broken answer and raises UnknownApiResponseError, and lines come from httpx2's iter_lines, which splits
# where str.splitlines does: at U+2028, U+2029 and U+0085 too, which are ordinary characters inside a JSON string. The
# same text over generate_content, which does not stream, arrives whole. The error is a ValueError and not one of the
# library's APIError, so handlers written for those miss it.
#
# Expected: the format of server-sent events knows comments (`: keep-alive`), `event:`, `id:`, `retry:`, an optional
# blank after the colon, and ends lines at CR and LF only.
#
# Why it matters: `base_url` is there for gateways, and gateways send keep-alive comments and event names. A raw U+2028
# needs no gateway: any server that writes JSON without escaping it is enough, and models write it, in text pasted from
# web pages. The answer breaks off half-way, only for some texts. Line-separated JSON read with iter_lines tears too.
#
# Seen on 2026-11-30:
#   plain                  'a kite over the sea'
#   comment first          UnknownApiResponseError
#   event name             UnknownApiResponseError
#   no blank after data:   UnknownApiResponseError
#   raw U+2028, streamed   UnknownApiResponseError
#   raw U+2028, not streamed: 'a kite\u2028over the sea'
#   httpx2 iter_lines of one line of JSON: 2 lines
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check google-genai==3.3.0 httpx2==2.16.2
NO_PROXY=127.0.0.1 "$tmp/venv/bin/python" - <<'EOF'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
from google import genai


def answer(text):
    part = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}
    return json.dumps({"candidates": [part]}, ensure_ascii=False)


PLAIN, TORN = "a kite over the sea", "a kite\u2028over the sea"
STREAMS = {
    "plain": f"data: {answer(PLAIN)}\n\n",
    "comment first": f": keep-alive\n\ndata: {answer(PLAIN)}\n\n",
    "event name": f"event: message\ndata: {answer(PLAIN)}\n\n",
    "no blank after data:": f"data:{answer(PLAIN)}\n\n",
    "raw U+2028": f"data: {answer(TORN)}\n\n",
}


class Server(BaseHTTPRequestHandler):
    """Answers with the stream or the JSON that the model's name asks for."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        stream = "streamGenerateContent" in self.path
        number = int(self.path.split("/models/m")[1].split(":")[0])
        text = list(STREAMS.values())[number]
        self.reply(text if stream else answer(TORN), "text/event-stream" if stream else "application/json")

    def do_GET(self):
        self.reply(json.dumps({"response": TORN}, ensure_ascii=False) + "\n", "application/x-ndjson")

    def reply(self, text, kind):
        body = text.encode()
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
client = genai.Client(api_key="none", http_options={"base_url": url})
seen = {}
for number, name in enumerate(STREAMS):
    try:
        chunks = client.models.generate_content_stream(model=f"m{number}", contents="hello")
        seen[name] = "".join(chunk.text for chunk in chunks)
    except ValueError as error:
        seen[name] = type(error).__name__
    print(f"{name:22} {seen[name]!r}")
whole = client.models.generate_content(model="m4", contents="hello").text
print("raw U+2028, not streamed:", ascii(whole))
with httpx2.stream("GET", url) as response:
    lines = list(response.iter_lines())
print("httpx2 iter_lines of one line of JSON:", len(lines), "lines")
if seen["plain"] != PLAIN or whole != TORN:
    sys.exit("Changed: the plain stream or the answer in one piece is no longer read.")
mended = [name for name in STREAMS if name != "plain" and seen[name] != "UnknownApiResponseError"]
if mended or len(lines) != 2:
    sys.exit(f"Changed: now read otherwise: {', '.join(mended) or 'lines of JSON'}.")
EOF
