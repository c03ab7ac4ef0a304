"""Review LLM evaluations from an AI assistant."""

__version__ = "0.2.0"
