"""The parts of local drawing, one noun each; whatever draws runs on the one thread of queue.py."""
