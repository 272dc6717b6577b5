"""Samplers of other programs by our schedulers' names; what has no like here is named."""

from __future__ import annotations

import re

_LIKE = {
    "Euler": ("euler", "eulerdiscrete"),
    "Euler a": ("eulera", "eulerancestral", "eulerancestraldiscrete"),
    "Heun": ("heun", "heundiscrete"),
    "DPM++ 2M": ("dpmpp2m", "dpmsolvermultistep", "dpmpp2mcfgpp"),
    "DPM++ 2M SDE": ("dpmpp2msde",),
    "DDIM": ("ddim", "ddimv3"),
    "UniPC": ("unipc", "unipcbh2", "unipcmultistep"),
    "LCM": ("lcm",),
    "TCD": ("tcd",),
    "DEIS": ("deis", "deismultistep"),
    "PNDM": ("pndm", "plms"),
    "KDPM2 a": ("dpm2a", "dpm2ancestral", "kdpm2a", "kdpm2ancestral", "kdpm2ancestraldiscrete"),
}
_BY_NAME = {spelling: name for name, spellings in _LIKE.items() for spelling in spellings}
_KARRAS = ("DPM++ 2M", "DPM++ 2M SDE")
"""Those that are here with Karras' schedule too."""
_OWN = {"DPM++ 2M": "karras", "DPM++ 2M SDE": "exponential"}
"""What A1111's "Automatic" is for them."""
_USUAL = ("", "normal", "discrete", "default", "native", "linear", "uniform")
_SUFFIX = re.compile(
    r"[ _](karras|exponential|beta|simple|normal|discrete|trailing|ays|sgm[ _]uniform|kl[ _]optimal)$", re.IGNORECASE
)


def like_ours(sampler: str, schedule: str = "") -> tuple[str, str]:
    """Our scheduler's name ("" where there is none), and what of the other program's has no like here ("" where all has)."""
    name, schedule = sampler.strip(), schedule.strip().lower()
    if not schedule and (found := _SUFFIX.search(name)):
        name, schedule = name[: found.start()], found[1].lower()
    ours = _BY_NAME.get(_bare(name), "")
    if not ours:
        return "", f"the sampler {sampler.strip()[:40]}" if name and _bare(name) not in (
            "default",
            "automatic",
            "undefined",
        ) else ""
    if schedule == "automatic":
        schedule = _OWN.get(ours, "")
    if schedule == "karras" and ours in _KARRAS:
        return f"{ours} Karras", ""
    return ours, "" if schedule in _USUAL else f"the schedule {schedule[:40]} of its sampler"


def _bare(name: str) -> str:
    name = re.sub(r"^(sample_)?k_|_gpu$|scheduler$", "", name.lower().strip())
    return re.sub(r"[^a-z0-9]", "", name.replace("++", "pp"))
