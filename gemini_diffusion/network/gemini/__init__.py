"""Gemini through Google's own client: connections, one per key, and what goes wrong there; knows no chat and no picture."""
