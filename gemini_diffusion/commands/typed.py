"""What a person typed: a line of our grammar, another program's text, plain words that ask for a picture, or chat."""

import re
from dataclasses import replace

from gemini_diffusion.commands import dialects
from gemini_diffusion.commands.command import Command, Imagine, Say
from gemini_diffusion.commands.line import parse
from gemini_diffusion.commands.plain_words import meant_by

_IMAGINE = re.compile(r"\s*/(?:imagine|image|draw|paint)(?::|(?=\s))(?P<body>.*)", re.DOTALL | re.IGNORECASE)


def read(text: str, last: str = "") -> Command:
    """As `parse`, which reads only our own grammar; `last` is the canonical line of the last picture. Never raises."""
    given = _IMAGINE.fullmatch(text)
    body = given["body"] if given else text
    whole = dialects.a1111_line(body)
    if whole is None and given is None:
        command = parse(text)
        return (meant_by(text, last) or command) if isinstance(command, Say) else command
    rewritten = dialects.rewrite(whole.line if whole else body)
    command = parse(f"/imagine {rewritten.line}")
    notices = (*(whole.notices if whole else ()), *rewritten.notices)
    return replace(command, notices=(*notices, *command.notices)) if isinstance(command, Imagine) and notices else command
