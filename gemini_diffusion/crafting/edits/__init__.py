"""A message about a kept picture as changes of its prompt: by rule for the words we know, by a chat model for the rest."""
