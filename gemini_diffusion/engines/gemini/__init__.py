"""Gemini's own image models, through the same connections as its chat."""
