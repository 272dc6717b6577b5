"""Drawing from a program: one line, a painter that stays warm, inside and outside an event loop, and how it fails and ends."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import gemini_diffusion
from gemini_diffusion import Painter, __version__, imagine, imagine_async
from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.config.environment import read_settings
from gemini_diffusion.generation.services import Services
from gemini_diffusion.storage.gallery import Gallery, read_recipe
from gemini_diffusion.types import Event, Failed, Finished, Noticed, PictureKept, StageStarted
from gemini_diffusion.types.errors import BadInput, OutOfCredit, RequestRefused
from tests.app_process import NOWHERE
from tests.foreign_pictures import png
from tests.local_services import Held, StandIns, drawn
from tests.sketch_engine import SketchEngine
from tests.test_foreign_recipes import A1111
from tests.waiting import PATIENCE, until

PACKAGE = Path(__file__).resolve().parent.parent / "gemini_diffusion"
BROKE = OutOfCredit("No credit is left.")


@pytest.fixture
def engine() -> SketchEngine:
    return SketchEngine(able=True)


@pytest.fixture
def painter(engine: SketchEngine, tmp_path: Path) -> Iterator[Painter]:
    """One that sketches, whatever keys this machine has."""
    models = {"gemini": BuiltinChatModel(), "builtin": BuiltinChatModel()}
    with Painter(
        Services(models, {"local": engine}, Gallery(tmp_path / "pictures")), engine="local", home=str(tmp_path)
    ) as made:
        yield made


def test_a_picture_of_another_program_becomes_a_line(painter: Painter, tmp_path: Path) -> None:
    (tmp_path / "kite.png").write_bytes(png(parameters=A1111))
    offer = gemini_diffusion.read_recipe(tmp_path / "kite.png", home=str(tmp_path))
    assert offer == painter.read_recipe(tmp_path / "kite.png") and offer.seed == 42
    [picture] = painter.imagine(offer.line)
    assert (picture.recipe.prompt, picture.recipe.seed, picture.recipe.num_inference_steps) == ("a kite", 42, 20)


@pytest.fixture
def abroad(services: StandIns, tmp_path: Path) -> Iterator[Painter]:
    """One that draws at a service."""
    services.forget()
    address = services.addresses["HF_INFERENCE_URL"]
    with Painter(engine="hosted", hf_inference_url=address, home=str(tmp_path)) as made:
        yield made


@pytest.fixture
def slow_service(services: StandIns, abroad: Painter) -> Iterator[Held]:
    """The service's next picture never comes."""
    held = Held(drawn)
    services.hub.enqueue(held)
    yield held
    held.let_go()


def program(folder: Path, text: str, env_file: str = "", **variables: str) -> str:
    """What a program prints that stands beside the package in `folder`, under these variables and this .env."""
    (folder / "gemini_diffusion").symlink_to(PACKAGE)
    (folder / "app.py").touch()
    (folder / ".env").write_text(env_file, "utf-8")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "OMP_NUM_THREADS": "1", "HTTPS_PROXY": NOWHERE, **variables}
    command = [sys.executable, "-c", text]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# One line


def test_importing_the_package_loads_nothing_and_its_names_nothing_heavy(tmp_path: Path) -> None:
    text = (
        "import sys, gemini_diffusion\n"
        "print(gemini_diffusion.__version__, [name for name in sys.modules if name.startswith('gemini_diffusion.')])\n"
        "from gemini_diffusion import Painter, imagine, imagine_async\n"
        "print([name for name in ('torch', 'gradio', 'google.genai', 'PIL', 'huggingface_hub') if name in sys.modules])\n"
    )
    assert program(tmp_path, text).splitlines() == [f"{__version__} []", "[]"]
    assert not hasattr(gemini_diffusion, "paint")


def test_one_line_draws_with_the_keys_of_env_file_and_environment(services: StandIns, tmp_path: Path) -> None:
    services.forget()
    text = (
        "from gemini_diffusion import imagine\n"
        "for picture in imagine('a fox in the snow --n 2 --seed 5', home='kept'):\n"
        "    print(picture.path, picture.recipe.seed, picture.recipe.original, sep='|')\n"
    )
    env_file = "GOOGLE_API_KEY=AIza-from-the-file\nGEMINI_DIFFUSION_HOME=elsewhere\n"
    lines = program(tmp_path, text, env_file, **services.addresses).splitlines()
    assert [line.split("|")[1:] for line in lines] == [["5", "a fox in the snow"], ["6", "a fox in the snow"]]
    first = Path(lines[0].split("|")[0])
    assert first.is_relative_to(tmp_path / "kept") and read_recipe(first).seed == 5
    assert {call.key for call in services.gemini.generations} == {"AIza-from-the-file"}
    assert sorted(drawing.seed or 0 for drawing in services.hub.drawings) == [5, 6]  # two calls at once arrive in any order


