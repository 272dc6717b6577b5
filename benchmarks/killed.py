"""kill -9 of the real app at random moments of drawings with Postcard: what it had taken on, and what came of it.

`python -m benchmarks.killed [times]` (500). Each start goes on with what the kill before it left. Expected: 0 lost, 0 broken.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from tests.killed_app import KilledApp

LONGEST = 6.0
"""Seconds within which a kill comes: about what a start of torch and two drawings take."""


def main() -> None:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    with tempfile.TemporaryDirectory() as folder:
        app = KilledApp(Path(folder), LONGEST)
        for number in range(times):
            app.kill()
            print(f"killed {number + 1} times", end="\r", flush=True)
        lost, broken = app.lost(), app.broken()
    ready = f"ready again in {statistics.median(app.starts):.1f} s (median), {max(app.starts):.1f} s at most"
    print(f"killed {times} times: {len(app.taken)} requests taken, {len(lost)} lost, {len(broken)} pictures broken; {ready}")
    sys.exit(bool(lost or broken))


if __name__ == "__main__":
    main()
