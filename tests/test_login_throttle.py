"""Guessing a password: slow by guesser, never shut for anybody else, and said on the page where somebody waits."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message, Receive

from gemini_diffusion.web.cookies import COOKIE
from gemini_diffusion.web.login_throttle import (
    BY_GUESSER,
    GUESSERS,
    IN_ALL,
    LONGEST_FORM,
    RIGHT,
    WRONG,
    FailedTries,
    LoginThrottle,
)

PAGE = '<html><head><title>x</title></head><body>window.gradio_config = {"auth_required": true}</body></html>'


@dataclass
class Door:
    """A login behind the throttle, a clock that is moved by hand, and everybody's tries."""

    now: float = 1000.0
    judged: list[str] = field(default_factory=list)
    passwords: dict[str, str] = field(default_factory=lambda: {"ada": "lovelace", "bob": "ross"})

    def __post_init__(self) -> None:
        routes = [Route("/login", self.login, methods=["POST"]), Route("/", self.page), Route("/other", self.page)]
        app = Starlette(routes=routes, middleware=[Middleware(LoginThrottle, clock=lambda: self.now, sleep=self.sleep)])
        self.client = TestClient(app)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    async def login(self, request: Request) -> JSONResponse:
        form = await request.form()
        name = str(form.get("username", "")).strip()
        self.judged.append(name)
        if "password" not in form:
            return JSONResponse({}, 422)
        right = self.passwords.get(name) == form["password"]
        return JSONResponse({}, RIGHT if right else WRONG, {"Set-Cookie": "token=1"} if right else {})

    async def page(self, request: Request) -> HTMLResponse | PlainTextResponse:
        return HTMLResponse(PAGE) if request.url.path == "/" else PlainTextResponse(PAGE)

    def knock(self, name: str, password: str = "guess", cookie: int | None = None) -> int:
        headers = {} if cookie is None else {"Cookie": f"{COOKIE}={cookie:032x}"}
        return self.client.post("/login", data={"username": name, "password": password}, headers=headers).status_code

    def wrong(self, name: str, times: int) -> list[int]:
        return [self.knock(name) for _ in range(times)]


@pytest.fixture
def door() -> Iterator[Door]:
    yield Door()


def test_twenty_wrong_tries_in_a_row_are_five_judged_and_fifteen_told_to_wait(door: Door) -> None:
    assert door.wrong("ada", 20) == [WRONG] * 5 + [429] * 15
    assert len(door.judged) == 5


def test_who_is_told_to_wait_reads_for_how_long(door: Door) -> None:
    door.wrong("ada", 5)
    answer = door.client.post("/login", data={"username": "ada", "password": "guess"})
    assert answer.headers["retry-after"] == "2"
    assert answer.json() == {"detail": "That was wrong several times. The next try counts in 2 s."}


def test_the_right_password_works_after_the_wait_and_makes_everything_good(door: Door) -> None:
    door.wrong("ada", 5)
    assert door.knock("ada", "lovelace") == 429
    door.now += 2
    assert door.knock("ada", "lovelace") == RIGHT
    assert door.wrong("ada", 5) == [WRONG] * 5


def test_a_try_that_comes_too_early_makes_the_wait_no_longer(door: Door) -> None:
    door.wrong("ada", 5)
    for _ in range(10):
        door.now += 0.19
        assert door.knock("ada") == 429
    door.now += 0.11
    assert door.knock("ada", "lovelace") == RIGHT


def test_each_further_wrong_try_waits_twice_as_long_up_to_a_minute(door: Door) -> None:
    waits = []
    door.wrong("ada", 5)
    for _ in range(12):
        waits.append(float(door.client.post("/login", data={"username": "ada", "password": "x"}).headers["retry-after"]))
        door.now += waits[-1]
        assert door.knock("ada") == WRONG
    assert waits == [2, 4, 8, 16, 32, *[60] * 7]


def test_another_name_is_not_held_up_by_one_that_is_guessed(door: Door) -> None:
    door.wrong("ada", 30)
    assert door.knock("bob", "ross") == RIGHT