def test_what_is_given_beats_the_environment_which_beats_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("HF_TOKEN=hf_file\nGEMINI_DIFFUSION_STYLIZE=1\nGEMINI_DIFFUSION_SAFETY=OFF\n", "utf-8")
    monkeypatch.setenv("HF_TOKEN", "hf_environment")
    monkeypatch.setenv("GEMINI_DIFFUSION_STYLIZE", "2")
    settings = read_settings({"hf_token": "hf_given", "image_model": None}, file)
    assert (settings.hf_token.reveal(), settings.stylize, settings.safety) == ("hf_given", 2, "OFF")
    assert settings.home_path.is_absolute()


def test_an_env_file_in_another_encoding_is_said(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("HF_TOKEN=hf_x".encode("utf-16"))
    with pytest.raises(BadInput, match=r"\.env cannot be read"):
        read_settings(env_file=tmp_path / ".env")


def test_a_setting_that_does_not_exist_or_fit_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="There is no setting called colour"):
        imagine("a fox", colour="red")
    with pytest.raises(RequestRefused, match="There is no engine called steam"):
        imagine("a fox", engine="steam", home=str(tmp_path))


# A painter


def test_pictures_come_in_the_order_of_their_seeds_and_are_on_disk(painter: Painter) -> None:
    pictures = painter.imagine("/imagine a fox --seed 5 --n 3")
    assert [picture.recipe.seed for picture in pictures] == [5, 6, 7]
    assert [read_recipe(picture.path) for picture in pictures] == [picture.recipe for picture in pictures]


def test_watch_hears_everything_on_the_thread_that_asked(painter: Painter) -> None:
    heard: list[Event] = []
    threads = set()

    def watch(event: Event) -> None:
        heard.append(event)
        threads.add(threading.current_thread())

    pictures = painter.imagine("a fox --n 2", watch=watch)
    assert isinstance(heard[0], Noticed) and isinstance(heard[-1], Finished)  # how long it takes
    kept = {event.index: event.picture for event in heard if isinstance(event, PictureKept)}  # as each comes to be done
    assert [kept[place] for place in range(2)] == pictures
    assert threads == {threading.main_thread()}


def test_the_last_seed_is_that_of_the_last_picture(painter: Painter) -> None:
    painter.imagine("a fox --seed 77")
    assert painter.imagine("an owl --seed last")[0].recipe.seed == 77


def test_a_picture_can_begin_from_an_earlier_one(painter: Painter, engine: SketchEngine) -> None:
    first = painter.imagine("an owl --seed 77")[0]
    second = painter.imagine(f"picture:{first.id} an owl at night --strength 0.4")[0]
    assert (second.recipe.request.source, second.recipe.request.strength) == (first.id, 0.4)
    assert engine.history[-1][0].image == first.path.read_bytes()


def test_what_failed_is_told_and_logged_and_the_rest_is_returned(
    painter: Painter, engine: SketchEngine, caplog: pytest.LogCaptureFixture
) -> None:
    engine.enqueue(BROKE)
    heard: list[Event] = []
    with caplog.at_level(logging.WARNING, "gemini_diffusion.generation.python_api"):
        pictures = painter.imagine("a fox --seed 5 --n 2", watch=heard.append)
    assert [picture.recipe.seed for picture in pictures] == [6]
    assert [event.text for event in heard if isinstance(event, Failed)] == [BROKE.message]
    assert BROKE.message in caplog.text


def test_where_nothing_comes_the_error_says_what_kind_it_is(painter: Painter, engine: SketchEngine) -> None:
    engine.enqueue(BROKE)
    with pytest.raises(OutOfCredit, match="No credit is left"):
        painter.imagine("a fox")
    assert painter.imagine("a fox"), "the next line is drawn"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        *((nothing, "nothing to draw") for nothing in ("", "  ", "/imagine", "--seed 3")),
        ("cat::-1", "weights"),
        (5, "needed, not int"),
        (None, "A text is needed"),
        ("/help", "nothing to draw"),
        ("/imagin a cat", "/imagine?"),
    ],
)
def test_what_is_no_line_is_refused_and_not_drawn(painter: Painter, engine: SketchEngine, line: Any, said: str) -> None:
    with pytest.raises(BadInput, match=re.escape(said)):
        painter.imagine(line)
    assert engine.history == []


