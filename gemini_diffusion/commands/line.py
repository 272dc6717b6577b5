"""A whole line: read into a command, and written back as the line that says the same; no drawing, no settings."""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from math import prod

from gemini_diffusion.commands import flag_values, lora_tags, multi_prompt, permutations
from gemini_diffusion.commands.command import Command, Imagine, Say, Usage
from gemini_diffusion.commands.escapes import escape, unescape
from gemini_diffusion.commands.flag_parser import FlagsSaid, parse_flags
from gemini_diffusion.commands.flags import FLAGS, Flag, Flags, flag_named
from gemini_diffusion.commands.picture_line import parse_picture_line
from gemini_diffusion.commands.references import leading, own_picture
from gemini_diffusion.commands.sweep_line import parse_sweep
from gemini_diffusion.commands.tokenize_line import collapse_blanks, split_words
from gemini_diffusion.commands.unknown import find_unknown
from gemini_diffusion.types import prompt_weights
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.prompt_weights import WeightedSpan

LONG = 2000  # characters; far more than any encoder's window
MOST_CHOICES = 16

_COMMAND = re.compile(
    r"[\s\ufeff\u200b-\u200f\u2060\u202a-\u202e\u2066-\u2069]*[/\uff0f]([A-Za-z]+)(?:[:\uff1a]|(?=\s)|$)(.*)", re.DOTALL
)
_PROMPT = re.compile(r"^prompt ?[:\uff1a] ?", re.IGNORECASE)


_IMAGINE = ("imagine", "image", "draw", "paint")
"""What people call it elsewhere means the same here."""


class TooManyChoices(ValueError):
    """The choices make more pictures than may be drawn from one line; the text says how many."""


class BadChoice(ValueError):
    """One of the choices leaves no line that can be drawn; the text names it."""


def parse(text: str) -> Command:
    """Reads what a person typed. Never raises; what begins with no command, nor with nearly one, is chat."""
    match = _COMMAND.match(text)
    name = match[1].lower() if match else ""
    rest = match[2] if match else ""
    if name in _IMAGINE:
        return _imagine(_PROMPT.sub("", collapse_blanks(rest), count=1))
    if name == "sweep":
        return parse_sweep(collapse_blanks(rest), _imagine)
    if name == "help":
        return Usage("/help")
    return parse_picture_line(name, collapse_blanks(rest)) or find_unknown(name, rest.strip()) or Say(text)


def as_text(words: object) -> str:
    """What a program sent, where it is a text. Raises BadInput where it is none."""
    if not isinstance(words, str):
        raise BadInput(f"A text is needed, not {type(words).__name__}.", 'Say what to see, as in "a fox in the snow --n 2".')
    return words


def as_line(words: object) -> str:
    """What a program asks for as the line a person would type: a leading /imagine is optional. Raises BadInput for no text."""
    said = as_text(words).strip()
    return f"/imagine {said}" if isinstance(parse(said), Say) else said


def _imagine(body: str) -> Imagine | Usage:
    found = lora_tags.take_tags(body)
    spoken = parse_flags(split_words(found.rest))
    safe, refused, words = leading(spoken.words)
    idea = " ".join(words)
    notices = [*found.notices, *spoken.all_notices(), *_about_references(safe, refused), *_about_idea(idea)]
    if not idea:
        said = ["Say in words what should become of the picture."] if safe else []
        return Usage("/imagine", (*notices, *said))
    if permutations.count_permutations(idea) > 1:
        command: Imagine | Usage = Imagine(idea, spoken.flags(safe), tuple(notices), template=True)
    else:
        command = _weighted(idea, spoken, safe, notices)
    if isinstance(command, Usage):
        return command
    return replace(command, flags=replace(command.flags, adapters=found.adapters))


def _weighted(idea: str, spoken: FlagsSaid, references: list[str], notices: list[str]) -> Imagine | Usage:
    """Parts below zero leave the idea and join what `--no` names: drawn, they would be the opposite of what was asked."""
    parts = multi_prompt.parse_parts(idea)
    if parts and sum(part.weight for part in parts) <= 0:
        said = "The weights add up to zero or less, so nothing is left to draw; give one part more than the others lose."
        return Usage("/imagine", (*notices, said))
    idea, denied = prompt_weights.split_negative(multi_prompt.emphasised(parts) if parts else unescape(idea))
    for phrase in (*(part.text for part in parts if part.weight < 0), *denied):
        spoken.keep(flag_named("no"), flag_values.parse_value(flag_named("no"), prompt_weights.strip_weights(phrase)))
    if not idea.strip():
        said = "All of that counts below zero, so nothing is left to draw; add what should be seen."
        return Usage("/imagine", (*notices, said))
    flags = replace(spoken.flags(references), weights=parts)
    return Imagine(idea, flags, (*notices, *_about_weights(parts)))


