"""LoRAs and textual inversions: files that change what a loaded model draws, for one drawing at a time."""