def test_a_recipe_holds_every_notice_and_all_that_was_ignored(painter: Painter, engine: SketchEngine) -> None:
    told: list[str] = []
    line = "a {red, blue} fox --bogus 3 --seed abc --n 99 --n 1 --fast --steps 1 --scheduler Heun --draft"
    pictures = painter.imagine(line, watch=lambda event: told.append(event.text) if isinstance(event, Noticed) else None)
    for picture in pictures:
        assert set(picture.recipe.notices) == set(told)
        said = " ".join(picture.recipe.notices)
        assert all(flag in said for flag in ("--bogus 3", "abc", "--n goes from 1 to 8", "--fast", "--draft"))


def test_a_dry_line_gives_the_plan_and_draws_nothing(painter: Painter, engine: SketchEngine) -> None:
    red, blue = painter.imagine("a {red, blue} fox --dry --seed 7 --steps 3 --fast")
    assert (red.id, red.recipe.seed, red.recipe.num_inference_steps, red.recipe.engine) == ("", 7, 3, "local")
    assert "red fox" in red.recipe.prompt and "blue fox" in blue.recipe.prompt
    assert red.recipe.notices == ("Without effect here, so left out: --fast.", *red.recipe.notices[1:])
    assert engine.history == []
    again = painter.imagine(red.recipe.line)[0].recipe
    assert (again.prompt, again.seed, again.num_inference_steps) == (red.recipe.prompt, 7, 3)


def test_a_review_waits_for_nobody(painter: Painter) -> None:
    assert painter.imagine("a fox --review")


def test_a_watch_that_raises_ends_the_drawing_and_the_next_line_is_drawn(
    services: StandIns, abroad: Painter, slow_service: Held
) -> None:
    def watch(event: Event) -> None:
        services.hub.wait_for(lambda: bool(services.hub.drawings))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        abroad.imagine("a slow fox --raw", watch=watch)
    assert services.hub.wait_for(lambda: services.hub.drawings[0].disconnected), "the service is drawing for nobody"
    assert abroad.imagine("an owl --seed 3 --raw")[0].recipe.seed == 3


def test_the_second_picture_is_drawn_by_a_model_that_is_already_there(tmp_path: Path) -> None:
    loaded: list[Event] = []
    with Painter(engine="local", image_model="postcard", home=str(tmp_path), google_base_url="http://127.0.0.1:9") as painter:
        for _ in range(2):
            painter.imagine("a fox --raw --steps 2", watch=loaded.append)
    assert len([event for event in loaded if isinstance(event, StageStarted) and event.stage == "loading"]) == 1


# Beside other event loops


async def test_the_plain_function_works_where_a_loop_is_running(painter: Painter) -> None:
    assert painter.imagine("a fox --seed 4")[0].recipe.seed == 4


async def test_the_other_one_leaves_the_loop_free_and_tells_on_it(painter: Painter) -> None:
    threads = set()
    first, second = await asyncio.gather(
        painter.imagine_async("a fox --seed 1", watch=lambda event: threads.add(threading.current_thread())),
        painter.imagine_async("an owl --seed 2"),
    )
    assert (first[0].recipe.seed, second[0].recipe.seed) == (1, 2)
    assert threads == {threading.current_thread()}


async def test_cancelling_ends_the_drawing(services: StandIns, abroad: Painter, slow_service: Held) -> None:
    begun = asyncio.create_task(abroad.imagine_async("a slow fox --raw"))
    await until(lambda: services.hub.drawings)
    begun.cancel()
    with pytest.raises(asyncio.CancelledError):
        await begun
    left = await asyncio.to_thread(services.hub.wait_for, lambda: services.hub.drawings[0].disconnected)
    assert left, "the service is drawing for nobody"


async def test_one_line_without_blocking_the_loop(services: StandIns, tmp_path: Path) -> None:
    services.forget()
    address = services.addresses["HF_INFERENCE_URL"]
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    ticking = asyncio.create_task(tick())
    pictures = await imagine_async("a fox --seed 9 --raw", home=str(tmp_path), hf_inference_url=address, engine="hosted")
    ticking.cancel()
    assert pictures[0].recipe.seed == 9 and ticks > 1


def test_closing_leaves_no_thread_and_a_closed_painter_begins_anew(painter: Painter) -> None:
    painter.imagine("a fox")
    painter.close()
    for thread in threading.enumerate():
        if thread.name == "painter":
            thread.join(PATIENCE)
    assert "painter" not in [thread.name for thread in threading.enumerate()]
    painter.close()
    assert painter.imagine("an owl --seed 3")[0].recipe.seed == 3
