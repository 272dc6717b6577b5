"""Plain words that ask for a new picture, in eleven languages, as the /imagine line that they mean; knows no chat model."""

import re
from dataclasses import replace

from gemini_diffusion.commands.command import Imagine
from gemini_diffusion.commands.line import format_line, parse

_ARTICLE = r"(?=(?:an?|the|some|my|one|two|three|four|five|six|\d+)\b)"
_SOME = r"(?=(?:an?|some|one|two|three|four|five|six|\d+)\b)(?!.*\b(?:was|were|is|are|where|got|has|had)\b)"
_ASK = r"(?:please,? )?(?:(?:can|could|would|will) you (?:please )?)?"
_PICTURE = r"(?:an? |the |some )?(?:picture|image|drawing|painting|photo|sketch)s?"
_WISHES = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"{_ASK}(?:draw|paint|sketch|illustrate)(?: me| us)? {_ARTICLE}(?P<idea>.+)",
        rf"{_ASK}(?:draw|make|create|generate|show|give|paint)(?: me| us)? {_PICTURE} (?:of|with|showing) (?P<idea>.+)",
        rf"i(?:'d| would)? (?:want|like|love)(?: to (?:see|have))? {_PICTURE} (?:of|with|showing) (?P<idea>.+)",
        rf"(?:an? )?(?:picture|image|drawing|painting|photo|sketch) of {_SOME}(?P<idea>.+)",
        rf"imagine {_SOME}(?P<idea>.+)",
        r"(?:bitte )?(?:zeichne|zeichnen sie|male|mal)(?: mir| uns)?(?: bitte)? (?P<idea>.+)",
        r"(?:kannst|könntest) du (?:mir |uns )?(?:bitte )?(?P<idea>.+?) (?:zeichnen|malen)",
        r"(?:por favor,? )?(?:me puedes dibujar|puedes dibujar(?:me)?|dib[uú]ja(?:me)?|p[ií]nta(?:me)?) (?P<idea>.+)",
        r"(?:por favor,? )?(?:(?:você )?pode (?:me )?desenhar|desenh[ae]|pint[ae])(?: para mim|-me)? (?P<idea>.+)",
        r"(?:peux-tu |pouvez-vous |tu peux )?(?:me )?(?:dessine|dessinez|dessiner|peins)(?:[- ]moi)? (?P<idea>.+)",
        r"(?:per favore,? )?(?:mi )?(?:puoi )?(?:disegna(?:mi|re|rmi)?|dipingi(?:mi)?) (?P<idea>.+)",
        r"(?:пожалуйста,? )?нарисуй(?:те)?(?: мне)?(?: пожалуйста)? (?P<idea>.+)",
        r"(?:من فضلك )?ارسم(?:ي)?(?: لي)? (?P<idea>.+)",
        r"请?(?:帮我|给我|为我)?生成(?:一[张幅])?(?P<idea>.+?)的?(?:图|图片|图像|照片|画)",
        r"请?(?:帮我|给我|为我)?画(?:一[张幅])?(?P<idea>.{2,})",
        r"(?P<idea>.+?)(?:을|를)? ?(?:좀 )?그려 ?(?:줘|주세요|줄래|주실래요|봐|달라고)요?",
        r"(?P<idea>.+?)(?:の絵)?を(?:描いて|書いて|かいて)(?:ください|下さい|くれる|くれ|ほしい)?",
    )
)
_IDIOMS = re.compile(
    r"(?:please )?draw (?:me )?(?:(?:an?|the|some|any|my) )?(?:(?:final|own|clear|right|wrong|deep|hot) )?"
    r"(?:conclusions?|distinctions?|comparisons?|parallels?|inferences?|analog(?:y|ies)|lessons?|blank|breath|bath|curtains?|"
    r"blinds?|short straw|sword|salary|strength|crowd|line (?:under|at|between|in the sand))\b.*",
    re.IGNORECASE,
)
"""What is drawn there is no picture."""
_NOTHING = frozenset(
    ("a picture", "an image", "something", "ein bild", "una imagen", "uma imagem", "une image", "그림", "絵", "图", "صورة")
)
"""Words for a picture of nothing yet."""
_MARKS = " \t\r\n.!?~\u3002\uff01\uff1f"


def meant_by(text: str) -> Imagine | None:
    """The picture that plain words ask for; None is chat."""
    said = text.strip(_MARKS)
    if _IDIOMS.fullmatch(said):
        return None
    for wish in _WISHES:
        found = wish.fullmatch(said)
        if found and found["idea"].casefold() not in _NOTHING:
            command = parse(f"/imagine {found['idea']}")
            return _with_notice(command) if isinstance(command, Imagine) else None
    return None


def _with_notice(command: Imagine) -> Imagine:
    """The person sees what their words were read as, and can send it changed."""
    return replace(command, notices=(f"I read this as: {format_line(command)}", *command.notices))
