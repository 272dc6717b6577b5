from gemini_diffusion.generation.python_api import Painter, imagine, imagine_async, read_recipe, reproduce

__version__: str
__all__ = ["Painter", "__version__", "imagine", "imagine_async", "read_recipe", "reproduce"]
