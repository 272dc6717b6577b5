"""Keys that must turn up nowhere: typed, set or kept in .env, used and refused, and then looked for in all that can be read."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from PIL import Image

from tests.app_process import App
from tests.local_services import StandIns
from tests.servers.gemini import invalid_key, refusal, reply
from tests.servers.hugging_face import forbidden, invalid_token
from tests.servers.wire import as_json
from tests.visitor import PAGE, AppError, Visitor

GOOGLE, HUB = "AIza", "hf_"  # apart from the rest, so that nobody who looks for lost keys stops here
ENVIRONMENT, FILE = GOOGLE + "SyCanaryInTheEnvironment0000000001", HUB + "CanaryInTheFileBesideTheProgram000002"
TYPED, TYPED_TOKEN = GOOGLE + "SyCanaryTypedIntoTheWindow00000003", HUB + "CanaryTypedIntoTheWindow000000000004"
MISPLACED = GOOGLE + "SyCanaryThatIsNoKey with blanks 00005"
QUERY = HUB + "CanaryInTheEndpointsQuery0000000006"
NAME, PASSWORD = "ada", "CanaryThatOpensTheSharedWindow00007"
CANARIES = (ENVIRONMENT, FILE, TYPED, TYPED_TOKEN, MISPLACED, QUERY, PASSWORD)
SHARED = ("--host", "0.0.0.0", "--lend-keys", "--auth", f"{NAME}:{PASSWORD}")


class Guest(Visitor):
    """Somebody who knows the password where one is asked for."""

    def __init__(self, app: App) -> None:
        super().__init__(app.url.replace("0.0.0.0", "127.0.0.1"))
        if app.flags:
            form = urlencode({"username": NAME, "password": PASSWORD}).encode()
            with self._open(f"{self.url}/login", form) as answer:
                self.heard.append(answer.read().decode())
            self.read("/")


def disguises(key: str) -> set[bytes]:
    """The key as it is, and as it would look in an address, in base64, backwards or in JSON."""
    plain = key.encode()
    coded = {base64.b64encode(b" " * shift + plain).strip(b"=")[4:-2] for shift in range(3)}
    return {plain, quote(key).encode(), plain[::-1], plain.hex().encode(), json.dumps(key)[1:-1].encode(), *coded}


def found_in(text: bytes) -> list[str]:
    return [key for key in CANARIES if any(disguise in text for disguise in disguises(key))]


@pytest.fixture(scope="module", params=[(), SHARED], ids=["a window of one's own", "a shared window with lent keys"])
def ran(
    request: pytest.FixtureRequest, services: StandIns, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[App, Visitor]]:
    """An app that has lived through everything: all went well, all went wrong, all was set, forgotten and asked for again."""
    endpoint = f"{services.addresses['HF_INFERENCE_URL']}?key={QUERY}"
    environment = {**services.addresses, "HF_INFERENCE_URL": endpoint, "GOOGLE_API_KEY": ENVIRONMENT}
    environment["GEMINI_DIFFUSION_DEADLINE"] = "2"
    env_file = f"HF_TOKEN={FILE}\n".encode()
    services.forget()
    with App(tmp_path_factory.mktemp("canary"), request.param, environment, env_file) as app:
        visitor = Guest(app)
        (shared_with if request.param else lived)(visitor, services)
        yield app, visitor


def lived(visitor: Visitor, services: StandIns) -> None:
    """The host, with the keys of the program, then with others typed into the window."""
    spoken(visitor, services)
    assert used(services) == (ENVIRONMENT, FILE)
    visitor.press("google_api_key-save", "click", MISPLACED)
    visitor.press("google_api_key-save", "click", TYPED)
    visitor.press("hf_token-save", "click", TYPED_TOKEN)
    services.forget()
    spoken(visitor, services)
    assert used(services) == (TYPED, TYPED_TOKEN)
    refused(visitor, services, TYPED, TYPED_TOKEN)
    for button in ("google_api_key-test", "hf_token-test"):
        visitor.press(button, "click")


def shared_with(visitor: Visitor, services: StandIns) -> None:
    """A stranger, with the keys of the host, then with one of their own."""
    spoken(visitor, services)
    assert used(services) == (ENVIRONMENT, FILE)
    refused(visitor, services, ENVIRONMENT, FILE)
    visitor.press("google_api_key-save", "click", TYPED)
    visitor.press("box", "submit", "hello", "")
    for button in ("google_api_key-test", "hf_token-test"):
        visitor.press(button, "click")


def used(services: StandIns) -> tuple[str | None, str | None]:
    """The one key and the one token that both services were called with."""
    (key,), (token,) = {call.key for call in services.gemini.generations}, {call.token for call in services.hub.drawings}
    return key, token


def spoken(visitor: Visitor, services: StandIns) -> None:
    """All goes well; the model is even made to say what it was called with."""
    services.gemini.enqueue(reply("A fine day."))
    visitor.press("box", "submit", "hello", "")
    visitor.press("box", "submit", "/imagine a fox in the snow", "")
    visitor.press("redraw", "click", None, "a fox at night", "")
    visitor.press("file-format", "input", None, "jpeg")
    visitor.press("file-format", "input", None, "webp")
    visitor.program().predict("a heron", api_name="/imagine")
    visitor.press(PAGE, "load")


def refused(visitor: Visitor, services: StandIns, key: str, token: str) -> None:
    """All goes wrong, and the services say the key aloud, as some do."""
    said, denied = f"API key {key} expired, see ?key={key}", f"Token {token} is not allowed here"
    program = visitor.program()
    for refusal_of_gemini in (invalid_key(), refusal(400, "INVALID_ARGUMENT", said), refusal(500, "INTERNAL", said)):
        services.gemini.enqueue(*[refusal_of_gemini] * 6)
        visitor.press("box", "submit", "hello", "")
        services.forget()
    for refusal_of_hub in (invalid_token(), forbidden(), as_json({"error": denied}, 422), as_json({"error": denied}, 404)):
        services.hub.enqueue(*[refusal_of_hub] * 2)
        visitor.press("box", "submit", "/imagine a fox", "")
        with pytest.raises(AppError) as told:
            program.predict("a fox", api_name="/imagine")
        visitor.heard.append(str(told.value))
        services.forget()


def test_no_key_is_in_anything_the_server_sends(ran: tuple[App, Visitor]) -> None:
    app, visitor = ran
    stranger = Guest(app)
    for person in (visitor, stranger):
        for path in ("/", "/config", "/gradio_api/info", "/gradio_api/openapi.json", "/theme.css", "/manifest.json"):
            person.read(path)
        person.press(PAGE, "load")
        person.press("settings-tab", "select", about={"value": "x", "index": 1})
    heard = "\n".join([*visitor.heard, *stranger.heard])
    assert "set, ends in 0003" in heard and "ends in" not in "\n".join(stranger.heard)
    assert found_in(heard.encode()) == []


def test_no_key_is_in_what_gradio_would_tell_of_itself(ran: tuple[App, Visitor]) -> None:
    app, visitor = ran
    for path in ("/monitoring", "/monitoring/summary", "/gradio_api/runs", "/gradio_api/deep_link?session_hash=x", "/file=.env",
                 f"/gradio_api/file={app.folder / '.env'}", f"/gradio_api/file={app.folder / 'stderr.txt'}"):  # fmt: skip
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(visitor.url + path)


def test_no_key_is_in_the_log(ran: tuple[App, Visitor]) -> None:
    app, _ = ran
    said = app.said.replace(f"\nName: {NAME}  Password: {PASSWORD}\n", "\n", 1)  # the host's own terminal, once
    assert found_in(said.encode()) == []
    assert "Traceback" not in app.said


def test_no_key_is_in_any_file(ran: tuple[App, Visitor]) -> None:
    app, _ = ran
    files = [path for path in app.folder.rglob("*") if path.is_file() and path.name not in (".env", "app.py", "stdout.txt")]
    assert {".png", ".jpg", ".webp", ".json"} <= {path.suffix for path in files}
    leaks = {str(path.relative_to(app.folder)): found_in(content(path)) for path in files}
    assert {name: found for name, found in leaks.items() if found} == {}


def content(path: Path) -> bytes:
    """The file's bytes, with a picture's text unpacked."""
    found = path.read_bytes()
    if path.suffix not in (".png", ".jpg", ".webp"):
        return found
    with Image.open(path) as picture:
        picture.load()
        return found + repr(picture.info).encode() + repr(dict(picture.getexif())).encode()


def test_the_search_finds_a_key_that_is_there() -> None:
    """Or else it would prove nothing."""
    for key in CANARIES:
        plain = key.encode()
        for text in (plain, b"x" + base64.b64encode(b"ab" + plain + b"cd"), quote(key).encode(), plain[::-1]):
            assert key in found_in(b"..." + text + b"...")
    assert found_in(zlib.compress(TYPED.encode())) == []
