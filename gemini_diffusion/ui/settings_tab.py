"""The Settings tab, made wholly from the one table of settings: a change applies at once, a bad value keeps the old one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion import plan
from gemini_diffusion.chat_models.gemini_models import ignored_sampling
from gemini_diffusion.checkup import Finding, examine, examine_keys
from gemini_diffusion.commands import Flags
from gemini_diffusion.errors import GeminiDiffusionError
from gemini_diffusion.options import Option, Secret
from gemini_diffusion.settings import GROUPS, Settings
from gemini_diffusion.ui import adapter_list, keys, markup
from gemini_diffusion.ui.choices import Offer, chat_offer, image_offer
from gemini_diffusion.ui.identity import name_of
from gemini_diffusion.ui.mishap import told

if TYPE_CHECKING:
    from gemini_diffusion.visitors import Visitor, Visitors

OWN = "the model's own"
FOLDED = ("Model details", "Sharing")
FINE = 50
"""Ranges up to this wide are moved in small steps by the arrows of their box."""
LISTED = ("chat_model", "image_model")


@dataclass(frozen=True, slots=True)
class SettingsTab:
    """The control of each setting by its name, the keys, the adapters that are here, and the check of what works."""

    visitors: Visitors
    controls: dict[str, Any]
    keys: tuple[keys.KeyBox, ...]
    adapters: gr.Markdown
    check: gr.Button
    findings: gr.Markdown

    def show(self, visitor: Visitor) -> dict[Any, Any]:
        """Every control at what is set, and which of them the chosen models do not use."""
        settings, table = visitor.settings, Settings.table()
        idle = unused(settings, self.visitors)
        updates: dict[Any, Any] = {
            control: gr.update(value=settings.shown(name), info=explained(table[name], idle=name in idle))
            for name, control in self.controls.items()
        }
        for box in self.keys:
            updates |= box.show(visitor)
        return updates

    async def open(self, request: gr.Request) -> dict[Any, Any]:
        return self.show(self.visitors.of(name_of(request)))

    async def lists(self, request: gr.Request) -> dict[Any, Any]:
        """What can be chosen for the two models, live where possible."""
        settings = self.visitors.of(name_of(request)).settings
        offers = {
            "chat_model": await chat_offer(self.visitors, settings),
            "image_model": await image_offer(self.visitors, settings),
        }
        return {self.controls[name]: self._offered(settings, name, offer) for name, offer in offers.items()}

    async def listed(self) -> str:
        """The adapters that are here now."""
        return await adapter_list.read(self.visitors.studio.engines.values())

    def _offered(self, settings: Settings, name: str, offer: Offer) -> Any:
        info = f"{explained(Settings.table()[name])} {offer.trouble}".strip()
        return gr.update(choices=offer.pairs, value=getattr(settings, name), info=info)

    def changer(self, name: str) -> Callable[..., Any]:
        """The handler of one control: keeps the value, or says what is wrong with it and shows the old one."""

        async def change(value: Any, request: gr.Request) -> dict[Any, Any]:
            visitor = self.visitors.of(name_of(request))
            try:
                visitor.change({name: value})
            except GeminiDiffusionError as error:
                kept = getattr(visitor.settings, name)
                return {self.controls[name]: gr.update(value=kept, info=f"{error} Kept as it was.", elem_classes="bad")}
            return self.show(visitor) | {self.controls[name]: self._fine(visitor, name)}

        return change

    def _fine(self, visitor: Visitor, name: str) -> Any:
        idle = name in unused(visitor.settings, self.visitors)
        info = explained(Settings.table()[name], idle=idle)
        return gr.update(value=getattr(visitor.settings, name), info=info, elem_classes="")

    async def look(self, request: gr.Request) -> str:
        """What works here and what does not, each with its fix; a stranger is told of keys only."""
        studio, settings = self.visitors.studio, self.visitors.of(name_of(request)).settings
        found = await (examine(studio, settings) if self.visitors.owner else examine_keys(studio, settings))
        return "\n".join(_finding(finding) for finding in found)

    def wire(self, tab: gr.Tab, then: Any, changes: list[Any]) -> None:
        """`then` runs over `changes` after a key has changed."""
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        shown = [*self.controls.values(), *(box.state for box in self.keys)]
        tab.select(told(self.open), None, shown, **quiet)
        tab.select(told(self.lists), None, [self.controls[name] for name in LISTED], **quiet)
        tab.select(told(self.listed), None, self.adapters, **quiet)
        for name, control in self.controls.items():
            if Settings.table()[name].scope == "visitor":
                events = [control.input] if _is_choice(name) else [control.blur, control.submit]
                gr.on(events, told(self.changer(name)), control, shown, **quiet)
        for box in self.keys:
            box.wire(then, changes)
        self.check.click(told(self.look), None, self.findings, **{**quiet, "show_progress": "minimal"})


def build(visitors: Visitors) -> SettingsTab:
    """Lays the tab out where it is called: groups in the order of need; what is the host's only for the host."""
    controls: dict[str, Any] = {}
    boxes: list[keys.KeyBox] = []
    adapters = gr.Markdown(elem_id="adapters-here", render=False)
    with gr.Column(elem_id="settings", min_width=0):
        for group in GROUPS:
            rows = {
                name: option
                for name, option in Settings.table().items()
                if option.group == group and (option.scope == "visitor" or visitors.owner)
            }
            if not rows:
                continue
            with gr.Accordion(group, open=group not in FOLDED, elem_classes="group"):
                boxes += [keys.build(visitors, name) for name in rows if _is_key(name)]
                if group == "Keys":
                    gr.Markdown(keys.PROMISE, elem_classes="where")
                for name, option in rows.items():
                    if not _is_key(name):
                        controls[name] = control(name, option)
                    if name == "adapters":
                        adapters.render()
        with gr.Accordion("What works here", open=True, elem_classes="group"):
            check = gr.Button("Check now", size="md", elem_id="check", min_width=0)
            findings = gr.Markdown(elem_id="findings")
    return SettingsTab(visitors, controls, tuple(boxes), adapters, check, findings)


