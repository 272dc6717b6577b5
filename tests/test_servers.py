"""The local servers themselves: a mistake in a script is not lost, and they run by hand. The tests of the app pin the rest."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.servers.gemini import GeminiServer
from tests.servers.wire import Call, Reply

ROOT = Path(__file__).parents[1]
KEY = {"x-goog-api-key": "k"}


def test_a_mistake_in_a_script_fails_the_test_that_wrote_it() -> None:
    def mistaken(call: Call) -> Reply:
        raise KeyError("nobody")

    with pytest.raises(KeyError, match="nobody"), GeminiServer() as gemini:
        gemini.enqueue(mistaken)
        address = f"{gemini.url}/v1beta/models/gemini-flash-latest:generateContent"
        assert httpx2.post(address, json={}, headers=KEY).status_code == 500


def test_the_servers_run_by_hand_and_say_where_they_are() -> None:
    with subprocess.Popen([sys.executable, "-m", "tests.servers"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = "".join(process.stdout.readline() for _ in range(4)) if process.stdout else ""
            addresses = re.findall(r"http://127\.0\.0\.1:\d+", said)
            assert len(addresses) == 3
            assert httpx2.get(f"{addresses[0]}/v1beta/models", headers=KEY).status_code == 200
            assert httpx2.post(f"{addresses[1]}/draw", json={"inputs": "a fox"}).content.startswith(b"\x89PNG")
        finally:
            process.terminate()
    assert process.returncode == 0
