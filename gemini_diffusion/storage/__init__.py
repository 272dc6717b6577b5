"""What is on disk: pictures, conversations, uploads, and how files are written."""
