"""Models and adapters from the Hugging Face hub to this machine."""
