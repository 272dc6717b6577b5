"""Sentence frames of the captions: how two subjects stand to each other, what is worn, and where and when in bare nouns."""

from __future__ import annotations

_LEFT_OF = (
    "on the {here} {first}, on the {there} {second}", "{first} on the {here} and {second} on the {there}",
    "{here}: {first}, {there}: {second}", "{first} and {second}, the {name} on the {here}",
    "{first} ({here}) and {second} ({there})",
    "{first} with {second} on its {there}", "{first}, and to its {there} {second}", "{first} has {second} to the {there}",
    "to the {there} of {first} stands {second}", "{first} stands to the {here}, {second} to the {there}",
    "at the {here} {first}, then at the {there} {second}", "{first} in the {here} half and {second} in the {there} half",
)  # fmt: skip
RELATION_FRAMES: dict[str, tuple[str, ...]] = {
    "left of": (*_LEFT_OF, "left to right: {first}, then {second}"),
    "right of": (*_LEFT_OF, "right to left: {first}, then {second}"),
    "behind": (
        "{first} in the background, {second} in the foreground", "{first} partly hidden by {second}",
        "{first} far back, {second} close to us", "{first} looking out from behind {second}",
        "{first} covered in part by {second}",
        "in the distance {first}, nearer {second}", "in front of {first} there is {second}",
        "{first} which {second} hides in part",
        "{first} at the back and {second} at the front",
    ),
    "in front of": (
        "{first} in the foreground, {second} in the background", "{first} with {second} in the background",
        "{first} covering part of {second}", "{first} with {second} behind it", "{first} close to us, {second} farther back",
        "{first} hiding a piece of {second}", "near us {first} and behind it {second}", "behind {first} there is {second}",
        "{first} at the front and {second} at the back", "behind {first} hides {second}",
    ),
    "on": (
        "{first} perched on {second}", "{first} riding {second}", "{first} high up on {second}", "{first} up on {second}",
        "{first} balancing on {second}", "under {first} there is {second}", "{first} that climbed onto {second}",
        "{first} carried by {second}", "above {first}, below {second}",
    ),
    "under": (
        "{first} with {second} on it", "{first} with {second} on top", "{first} with {second} on top of it",
        "{first} with {second} sitting on it", "{first} carrying {second}", "{first} bearing {second} on its back",
        "{first} and on it {second}", "{first} that has {second} on top", "on {first} there is {second}",
        "on top of {first} sits {second}", "up on top of {first} {second}",
    ),
}  # fmt: skip
"""The first of the two is named first; `here` is its side, `there` the other one."""
GARMENT_FRAMES: dict[str, tuple[str, ...]] = {
    "hat": ("{who} with {worn} on its head", "{who} under {worn}"),
    "scarf": ("{who} with {worn} around its neck", "{who} wrapped in {worn}"),
    "any": ("{who} with {worn}", "{who} wearing {worn}", "{who} in {worn}", "{who} that wears {worn}",
        "{who} who has {worn} on",
            "{who} and {worn}", "{who} dressed in {worn}", "{who} sporting {worn}", "{who}, {worn}", "{who} ({worn})",
            "{who} plus {worn}"),
}  # fmt: skip
SCENE_FRAMES = (
    "{who}; {place}; {time}", "{place} in {time} with {who}", "{who} set in the {place}, the hour is {time}",
    "it is {time} at the {place}: {who}", "scene: {place}, hour: {time}, hero: {who}", "{place} ({time}) with {who}",
    "think of {who} and behind it the {place} when it is {time}", "the {place}, {time} and {who}", "{who} - {place} - {time}",
    "who: {who}. where: {place}. when: {time}.", "{time} now, the {place} here: {who}", "{who} | {place} | {time}",
    "{who} from the {place} while {time} lasts", "the {time} light falls over a {place}; we look at {who}",
    "a {place} background, {time} light, {who}", "{who} with a {place} for a background and {time} for an hour",
    "{time}: {who}, {place}", "in {time} the {place} is where {who} can be found", "{who}? yes, in the {place}, at {time}",
)  # fmt: skip
"""With bare nouns for where and when, as lists and forms have them."""
