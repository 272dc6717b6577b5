"""The program as it is started: what its flags and variables do, what ends it with a sentence, its two endpoints."""

from __future__ import annotations

import contextlib
import itertools
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gemini_diffusion.cli.main import main
from gemini_diffusion.storage.gallery import read_recipe
from tests.app_process import AppHere, taken_port
from tests.local_services import Held, StandIns, drawn
from tests.servers.gemini import reply
from tests.servers.hugging_face import credits_exhausted
from tests.visitor import AppError, Client

CREDIT = "This month's credit at Hugging Face is used up."
RECIPE = (
    "original", "prompt", "negative_prompt", "crafted_by", "seed", "width", "height", "num_inference_steps",
    "guidance_scale", "scheduler", "model", "engine", "ignored", "seconds", "created", "versions",
)  # fmt: skip


@pytest.fixture(autouse=True)
def as_on_the_first_day(services: StandIns) -> None:
    services.forget()


@pytest.fixture(scope="module")
def window(services: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppHere]:
    with AppHere(tmp_path_factory.mktemp("window"), environment=services.environment) as app:
        yield app


@pytest.fixture
def client(window: AppHere, tmp_path: Path) -> Client:
    return Client(window.url, verbose=False, download_files=str(tmp_path / "downloaded"))


# --once


def test_once_tells_the_stages_and_ends_with_the_path_and_the_line(services: StandIns, tmp_path: Path) -> None:
    done = AppHere(tmp_path, environment=services.environment).run("--once", "/imagine a fox in the snow --ar 16:9 --seed 7")
    assert (done.returncode, done.stderr) == (0, "")
    *told, path, line = done.stdout.splitlines()
    text = "\n".join(told)
    assert text.index("Wrote the prompt") < text.index("Prompt: a fox in the snow") < text.index("has drawn it")
    recipe = read_recipe(Path(path))
    assert (recipe.line, recipe.original, recipe.seed) == (line, "a fox in the snow", 7)
    assert line.startswith("/imagine a fox in the snow") and "--seed 7" in line
    assert services.hub.drawings[0].seed == 7


def test_once_without_a_key_or_a_token_draws_on_this_machine(services: StandIns, tmp_path: Path) -> None:
    done = AppHere(tmp_path, environment={}).run("--once", "/imagine a red house by the sea --seed 3")
    assert (done.returncode, done.stderr) == (0, "")
    recipe = read_recipe(Path(done.stdout.splitlines()[-2]))
    assert (recipe.model, recipe.engine, recipe.seed, recipe.crafted_by) == ("postcard", "local", 3, "rules")


def test_once_that_fails_ends_in_a_sentence_and_a_code(services: StandIns, tmp_path: Path) -> None:
    services.hub.enqueue(credits_exhausted())
    app = AppHere(tmp_path, environment=services.environment)
    done = app.run("--once", "/imagine a fox")
    assert done.returncode != 0
    assert CREDIT in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert app.pictures == [] and len(services.hub.drawings) == 1


# --check


def test_check_names_every_part_and_asks_nobody(services: StandIns, tmp_path: Path) -> None:
    done = AppHere(tmp_path, environment=services.environment).run("--check")
    assert done.returncode == 0
    for part in ("Python", "Packages", "Data folder", "Drawing on this machine", "Gemini key", "Hugging Face token"):
        assert f"ok  {part}: " in done.stdout
    assert services.gemini.calls == [] and services.hub.calls == []


def test_check_live_makes_one_call_with_each_key_and_draws_nothing(services: StandIns, tmp_path: Path) -> None:
    services.gemini.keys = frozenset({"another key"})
    done = AppHere(tmp_path, environment=services.environment).run("--check", "--live")
    assert done.returncode == 1
    assert "NO  Gemini key: " in done.stdout and "ok  Hugging Face token: " in done.stdout
    _, _, fix = done.stdout.partition("NO  Gemini key: ")
    assert "aistudio.google.com/apikey" in fix.splitlines()[1], "the fix stands under what does not work"
    assert len(services.gemini.calls) == 1 and services.hub.drawings == []


# What cannot be: a sentence and a code


