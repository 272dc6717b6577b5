"""Every sentence with which the app can refuse something, read out of its code, as the tables of docs/troubleshooting.md.

`python -m docs.make_errors` writes them. It reads the code without running it: where a sentence holds a value, the table has
an ellipsis.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "gemini_diffusion"
PAGE = ROOT / "docs" / "troubleshooting.md"
START, END = "<!-- errors: written by python -m docs.make_errors -->", "<!-- end of errors -->"
ERRORS = PACKAGE / "types" / "errors.py"
VALUE = "…"
GROUPS = {  # the first one that a file's path begins with
    "chat_models/": "Gemini and the chat",
    "engines/openai/": "Servers of OpenAI's API",
    "engines/gemini/": "Gemini and the chat",
    "network/gemini/": "Gemini and the chat",
    "network/openai": "Servers of OpenAI's API",
    "engines/hosted/": "Hugging Face",
    "engines/hugging_face_errors": "Hugging Face",
    "engines/local/adapters/": "LoRAs and textual inversions",
    "engines/local/loading/": "Image models and their downloads",
    "engines/downloads/": "Image models and their downloads",
    "engines/models/": "Image models and their downloads",
    "engines/": "Drawing on this machine",
    "storage/": "Pictures and files",
    "ui/": "Pictures and files",
    "web/": "Starting and sharing",
    "cli/": "Starting and sharing",
    "config/": "Settings",
    "": "Requests and limits",
}


@dataclass(frozen=True, slots=True)
class ErrorSentence:
    """What a person reads, and what they can do about it; `group` is the heading it stands under."""

    group: str
    sentence: str
    fix: str


class Texts:
    """The texts that an expression of one file can be; `constants` are those that the file names or imports."""

    def __init__(self, tree: ast.Module, constants: dict[str, ast.expr]) -> None:
        self.constants = constants
        self.functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assigned = [node for node in ast.walk(tree) if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)]
        self.assigned = sorted(assigned, key=lambda node: node.lineno)

    def _last(self, name: str, line: int) -> ast.expr | None:
        """What a name of a function holds at a line."""
        before = [node.value for node in self.assigned if node.lineno < line and ast.unparse(node.targets[0]) == name]
        return self.constants.get(name) or (before[-1] if before else None)

    def of(self, node: ast.expr, depth: int = 0) -> list[str]:
        """Every text that `node` may be, VALUE in the place of what only a run can tell."""
        if depth > 4:
            return [VALUE]
        match node:
            case ast.Constant(value=str(text)):
                return [text]
            case ast.JoinedStr(values=parts):
                return ["".join(choice) for choice in product(*(self.of(part, depth + 1)[:1] for part in parts))]
            case ast.FormattedValue(value=ast.Name(id=name)) if name in self.constants:
                return self.of(self.constants[name], depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return ["".join(pair) for pair in product(self.of(left, depth + 1), self.of(right, depth + 1))]
            case ast.IfExp(body=one, orelse=other) | ast.BoolOp(values=[one, other]):
                return [*self.of(one, depth + 1), *self.of(other, depth + 1)]
            case ast.Name(id=name, lineno=line) if value := self._last(name, line):
                return self.of(value, depth + 1)
            case ast.Call(func=ast.Name(id=name), args=arguments) if name in self.functions:
                return self._returned(self.functions[name], arguments, depth)
        return [VALUE]

    def _returned(self, function: ast.FunctionDef, arguments: list[ast.expr], depth: int) -> list[str]:
        """What a function of the same file returns: the text it was given first, or those it holds itself."""
        given = self.of(arguments[0], depth + 1)[0] if arguments else VALUE
        if _says_something(given):
            return [f"{given.rstrip('.')}."]
        returns = [node.value for node in ast.walk(function) if isinstance(node, ast.Return) and node.value]
        return [text for value in returns for text in self.of(value, depth + 1)]


def sentences() -> list[ErrorSentence]:
    """Each sentence once, in the order of the files, grouped by what it is about."""
    trees = {path: ast.parse(path.read_text("utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}
    hints = _default_hints(trees[ERRORS])
    found: dict[tuple[str, str], ErrorSentence] = {}
    for path, tree in trees.items():
        name = path.relative_to(PACKAGE).as_posix()
        group = next(group for start, group in GROUPS.items() if name.startswith(start))
        for sentence, fix in _raised(tree, Texts(tree, _imported(tree) | _constants(tree)), hints):
            found.setdefault((group, sentence), ErrorSentence(group, sentence, fix))
    return list(found.values())


def tables() -> str:
    """Markdown: a heading and a table for each group."""
    parts = []
    everything = sentences()
    for group in dict.fromkeys(GROUPS.values()):
        rows = [f"| {_cell(error.sentence)} | {_cell(error.fix)} |" for error in everything if error.group == group]
        parts.append("\n".join([f"### {group}\n\n| the app says | what to do |\n|---|---|", *rows]))
    return "\n\n".join(parts)


def with_tables(page: str) -> str:
    """The page with the tables between its two marks made anew; ValueError where a mark is missing."""
    before, start, rest = page.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"{PAGE.name} lacks the marks around the tables of errors.")
    return f"{before}{START}\n{tables()}\n{END}{after}"


def _raised(tree: ast.Module, texts: Texts, hints: dict[str, str]) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=kind), args=[message, *rest]) if kind in hints:
                fixes = [fix for fix in (texts.of(rest[0]) if rest else []) if _says_something(fix)]
                for sentence in texts.of(message):
                    if _says_something(sentence):
                        yield sentence, fixes[0] if fixes else hints[kind]


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """The texts that a file names at its top, by name."""
    named = ((node.targets[0], node.value) for node in tree.body if isinstance(node, ast.Assign))
    kinds = (ast.Constant, ast.JoinedStr, ast.BinOp)
    return {target.id: value for target, value in named if isinstance(target, ast.Name) and isinstance(value, kinds)}


def _imported(tree: ast.Module) -> dict[str, ast.expr]:
    """The texts that a file takes from other files of the package, by name."""
    found: dict[str, ast.expr] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE.name):
            path = ROOT.joinpath(*(node.module or "").split("."))
            file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
            there = _constants(ast.parse(file.read_text("utf-8")))
            found |= {alias.name: there[alias.name] for alias in node.names if alias.name in there}
    return found


def _default_hints(tree: ast.Module) -> dict[str, str]:
    """The hint of each kind of error, its own or inherited."""
    hints: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            lines = [part for part in node.body if isinstance(part, ast.Assign)]
            own = [line.value for line in lines if ast.unparse(line.targets[0]) == "default_hint"]
            inherited = next((hints[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in hints), "")
            hints[node.name] = ast.literal_eval(own[0]) if own else inherited
    return hints


def _says_something(text: str) -> bool:
    return len(re.findall(r"[A-Za-z]{2,}", text)) > 1


def _cell(text: str) -> str:
    """A text as one cell of a table."""
    shorter = re.sub(rf"{VALUE}(?:[ ,.]*{VALUE})+", VALUE, " ".join(text.split()))
    return re.sub(r"([|<>*])", r"\\\1", shorter)


def main() -> None:
    """Writes the tables into the page."""
    PAGE.write_text(with_tables(PAGE.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
