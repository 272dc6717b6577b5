"""Many visitors at once at the app, a tenth of its services' calls failing, against a bare Gradio page with the same answers.

`python -m benchmarks.visitors [visitors ...]` prints a line for 10, 50, 100 and 200. Each visitor opens the page, asks for a
picture of 1024 x 1024, fetches it and chats; the services answer at once, so that what is timed is the app. The bare page
paints the same picture and says the same words; it asks no service and keeps no conversation. Who was "sent away" read that
every place is taken, and came again.
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from benchmarks.startup import PATIENCE, ROOT, free_port, resident, wait_for
from tests.app_process import App
from tests.local_services import HOST_KEY, StandIns
from tests.many_visitors import colour, crowd, mixed, unsteady
from tests.servers import friendly

COUNTS = (10, 50, 100, 200)
COLUMNS = ("visitors", "requests", "p50 s", "p95 s", "pictures/s", "sent away", "hung", "lost", "foreign", "MB")
SIZE = (1024, 1024)


def main() -> None:
    if sys.argv[1:2] == ["--bare"]:
        bare(int(sys.argv[2]), Path(sys.argv[3]))
        return
    print("".join(f"{name:>11}" for name in ("", *COLUMNS)))
    for count in [int(text) for text in sys.argv[1:]] or COUNTS:
        plain, ours = at_the_bare_page(count), at_the_app(count)
        print(f"{'':11}{count:>11}  a request takes {ours / plain:.2f} times as long as at the bare page", flush=True)


def at_the_bare_page(count: int) -> float:
    with tempfile.TemporaryDirectory() as folder, bare_page(folder) as url:
        return measured("bare page", count, url)


def at_the_app(count: int) -> float:
    with StandIns() as services, tempfile.TemporaryDirectory() as folder:
        unsteady(services)
        with App(Path(folder), environment=services.environment) as app:
            median = measured("the app", count, app.url)
        for strangers in mixed(services, HOST_KEY):
            print(f"    went to a service with somebody else's words or key: {strangers}")
        return median


def measured(name: str, count: int, url: str) -> float:
    """Lets so many in and prints what came of it; the median of a request in seconds."""
    started = time.perf_counter()
    tally = asyncio.run(crowd(url, count))
    speed = tally.pictures / (time.perf_counter() - started)
    p50, p95 = statistics.median(tally.seconds), statistics.quantiles(tally.seconds, n=20)[-1]
    counts = (tally.sent_away, len(tally.hung), len(tally.lost), len(tally.foreign), megabytes())
    line = f"{name:>11}{count:>11}{len(tally.seconds):>11}{p50:>11.2f}{p95:>11.2f}{speed:>11.2f}"
    print(line + "".join(f"{entry:>11}" for entry in counts), flush=True)
    for fault in tally.faults[:5]:
        print(f"    {fault[:300]}")
    return p50


def megabytes() -> int:
    """Resident memory of the one program that was started from here."""
    return sum(resident(child.pid) for child in psutil.Process().children()) // 1_000_000


@contextmanager
def bare_page(folder: str) -> Iterator[str]:
    """The address of a page that is open for a while."""
    port = free_port()
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", "NO_PROXY": "127.0.0.1,localhost"}
    command = [sys.executable, "-m", "benchmarks.visitors", "--bare", str(port), folder]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/config", process, time.perf_counter() + PATIENCE)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def bare(port: int, folder: Path) -> None:
    """Opens the page to compare with: the same endpoints and answers, and nothing else of the app."""
    import gradio as gr
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    async def chat(message: str) -> str:
        return friendly.chat(message)

    async def imagine(line: str) -> tuple[list[str], list[dict[str, Any]]]:
        recipe, path = PngInfo(), folder / f"{secrets.token_hex(16)}.png"
        recipe.add_text("recipe", line)
        Image.new("RGB", SIZE, colour(int(re.findall(r"quoll(\d+)", line)[0]))).save(path, pnginfo=recipe)
        return [str(path)], [{"original": line}]

    gr.set_static_paths([folder])
    with gr.Blocks() as page:
        text, said, files, recipes = gr.Textbox(), gr.Textbox(), gr.File(file_count="multiple"), gr.JSON()
        gr.Button().click(chat, text, said, api_name="chat")
        gr.Button().click(imagine, text, [files, recipes], api_name="imagine")
    page.queue(default_concurrency_limit=None)
    page.launch(server_port=port, quiet=True, max_threads=500)


if __name__ == "__main__":
    main()
