"""One conversation: its turns on disk, its versions, its standing wishes, and what of it a chat model is told."""
