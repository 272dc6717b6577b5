"""How the code is laid out, in figures: names, files, floors, imports, homonyms, lines, and the types one picture passes.

`python -m benchmarks.structure [folder ...]` prints them as a markdown table: a column for each older checkout named, and one
for this. A room is a folder of the package, or a module at its top; an arrow is a room that imports another; a floor is a step
of the longest chain of arrows.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import grimp

PACKAGE = "gemini_diffusion"
FLAG = "strength"
"""The flag whose way through the code is counted: it was there from the first version that began from a picture."""
WATCHED = """
import sys, threading
from gemini_diffusion import Painter

SEED, WORD, found = 1234567, "fox", {}

def holds(value):
    return value == SEED if isinstance(value, int) else isinstance(value, str) and WORD in value

def watch(frame, event, value):
    if event != "return" or frame.f_code.co_name not in ("__init__", "__new__"):
        return
    made = frame.f_locals.get("self", value)
    names = getattr(type(made), "__dataclass_fields__", None) or getattr(type(made), "_fields", ())
    if type(made).__module__.startswith("gemini_diffusion") and any(holds(getattr(made, name, None)) for name in names):
        found[type(made)] = type(made).__name__

threading.setprofile(watch)
sys.setprofile(watch)
with Painter(home=sys.argv[1]) as painter:
    painter.imagine(f"a {WORD} in the snow --steps 2 --seed {SEED}")
sys.setprofile(None)
print("TYPES", *found.values())
"""


def main() -> None:
    here = Path(__file__).resolve().parents[1]
    columns = {Path(folder).name: figures(Path(folder).resolve()) for folder in sys.argv[1:]} | {"now": figures(here)}
    print(f"| what | {' | '.join(columns)} |\n|{'---|' * (1 + len(columns))}")
    for name in columns["now"]:
        print(f"| {name} | {' | '.join(column[name] for column in columns.values())} |")


def figures(root: Path) -> dict[str, str]:
    """Every figure of the checkout in `root`, as text; imports its package's names and draws one picture with it."""
    package = root / PACKAGE
    modules = sorted(package.rglob("*.py"))
    trees = {path: ast.parse(path.read_text("utf-8")) for path in modules}
    arrows = arrows_between_rooms(root)
    types = types_of_a_picture(root)
    return {
        "names at the package's top": str(len(names_at_top(package))),
        "files": str(len(modules)),
        "rooms": str(len(arrows)),
        "arrows between rooms": str(sum(map(len, arrows.values()))),
        "floors": str(floors(arrows)),
        "file names that occur twice": _listed(twice(path.stem for path in modules if path.stem != "__init__")),
        "class names that occur twice": _listed(twice(classes(trees.values()))),
        f"files that name the flag `{FLAG}`": str(sum(names(tree, FLAG) for tree in trees.values())),
        "types that carry a picture's words or seed": _listed(types),
        "lines of the package": f"{lines(modules):,}",
        "lines of the tests": f"{lines((root / 'tests').rglob('*.py')):,}",
        "longest file, lines": str(max(lines([path]) for path in modules)),
        "words of the README": f"{len((root / 'README.md').read_text('utf-8').split()):,}",
    }


def names_at_top(package: Path) -> list[str]:
    """The folders and modules a reader sees on opening the package."""
    return sorted(path.name for path in package.iterdir() if not path.name.startswith("__") and path.suffix in ("", ".py"))


def arrows_between_rooms(root: Path) -> dict[str, set[str]]:
    """Which room imports which others."""
    sys.path.insert(0, str(root))
    try:
        graph = grimp.build_graph(PACKAGE, cache_dir=None)
    finally:
        sys.path.remove(str(root))
    packages = {f"{PACKAGE}{path}" for path in _packages(root / PACKAGE)}
    arrows: dict[str, set[str]] = {}
    for module in graph.modules - {PACKAGE, f"{PACKAGE}.__main__"}:
        room = _room(module, packages)
        arrows.setdefault(room, set())
        arrows[room] |= {_room(other, packages) for other in graph.find_modules_directly_imported_by(module)} - {room, PACKAGE}
    return arrows


def _packages(package: Path) -> Iterator[str]:
    for path in package.rglob("__init__.py"):
        yield "".join(f".{part}" for part in path.parent.relative_to(package).parts)


def _room(module: str, packages: set[str]) -> str:
    """A module at the top and a folder are rooms of their own; any other module is in its folder's."""
    parent = module.rpartition(".")[0]
    return module if module in packages or parent == PACKAGE else parent


def floors(arrows: Mapping[str, set[str]]) -> int:
    """How many rooms the longest way down leads through; a circle of rooms is one floor."""
    reach = {room: _reachable(room, arrows) for room in arrows}
    heights: dict[str, int] = {}

    def height(room: str) -> int:
        if room not in heights:
            below = {other for other in reach[room] if room not in reach.get(other, set())}
            heights[room] = 1 + max((height(other) for other in below if other in arrows), default=0)
        return heights[room]

    return max(map(height, arrows))


def _reachable(room: str, arrows: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    ahead = [room]
    while ahead:
        for other in arrows.get(ahead.pop(), set()) - seen:
            seen.add(other)
            ahead.append(other)
    return seen - {room}


def twice(names: Iterable[str]) -> list[str]:
    """Those that occur more than once."""
    return sorted(name for name, times in Counter(names).items() if times > 1)


def classes(trees: Iterable[ast.Module]) -> Iterator[str]:
    """The public classes that modules define."""
    for tree in trees:
        yield from (node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_"))


def names(tree: ast.Module, word: str) -> bool:
    """Whether a file has that word as a name, an attribute, an argument or a keyword."""
    return any(word in (getattr(node, field, None) for field in ("id", "attr", "arg")) for node in ast.walk(tree))


def lines(paths: Iterable[Path]) -> int:
    return sum(len(path.read_text("utf-8").splitlines()) for path in paths)


def types_of_a_picture(root: Path) -> list[str]:
    """The types of the package that hold the seed or the words of a picture while it is drawn, by drawing one and watching."""
    with tempfile.TemporaryDirectory() as home:
        quiet = {key: value for key, value in os.environ.items() if not key.startswith(("GEMINI", "GOOGLE", "HF_"))}
        environment = quiet | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(root)}
        command = [sys.executable, "-c", WATCHED, home]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=600, check=False)
    said = [line for line in done.stdout.splitlines() if line.startswith("TYPES")]
    if not said:
        raise RuntimeError(f"The picture was not drawn: {done.stderr[-2000:]}")
    return said[-1].split()[1:]


def _listed(found: list[str]) -> str:
    return f"{len(found)}: {', '.join(found)}" if found else "0"


if __name__ == "__main__":
    main()
