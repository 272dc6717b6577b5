"""The Settings tab, made from the table of settings. A change applies at once; a bad value is refused and the old one kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import gradio as gr

from gemini_diffusion.commands import Flags
from gemini_diffusion.config.options import Option, Secret
from gemini_diffusion.config.settings import GROUPS, Settings
from gemini_diffusion.generation.drawing import plan
from gemini_diffusion.generation.health import CheckResult, check_all, check_keys
from gemini_diffusion.generation.limits.usage import usage
from gemini_diffusion.types.errors import GeminiDiffusionError
from gemini_diffusion.ui import api_keys, escape, lora_list, own_data
from gemini_diffusion.ui.error_display import show_error
from gemini_diffusion.ui.model_pickers import Offer, chat_offer, image_offer
from gemini_diffusion.web.cookies import visitor_name

if TYPE_CHECKING:
    from gemini_diffusion.generation.visitors import Visitor, Visitors

Updates = dict[Any, Any]
Values = dict[str, Any]

OWN = "the model's own"
FOLDED = ("Model details", "Sharing")
FINE = 50
"""The arrows of a number box move in small steps for ranges up to this width."""
MOST_PAGES = 2000
"""Pages whose shown values are remembered; any other page is sent everything."""
LISTED = ("chat_model", "image_model")


@dataclass(frozen=True, slots=True)
class SettingsTab:
    """The control of each setting by its name, the keys, the adapters that are here, the check of what works, one's data.

    What a person types is theirs: nothing can be typed before a page has been told all values, and later it is told a value
    only when the tab is opened and that one was changed elsewhere; `pages` has what each page shows.
    """

    visitors: Visitors
    column: gr.Column
    controls: dict[str, Any]
    keys: tuple[api_keys.ApiKeyBox, ...]
    adapters: gr.Markdown
    check: gr.Button
    findings: gr.Markdown
    own: own_data.OwnData
    pages: Callable[[str, str | None], Values] = field(default_factory=lambda: lru_cache(MOST_PAGES)(_nothing_yet))

    def show(self, visitor: Visitor, page: Values) -> Updates:
        """What is set, for a page that shows the values in `page` and now all of them, and what the models do not use."""
        idle, updates = unused(visitor.settings, self.visitors), {self.column: gr.update(visible=True)}
        for name, component in self.controls.items():
            value = visitor.settings.shown(name)
            known = name in page and page[name] == value
            updates[component] = self._explained(name, idle) | ({} if known else {"value": value})
            page[name] = value
        for box in self.keys:
            updates |= box.show(visitor)
        return updates

    async def open(self, request: gr.Request) -> Updates:
        """A page came, or the tab was opened: what is set and was not told yet."""
        return self.show(self._visitor(request), self._page(request))

    async def lists(self, request: gr.Request) -> Updates:
        """What can be chosen for the two models, live where possible; it comes late and leaves alone what is chosen."""
        settings = self._visitor(request).settings
        offers = {
            "chat_model": await chat_offer(self.visitors, settings),
            "image_model": await image_offer(self.visitors, settings),
        }
        return {self.controls[name]: _offered(name, offer) for name, offer in offers.items()}

    async def listed(self) -> str:
        """The adapters that are here now."""
        return await lora_list.read_lora_list(self.visitors.services.engines.values())

    def changer(self, name: str) -> Callable[..., Any]:
        """The handler of one control: keeps the value, or says what is wrong with it and what is kept instead."""

        async def change(value: Any, request: gr.Request) -> Updates:
            visitor, page = self._visitor(request), self._page(request)
            if name in page:  # a page that was told nothing is told everything
                page[name] = value
            before, idle = getattr(visitor.settings, name), unused(visitor.settings, self.visitors)
            try:
                if value != before:  # who only passes through a box chooses nothing
                    visitor.change({name: None if value == "" else value})
            except GeminiDiffusionError as error:
                refused = gr.update(info=f"{error} {_still(before)}", elem_classes=["bad"])
                return {self.controls[name]: refused | self._mended(name, value, visitor, page)}
            now = unused(visitor.settings, self.visitors)
            updates = {self.controls[other]: self._explained(other, now) for other in (idle ^ now) | {name}}
            updates[self.controls[name]] |= self._mended(name, value, visitor, page)
            return updates

        return change

    def _mended(self, name: str, shown: Any, visitor: Visitor, page: Values) -> Updates:
        """What is kept, for a page that shows another choice; what was typed is left to whoever typed it."""
        kept = getattr(visitor.settings, name)
        if not _is_choice(name) or shown == kept:
            return {}
        page[name] = kept
        return {"value": kept}

    def _explained(self, name: str, idle: frozenset[str]) -> Any:
        return gr.update(info=explained(Settings.table()[name], idle=name in idle), elem_classes=[])

    def _visitor(self, request: gr.Request) -> Visitor:
        return self.visitors.of(visitor_name(request))

    def _page(self, request: gr.Request) -> Values:
        return self.pages(visitor_name(request), request.session_hash)

    async def look(self, request: gr.Request) -> str:
        """What works here and what does not, each with its fix, and what visitors had today; a stranger reads of keys only."""
        services, settings = self.visitors.services, self._visitor(request).settings
        if not self.visitors.owner:
            return "\n".join(map(_finding, await check_keys(services, settings)))
        found, used = await check_all(services, settings), await asyncio.to_thread(lambda: list(usage(settings)))
        return "\n".join(
            (*map(_finding, found), "\n**What visitors had today**\n", *(f"- {escape.escape_text(line)}" for line in used))
        )

    def wire(self, page: gr.Blocks, tab: gr.Tab) -> None:
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None}
        controls = list(self.controls.values())
        whole = [self.column, *controls, *(box.state for box in self.keys)]
        models = [self.controls[name] for name in LISTED]
        gr.on([page.load, tab.select], show_error(self.open), None, whole, **quiet)
        tab.select(show_error(self.lists), None, models, **quiet)
        tab.select(show_error(self.listed), None, self.adapters, **quiet)
        for name, component in self.controls.items():
            if Settings.table()[name].scope == "visitor":
                # What is changed while an answer is on its way is sent after it; outside the queue an answer comes with its own
                # request and depends on no stream of the page.
                quiet_last = {**quiet, "trigger_mode": "always_last", "queue": False}
                change = show_error(self.changer(name))
                if _is_choice(name):
                    component.input(change, component, controls, **quiet_last)
                    continue
                # settings.js keeps what the page takes with it when it goes
                sending, kept = (f"window.typed.{step}('{name}'" for step in ("sending", "kept"))
                events = [component.blur, component.submit]
                changed = gr.on(events, change, component, controls, js=f"value => {sending}, value)", **quiet_last)
                changed.success(None, js=f"() => {kept})", api_visibility="private")
        for box in self.keys:
            box.wire(self.lists, models)
        self.own.wire()
        self.check.click(show_error(self.look), None, self.findings, **{**quiet, "show_progress": "minimal"})


def build(visitors: Visitors) -> SettingsTab:
    """Lays the tab out where it is called: groups in the order of need; what is the host's only for the host."""
    controls: dict[str, Any] = {}
    boxes: list[api_keys.ApiKeyBox] = []
    adapters = gr.Markdown(elem_id="adapters-here", render=False)
    with gr.Column(elem_id="settings", min_width=0, visible=False) as column:
        for group in GROUPS:
            rows = {
                name: option
                for name, option in Settings.table().items()
                if option.group == group and (option.scope == "visitor" or visitors.owner)
            }
            if not rows:
                continue
            with gr.Accordion(group, open=group not in FOLDED, elem_classes="group"):
                boxes += [api_keys.build(visitors, name) for name in rows if _is_key(name)]
                if group == "Keys":
                    gr.Markdown(api_keys.PROMISE, elem_classes="where")
                for name, option in rows.items():
                    if not _is_key(name):
                        choices = (plan.AUTO, *visitors.services.engines) if name == "engine" else option.choices
                        controls[name] = control(name, replace(option, choices=choices))
                    if name == "adapters":
                        adapters.render()
        with gr.Accordion("What works here", open=True, elem_classes="group"):
            check = gr.Button("Check now", size="md", elem_id="check", min_width=0)
            findings = gr.Markdown(elem_id="findings")
        own = own_data.build(visitors)
    return SettingsTab(visitors, column, controls, tuple(boxes), adapters, check, findings, own)


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
    """The line under a label: the help, the range, and whether it has any effect now."""
    text = f"{option.help} ({option.range})" if option.range else option.help
    if option.scope == "host":
        text += " Set when the app starts."
    return f"{text} Not used by this model." if idle else text


