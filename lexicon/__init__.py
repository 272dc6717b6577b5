"""The program that cut the word tables of gemini_diffusion/crafting; the app never imports it. See README.md."""
