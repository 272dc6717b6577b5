"""/unsaved/NAME.png: a picture that found no room on the disk, to be downloaded by whoever holds its random name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from gemini_diffusion.storage.unsaved import UnsavedPictures

PATH = "/unsaved"


def unsaved_route(pictures: UnsavedPictures) -> Route:
    """What the window's server answers with there."""

    async def fetch(request: Request) -> Response:
        content = pictures.get(request.path_params["name"])
        if content is None:
            return PlainTextResponse("That picture is not held any more.", 404)
        headers = {"Content-Disposition": 'attachment; filename="picture.png"', "Cache-Control": "no-store"}
        return Response(content, media_type="image/png", headers=headers)

    return Route(f"{PATH}/{{name}}", fetch)
