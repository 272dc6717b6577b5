"""Both servers until Ctrl+C, to try the app by hand: `python -m tests.servers` prints the variables to set."""

from __future__ import annotations

import signal
from threading import Event

from tests.servers.gemini import GeminiServer
from tests.servers.hugging_face import HuggingFaceServer


def main() -> None:
    """Serve, say where, and wait."""
    stopped = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    with GeminiServer() as gemini, HuggingFaceServer() as hub:
        lines = (
            "The services, on this machine; set these and start the app:",
            f"  export GOOGLE_GEMINI_BASE_URL={gemini.url} GOOGLE_API_KEY=any-key-will-do",
            f"  export HF_INFERENCE_URL={hub.url}/draw",
            f"  the hub and the router: {hub.url}",
        )
        print(*lines, sep="\n", flush=True)
        try:
            stopped.wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