@pytest.mark.parametrize(
    ("flag", "value", "said"),
    [
        ("--auth", "ada", "--auth NAME:PASSWORD"),
        ("--auth-file", "nowhere.txt", "nowhere.txt cannot be read"),
        ("--auth", ":secret", "--auth NAME:PASSWORD"),
        ("--port", "99999", "There is no port 99999."),
        ("--once", "  ", "There is nothing to send."),
        ("--host", "no.such.host.invalid", "no.such.host.invalid is not an address of this machine. Choose another --host."),
    ],
)
def test_a_flag_that_cannot_be_ends_in_a_sentence(flag: str, value: str, said: str, tmp_path: Path) -> None:
    done = AppHere(tmp_path).run("--no-browser", flag, value)
    assert done.returncode == 1
    assert said in done.stderr and len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("variable", "value"),
    [("GEMINI_DIFFUSION_STYLIZE", "a lot"), ("GEMINI_DIFFUSION_PROVIDER", "steam"), ("GEMINI_DIFFUSION_DEADLINE", "0")],
)
def test_a_variable_that_cannot_be_is_named(variable: str, value: str, tmp_path: Path) -> None:
    done = AppHere(tmp_path, environment={variable: value}).run("--check")
    assert done.returncode == 1 and variable in done.stderr


def test_an_engine_that_is_not_here_starts_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("GEMINI_DIFFUSION_ENGINE", "steam")
    assert main(["--check"]) == 1
    assert capsys.readouterr().err == "There is no engine called steam. Choose one of auto, local, openai, hosted, gemini.\n"


def test_a_flag_nobody_knows_ends_in_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--engine", "steam"])
    assert "--engine" in capsys.readouterr().err


def test_an_env_file_in_another_encoding_is_said_and_nothing_starts(tmp_path: Path) -> None:
    done = AppHere(tmp_path, env_file="HF_TOKEN=hf_x\n".encode("utf-16")).run("--check")
    assert done.returncode == 1
    assert done.stderr.strip() == ".env cannot be read. Save it again as UTF-8 text."


def test_the_env_file_beside_the_program_is_read_and_the_environment_wins(services: StandIns, tmp_path: Path) -> None:
    lines = f"\ufeffGOOGLE_API_KEY='AIza-from-the-file'\nGOOGLE_GEMINI_BASE_URL={services.gemini.url}\nHF_TOKEN=\n"
    AppHere(tmp_path, env_file=lines.encode(), environment={"GOOGLE_API_KEY": "AIza-from-outside"}).run("--once", "hello")
    AppHere(tmp_path).run("--once", "hello")
    assert [call.key for call in services.gemini.generations] == ["AIza-from-outside", "AIza-from-the-file"]


def test_a_port_that_is_asked_for_and_taken_is_an_error(tmp_path: Path) -> None:
    with taken_port() as port:
        done = AppHere(tmp_path).run("--no-browser", "--port", str(port))
    assert done.returncode == 1 and f"Port {port} is taken" in done.stderr


@contextlib.contextmanager
def first_port() -> Iterator[None]:
    """The port that is tried first, held by us, or by somebody who keeps it longer than any other test's app does."""
    until = time.monotonic() + 60
    with contextlib.ExitStack() as held:
        while time.monotonic() < until:
            try:
                held.enter_context(taken_port(7860))
                break
            except OSError:
                time.sleep(0.2)
        yield


@pytest.fixture(scope="module")
def open_window(services: StandIns, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppHere]:
    """On every address, with lent keys and a password, while somebody else holds the first port."""
    flags = ("--host", "0.0.0.0", "--lend-keys", "--auth", "ada:lovelace")
    folder = tmp_path_factory.mktemp("open-window")
    with contextlib.ExitStack() as held:
        held.enter_context(first_port())
        app = held.enter_context(AppHere(folder, flags=flags, environment=services.environment, port=None))
        yield app


def test_a_port_nobody_asked_for_is_the_next_free_one(open_window: AppHere) -> None:
    assert 7860 < int(open_window.url.rpartition(":")[2]) < 7960


def test_lent_keys_serve_an_open_window_behind_its_password(services: StandIns, open_window: AppHere) -> None:
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{open_window.url}/config")
    ada = Client(open_window.url, auth=("ada", "lovelace"), verbose=False)
    assert ada.predict("hello", api_name="/chat").startswith("You said: hello")
    assert {call.key for call in services.gemini.calls} == {services.environment["GOOGLE_API_KEY"]}


def test_the_health_of_the_server_is_told_without_cookie_login_or_name_and_nothing_else_is(open_window: AppHere) -> None:
    asked = urllib.request.Request(f"{open_window.url}/health", headers={"Host": "probe.example.org"})
    with urllib.request.urlopen(asked) as answer:
        assert (answer.status, json.load(answer)) == (200, {"status": "ok"})
        assert answer.headers["set-cookie"] is None
    with pytest.raises(urllib.error.HTTPError, match="400"):
        urllib.request.urlopen(urllib.request.Request(asked.full_url, b"", headers=dict(asked.header_items())))


