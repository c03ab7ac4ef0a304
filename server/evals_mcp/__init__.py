"""Review LLM evaluations from an AI assistant."""

__version__ = "0.1.0"
