"""The host's page: who is here, what runs and waits, what was used; a turn is ended there, and nobody else gets in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.host_view import HostView
from gemini_diffusion.generation.services import Services
from gemini_diffusion.generation.visitors import Visitors, folder_name
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.web.host_page import HostPage
from gemini_diffusion.web.security_headers import _SERVED
from tests.sketch_engine import SketchEngine
from tests.waiting import until


class House:
    """A window for strangers whose engine stands still, and a browser at the host's page."""

    def __init__(self, home: Path) -> None:
        self.engine = SketchEngine()
        self.engine.pause_at(1)
        host = Settings().replaced({"home": str(home)})
        services = Services({"builtin": BuiltinChatModel()}, {"local": self.engine}, Gallery(home / "pictures"))
        self.visitors = Visitors(services, host, lends=False, owner=False)
        self.page = HostPage(HostView(self.visitors, host))
        transport = httpx2.ASGITransport(Starlette(routes=self.page.routes))
        self.http = httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = House(tmp_path)
    async with opened.http:
        yield opened


async def test_a_host_sees_what_runs_and_waits_and_ends_either(house: House) -> None:
    ada = house.visitors.of("ada")
    runs = await ada.session.send("/imagine <b>a fox</b> --raw", ada.settings)
    waits = await ada.session.send("hello", ada.settings)
    await until(lambda: house.engine.history)
    shown = (await house.http.get(house.page.path)).text
    assert "in memory: 1, here in the last minute: 1; requests that run or wait: 2;" in shown and "In all" in shown
    assert "/imagine &lt;b&gt;a fox&lt;/b&gt; --raw" in shown and "waits for their own turn" in shown
    for action, turn in (("first", runs), ("end", waits), ("end", runs)):
        place = f"{house.page.path}/{action}/{folder_name('ada')}/{turn.id}"
        assert place in shown and _SERVED.fullmatch(place)
        assert (await house.http.post(place)).status_code == 303
    assert not ada.session.busy and [turn.state for turn in ada.session.turns] == ["stopped"]
    assert "not in line any more" in (await house.http.post(place)).text
    assert "not here any more" in (await house.http.post(place.replace(folder_name("ada"), "0" * 32))).text


async def test_without_the_key_there_is_nothing(house: House) -> None:
    for place in (f"/host/{'0' * 32}", f"/host/{'0' * 32}/end/{'0' * 32}/aa"):
        answers = [await house.http.get(place), await house.http.post(place)]
        assert all(answer.status_code in (404, 405) for answer in answers)
