"""One picture: what will be drawn and what it takes, the crafted prompt, the drawing, and its recipe."""
