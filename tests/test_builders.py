"""Requests built from a form: each choice of the table is in them and held by the contract, and people differ."""

from __future__ import annotations

import random
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from gemini_diffusion.commands import Imagine, expand, parse
from gemini_diffusion.crafting import check_prompt
from gemini_diffusion.generation.drawing.builders import builders, compose
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.ui.builder import build_request


def every_choice() -> Iterator[tuple[str, dict[str, str], str]]:
    """The form, what is chosen in it, and the one choice that it is about."""
    for kind, form in builders().items():
        always = {"person": "a young man"} if kind == "person" else {}
        for field in form["fields"]:
            choices = field["choices"]
            lists = choices if isinstance(choices, dict) else {"": choices}
            for species, words in lists.items():
                for word in words:
                    yield kind, always | ({"species": species} if species else {}) | {field["name"]: word}, word
    yield from (("person", {"person": words}, words) for words in builders()["person"]["anybody"])


def test_each_choice_stands_in_the_request_and_is_missed_where_a_prompt_loses_it() -> None:
    for kind, chosen, word in every_choice():
        command = parse(compose(kind, chosen))
        assert isinstance(command, Imagine) and word in command.idea
        found = check_prompt(command.idea, " ".join(command.idea.replace(word, "").split()))
        assert found.missing or found.unseen or found.strange, word
        kept = check_prompt(command.idea, command.idea)
        assert kept.holds and not kept.unseen, word


@pytest.mark.parametrize(
    ("kind", "chosen", "line"),
    [
        ("pet", {"species": "dog", "breed": "Border Collie", "extras": "with a red scarf", "background": "in the snow"},
         "/imagine a photo of a Border Collie dog in the snow with a red scarf"),
        ("pet", {"species": " two  axolotls "}, "/imagine a photo of two axolotls"),
        ("pet", {"breed": "Angora"}, "/imagine a photo of an Angora"),
        ("person", {"person": "my aunt", "light": "at night", "clothing": "in a green coat"},
         "/imagine a portrait of my aunt in a green coat at night"),
    ],
)  # fmt: skip
def test_the_request_reads_as_a_person_would_write_it(kind: str, chosen: dict[str, str], line: str) -> None:
    assert compose(kind, chosen) == line


def test_people_left_open_are_spelled_out_and_none_comes_twice() -> None:
    command = parse(compose("person", {"clothing": "in a blue dress"}, 4, random.Random(7)))
    assert isinstance(command, Imagine)
    ideas = [each.idea for each in expand(command, 8)]
    assert len(set(ideas)) == 4 and all(idea.endswith(" in a blue dress") for idea in ideas)
    assert "{" not in compose("person", {"person": "a girl", "pose": "with a dog"}, 4), "nobody was left open"


@pytest.mark.parametrize("sent", [None, {}, {"kind": "car", "chosen": {"x": "y"}, "pictures": 1},
                                  {"kind": "pet", "chosen": {"species": " "}, "pictures": 1},
                                  {"kind": "pet", "chosen": [], "pictures": 1}])  # fmt: skip
async def test_a_form_that_no_page_sends_is_refused_in_words(sent: Any) -> None:
    with pytest.raises(BadInput) as refused:
        await build_request(SimpleNamespace(_data=sent))
    assert refused.value.hint