async def test_a_thousand_guesses_from_fifty_cookies_keep_nobody_out(door: Door) -> None:
    judged: list[tuple[int, int]] = []

    async def knock(http: httpx.AsyncClient, cookie: int, password: str) -> None:
        headers = {"Cookie": f"{COOKIE}={cookie:032x}"}
        answer = await http.post("/login", data={"username": "ada", "password": password}, headers=headers)
        judged.extend([(cookie, answer.status_code)] if answer.status_code != 429 else [])

    transport = httpx.ASGITransport(door.client.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http, asyncio.TaskGroup() as together:
        for number in range(1000):
            together.create_task(knock(http, number % 50, f"guess {number}"))
            if number == 700:  # in the midst of them
                together.create_task(knock(http, 99, "lovelace"))
    assert (99, RIGHT) in judged and door.now - 1000.0 < 2
    assert len(judged) == 1 + 50 * BY_GUESSER.free, "five for each cookie, and not one more"


def test_who_makes_up_a_cookie_for_each_guess_waits_in_line_and_who_got_in_before_does_not(door: Door) -> None:
    assert door.knock("ada", "lovelace", cookie=1) == RIGHT
    assert [door.knock("ada", cookie=100 + number) for number in range(IN_ALL.free + 20)] == [WRONG] * (IN_ALL.free + 20)
    assert door.now == 1000.0 + 20 * IN_ALL.longest
    assert door.knock("ada", "lovelace", cookie=1) == RIGHT and door.now == 1000.0 + 20 * IN_ALL.longest
    assert door.knock("ada", "lovelace", cookie=2) == RIGHT and door.now == 1000.0 + 21 * IN_ALL.longest


def test_wrong_tries_are_forgiven_with_time(door: Door) -> None:
    door.wrong("ada", 5)
    door.now += 2 * 120
    assert door.wrong("ada", 3) == [WRONG, WRONG, 429], "two of the five are forgiven, and two have come"


def test_a_request_without_a_password_forgives_nothing(door: Door) -> None:
    door.wrong("ada", 4)
    assert door.client.post("/login", data={"username": "ada"}).status_code == 422
    assert door.wrong("ada", 2) == [WRONG, 429]


@pytest.mark.parametrize("name", ["ada ", " ada", "\tada"])
def test_blanks_around_a_name_make_no_other_name(door: Door, name: str) -> None:
    door.wrong("ada", 5)
    assert door.knock(name) == 429


def test_a_form_in_parts_counts_like_any_other(door: Door) -> None:
    def knock(password: str) -> int:
        parts = {"username": (None, "ada"), "password": (None, password)}
        return door.client.post("/login", files=parts).status_code

    assert [knock("x") for _ in range(6)] == [WRONG] * 5 + [429]
    door.now += 2
    assert knock("lovelace") == RIGHT


@pytest.mark.parametrize("path", ["/login", "/login/"])
def test_both_ways_to_write_the_address_count(door: Door, path: str) -> None:
    door.wrong("ada", 5)
    assert door.client.post(path, data={"username": "ada", "password": "x"}, follow_redirects=False).status_code == 429


def test_a_cookie_of_a_login_arrives(door: Door) -> None:
    answer = door.client.post("/login", data={"username": "ada", "password": "lovelace"})
    assert answer.headers["set-cookie"] == "token=1"


def test_a_form_longer_than_any_login_is_refused_unread(door: Door) -> None:
    answer = door.client.post("/login", data={"username": "a" * LONGEST_FORM, "password": "x"})
    assert answer.status_code == 413 and "too long" in answer.json()["detail"]
    assert door.judged == []


@pytest.mark.parametrize("body", [b"--x\r\nnonsense", b"\xff\xfe", b""])
def test_a_form_that_cannot_be_read_is_left_to_the_login(door: Door, body: bytes) -> None:
    with TestClient(door.client.app, raise_server_exceptions=False) as client:
        answer = client.post("/login", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.status_code in (400, 422)


async def test_what_is_remembered_has_an_end() -> None:
    clock = itertools.count(step=IN_ALL.forgiven)
    throttle = LoginThrottle(JSONResponse({}, WRONG), lambda: next(clock), lambda seconds: asyncio.sleep(0))

    async def send(message: Message) -> None:
        assert message.get("status", WRONG) == WRONG

    for number in range(GUESSERS + 50):
        form = {"type": "http.request", "body": f"username=name{number}&password=x".encode()}
        kind = (b"content-type", b"application/x-www-form-urlencoded")
        scope = {"type": "http", "method": "POST", "path": "/login", "headers": [kind], "client": ("192.0.2.1", 9)}
        await throttle(scope, _giving(form), send)
    assert len(throttle._guessers) == GUESSERS


def _giving(message: Message) -> Receive:
    async def receive() -> Message:
        return message

    return receive


def test_a_huge_number_of_wrong_tries_is_still_a_number() -> None:
    tries = FailedTries(IN_ALL)
    for _ in range(100_000):
        tries.add(0.0)
    assert tries.wait(0.0) == IN_ALL.longest


def test_the_page_that_asks_for_the_password_can_say_what_a_429_says(door: Door) -> None:
    answer = door.client.get("/")
    assert "login-said" in answer.text and answer.text.index("login-said") < answer.text.index("<title>")
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert door.client.get("/other").text == PAGE
