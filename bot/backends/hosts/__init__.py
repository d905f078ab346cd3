"""Several model hosts behind one port: who is ill is left alone, others step in."""

from bot.backends.hosts.breaker import Breaker, Health
from bot.backends.hosts.embedding import HostedEmbedder
from bot.backends.hosts.following import FollowingEmbedder
from bot.backends.hosts.seat import ModelHost, Standing
from bot.backends.hosts.writing import HostedLanguageModel

__all__ = [
    "Breaker",
    "FollowingEmbedder",
    "Health",
    "HostedEmbedder",
    "HostedLanguageModel",
    "ModelHost",
    "Standing",
]
