#!/usr/bin/env bash
# gradio: routes and middleware put on `demo.app` before launch() are gone after it, without a word.
#
# Versions: gradio 6.31.0, starlette and fastapi as it asks for.
#
# Behaviour: a Blocks has an `app`, a FastAPI application, from the moment it is constructed. The end of the `with` block
# makes another, queue() a third, and launch() a fourth, which is the one that serves. What was added to any of the earlier
# ones is never served: the address answers 404 and the middleware sees no request. The same route added after launch()
# works, though middleware then cannot be added any more.
#
# Expected: one application for the life of a Blocks, or none before there is one to serve.
#
# Why it matters: a health check or a security header that was added where the attribute already exists seems to be in place
# until it is asked for. Middleware can be given to launch() in app_kwargs; routes are added after it, or the page is
# mounted into an application of one's own.
#
# Seen on 2026-12-01:
#   route added before launch: 404
#   middleware added before launch: 0 requests seen
#   route added after launch: 200
#   middleware in app_kwargs: 1 request seen
#   applications made: 4
set -eu
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
python3 -m venv "$tmp/venv"
"$tmp/venv/bin/pip" install -qq --no-compile --disable-pip-version-check gradio==6.31.0
cd "$tmp" && NO_PROXY=127.0.0.1,localhost GRADIO_ANALYTICS_ENABLED=False "$tmp/venv/bin/python" - <<'END'
import sys
import urllib.error
import urllib.request

import gradio as gr
from starlette.middleware import Middleware


class Counting:
    """Counts the requests for one address."""

    def __init__(self, app, seen):
        self.app, self.seen = app, seen

    async def __call__(self, scope, receive, send):
        if scope.get("path", "").startswith("/hello"):
            self.seen.append(scope["path"])
        await self.app(scope, receive, send)


def status(address):
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def hello():
    return "hello"


early, given, apps = [], [], []
demo = gr.Blocks()
apps.append(demo.app)
with demo:
    gr.Textbox()
apps.append(demo.app)
demo.queue()
apps.append(demo.app)
demo.app.add_api_route("/hello", hello)
demo.app.add_middleware(Counting, seen=early)
kwargs = {"middleware": [Middleware(Counting, seen=given)]}
demo.launch(prevent_thread_lock=True, quiet=True, app_kwargs=kwargs)
apps.append(demo.app)
address = demo.local_url.rstrip("/")
before = status(f"{address}/hello")
demo.app.add_api_route("/hello-again", hello)
after = status(f"{address}/hello-again")
made = len({id(app) for app in apps})
demo.close(verbose=False)

seen_by_given = given.count("/hello")
print(f"route added before launch: {before}")
print(f"middleware added before launch: {len(early)} requests seen")
print(f"route added after launch: {after}")
print(f"middleware in app_kwargs: {seen_by_given} request seen")
print(f"applications made: {made}")
if (before, len(early), after, seen_by_given, made) != (404, 0, 200, 1, 4):
    sys.exit("This has changed: what is added to `demo.app` before launch() may be served now.")
END
