"""What a person keeps to write less: presets of flags, wildcards from their own text files, what they asked before."""

from __future__ import annotations

from pathlib import Path

import pytest

from gemini_diffusion.commands import Imagine, parse
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.generation.drawing.request_options import expand_choices
from gemini_diffusion.storage.conversations import Conversations
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.turn import Turn

PRESETS = 'noir: --style "film; noir" --steps 30 --model sdxl; wide: --ar 16:9 <lora:ink:0.5>; empty: nothing'


def jobs(line: str, home: Path = Path(), **settings: str) -> list[Imagine]:
    command = parse(f"/imagine {line}")
    assert isinstance(command, Imagine)
    return expand_choices(command, Settings(home=str(home), presets=PRESETS, **settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "chosen", "same"),
    [
        ("a cat --preset NOIR", "", 'a cat --style "film; noir" --steps 30 --model sdxl'),
        ("a cat", "noir", 'a cat --style "film; noir" --steps 30 --model sdxl'),
        ("a cat --steps 9", "noir", 'a cat --style "film; noir" --steps 9 --model sdxl'),
        ("a cat --preset wide", "noir", "a cat --ar 16:9 <lora:ink:0.5>"),
        ("a cat --raw", "noir", "a cat --raw"),
        ("a cat --raw --preset wide", "noir", "a cat --raw --ar 16:9 <lora:ink:0.5>"),
    ],
)
def test_a_preset_says_what_the_request_leaves_open(line: str, chosen: str, same: str) -> None:
    assert [job.flags for job in jobs(line, preset=chosen)] == [job.flags for job in jobs(same)]


@pytest.mark.parametrize(
    ("name", "hint"), [("nior", "Did you mean noir"), ("zzz", "There are noir, wide"), ("empty", "There are")]
)
def test_a_preset_that_there_is_not_is_named(name: str, hint: str) -> None:
    with pytest.raises(BadInput, match=hint):
        jobs(f"a cat --preset {name}")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "wildcards"
    (folder / "wild").mkdir(parents=True)
    (folder / "animal.txt").write_text("\ufeff# mine\n\n  red   fox \n", "utf-8")
    (folder / "wild" / "cat.txt").write_text("{lynx|lynx} in __place__\n", "utf-8")
    (folder / "place.txt").write_text("snow\r\n", "utf-8")
    (folder / "loop.txt").write_text("a __loop__\n", "utf-8")
    (tmp_path / "secret.txt").write_text("secret\n", "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("idea", "filled", "said"),
    [
        ("a __animal__", "a red fox", ""), ("__wild/cat__ and __animal__", "lynx in snow and red fox", ""),
        ("a cat in a __places/forest__", "a cat in a forest", "no wildcards/places/forest.txt"),
        ("snake__case__name", "snake__case__name", ""),
        ("__a/../../secret__", "__a/../../secret__", ""), ("__loop__", "a a a a a loop", ""),
    ],
)  # fmt: skip
def test_a_wildcard_is_a_line_of_a_file(idea: str, filled: str, said: str, home: Path) -> None:
    [job] = jobs(idea, home)
    assert job.idea == filled and said in " ".join(job.notices) and bool(said) == bool(job.notices)


def test_each_picture_draws_its_own_line_and_seed(home: Path) -> None:
    (home / "wildcards" / "animal.txt").write_text("\n".join(f"animal {number}" for number in range(1000)), "utf-8")
    found = jobs("a __animal__ --n 8 --seed 4294967295", home)
    assert [job.flags.seed for job in found] == [4294967295, 0, 1, 2, 3, 4, 5, 6] and {job.flags.count for job in found} == {
        None
    }
    assert len({job.idea for job in found}) > 4


def test_what_was_asked_is_remembered_over_conversations_each_once(tmp_path: Path) -> None:
    times = iter(range(100))
    conversations = Conversations(tmp_path, lambda: float(next(times)))
    for words in (("a fox", "a cat"), ("a dog", "a fox")):
        conversations.begin()
        conversations.keep(tuple(Turn(str(place), asked) for place, asked in enumerate(words)))
    assert conversations.asked(9) == ["a fox", "a dog", "a cat"]
    assert conversations.asked(1) == ["a fox"]