def _nothing_yet(visitor: str, connection: str | None) -> Values:
    """What a page shows that was told nothing."""
    return {}


def _offered(name: str, offer: Offer) -> Any:
    """A list that comes late, without a value: what is chosen or typed by then stays."""
    return gr.update(choices=offer.pairs, info=f"{explained(Settings.table()[name])} {offer.trouble}".strip())


def _still(kept: Any) -> str:
    """What a setting is, after another value was refused."""
    number = isinstance(kept, (int, float))
    return f"Still {kept:,.9g}." if number else f"Still {OWN if kept is None else kept or 'empty'}."


def unused(settings: Settings, visitors: Visitors) -> frozenset[str]:
    """The settings that the models chosen now do not use."""
    idle = set(visitors.services.chat_model(settings).unused_settings(settings))
    try:
        able = plan.make_plan(Flags(), settings, visitors.services.engines, None).capabilities
    except GeminiDiffusionError:
        return frozenset(idle)
    fields = ("negative_prompt", "num_inference_steps", "guidance_scale", "scheduler", "adapters", "refine")
    return frozenset(idle | {name for name in fields if not getattr(able, name)})


def _is_key(name: str) -> bool:
    return isinstance(getattr(Settings(), name), Secret)


def _is_choice(name: str) -> bool:
    """Whether a setting is picked in one go, so that a change is complete at once; typed ones are when they are left."""
    return name in (*LISTED, "engine") or isinstance(getattr(Settings(), name), bool) or bool(Settings.table()[name].choices)


def _finding(finding: CheckResult) -> str:
    mark = "works" if finding.ok else "needs attention"
    return f"- **{escape.escape_text(finding.part)}** ({mark}): {escape.escape_text(f'{finding.text} {finding.fix}'.strip())}"
