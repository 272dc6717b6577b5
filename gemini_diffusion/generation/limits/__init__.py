"""Who may take how much: the host's keys, places to draw, room on disk."""
