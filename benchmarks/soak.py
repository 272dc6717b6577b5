"""A soak of the app with hosted services: visitors come, draw, talk and go, and memory, files and threads are watched.

`python -m benchmarks.soak [jobs]` (20,000, about two hours). Each visitor is new: memory rises until the app holds as many
connections and visitors as it ever does, some 1,000 jobs, and the slope is that of the second half. Expected: under 1 MB for
1,000 jobs, files and threads flat.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.app_process import App
from tests.local_services import StandIns
from tests.many_visitors import Person, Tally, opened, painted

AT_ONCE = 8
JOBS_OF_ONE = 2
"""A picture and an answer."""
SAMPLES = 20


async def visits(url: str, count: int, done: Tally) -> None:
    """So many new visitors, a few of them at once."""
    numbers = iter(range(count))

    async def come() -> None:
        async with opened(url) as http:
            for number in numbers:
                await Person(number % 3000, http, done).visit(None)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(come())


def slope(points: list[tuple[int, float]]) -> float:
    """Megabytes for 1,000 jobs, by the second half of the samples."""
    later = points[len(points) // 2 :]
    return statistics.linear_regression(*zip(*later, strict=True)).slope * 1000


def main() -> None:
    jobs = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    tally, points, began = Tally(), list[tuple[int, float]](), time.monotonic()
    with StandIns() as services, tempfile.TemporaryDirectory() as folder:
        services.hub.respond = painted
        with App(Path(folder), environment=services.environment) as app:
            program = psutil.Process(app._process.pid)
            print(f"{'jobs':>8}{'MB':>8}{'files':>8}{'threads':>8}")
            for sample in range(1, SAMPLES + 1):
                asyncio.run(visits(app.url, jobs // SAMPLES // JOBS_OF_ONE, tally))
                services.forget()
                points.append((sample * jobs // SAMPLES, program.memory_info().rss / 1e6))
                print(f"{points[-1][0]:>8}{points[-1][1]:>8.1f}{program.num_fds():>8}{program.num_threads():>8}", flush=True)
    faults = len(tally.faults)
    print(f"{slope(points):.2f} MB for 1,000 jobs; {faults} of {jobs} went wrong; {time.monotonic() - began:.0f} s")
    for fault in tally.faults[:5]:
        print(f"    {fault[:300]}")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
