"""Models on the host's disk: no picture says where they lie, each says their hash, and a redraw finds them again."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gemini_diffusion import Painter
from gemini_diffusion.chat_models.builtin import BuiltinChatModel
from gemini_diffusion.generation.limits.access import is_local_path
from gemini_diffusion.generation.services import Services
from gemini_diffusion.storage.gallery import Gallery
from gemini_diffusion.storage.model_places import ModelPlaces
from gemini_diffusion.types.errors import ModelNotFound
from tests.sketch_engine import SketchEngine


def test_a_picture_names_a_models_file_and_hash_and_is_drawn_again_by_them(tmp_path: Path) -> None:
    model = tmp_path / "my models" / "kite XL.safetensors"
    model.parent.mkdir()
    model.write_bytes(b"weights")
    engine, gallery = SketchEngine(able=True), Gallery(tmp_path / "home" / "pictures")
    with Painter(Services({"builtin": BuiltinChatModel()}, {"local": engine}, gallery), home=str(tmp_path / "home")) as painter:
        [drawn] = painter.imagine(f'a fox --raw --seed 7 --model "{model}"')
        content = drawn.path.read_bytes() + gallery.export(drawn, "jpeg").read_bytes()
        digest = hashlib.sha256(b"weights").hexdigest()[:10]
        assert str(tmp_path).encode() not in content and "my models" not in str(drawn.recipe.flat())
        assert content.count(b"kite XL.safetensors") >= 2 and f"Model hash: {digest}, Model: kite XL".encode() in content
        kept = gallery.find(drawn.id)
        assert kept and kept.recipe == drawn.recipe and kept.recipe.model == str(model)
        again, _ = painter.reproduce(drawn.path)
        assert engine.history[-1][0].model == again.recipe.model == str(model)
        model.write_bytes(b"other weights")
        assert ModelPlaces(tmp_path / "home").note(str(model)) not in ("", digest)
        [found] = [gallery.find(drawn.id)]
        assert found and found.recipe.model == "kite XL.safetensors", "what lies there now is another model"
        model.unlink()
        with pytest.raises(ModelNotFound, match="kite XL"):
            painter.reproduce(drawn.path)


@pytest.mark.parametrize(
    ("model", "local"),
    [("kite.safetensors", True), ("~/kite", True), (r"C:\kite", True), ("sdxl", False), ("owner/kite.safetensors", False)],
)
def test_a_file_named_alone_is_the_hosts_to_choose_too(model: str, local: bool) -> None:
    assert is_local_path(model) == local
