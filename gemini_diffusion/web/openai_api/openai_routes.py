"""The routes of OpenAI's API beside the window: /v1/images/generations, /v1/images/edits, /v1/chat/completions, /v1/models."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gemini_diffusion.types import Event, Picture, Preview, TextGrew, ignore
from gemini_diffusion.types.errors import BadInput, GeminiDiffusionError, ModelNotFound
from gemini_diffusion.web.openai_api import api_answers as answers
from gemini_diffusion.web.openai_api.api_visitor import ApiVisitor
from gemini_diffusion.web.openai_api.chat_call import chat_settings, read_chat
from gemini_diffusion.web.openai_api.picture_call import PictureCall, read_call

if TYPE_CHECKING:
    from gemini_diffusion.generation.visitors import Visitors

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]
OWNER = "gemini-diffusion"
SHORTEST_KEY = 16
"""Characters of a token, so that nobody guesses it."""
MOST_FILES = 17
_LOG = logging.getLogger(__name__)


def make_key(given: str | None) -> str:
    """The token that programs have to send: the one given, else a random one. Raises BadInput for one easily guessed."""
    if given is None:
        return secrets.token_urlsafe(24)
    if len(given) < SHORTEST_KEY or not given.isascii() or not given.isprintable() or " " in given:
        raise BadInput(f"--api-key needs {SHORTEST_KEY} plain characters at least.", "Leave it out, and one is made.")
    return given


def openai_routes(visitors: Visitors, key: str) -> list[Route]:
    """What the window's server answers with, to whoever sends `key`."""
    api = OpenAiApi(ApiVisitor(visitors, key), key)
    posts: dict[str, Handler] = {
        "/v1/images/generations": api.generate,
        "/v1/images/edits": api.edit,
        "/v1/chat/completions": api.complete,
    }
    return [
        *(Route(path, api.guarded(handler), methods=["POST"]) for path, handler in posts.items()),
        Route("/v1/models", api.guarded(api.models)),
        Route("/v1/models/{name:path}", api.guarded(api.model)),
        Route("/v1/files/{name}", api.file),
    ]


