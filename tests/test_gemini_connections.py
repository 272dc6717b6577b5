"""Connections to Gemini: whose key they carry, where to, how long they are kept; with the host's environment against them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from gemini_diffusion.config.settings import Settings
from gemini_diffusion.network.gemini.connections import GeminiConnections
from gemini_diffusion.types.errors import KeyNeeded, RequestRefused
from tests.gemini_harness import KEY, Gemini
from tests.servers import gemini as g
from tests.servers.faults import redirect
from tests.waiting import until

HOSTS_KEY = "the-key-of-the-host"


@pytest.fixture
def settings(gemini: Gemini) -> Settings:
    return gemini.settings


@pytest.fixture
async def connections() -> AsyncIterator[GeminiConnections]:
    opened = GeminiConnections(most=2, idle=0.2)
    yield opened
    await opened.close()


async def test_nothing_of_the_hosts_environment_decides_whose_key_is_used_or_where_it_goes(
    gemini: Gemini, monkeypatch: pytest.MonkeyPatch
) -> None:
    with g.GeminiServer() as elsewhere:
        for name, value in {
            "GOOGLE_API_KEY": HOSTS_KEY,
            "GEMINI_API_KEY": HOSTS_KEY,
            "GOOGLE_GEMINI_BASE_URL": elsewhere.url,
            "GOOGLE_GENAI_USE_VERTEXAI": "true",
            "GOOGLE_GENAI_USE_ENTERPRISE": "true",
            "GOOGLE_GENAI_API_VERSION": "v9",
            "GOOGLE_GENAI_HTTP_CLIENT": "httpx",
            "GOOGLE_CLOUD_PROJECT": "the-hosts-project",
            "GOOGLE_CLOUD_LOCATION": "the-hosts-place",
        }.items():
            monkeypatch.setenv(name, value)
        await gemini.answer()
        await gemini.check()
        with pytest.raises(KeyNeeded):
            await gemini.answer(google_api_key="  ")
        assert {call.key for call in gemini.server.calls} == {KEY}
        assert {call.path.split("/")[1] for call in gemini.server.calls} == {"v1beta"}
        assert elsewhere.calls == []


async def test_a_redirect_does_not_take_the_key_elsewhere(gemini: Gemini) -> None:
    with g.GeminiServer() as elsewhere:
        gemini.server.enqueue(redirect(f"{elsewhere.url}/v1beta/models", 307))
        with pytest.raises(RequestRefused):
            await gemini.answer()
        assert elsewhere.calls == []


async def test_one_connection_serves_all_the_calls_of_a_key(connections: GeminiConnections, settings: Settings) -> None:
    async def borrow() -> object:
        async with connections.acquire(settings) as connection:
            return connection

    first, *others = await asyncio.gather(*(borrow() for _ in range(20)))
    assert all(other is first for other in others)
    async with connections.acquire(settings.replaced({"google_api_key": "another-key"})) as other:
        assert other is not first


async def test_a_connection_is_closed_some_time_after_its_last_use(connections: GeminiConnections, settings: Settings) -> None:
    async with connections.acquire(settings) as first:
        await asyncio.sleep(0.3)
        assert not first.http.is_closed
    async with connections.acquire(settings) as second:
        assert second is first
    await until(lambda: first.http.is_closed)
    async with connections.acquire(settings) as third:
        assert third is not first


async def test_of_too_many_the_one_used_longest_ago_is_closed_and_never_one_in_use(
    connections: GeminiConnections, settings: Settings
) -> None:
    first, second, third = (settings.replaced({"google_api_key": f"key-number-{n}"}) for n in range(3))
    async with connections.acquire(first) as busy:
        async with connections.acquire(second) as idle:
            pass
        async with connections.acquire(third) as newest:
            pass
        await until(lambda: idle.http.is_closed)
        assert (busy.http.is_closed, idle.http.is_closed, newest.http.is_closed) == (False, True, False)


async def test_closing_closes_them_all(settings: Settings) -> None:
    connections = GeminiConnections()
    async with connections.acquire(settings) as connection:
        pass
    await connections.close()
    assert connection.http.is_closed


async def test_an_address_that_swallows_every_packet_does_not_cost_the_whole_deadline(
    connections: GeminiConnections, settings: Settings
) -> None:
    import httpx2

    async with connections.acquire(settings) as connection:
        request = connection.http.build_request("GET", settings.google_base_url, timeout=181.0)
        for hook in connection.http.event_hooks["request"]:
            await hook(request)
    assert request.extensions["timeout"]["connect"] == 10.0
    assert request.extensions["timeout"]["read"] == 181.0
    assert isinstance(request, httpx2.Request)


async def test_the_window_goes_on_while_a_connection_is_made(settings: Settings) -> None:
    connections, ticks = GeminiConnections(), 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.002)
            ticks += 1

    ticking = asyncio.ensure_future(tick())
    async with connections.acquire(settings):
        ticking.cancel()
    await connections.close()
    assert ticks >= 3
