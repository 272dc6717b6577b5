"""What visitors have had today and keep, read from the files of the data folder, whether a window is open or not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.limits.daily_count import CALLS, DailyCount
from gemini_diffusion.generation.limits.disk_quota import MEGABYTE, folder_size, read_ledger
from gemini_diffusion.generation.limits.key_quota import DOLLARS, LEDGER, PICTURES, TOKENS_IN, TOKENS_OUT
from gemini_diffusion.storage.files import free_bytes


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One visitor's, or everybody's: what the host's keys were lent for, seconds drawn on this machine, bytes kept."""

    who: str
    calls: float
    pictures: float
    tokens_in: float
    tokens_out: float
    dollars: float
    seconds: float
    size: int

    def __str__(self) -> str:
        lent = f"{self.calls:.0f} answers and pictures lent"
        if self.calls:
            price = f", ${self.dollars:.4f} where a price is set" if self.dollars else ""
            tokens = f"{self.tokens_in:,.0f} tokens in and {self.tokens_out:,.0f} out{price}"
            lent += f" ({self.pictures:.0f} of them pictures; {tokens})"
        return f"{self.who}: {lent} and {self.seconds / 60:.1f} min drawn today, {self.size / MEGABYTE:.2f} MB kept."


def usage_rows(host: Settings) -> list[UsageRow]:
    """One in all and one for each visitor, who had most of the machine first; a visitor is named by a part of a digest."""
    home = host.home_path
    lent, drawn, kept = DailyCount(home / LEDGER), DailyCount(home / "drawing_time.json").counts(), Counter[str]()
    for visitor, place in read_ledger(home):
        kept[visitor] += folder_size(home / place)
    counts = [*map(lent.counts, (CALLS, PICTURES, TOKENS_IN, TOKENS_OUT, DOLLARS)), drawn, kept]
    everybody = sorted({*lent.counts(), *drawn, *kept}, key=lambda name: (-drawn[name], -lent.of(name), name))
    own = [UsageRow(name[:8] or "(unknown)", *(count[name] for count in counts)) for name in everybody]
    return [UsageRow("In all", *(count.total() for count in counts)), *own]


def usage(host: Settings) -> Iterator[str]:
    """The same as lines, and what is left of the disk."""
    rows = usage_rows(host)
    yield from map(str, rows)
    visitors = "1 visitor" if len(rows) == 2 else f"{len(rows) - 1} visitors"
    yield f"{visitors}; {free_bytes(host.home_path) // MEGABYTE:,} MB of the disk are free."
