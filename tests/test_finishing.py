"""A drawn picture finished: what each step does, that all of them can be repeated, and that the original stays."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image, ImageStat

from gemini_diffusion import Painter
from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.generation.services import Services
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.storage.image_finish import finish_image
from gemini_diffusion.types.errors import BadInput
from gemini_diffusion.types.finishing import FINISHES, FinishStep, read_finish, write_finish
from tests.pictures import gradient
from tests.sketch_engine import SketchEngine


def dull() -> Image.Image:
    """All shades of the gradient, within a narrow range in the dark."""
    return gradient(64, 64).point(lambda value: 30 + value // 3)


def means(image: Image.Image) -> tuple[float, float, float]:
    """How light it is, how far its shades are apart, how far its colours are from grey."""
    light = ImageStat.Stat(image.convert("L"))
    return light.mean[0], light.stddev[0], ImageStat.Stat(image.convert("HSV").getchannel("S")).mean[0]


@pytest.mark.parametrize(
    ("name", "place", "way"),
    [
        ("levels", 1, 1),
        ("light", 0, 1),
        ("contrast", 1, 1),
        ("colour", 2, 1),
        ("light", 0, -1),
        ("contrast", 1, -1),
        ("colour", 2, -1),
    ],
)
def test_a_step_does_what_it_says_and_the_more_the_stronger(name: str, place: int, way: int) -> None:
    seen = [means(finish_image(dull(), (FinishStep(name, way * strength),)))[place] for strength in (0, 0.4, 1)]
    assert [way * value for value in seen] == sorted({way * value for value in seen})
    assert seen[0] == means(dull())[place]


@pytest.mark.parametrize("name", ["detail", "sharpen"])
def test_an_edge_becomes_crisper(name: str) -> None:
    edge = Image.new("RGB", (60, 20), (90, 90, 90))
    edge.paste((150, 150, 150), (30, 0, 60, 20))
    spans = [finish_image(edge, (FinishStep(name, strength),)).convert("L").getextrema() for strength in (0, 0.5, 1)]
    brightest = [span[1] for span in spans]
    assert brightest[0] == 150 and brightest == sorted(set(brightest))


def test_steps_one_by_one_make_the_same_as_all_at_once_and_as_their_text_says() -> None:
    steps = tuple(FinishStep(name, 0.3) for name in FINISHES)
    one_by_one = dull()
    for step in steps:
        one_by_one = finish_image(one_by_one, (step,))
    assert one_by_one.tobytes() == finish_image(dull(), steps).tobytes()
    assert read_finish(write_finish(steps)) == (steps, ())


def test_a_drawing_is_finished_beside_its_original_and_again_by_its_line(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path / "pictures")
    with Painter(Services({"builtin": BuiltinChatModel()}, {"local": SketchEngine()}, gallery), home=str(tmp_path)) as painter:
        [finished] = painter.imagine("a fox --seed 9 --raw --finish light:0.5,colour:-1")
        original = gallery.find(finished.recipe.parent)
        assert original and original.recipe.request.finish == () and "--finish" not in original.recipe.line
        assert painter.finish(original, "brightness:.5 saturation:-1").path.read_bytes() != original.path.read_bytes()
        [again] = painter.imagine(finished.recipe.line)
        more = painter.finish(original, "light:0.5"), painter.finish(painter.finish(original, "light:0.5"), "colour:-1")
        pixels = [Image.open(picture.path).tobytes() for picture in (finished, again, more[1], original)]
        assert pixels[0] == pixels[1] == pixels[2] != pixels[3]
        assert more[1].recipe.line == finished.recipe.line and "--finish light:0.5,colour:-1" in finished.recipe.line
        for wrong, said in (
            ("glow", "glow finishes no picture"),
            ("light:0", "1 to 12 steps"),
            ("light " * 13, "light finishes"),
        ):
            with pytest.raises(BadInput, match=said):
                painter.finish(original, wrong)
