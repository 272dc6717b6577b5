"""The window in headless Chromium: what a person sees and does, on the running app with both local services behind it."""
