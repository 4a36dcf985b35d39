"""graphmem: the long-term memory of AI agents, kept as a graph."""

from graphmem.errors import GraphMemError
from graphmem.lists import FactPage
from graphmem.memory import Added, Memory
from graphmem.models import AsOf, Entity, Episode, Fact, Filters, Message, Note, Role, Scope
from graphmem.operations import Change
from graphmem.read.found import SearchResult
from graphmem.settings import Settings
from graphmem.work import Status

__all__ = [
    "Added",
    "AsOf",
    "Change",
    "Entity",
    "Episode",
    "Fact",
    "FactPage",
    "Filters",
    "GraphMemError",
    "Memory",
    "Message",
    "Note",
    "Role",
    "Scope",
    "SearchResult",
    "Settings",
    "Status",
]
