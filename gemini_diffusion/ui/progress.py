"""What a turn is doing right now, in words and numbers: "Drawing, step 12 of 25, 48 %, about 6 s left"."""

from __future__ import annotations

from dataclasses import dataclass

from gemini_diffusion.types import Progress
from gemini_diffusion.types.turn import Turn

_GIGABYTE, _MEGABYTE = 1_000_000_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs; `percent` is None while there is nothing to count."""

    text: str
    percent: int | None = None


def current_stage(turn: Turn | None) -> Stage | None:
    """The stage of a running turn; None when it is over or waits for the person."""
    if turn is None or turn.state != "running":
        return None
    if turn.waiting:
        return Stage(waiting(turn))
    running = sorted((step for step in turn.steps if step.seconds is None), key=lambda step: step.stage == "waiting")
    if not running:
        return Stage("Thinking" if turn.kind == "say" else "Getting ready")
    found = [entry for entry in turn.progress if entry.stage == running[0].stage]
    if not found:
        return Stage(running[0].text)
    total = sum(entry.total for entry in found)
    share = 100 * sum(entry.done for entry in found) // total if total > 0 else 0
    if len(found) > 1:
        return Stage(f"{running[0].text}, {len(found)} pictures, {share} %", share)
    return Stage(f"{running[0].text}, {progress_text(found[0])}", share)


def waiting(turn: Turn) -> str:
    """The countdown of a turn that waits for a service, empty for any other: "The model is waking up: 14 s"."""
    if not turn.waiting:
        return ""
    again = f", attempt {turn.waiting.attempt}" if turn.waiting.attempt > 1 else ""
    return f"{turn.waiting.reason.rstrip('.: ')}: {duration(turn.waiting.seconds_left)}{again}"


def progress_text(entry: Progress) -> str:
    """How far a stage has come, in numbers: "step 12 of 25, 48 %, about 6 s left"."""
    left = f", about {duration(entry.seconds_left)} left" if entry.seconds_left is not None else ""
    if entry.unit == "step":
        return f"step {entry.done} of {entry.total}, {percent(entry)} %{left}"
    speed = (entry.total - entry.done) / entry.seconds_left if entry.seconds_left else 0.0
    pace = f", {size(speed)} a second" if speed else ""
    return f"{size(entry.done)} of {size(entry.total)}, {percent(entry)} %{pace}{left}"


def percent(entry: Progress) -> int:
    return max(0, min(100, 100 * entry.done // entry.total)) if entry.total > 0 else 0


def size(count: float) -> str:
    """Bytes as "1.4 GB" or "20 MB", in powers of ten as disks are sold."""
    return f"{count / _GIGABYTE:.1f} GB" if count >= _GIGABYTE else f"{count / _MEGABYTE:.0f} MB"


def duration(seconds: float) -> str:
    """Seconds as "14 s" or "3 min"."""
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{max(0, round(seconds))} s"
