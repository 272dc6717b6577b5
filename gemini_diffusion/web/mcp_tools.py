"""The two tools for programs that speak MCP, imagine and chat: how a model is told of them, and what it gets back.

They do what the window does, in sessions like everybody's; they know no page and no door by which a call comes in.
"""

from __future__ import annotations

import asyncio
import base64
import io
import math
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from gemini_diffusion import __version__
from gemini_diffusion.commands import as_line
from gemini_diffusion.generation.visitors import COOKIELESS
from gemini_diffusion.types.errors import GeminiDiffusionError, PackageMissing
from gemini_diffusion.web.endpoints import follow, why

if TYPE_CHECKING:
    from mcp.server import Server, ServerRequestContext
    from mcp_types import CallToolRequestParams, CallToolResult, ImageContent, ListToolsResult, TextContent, Tool
    from starlette.requests import Request

    from gemini_diffusion.generation.visitors import Visitors
    from gemini_diffusion.types import Picture
    from gemini_diffusion.types.turn import Turn

LONGEST_SIDE = 1024
"""Pixels of what a model is shown of one picture; of several each is smaller, so that an answer stays below a megabyte."""

MISSING = "Start with start.sh or start.bat and --mcp, which install it, or: pip install 'mcp>=2.3,<3'"
INSTRUCTIONS = "Gemini Diffusion draws pictures from words. Use imagine for every picture; the whole file stays where it says."
IMAGINE = """Draws one or more pictures from a description and shows them.

Use it whenever somebody wants to see, draw, paint or illustrate something. Not for editing a picture that exists.

line: what to see, in any language, in a sentence or two: subject, place, light, style. Text in double quotes is drawn as it
is. A careful prompt is written from it, so add no quality words of your own. Flags may stand anywhere in the line:
--ar 16:9 (shape: W:H, portrait, landscape, square), --n 4 (1 to 8 pictures), --seed 7 (the same seed draws the same picture),
--no people, cars (what to leave out), --style "Film Noir", --raw (the words exactly as they are), --stylize 0 to 1000 (how
much may be added, 100 is usual), --steps 30, --engine local or hosted, --dry (says what would be drawn, draws nothing).

Gives, for each picture: the picture itself, reduced; its seed, size, model and final prompt; the line that draws it again;
the address of the whole PNG. As structured content the same with every number that decided it. Takes from a second to
minutes. An error is a sentence that says what to do next.

Examples: "a fox in the snow at dusk" - "a lighthouse in a storm, oil painting --ar 3:2 --n 2" - "a shop sign that says
\\"OPEN\\" --seed 42 --no people"
"""
CHAT = """Asks the chat model behind this program (Gemini, where there is a key) and gives its whole answer as text.

Use it for an opinion from that model, or for ideas for a picture. Never for drawing: that is imagine.

message: the whole question. Each call stands alone, nothing said before is remembered.

Example: "Suggest three scenes for a children's book about a shy owl."
"""


