"""The parts of local drawing, one noun each; all that touches torch runs on the one thread of worker.py."""
