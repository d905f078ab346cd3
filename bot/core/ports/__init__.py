"""Everything the rooms need of each other, as protocols.

One method of a state port is one transaction. Unless a docstring says more, a
method raises `Unavailable` when what is behind it does not answer.
"""

from bot.core.ports.feedback import Feedback
from bot.core.ports.index import (
    ChunkStore,
    IndexGenerations,
    IndexInspection,
    Kept,
    PassageIndex,
    Stored,
)
from bot.core.ports.models import (
    TICKET,
    Completion,
    Embedder,
    Ending,
    LanguageModel,
    Message,
    ModelSpec,
    OpenQuestions,
    Place,
    Role,
    Ticket,
    Token,
)
from bot.core.ports.questions import (
    Claims,
    Inbox,
    InboxUpkeep,
    Line,
    Outbox,
    Telling,
)
from bot.core.ports.serving import Platform, Tenure
from bot.core.ports.state import (
    ActiveGeneration,
    Catalogue,
    Conversations,
    Generations,
    Lease,
    Ledger,
    Projection,
    Quarantine,
    Runs,
    Shelves,
    VectorCache,
)
from bot.core.ports.threads import Askings, Threads

__all__ = [
    "TICKET",
    "ActiveGeneration",
    "Askings",
    "Catalogue",
    "ChunkStore",
    "Claims",
    "Completion",
    "Conversations",
    "Embedder",
    "Ending",
    "Feedback",
    "Generations",
    "Inbox",
    "InboxUpkeep",
    "IndexGenerations",
    "IndexInspection",
    "Kept",
    "LanguageModel",
    "Lease",
    "Ledger",
    "Line",
    "Message",
    "ModelSpec",
    "OpenQuestions",
    "Outbox",
    "PassageIndex",
    "Place",
    "Platform",
    "Projection",
    "Quarantine",
    "Role",
    "Runs",
    "Shelves",
    "Stored",
    "Telling",
    "Tenure",
    "Threads",
    "Ticket",
    "Token",
    "VectorCache",
]
