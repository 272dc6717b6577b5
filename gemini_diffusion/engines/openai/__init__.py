"""Any server of OpenAI's images API: stable-diffusion.cpp, LocalAI, vLLM-Omni, SGLang, xinference, OpenAI, another such app."""
