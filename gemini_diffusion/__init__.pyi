from gemini_diffusion.painter import Painter, imagine, imagine_async

__version__: str
__all__ = ["Painter", "__version__", "imagine", "imagine_async"]