def control(name: str, option: Option) -> Any:
    """The component for one row; its checks are the table's, made on the server, so that a bad value gets a sentence."""
    own = getattr(Settings(), name)
    common: dict[str, Any] = {
        "label": option.label,
        "info": explained(option),
        "elem_id": f"set-{name}",
        "interactive": option.scope == "visitor",
        "min_width": 0,
    }
    if isinstance(own, bool):
        return gr.Checkbox(value=own, **common)
    if name in LISTED:
        return gr.Dropdown([], value=None, allow_custom_value=True, **common)
    if option.choices:
        return gr.Dropdown(list(option.choices), value=own, **common)
    if option.low is not None:
        fine = option.high is not None and option.high - option.low <= FINE
        return gr.Number(value=own, step=0.05 if fine else 1, placeholder=OWN if own is None else "", **common)
    return gr.Textbox(value=None, max_lines=3, **common)


def explained(option: Option, *, idle: bool = False) -> str:
    """The line under a label: the help, what the field calls it and its range, and whether it has any effect now."""
    limits = f"{option.low:,.9g} to {option.high:,.9g}" if option.low is not None and option.high is not None else ""
    fine = ", ".join(part for part in (option.term, limits) if part)
    text = f"{option.help} ({fine})" if fine else option.help
    if option.scope == "host":
        text += " Set when the app starts."
    return f"{text} Not used by this model." if idle else text


def unused(settings: Settings, visitors: Visitors) -> frozenset[str]:
    """The settings that the models chosen now do not use."""
    idle = set(ignored_sampling(settings.chat_model)) if settings.google_api_key else set()
    try:
        able = plan.decide(Flags(), settings, visitors.studio.engines, None).capabilities
    except GeminiDiffusionError:
        return frozenset(idle)
    fields = ("negative_prompt", "num_inference_steps", "guidance_scale", "scheduler", "adapters", "refine")
    return frozenset(idle | {name for name in fields if not getattr(able, name)})


def _is_key(name: str) -> bool:
    return isinstance(getattr(Settings(), name), Secret)


def _is_choice(name: str) -> bool:
    """Whether a setting is picked in one go, so that a change is complete at once; typed ones are when they are left."""
    return name in LISTED or isinstance(getattr(Settings(), name), bool) or bool(Settings.table()[name].choices)


def _finding(finding: Finding) -> str:
    mark = "works" if finding.ok else "needs you"
    return f"- **{markup.plain(finding.part)}** ({mark}): {markup.plain(f'{finding.text} {finding.fix}'.strip())}"