@dataclass(frozen=True, slots=True)
class OpenAiApi:
    """One token's door. `key` is compared in constant time."""

    caller: ApiVisitor
    key: str

    def guarded(self, handler: Handler) -> Handler:
        """The handler behind the token; an error of ours becomes one of OpenAI's."""

        async def answer(request: Request) -> Response:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode(), self.key.encode()):
                said = {"message": "This token is not the one of this server.", "code": "invalid_api_key", "param": None}
                return JSONResponse({"error": {**said, "type": "invalid_request_error"}}, 401, {"WWW-Authenticate": "Bearer"})
            try:
                return await handler(request)
            except GeminiDiffusionError as error:
                return answers.refusal(error)
            except Exception as error:  # noqa: BLE001 - the border to a program; the log says what it was
                _LOG.error("A program's call failed in a way nobody foresaw.", exc_info=error)
                return answers.refusal(GeminiDiffusionError("Something unexpected went wrong.", "The host's log says more."))

        return answer

    async def generate(self, request: Request) -> Response:
        return await self._pictures(request, read_call(await _json(request)), "image_generation")

    async def edit(self, request: Request) -> Response:
        try:
            form = await request.form(max_files=MOST_FILES, max_fields=100)
        except HTTPException as error:
            raise BadInput("This form cannot be read.", "Send multipart/form-data as OpenAI's API has it.") from error
        call = read_call({name: value for name, value in form.items() if isinstance(value, str)})
        images = [part for name in ("image", "image[]") for part in form.getlist(name) if isinstance(part, UploadFile)]
        if not images:
            raise BadInput("There is no picture to begin from.", "Send it as image.")
        mask = form.get("mask")
        content, hole = await images[0].read(), await mask.read() if isinstance(mask, UploadFile) else b""
        await form.close()
        command = await self.caller.begin_from(content, hole, call.command)
        left_out = (*call.ignored, *(["image[]"] if len(images) > 1 else []))
        whole = PictureCall(command, call.by_address, call.streamed, call.partials, left_out)
        return await self._pictures(request, whole, "image_edit")

    async def complete(self, request: Request) -> Response:
        fields = await _json(request)
        asked = await asyncio.to_thread(read_chat, fields)
        settings, identity = chat_settings(self.caller.visitor.settings, fields), f"chatcmpl-{secrets.token_hex(12)}"
        if fields.get("stream") is not True:
            answer = await _while_awaited(request, self.caller.answer(asked, settings, ignore))
            return JSONResponse(answers.completion(identity, answer))
        news: asyncio.Queue[Event | None] = asyncio.Queue()
        work = asyncio.ensure_future(self.caller.answer(asked, settings, news.put_nowait))

        async def told() -> AsyncIterator[bytes]:
            said, model = "", settings.chat_model
            yield answers.chat_chunk(identity, model, {"role": "assistant", "content": ""})
            async for event in _news(work, news):
                if isinstance(event, TextGrew) and event.text.startswith(said):
                    yield answers.chat_chunk(identity, model, {"content": event.text[len(said) :]})
                    said = event.text
            answer = work.result()
            rest = answer.text[len(said) :] if answer.text.startswith(said) else ""
            finish = "length" if answer.truncated else "stop"
            yield answers.chat_chunk(identity, answer.model, {"content": rest} if rest else {}, finish)

        return _streamed(work, told())

    async def models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": await self._models()})

    async def model(self, request: Request) -> Response:
        name = request.path_params["name"]
        found = next((entry for entry in await self._models() if entry["id"] == name), None)
        if found is None:
            raise ModelNotFound(f"There is no model called {name[:60]} here.")
        return JSONResponse(found)

    async def file(self, request: Request) -> Response:
        """A picture by the address that an answer gave for it, which nobody else can make up."""
        identity, _, mark = request.path_params["name"].removesuffix(".png").partition("-")
        if not hmac.compare_digest(mark.encode(), self._mark(identity).encode()):
            return JSONResponse({"error": {"message": "There is no such picture."}}, 404)
        found = await asyncio.to_thread(self.caller.visitor.session.picture, identity)
        if found is None:
            return JSONResponse({"error": {"message": "That picture is not here any more."}}, 404)
        return FileResponse(found.path, media_type="image/png", headers={"Cache-Control": "private, max-age=3600"})

    async def _models(self) -> list[dict[str, Any]]:
        shared = {"object": "model", "created": 0, "owned_by": OWNER}
        return [
            {"id": choice.id, **shared, "name": choice.label, "model_type": "image" if kind == "image" else "LLM"}
            async for kind, choice in self.caller.models()
        ]

    async def _pictures(self, request: Request, call: PictureCall, kind: str) -> Response:
        base = str(request.base_url)
        if not call.streamed:
            drawn = await _while_awaited(request, self.caller.draw(call.command, ignore))
            return JSONResponse(answers.pictures(await self._entries(drawn, call, base)))
        news: asyncio.Queue[Event | None] = asyncio.Queue()
        work = asyncio.ensure_future(self.caller.draw(call.command, news.put_nowait))

        async def told() -> AsyncIterator[bytes]:
            shown = 0
            async for event in _news(work, news):
                if isinstance(event, Preview) and shown < call.partials:
                    content = answers.partial(event.jpeg, shown)
                    yield answers.picture_event(f"{kind}.partial_image", content)
                    shown += 1
            for entry in await self._entries(work.result(), call, base):
                yield answers.picture_event(f"{kind}.completed", entry)

        return _streamed(work, told())

    async def _entries(self, drawn: list[Picture], call: PictureCall, base: str) -> list[answers.Answer]:
        def made() -> list[answers.Answer]:
            places = [f"{base}v1/files/{one.id}-{self._mark(one.id)}.png" if call.by_address else "" for one in drawn]
            return [answers.picture_entry(one, place, call.ignored) for one, place in zip(drawn, places, strict=True)]

        return await asyncio.to_thread(made)

    def _mark(self, identity: str) -> str:
        """What makes the address of a picture one that only we can have given."""
        return hmac.new(self.key.encode(), identity.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:32]


async def _json(request: Request) -> Mapping[str, Any]:
    try:
        value = json.loads(await request.body())
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise BadInput("This is no JSON object.", "Send one as OpenAI's API has it.")
    return value


async def _while_awaited(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What comes of the work, which ends as soon as nobody waits for it any more."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise BadInput("Nobody waits for this any more.")
        return task.result()
    finally:
        task.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _news(work: asyncio.Future[Any], news: asyncio.Queue[Event | None]) -> AsyncIterator[Event]:
    """What happens until the work has ended."""
    work.add_done_callback(lambda _: news.put_nowait(None))
    while (event := await news.get()) is not None:
        yield event


def _streamed(work: asyncio.Future[Any], told: AsyncIterator[bytes]) -> Response:
    """The events of an answer; an error is one of them, and whoever goes away ends the work."""

    async def events() -> AsyncIterator[bytes]:
        try:
            async for event in told:
                yield event
        except GeminiDiffusionError as error:
            yield answers.event(answers.error_body(error))
        finally:
            work.cancel()
        yield b"data: [DONE]\n\n"

    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})
