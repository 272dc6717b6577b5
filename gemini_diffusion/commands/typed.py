"""What a person typed: a line of our grammar, another program's text, or chat."""

import re
from dataclasses import replace

from gemini_diffusion.commands import dialects
from gemini_diffusion.commands.command import Command, Imagine
from gemini_diffusion.commands.line import parse

_IMAGINE = re.compile(r"\s*/(?:imagine|image|draw|paint)(?::|(?=\s))(?P<body>.*)", re.DOTALL | re.IGNORECASE)


def read(text: str) -> Command:
    """As `parse`, which reads only our own grammar. Never raises."""
    given = _IMAGINE.fullmatch(text)
    body = given["body"] if given else text
    whole = dialects.a1111_line(body)
    if whole is None and given is None:
        return parse(text)
    rewritten = dialects.rewrite(whole.line if whole else body)
    command = parse(f"/imagine {rewritten.line}")
    notices = (*(whole.notices if whole else ()), *rewritten.notices)
    return replace(command, notices=(*notices, *command.notices)) if isinstance(command, Imagine) and notices else command
