"""From a request to latents and a picture."""
