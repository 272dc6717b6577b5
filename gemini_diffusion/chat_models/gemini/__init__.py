"""Gemini through Google's own client."""
