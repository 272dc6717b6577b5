"""Gemini Diffusion: a person's words become a crafted prompt, the prompt a picture, and what decided it stays with it."""

__version__ = "0.1.0"
