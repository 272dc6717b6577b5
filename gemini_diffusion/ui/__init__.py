"""The window: gradio is imported in this folder and nowhere else. One file for each pane and for each part of its frame."""
