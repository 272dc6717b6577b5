"""Any server that speaks OpenAI's chat completions: Ollama, llama.cpp, LM Studio, vLLM, OpenRouter, OpenAI, Hugging Face."""
