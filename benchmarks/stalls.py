"""How long a person's words hold the event loop: `python -m benchmarks.stalls [200]` sends so many shapes of 20,000 signs.

A window serves everybody from one loop. Each shape is one turn of a conversation, with rules and with a chat model that says
the words back as a prompt, and is rendered. Printed is the longest time between two looks at the sockets, in processor time of
the loop's own thread, and what the whole turn cost the process, worst first.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import selectors
import sys
import tempfile
import time
from pathlib import Path

from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.turn.dispatch import LONGEST_MESSAGE
from gemini_diffusion.generation.turn.session import Session
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.types import ChatAnswer, ChatRequest, Emit
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.ui.messages import turn_messages
from tests.scripted import ScriptedChatModel
from tests.sketch_engine import SketchEngine

LEADS = ("/imagine ", "", "/edit ", "draw me ", "make it ", "/imagine --raw ", "/imagine --no ", "/imag ", "/ask ")
ATOMS = (
    "no x{n}, ", "cat{n} ", "a", "a red cat on the left of a blue dog, ", "((", "(red:1.3) ", "[", "{a,b} ", "\\", '"',
    '"a" ', "\u2018a ", "--no x{n} ", "--seed {n} ", "-", "--", "::", "a::2 ", "<lora:a{n}:0.8> ", "<", "++", "a++ ",
    "\u9ad8", "\ube68\uac04 ", "\u0627\u0644\u0642\u0637\u0629 ", "Schneefuchs", "e\u0301", "\u202e", "\U0001f600", " ",
    ", ", ".", "\n", "x" * 39 + " ", "Name{n} Surname{n} ", "12:30 ", "{n} red cats ", "not a dog and ", "without a hat, ",
    "![a](http://b.c) ", "*", "`", "a (b, ", "http://a.b/{n} ", "12345678901234567890", "the a an of ", "\u00e9\u00e8 ",
    "Negative prompt: x Steps: 20, ", "a\tb", "'", "make it red and ", "BREAK ", "|", "={n}", "a.b.", "left right ",
)  # fmt: skip


class Judge(selectors.DefaultSelector):
    """A selector that knows the longest time its loop did not ask it."""

    longest = 0.0
    _since = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.longest = max(self.longest, time.thread_time() - self._since)
        found = super().select(timeout)
        self._since = time.thread_time()
        return found

    def begin(self) -> None:
        self.longest, self._since = 0.0, time.thread_time()


class Echo(ScriptedChatModel):
    """Says the words back as a prompt, at once."""

    async def answer(self, request: ChatRequest, settings: Settings, emit: Emit) -> ChatAnswer:
        said = request.messages[-1].text
        return ChatAnswer(
            json.dumps({"prompt": said, "negative_prompt": said, "kept": [{"said": said, "english": said}]}), "echo"
        )


def shape(lead: str, atom: str) -> str:
    """A text as long as a message may be: the atom again and again behind the lead, {n} counting."""
    return (lead + "".join(atom.replace("{n}", str(number)) for number in range(LONGEST_MESSAGE)))[:LONGEST_MESSAGE]


async def turn(home: Path, text: str, settings: Settings) -> float:
    """Processor seconds of the process for one turn from message to what is shown."""
    services = Services({"gemini": Echo(), "builtin": BuiltinChatModel()}, {"local": SketchEngine()}, Gallery(home))
    session = Session(services, home / "visitor")
    session.start("/imagine a cat --steps 1", Settings())
    async for _ in session.watch():
        pass
    began = time.process_time()
    with contextlib.suppress(BadInput):
        await session.send(text, settings)
    async for now in session.watch():
        list(turn_messages(now))
    return time.process_time() - began


def stall(text: str, settings: Settings) -> tuple[float, float]:
    """The longest hold of the loop in a turn, and the turn, in processor seconds."""
    judge = Judge()
    loop = asyncio.SelectorEventLoop(judge)
    with tempfile.TemporaryDirectory() as home, asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(asyncio.sleep(0))
        judge.begin()
        took = runner.run(turn(Path(home), text, settings))
        return judge.longest, took


def main() -> None:
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    every, found = list(itertools.product(LEADS, ATOMS)), []
    for number, picked in enumerate(every[:: max(1, len(every) // wanted)][:wanted]):
        text = shape(*picked)
        settings = Settings().replaced({"google_api_key": "AIza-a-test-key-0000"} if number % 2 else {})
        found.append((*stall(text, settings), number % 2, text[:40]))
    for held, took, asked, text in sorted(found, reverse=True)[:20]:
        print(f"{held * 1000:7.0f} ms held, {took:6.2f} s in all, {'model' if asked else 'rules'}: {text!r}")
    print(f"{len(found)} shapes; the longest hold is {max(found)[0] * 1000:.0f} ms")


if __name__ == "__main__":
    main()
