r"""The backslash that makes grammar plain text: \{ \} \, \--word \:: \<lora: as a person may write it, and any idea so written.

Knows what would be read as a flag, a choice, a weight, a LoRA or a reference, and nothing of commands.
"""

import re

from gemini_diffusion.commands import permutations
from gemini_diffusion.commands.flag_parser import read_flag_word
from gemini_diffusion.commands.quotes import replace
from gemini_diffusion.commands.references import is_reference
from gemini_diffusion.commands.tokenize_line import collapse_blanks, fold_width, split_words

_SIGNS = r"[,:\uff0c\u3001\u2012-\u2015]|--|\uff0d\uff0d"
_LORA = "<[lL][oO][rR][aA]:"
_ESCAPED = re.compile(rf"\\([{{}}]|{_SIGNS}|{_LORA})")
_AFTER_A_BACKSLASH = re.compile(rf"[{{}}]|(?<=\\)(?:{_SIGNS}|{_LORA})")
_NAMED = re.compile(rf"(?<!\\){_LORA}")
_WEIGHT = re.compile(r"(?<=[^\d:\\])::(?=-?[0-9.]+,?$)")


def unescape(text: str) -> str:
    """The text as it is meant: outside quotes the signs of the grammar lose their backslash."""
    return replace(text, _ESCAPED, r"\1")


def escape(text: str) -> str:
    """The inverse of `unescape`: any text on one line, written so that it reads back as text and nothing else."""
    text = collapse_blanks(text)
    if unescape(text) != text or permutations.spans(text):
        text = replace(text, _AFTER_A_BACKSLASH, r"\\\g<0>")
    text = replace(text, _NAMED, r"\\\g<0>")
    words = [_escape_word(word) for word in split_words(text)]
    if words and is_reference(words[0]):
        words[0] = words[0].replace(":", "\\:", 1)
    return " ".join(words)


def _escape_word(word: str) -> str:
    weight = _WEIGHT.search(fold_width(word))
    if weight:
        word = f"{word[: weight.start()]}\\{word[weight.start() :]}"
    return f"\\{word}" if read_flag_word(word) else word
