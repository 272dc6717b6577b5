"""The built-in helper: it says what the app can do, in nine languages, and what it cannot."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from gemini_diffusion.chat_models import builtin
from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.config.options import Secret
from gemini_diffusion.config.settings import Settings
from gemini_diffusion.types import ChatRequest, Message, ignore
from gemini_diffusion.types.errors import RequestRefused

TEXTS = json.loads(Path(builtin.__file__).with_suffix(".json").read_text(encoding="utf-8"))
SAID = {
    "en": (
        "Hello", "What can you do?", "What does /imagine do?", "How do I add a key?",
        "What is the capital of France?", "Thanks!", "save it", "What is a seed?",
    ),
    "ko": (
        "안녕하세요", "뭘 할 수 있어?", "그림은 어떻게 그려?", "키는 어떻게 넣어?", "프랑스의 수도는 어디야?",
        "고마워요", "저장해 줘", "시드가 뭐예요?",
    ),
    "pt": (
        "Olá", "O que você pode fazer?", "Como desenhar uma imagem?", "Onde ponho a chave?",
        "Qual é a capital da França?", "Obrigado", "salvar", "O que é a semente?",
    ),
    "es": (
        "Hola", "¿Qué puedes hacer?", "¿Cómo dibujar una imagen?", "¿Dónde pongo la clave?",
        "¿Cuál es la capital de Francia?", "¡Gracias!", "guárdala", "¿Qué es una semilla?",
    ),
    "ja": (
        "こんにちは", "何ができますか", "絵を描きたい", "キーはどこですか", "フランスの首都はどこですか",
        "ありがとう", "保存して", "シードとは何ですか",
    ),
    "de": (
        "Hallo", "Was kannst du?", "Wie male ich ein Bild?", "Wo kommt der Schlüssel hin?", "Was ist die Hauptstadt?",
        "Danke", "Bitte speichern", "Was ist ein Seed?",
    ),
    "fr": (
        "Bonjour", "Que peux-tu faire ?", "Dessiner une image ?", "Où mettre la clé ?",
        "Quelle est la capitale de la France ?", "Merci", "enregistre", "C'est quoi la graine ?",
    ),
    "ar": (
        "مرحبا", "ماذا يمكنك أن تفعل؟", "ارسم صورة", "أين أضع المفتاح؟", "ما هي عاصمة فرنسا؟", "شكرا", "احفظ الصورة",
        "ما هي البذرة؟",
    ),
    "zh": (
        "你好", "你能做什么", "怎么画图", "密钥放在哪里", "法国的首都是哪里", "谢谢", "保存", "种子是什么",
    ),
}  # fmt: skip
TOPICS = ("greeting", "abilities", "imagine", "key", "chat", "thanks", "saved", "seed")


async def answer(*said: str, key: str = "") -> str:
    messages = tuple(Message("user", text) for text in said)
    settings = Settings(google_api_key=Secret(key))
    return (await BuiltinChatModel().answer(ChatRequest(messages), settings, ignore)).text


@pytest.mark.parametrize(("language", "topic"), [(language, topic) for language in SAID for topic in TOPICS])
async def test_it_answers_in_the_persons_language_on_what_was_asked(language: str, topic: str) -> None:
    texts = TEXTS[language]["texts"]
    assert await answer(SAID[language][TOPICS.index(topic)]) == f"{texts['no key']}\n\n{texts[topic]}"


async def test_it_always_says_who_speaks_and_whether_a_key_is_set() -> None:
    assert (await answer("xyzzy")).startswith("I am the built-in helper; no Gemini key is set.")
    assert (await answer("xyzzy", key="a-key-of-some-length")).startswith("I am the built-in helper.\n")


async def test_it_says_plainly_that_it_cannot_chat_freely() -> None:
    assert "I cannot talk freely" in await answer("Tell me a story about the sea")


async def test_it_keeps_to_the_language_spoken_before_where_a_word_tells_none() -> None:
    assert await answer("안녕하세요", "ok") == await answer("프랑스의 수도는 어디야?")


async def test_a_schema_is_refused_rather_than_answered_in_prose() -> None:
    with pytest.raises(RequestRefused, match="cannot answer by a schema"):
        await BuiltinChatModel().answer(ChatRequest((Message("user", "Hi"),), schema={"type": "object"}), Settings(), ignore)


def test_every_language_has_every_text_calm_and_with_the_same_commands() -> None:
    commands = {topic: re.findall(r"`(?:/imagine|--[^`]+)", text) for topic, text in TEXTS["en"]["texts"].items()}
    for language in SAID:
        texts = TEXTS[language]["texts"]
        assert set(texts) == {*TOPICS, *builtin.TOPICS, "name", "no key"}, language
        assert not re.search("[!\uff01¡\U0001f300-\U0001faff]", " ".join(texts.values())), language
        for topic in ("imagine", "abilities", "greeting", "chat"):
            assert set(commands[topic]) == set(re.findall(r"`(?:/imagine|--[^`]+)", texts[topic])), (language, topic)
        assert "aistudio.google.com/apikey" in texts["key"]
