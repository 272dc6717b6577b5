"""Plain words that ask for a picture are drawn, with and without a key; everything else stays chat."""

from __future__ import annotations

import pytest

from gemini_diffusion.commands import Imagine, meant_by, parse

WISHES = [
    ("draw me a cat", "a cat"),
    ("Could you please draw two dogs in the rain?", "two dogs in the rain"),
    ("make a picture of a fox --ar 16:9", "a fox"),
    ("generate an image of the sea", "the sea"),
    ("고양이 그려줘", "고양이"),
    ("눈 속의 여우를 그려 주세요", "눈 속의 여우"),
    ("zeichne mir einen Hund", "einen Hund"),
    ("kannst du mir bitte einen Fuchs malen?", "einen Fuchs"),
    ("dibújame un gato", "un gato"),
    ("desenhe um barco", "um barco"),
    ("dessine-moi un mouton", "un mouton"),
    ("disegnami una casa", "una casa"),
    ("нарисуй мне кота", "кота"),
    ("猫を描いてください。", "猫"),
    ("请画一只猫", "一只猫"),
    ("ارسم لي قطة", "قطة"),
]
CHAT = [
    "hello", "what does /imagine do?", "how do I draw a cat?", "thanks", "can you draw?", "draw", "I painted it", "save it",
    "who drew this?", "show me the settings", "그려줘", "make me a sandwich",
    "draw me a picture", "그림 그려줘", "ارسم صورة", "画", "darker", "another one",
    "draw a conclusion", "please draw a deep breath", "draw attention to the door", "draw the curtains", "draw a line under it",
]  # fmt: skip


@pytest.mark.parametrize(("text", "idea"), WISHES)
def test_a_wish_in_plain_words_is_a_picture_to_draw(text: str, idea: str) -> None:
    command = meant_by(text)
    assert command is not None
    assert command.idea == idea
    assert command.notices[0].startswith("I read this as: /imagine ")


@pytest.mark.parametrize("text", CHAT)
def test_everything_else_is_chat(text: str) -> None:
    assert meant_by(text) is None


def test_what_is_read_can_be_sent_as_it_is_shown() -> None:
    command = meant_by("draw me a cat --n 2 --seed 5")
    assert command is not None
    again = parse(command.notices[0].removeprefix("I read this as: "))
    assert isinstance(again, Imagine)
    assert (again.idea, again.flags) == (command.idea, command.flags)
