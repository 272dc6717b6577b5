"""What one turn does and says on its way, as news: what a raw line leaves out, and what a dry run would have drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from gemini_diffusion.chat_models import ChatModel
from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.commands import Imagine, parse
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.engines import ImageEngine
from gemini_diffusion.generation.drawing.job import Job, ReviewChoice
from gemini_diffusion.generation.limits.access import Access
from gemini_diffusion.generation.services import Services
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.types import (
    Alternative,
    Crafted,
    CraftedPrompt,
    Event,
    Finished,
    ImageRequest,
    Noticed,
    Picture,
    Planned,
    StageStarted,
)
from gemini_diffusion.types.errors import BadInput, ModelNotFound, OutOfQuota
from tests.sketch_engine import SketchEngine


class Errands:
    """Lines carried out one after another; `said` and `told` are the notices and the last words of the latest."""

    def __init__(self, home: Path, engine: SketchEngine | None = None) -> None:
        self.engine = engine or SketchEngine("local", "sdxl", able=True)
        self.hosted = SketchEngine("hosted", "sdxl")
        engines = {"local": self.engine, "hosted": self.hosted}
        self.studio = Services({"builtin": BuiltinChatModel()}, engines, Gallery(home))
        self.news: list[Event] = []
        self.settings, self.guest = Settings(), Access()

    async def imagine(self, line: str) -> None:
        command = parse(f"/imagine {line}")
        assert isinstance(command, Imagine)
        self.news = []
        await Job(self.studio, self.settings, self.news.append, _keep, _go_on, access=self.guest).imagine(command)

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.news if isinstance(event, Noticed)]

    @property
    def told(self) -> str:
        return next(event.text for event in self.news if isinstance(event, Finished))


def _keep(picture: Picture) -> None:
    assert picture.path.exists()


async def _go_on(crafted: CraftedPrompt) -> tuple[ReviewChoice, str]:
    return "draw", ""


@pytest.fixture
def errands(tmp_path: Path) -> Errands:
    return Errands(tmp_path)


async def test_a_raw_line_says_that_nothing_is_added_however_much_was_allowed(errands: Errands) -> None:
    await errands.imagine("a cat --raw --stylize 500 --steps 1")
    assert errands.said == ["Your words are drawn as they are, so --stylize was left out."]
    await errands.imagine("a cat --raw --stylize 0 --steps 1")
    assert errands.said == [], "nothing to add is what a raw line adds"


@pytest.mark.parametrize(
    ("line", "would_be"),
    [
        ("a cat --dry --steps 3", "It would be 1024 x 1024, 3 steps, SDXL base 1.0, on this machine. About 6 s."),
        (
            "a cat --dry --steps 3 --n 2 --hd",
            "It would be 2 pictures, each 1024 x 1024, then enlarged, 3 steps, SDXL base 1.0, on this machine. About 12 s.",
        ),
        (
            "a {red, blue, green} cat --dry --steps 3",
            "It would be 3 pictures, each 1024 x 1024, 3 steps, SDXL base 1.0, on this machine. About 18 s.",
        ),
        (
            "a cat --dry --steps {3, 5} --n 2",
            "It would be 2 pictures, each 1024 x 1024, 3 steps, SDXL base 1.0, on this machine; "
            "2 pictures, each 1024 x 1024, 5 steps, SDXL base 1.0, on this machine. About 32 s.",
        ),
    ],
)
async def test_a_dry_run_tells_all_that_would_be_drawn_and_how_long_it_would_take(
    line: str, would_be: str, errands: Errands
) -> None:
    await errands.imagine(line)
    assert errands.told == f"Nothing was drawn, as asked. {would_be}"
    planned = [event for event in errands.news if isinstance(event, Planned)]
    assert [event.index for event in planned] == list(range(len(planned))) != []
    assert errands.engine.history == []


class HardlyMeasured(SketchEngine):
    """Knows how long a few steps take, and of more nothing."""

    def estimate(self, request: ImageRequest) -> float | None:
        return 2.0 if request.num_inference_steps < 5 else None


async def test_a_dry_run_tells_no_time_where_one_of_the_drawings_was_never_measured(tmp_path: Path) -> None:
    errands = Errands(tmp_path, HardlyMeasured("local", "sdxl", able=True))
    await errands.imagine("a cat --dry --steps {3, 4}")
    assert errands.told.endswith(" About 4 s.")
    await errands.imagine("a cat --dry --steps {3, 5}")
    assert "About" not in errands.told


async def test_what_no_picture_can_show_is_said_before_it_is_drawn(errands: Errands) -> None:
    await errands.imagine("a square circle")
    names = [type(event).__name__ for event in errands.news]
    assert any(said.startswith("No one picture can be both square and circle") for said in errands.said)
    assert names.index("Noticed") < names.index("Crafted") < names.index("PictureKept")


async def test_choices_that_cannot_be_drawn_say_what_to_do_about_them(errands: Errands) -> None:
    with pytest.raises(BadInput) as refused:
        await errands.imagine("a {a, b, c} {d, e, f} cat")
    assert str(refused.value) == "Those choices make 9 pictures. Take out a choice or two: at most 8 are drawn at once."
    with pytest.raises(BadInput, match="Let every choice leave something to draw"):
        await errands.imagine("{--raw, cat}")
    assert errands.engine.history == []


class Spent(Access):
    """Whom the host lends no more pictures today."""

    def lends(self, part: ChatModel | ImageEngine, settings: Settings) -> bool:
        return bool(part.key)

    def refusal(self, engine: ImageEngine, settings: Settings) -> OutOfQuota | None:
        return OutOfQuota("That was all for today.", "Come back tomorrow.") if engine.key else None


async def test_where_the_host_lends_no_more_this_machine_draws_unless_another_was_asked_for(errands: Errands) -> None:
    errands.settings, errands.guest = Settings().replaced({"hf_token": "hf-test-token-0000"}), Spent()
    await errands.imagine("a cat --steps 1")
    assert errands.said == ["That was all for today. Come back tomorrow.", "I draw on this machine instead."]
    await errands.imagine("a cat --steps 1 --engine hosted")
    assert errands.said == [], "whether it draws is for the drawing to say"
    assert [len(engine.history) for engine in (errands.engine, errands.hosted)] == [1, 1]


@pytest.mark.parametrize(
    ("line", "token", "other"),
    [
        ("a cat --seed 7 --engine local", "hf-test-token-0000",
         ("/imagine a cat --seed 7 --model sdxl --engine hosted", "SDXL base 1.0 at Hugging Face can draw it: "
          "the same seed gives another picture, billed to your Hugging Face token, about 60 s.")),
        ("a {red, blue} cat --engine hosted --model sdxl-turbo", "",
         ("/imagine a {red, blue} cat --model sdxl-turbo --engine local",
          "SDXL Turbo on this machine can draw it: a new seed, free, about 8 s.")),
        ("a cat --engine hosted --model flux", "",
         ("/imagine a cat --model sdxl --engine local", "SDXL base 1.0 on this machine can draw it: a new seed, "
          "SDXL base 1.0 instead of FLUX.1 schnell, free, about 60 s.")),
        ("a cat --engine local", "", None),
    ],
)  # fmt: skip
async def test_the_other_engine_is_named_with_what_changes_before_anything_is_drawn(
    line: str, token: str, other: tuple[str, str] | None, errands: Errands
) -> None:
    errands.settings = Settings().replaced({"hf_token": token})
    await errands.imagine(f"{line} --dry")
    [*found] = [event for event in errands.news if isinstance(event, Alternative)]
    told = [(event.line.replace(" --dry", ""), event.changes) for event in found]
    assert told[:1] == ([other] if other else [])


class Cold(SketchEngine):
    """Loads a model before it draws."""

    def loading(self, model: str) -> float | None:
        return 12.4


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a cat --dry", ["This takes about 60 s with SDXL base 1.0 on this machine, and 12 s before that to load the model. "
                         "SDXL Lightning would take about 8 s: --model sdxl-lightning."]),
        ("a cat --dry --steps 3 --n 2", ["This takes about 12 s with SDXL base 1.0 on this machine, "
                                         "and 12 s before that to load the model."]),
        ("a cat --dry --model postcard --engine local --steps 1", ["This takes about 2 s with Postcard on this machine, "
                                                                   "and 12 s before that to load the model."]),
        ("a cat --dry --engine hosted --model sdxl --n 2 --steps 1", ["It costs $0.008."]),
    ],
)  # fmt: skip
async def test_time_price_and_a_quicker_model_are_said_before_the_run(line: str, said: list[str], tmp_path: Path) -> None:
    errands = Errands(tmp_path, Cold("local", "sdxl", able=True))
    errands.settings = Settings().replaced({"lend_prices": "sdxl*=0.004"})
    await errands.imagine(line)
    assert errands.said == said


async def test_what_is_known_to_fail_fails_before_any_prompt_is_written(errands: Errands) -> None:
    with pytest.raises(ModelNotFound):
        await errands.imagine("a cat {--model sdxl, --model nosuch}")
    assert not any(isinstance(event, StageStarted | Crafted) for event in errands.news) and errands.engine.history == []


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--style watercolr", "There is no style called watercolr; the nearest is Watercolour. It was left out."),
        ("--style nope --raw", "Your words are drawn as they are, so the style nope was left out."),
        ('--style "film noir" --raw', "Your words are drawn as they are, so the style film noir was left out."),
    ],
)
async def test_a_style_that_is_not_used_is_told_once_and_why(flags: str, said: str, errands: Errands) -> None:
    await errands.imagine(f"a cat --steps 1 {flags}")
    assert errands.said == [said]
