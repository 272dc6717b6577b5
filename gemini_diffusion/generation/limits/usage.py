"""What visitors have had today and keep, read from the files of the data folder, whether a window is open or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.limits.daily_count import DailyCount
from gemini_diffusion.generation.limits.disk_quota import MEGABYTE, folder_size, free_bytes, read_ledger


def usage(host: Settings) -> Iterator[str]:
    """A line in all and one for each visitor, who had most of the machine first; a visitor is named by a part of a digest."""
    home = host.home_path
    lent, drawn = DailyCount(home / "lending.json").counts, DailyCount(home / "drawing_time.json").counts
    kept = Counter[str]()
    for visitor, place in read_ledger(home):
        kept[visitor] += folder_size(home / place)
    yield _line("In all", sum(lent.values()), sum(drawn.values()), kept.total())
    everybody = {*lent, *drawn, *kept}
    for visitor in sorted(everybody, key=lambda name: (-drawn.get(name, 0.0), -lent.get(name, 0.0), name)):
        yield _line(visitor[:8] or "(unknown)", lent.get(visitor, 0.0), drawn.get(visitor, 0.0), kept[visitor])
    counted = f"{len(everybody)} {'visitor' if len(everybody) == 1 else 'visitors'}"
    yield f"{counted}; {free_bytes(home) // MEGABYTE:,} MB of the disk are free."


def _line(who: str, lent: float, seconds: float, size: int) -> str:
    return f"{who}: {lent:.0f} answers and pictures lent and {seconds / 60:.1f} min drawn today, {size / MEGABYTE:.2f} MB kept."