def _about_weights(parts: tuple[WeightedSpan, ...]) -> Iterator[str]:
    """How the parts' numbers were read, as only what they are to each other counts."""
    above = [part.text for part in parts if part.weight > 0]
    said = [f"{text[:40]} {count:g}" for text, count in zip(above, multi_prompt.counts(parts), strict=True)]
    said += [f"{part.text[:40]} nothing" for part in parts if part.weight == 0]
    if len(said) > 1:
        yield f"The parts count: {', '.join(said)}."


def _about_references(safe: list[str], refused: list[str]) -> Iterator[str]:
    for address in refused:
        yield f'"{address[:80]}" is not a public web address, so it was left out.'
    if not all(map(own_picture, safe)):
        said = "Pictures are not fetched by address, so this one is without effect; attach it instead."
        yield said


def _about_idea(idea: str) -> Iterator[str]:
    if permutations.stray_brace(idea):
        yield "Braces offer at least two choices, as in {red, green}; these were kept as they are."
    if len(idea) >= LONG:
        said = f"That is long, {len(idea):,} characters; image models read about the first 60 words, so the gist counts."
        yield said


def format_line(command: Imagine) -> str:
    """The canonical line; `parse` of it is the command again, notices aside.

    The idea may be any text, one that a model wrote too: what looks like grammar in it is written as text. Marks of emphasis
    are part of it.
    """
    open_flags = [_open(flag_named(name), text) for name, text in command.flags.choices]
    return " ".join([_head(command), *_settled(command.flags), *open_flags])


def _head(command: Imagine) -> str:
    """The command, the references, the idea and the LoRAs."""
    idea = command.idea if command.template else escape(command.idea)
    if command.flags.weights:
        idea = multi_prompt.format_parts(command.flags.weights)
    guard = ["prompt:"] if _PROMPT.match(idea) and not command.flags.references else []
    return " ".join(["/imagine", *guard, *command.flags.references, idea, *map(lora_tags.format_tag, command.flags.adapters)])


def _settled(flags: Flags) -> Iterator[str]:
    """The flags whose value is known, in the order of the table."""
    for flag in FLAGS:
        value = getattr(flags, flag.field)
        if value is True:
            yield flag.written
        elif value is not None and value is not False and value != ():
            point = ".0" if flag.kind == "share" and value == 1 else ""
            yield f"{flag.written} {flag_values.format_value(value)}{point}"


def _open(flag: Flag, text: str) -> str:
    return (
        f"{flag.written}={text}" if text.startswith(("-", "\u2012", "\u2013", "\u2014", "\u2015")) else f"{flag.written} {text}"
    )


def count_choices(command: Imagine) -> int:
    """How many jobs the {a, b} choices make, without making them; 1 without choices."""
    idea = permutations.count_permutations(command.idea) if command.template else 1
    return idea * prod(permutations.count_permutations(text) for _, text in command.flags.choices)


def expand(command: Imagine, limit: int = MOST_CHOICES) -> list[Imagine]:
    """One job for each choice, the idea's varying slowest. Raises TooManyChoices before expanding, and BadChoice.

    The first job carries the notices of the whole line, so that each is told once.
    """
    total = count_choices(command)
    if total > limit:
        number = f"{total:,}" if total < 10**6 else "more than a million"
        raise TooManyChoices(f"Those choices make {number} pictures.")
    if total == 1:
        return [command]
    heads = permutations.settle_choice(_head(command))
    tails = [
        [_open(flag_named(name), _option(flag_named(name), option)) for option in permutations.settle_choice(text)]
        for name, text in command.flags.choices
    ]
    settled = list(_settled(command.flags))
    jobs = [_job(" ".join([head, *settled, *rest])) for head, *rest in product(heads, *tails)]
    news = [tuple(notice for notice in job.notices if notice not in command.notices) for job in jobs]
    news[0] = command.notices + news[0]
    return [replace(job, notices=new) for job, new in zip(jobs, news, strict=True)]


def _option(flag: Flag, text: str) -> str:
    """One choice of a flag as its value: quoted where it would otherwise be cut at a blank."""
    text = unescape(text)
    return text if flag.kind == "phrases" or " " not in text or '"' in text else f'"{text}"'


def _job(line: str) -> Imagine:
    job = parse(line)
    if not isinstance(job, Imagine) or count_choices(job) > 1:
        raise BadChoice(f"One of the choices leaves nothing that can be drawn: {line[:200]}")
    return job