@dataclass(frozen=True, slots=True)
class McpTools:
    """Every call is a visitor of its own: calls may run side by side, and none sees what another did.

    What a host gives strangers, all calls together get as one visitor."""

    visitors: Visitors

    def server(self) -> Server[Any]:
        """An MCP server that offers these two and nothing else. Raises PackageMissing where mcp is not installed."""
        try:
            from mcp.server import Server
        except ImportError as error:
            raise PackageMissing("The package mcp is not installed.", MISSING) from error

        return Server(
            "gemini-diffusion",
            version=__version__,
            title="Gemini Diffusion",
            instructions=INSTRUCTIONS,
            on_list_tools=self.list,
            on_call_tool=self.call,
        )

    async def list(self, context: ServerRequestContext[Any], params: Any) -> ListToolsResult:
        from mcp_types import ListToolsResult

        return ListToolsResult(tools=[_tool("imagine", IMAGINE, "line"), _tool("chat", CHAT, "message")])

    async def call(self, context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        """Does what was asked for as long as somebody waits for it: cancelling ends the turn, and so does going away."""
        request = cast("Request", context.request)  # over HTTP there always is one
        work = asyncio.create_task(self._answer(context, request, params))
        gone = asyncio.create_task(_gone(request))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
            return work.result() if work.done() else _failed("Nobody waits for this any more.")
        finally:
            work.cancel()
            gone.cancel()

    async def _answer(
        self, context: ServerRequestContext[Any], request: Request, params: CallToolRequestParams
    ) -> CallToolResult:
        """The one border: what goes wrong becomes a sentence the model can read."""
        given = params.arguments or {}
        try:
            if params.name == "imagine" and isinstance(given.get("line"), str):
                return self._drawn(await self._done(as_line(given["line"]), context), str(request.base_url))
            if params.name == "chat" and isinstance(given.get("message"), str):
                turn = await self._done(given["message"], context)
                return _result([_text(turn.text)]) if turn.state == "done" else _failed(why(turn))
        except GeminiDiffusionError as error:
            return _failed(str(error))
        return _failed("There is imagine, which takes a line, and chat, which takes a message. Both are texts.")

    async def _done(self, text: str, context: ServerRequestContext[Any]) -> Turn:
        """The turn at its end; on the way its stages are told to a client that wants to hear of them."""
        told = 0
        said = ""
        async for turn in follow(self.visitors.of(f"{COOKIELESS}{secrets.token_hex(16)}"), text):
            if (news := _news(turn)) != said:
                said, told = news, told + 1
                await context.session.report_progress(told, None, news)
        return turn

    def _drawn(self, turn: Turn, base: str) -> CallToolResult:
        if turn.state != "done" or not (turn.pictures or turn.text):
            return _failed(why(turn))
        links = [f"{base}gradio_api/file={quote(str(picture.path))}" for picture in turn.pictures]
        content: list[ImageContent | TextContent] = []
        for picture, link in zip(turn.pictures, links, strict=True):
            if picture.recipe.veiled:
                content.append(_text("The picture filter keeps this one covered; whoever wants to see it opens its address."))
            else:
                content.append(_shown(picture, LONGEST_SIDE / math.sqrt(len(turn.pictures))))
            content.append(_text(self._told(picture, link)))
        failures = [f"{failed.text} {failed.hint}".strip() for failed in turn.failures]
        said = [*turn.notices, *failures, *([turn.text] if turn.text else [])]
        recipes = [{"url": link, "recipe": picture.recipe.flat()} for picture, link in zip(turn.pictures, links, strict=True)]
        found = {"pictures": recipes, "planned": [recipe.flat() for recipe in turn.planned]}
        return _result([*content, _text("\n".join(said))] if said else content, found)

    def _told(self, picture: Picture, link: str) -> str:
        """The account of one picture; its place on disk only to whoever sits at this machine."""
        recipe = picture.recipe
        lines = [
            f"Seed {recipe.seed}, {recipe.width} x {recipe.height}, drawn by {recipe.flat()['model']} ({recipe.engine}).",
            f"Prompt: {recipe.prompt}",
            f"Draws it again: {recipe.line}",
            f"Whole picture: {link}",
        ]
        return "\n".join([*lines, f"File: {picture.path}"] if self.visitors.owner else lines)


def _tool(name: str, description: str, argument: str) -> Tool:
    from mcp_types import Tool, ToolAnnotations

    schema = {
        "type": "object",
        "properties": {argument: {"type": "string", "description": f"See the description of {name}."}},
        "required": [argument],
        "additionalProperties": False,
    }
    hints = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True)
    return Tool(name=name, description=description, input_schema=schema, annotations=hints)


async def _gone(request: Request) -> None:
    """Returns once the client has hung up: the older protocol's server would go on, for an answer nobody can fetch."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _news(turn: Turn) -> str:
    """Where a turn has come to, in a few words."""
    if turn.waiting:
        return turn.waiting.reason
    if turn.progress:
        return f"{turn.progress[-1].unit} {turn.progress[-1].done} of {turn.progress[-1].total}"
    return turn.steps[-1].text if turn.steps else "Begun"


def _shown(picture: Picture, side: float) -> ImageContent:
    """A JPEG no larger than `side` pixels: every client can show one, and a whole PNG is too much for most."""
    from mcp_types import ImageContent
    from PIL import Image

    content = io.BytesIO()
    with Image.open(picture.path) as image:
        reduced = image.convert("RGB")
    reduced.thumbnail((side, side))
    reduced.save(content, "JPEG", quality=85)
    return ImageContent(data=base64.b64encode(content.getvalue()).decode("ascii"), mime_type="image/jpeg")


def _text(text: str) -> TextContent:
    from mcp_types import TextContent

    return TextContent(text=text)


def _result(content: Any, structured: Any = None) -> CallToolResult:
    from mcp_types import CallToolResult

    return CallToolResult(content=content, structured_content=structured)


def _failed(sentence: str) -> CallToolResult:
    from mcp_types import CallToolResult

    return CallToolResult(content=[_text(sentence)], is_error=True)
