"""Model hosts that speak OpenAI's protocol: llama.cpp server, vLLM, NIM and others.

The vendor's package is not used: it reads keys from the environment and retries by
itself. An Ollama host has an adapter of its own that can do more; over this
protocol Ollama cuts long prompts in silence, which is found out and worked around.
"""

from bot.backends.endpoint import Timeouts
from bot.backends.openai.chat import OpenAILanguageModel
from bot.backends.openai.embedding import OpenAIEmbedder
from bot.backends.openai.host import OpenAIHost
from bot.backends.openai.report import inspect

__all__ = [
    "OpenAIEmbedder",
    "OpenAIHost",
    "OpenAILanguageModel",
    "Timeouts",
    "inspect",
]
