"""The figures about the code's layout are counted right."""

from __future__ import annotations

import ast

import pytest

from benchmarks import structure
from tests.documents import ROOT


@pytest.mark.parametrize(
    ("arrows", "floors"),
    [
        ({"a": set()}, 1),
        ({"a": {"b"}, "b": {"c"}, "c": set()}, 3),
        ({"a": {"b", "c"}, "b": {"c"}, "c": set(), "d": {"c"}}, 3),
        ({"a": {"b"}, "b": {"a", "c"}, "c": set()}, 2),  # a circle is one floor
    ],
)
def test_floors_are_the_longest_way_down(arrows: dict[str, set[str]], floors: int) -> None:
    assert structure.floors(arrows) == floors


def test_what_occurs_twice_and_who_names_a_word() -> None:
    assert structure.twice(["a", "b", "a", "c", "b"]) == ["a", "b"]
    assert structure.names(ast.parse("draw(strength=1)"), "strength")
    assert not structure.names(ast.parse("draw('strength')"), "strength")


def test_the_package_keeps_to_a_dozen_names_and_no_name_stands_for_two_things() -> None:
    package = ROOT / structure.PACKAGE
    modules = [path for path in package.rglob("*.py") if path.stem != "__init__"]
    assert len(structure.names_at_top(package)) <= 12
    assert structure.twice(path.stem for path in modules) == []
    assert structure.twice(structure.classes(ast.parse(path.read_text("utf-8")) for path in modules)) == []
