"""Postcard: draws captioned postcards and trains a small SDXL on them; it knows nothing of the app."""
