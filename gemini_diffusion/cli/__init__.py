"""The app without a window of its own: the terminal and the notebook."""
