"""The pictures of a conversation as versions of each other: a tree by the recipes' parents; knows no disk and no drawing."""

from __future__ import annotations

from collections.abc import Sequence

from gemini_diffusion.types import Picture
from gemini_diffusion.types.turn import Turn


def pictures_in(turns: Sequence[Turn]) -> list[Picture]:
    """Every picture that was drawn in these turns, oldest first."""
    return [picture for turn in turns for picture in turn.pictures]


def selected_in(turns: Sequence[Turn]) -> Picture | None:
    """The picture that the newest turn with one put in front of the person."""
    fronts = (turn.pictures[0] if turn.pictures else turn.selected for turn in reversed(turns))
    return next(filter(None, fronts), None)


def numbered(turns: Sequence[Turn], number: int) -> Picture | None:
    """The picture of that number, from 1, or from the end below 0; among the last drawing's where those are several."""
    last = next((turn.pictures for turn in reversed(turns) if turn.pictures), ())
    counted = last if 1 < len(last) >= number > 0 else pictures_in(turns)
    place = number - 1 if number > 0 else number
    return counted[place] if -len(counted) <= place < len(counted) else None


def name_of(turns: Sequence[Turn], picture: Picture) -> str:
    """What a picture is called: "picture 2"."""
    known = [other.id for other in pictures_in(turns)]
    return f"picture {known.index(picture.id) + 1}" if picture.id in known else "your picture"


def before(turns: Sequence[Turn], picture: Picture) -> Picture | None:
    """The version that a picture was made of; for one that was asked for anew the one that was in front before it."""
    parent = next((other for other in pictures_in(turns) if other.id == picture.recipe.parent), None)
    if parent:
        return parent
    place = next((place for place, turn in enumerate(turns) if picture in turn.pictures), 0)
    return next((turn.pictures[0] for turn in reversed(turns[:place]) if turn.pictures), None)


def after(turns: Sequence[Turn], picture: Picture) -> Picture | None:
    """The version that the last undo left for this one, else the newest that follows it."""
    following = {
        other.id: other for other in pictures_in(turns) if other.recipe.parent == picture.id or before(turns, other) == picture
    }
    left = (turn.left for turn in reversed(turns) if turn.selected == picture and turn.left in following)
    newest = next(left, "") or next(reversed(following), "")
    return following.get(newest)
