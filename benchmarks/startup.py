"""Process start to usable page, and idle memory, of the app against a bare Gradio Blocks page; knows only their addresses.

`python -m benchmarks.startup [rounds]` prints the medians and their ratios. Rounds alternate, so that a busy machine is
busy for both. "Usable" is the moment at which the page and its whole configuration have been served.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
BARE = """
import gradio as gr
with gr.Blocks() as page:
    gr.Textbox()
page.launch(server_port={port}, quiet=True)
"""
PATIENCE = 120.0
"""Seconds a page may take before the measurement is given up."""


@dataclass(frozen=True, slots=True)
class Run:
    """One start: seconds until the page was usable, megabytes of resident memory two seconds later, torch loaded or not."""

    seconds: float
    megabytes: float
    torch: bool


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    bare, app = [], []
    for _ in range(rounds):
        port = free_port()
        bare.append(measured([sys.executable, "-c", BARE.format(port=port)], port))
        with tempfile.TemporaryDirectory() as home:
            port = free_port()
            flags = ["--no-browser", "--port", str(port), "--data-dir", home]
            app.append(measured([sys.executable, str(ROOT / "app.py"), *flags], port))
    print(f"{'':24}{'bare page':>12}{'the app':>12}{'ratio':>8}")
    table("start to usable page, s", [run.seconds for run in bare], [run.seconds for run in app])
    table("idle memory, MB", [run.megabytes for run in bare], [run.megabytes for run in app])
    print(f"torch loaded before the first drawing: {'yes' if any(run.torch for run in app) else 'no'}")


def table(name: str, bare: list[float], app: list[float]) -> None:
    left, right = statistics.median(bare), statistics.median(app)
    print(f"{name:24}{left:12.2f}{right:12.2f}{right / left:8.2f}")


def measured(command: list[str], port: int) -> Run:
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False", "NO_PROXY": "127.0.0.1,localhost"}
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for path in ("/", "/config"):
                wait_for(f"http://127.0.0.1:{port}{path}", process, start + PATIENCE)
            seconds = time.perf_counter() - start
            time.sleep(2)
            return Run(seconds, resident(process.pid) / 1e6, torch_loaded(process.pid))
        finally:
            process.terminate()
            process.wait(10)


def wait_for(url: str, process: subprocess.Popen[bytes], until: float) -> None:
    while time.perf_counter() < until:
        if process.poll() is not None:
            raise RuntimeError(f"The program ended with code {process.returncode} before its page came.")
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                answer.read()
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise TimeoutError(f"No page within {PATIENCE:g} s.")


def resident(pid: int) -> int:
    """Bytes of resident memory of a process and its children."""
    process = psutil.Process(pid)
    return sum(member.memory_info().rss for member in (process, *process.children(recursive=True)))


def torch_loaded(pid: int) -> bool:
    return any("libtorch" in region.path for region in psutil.Process(pid).memory_maps())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