def test_behind_a_proxy_its_names_are_answered_and_nobody_is_the_host(services: StandIns, tmp_path: Path) -> None:
    environment = {**services.environment, "GEMINI_DIFFUSION_PUBLIC_NAMES": "Pictures.example.org, art.example.org"}
    with AppHere(tmp_path, environment=environment) as app:
        assert by_name(app, "pictures.example.org") == by_name(app, "art.example.org") == 200
        assert by_name(app, "other.example.org") == 400
        assert "no Gemini key" in Client(app.url, verbose=False).predict("hello", api_name="/chat")
        assert services.gemini.calls == []


def by_name(app: AppHere, name: str) -> int:
    """What the app answers to whoever asks for it by that name."""
    try:
        with urllib.request.urlopen(urllib.request.Request(app.url, headers={"Host": name})) as answer:
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        return error.code


# The endpoints for programs


def test_programs_see_their_endpoints_and_none_of_the_windows_events(client: Client) -> None:
    seen: Any = client.view_api(return_format="dict", print_info=False)
    assert set(seen["named_endpoints"]) == {"/chat", "/imagine", "/recipe"}
    assert seen["unnamed_endpoints"] == {}
    takes = {
        name: [entry["parameter_name"] for entry in found["parameters"]] for name, found in seen["named_endpoints"].items()
    }
    assert takes == {"/chat": ["message"], "/imagine": ["line"], "/recipe": ["texts"]}


def test_chat_streams_and_its_last_yield_is_the_whole(services: StandIns, client: Client) -> None:
    words = ("Snow ", "is ", "crystals ", "of ", "ice.")
    services.gemini.enqueue(reply(*words, every=0.3))
    job = client.submit("What is snow?", api_name="/chat")
    parts = list(job)
    assert len(parts) > 2 and all(whole.startswith(part) for part, whole in itertools.pairwise(parts))
    assert parts[-1] == job.result() == "".join(words)


def test_chat_remembers_within_one_client_and_not_beyond(services: StandIns, window: AppHere, client: Client) -> None:
    client.predict("My cat is called Pixel.", api_name="/chat")
    client.predict("What is my cat called?", api_name="/chat")
    Client(window.url, verbose=False).predict("What is my cat called?", api_name="/chat")
    first, again, stranger = services.gemini.generations
    assert "My cat is called Pixel." in [text for _, text in again.turns] and len(again.turns) == 3
    assert [text for _, text in stranger.turns] == ["What is my cat called?"] and len(first.turns) == 1


def test_imagine_gives_files_and_recipes_in_the_order_of_seeds(services: StandIns, window: AppHere, client: Client) -> None:
    files, recipes = client.predict("a fox in the snow --n 3 --seed 41 --ar 3:2", api_name="/imagine")
    assert [recipe["seed"] for recipe in recipes] == [41, 42, 43]
    assert all(set(RECIPE) <= set(recipe) for recipe in recipes)
    kept = {path.read_bytes() for path in window.pictures}
    for file, recipe in zip(files, recipes, strict=True):
        assert Path(file).read_bytes() in kept
        assert json.loads(json.dumps(recipe)) == recipe and read_recipe(Path(file)).seed == recipe["seed"]


def test_a_failure_reaches_a_program_with_the_sentence_people_read(services: StandIns, client: Client, tmp_path: Path) -> None:
    services.hub.enqueue(credits_exhausted(), credits_exhausted())
    with pytest.raises(AppError) as refused:
        client.predict("/imagine a fox", api_name="/imagine")
    assert str(refused.value).startswith(CREDIT)
    told = AppHere(tmp_path, environment=services.environment).run("--once", "/imagine a fox").stdout
    assert str(refused.value) in told.splitlines()


def test_a_program_that_cancels_ends_the_drawing(services: StandIns, client: Client) -> None:
    held = Held(drawn)
    services.hub.enqueue(held)
    job = client.submit("a slow fox", api_name="/imagine")
    assert services.hub.wait_for(lambda: len(services.hub.drawings) == 1)
    job.cancel()
    left = services.hub.wait_for(lambda: services.hub.drawings[0].disconnected)
    held.let_go()
    assert left, "the service is still drawing for nobody"


def test_a_program_that_cancels_ends_the_answer(services: StandIns, client: Client) -> None:
    held = Held(reply("Once upon a time", " there was a fox."))
    services.gemini.enqueue(held)
    job = client.submit("Tell me a story.", api_name="/chat")
    assert next(iter(job)) == "Once upon a time"
    job.cancel()
    left = services.gemini.wait_for(lambda: services.gemini.generations[0].disconnected)
    held.let_go()
    assert left, "the service is still talking to nobody"
