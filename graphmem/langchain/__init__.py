"""graphmem for LangChain: a retriever, a chat message history, tools, and LangChain's chat models as graphmem's own."""

from graphmem.adapters.langchain_chat import LangChainChat
from graphmem.langchain.history import GraphChatMessageHistory
from graphmem.langchain.loops import open_in_background
from graphmem.langchain.retriever import GraphMemoryRetriever
from graphmem.langchain.tools import memory_tools

__all__ = [
    "GraphChatMessageHistory",
    "GraphMemoryRetriever",
    "LangChainChat",
    "memory_tools",
    "open_in_background",
]
