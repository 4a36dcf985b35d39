"""LangChain's own standard tests of retrievers and tools, on the embedded store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from langchain_core.tools import StructuredTool
from langchain_tests.integration_tests import RetrieversIntegrationTests, ToolsIntegrationTests
from langchain_tests.unit_tests import ToolsUnitTests

from graphmem import Memory, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.langchain import GraphMemoryRetriever, loops, memory_tools, open_in_background
from tests.conftest import read
from tests.scripted import ScriptedChat
from tests.values import said

SCOPE = "standard"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, embedder: LocalEmbedder) -> Iterator[Memory]:
    settings = Settings(home=Path(tmp_path_factory.mktemp("standard")), tenant="test")
    with open_in_background(settings, model=ScriptedChat(read=read), embedder=embedder) as memory:
        talk = [said("I live in Turin.", "2024-01-10"), said("And a dog, Rex.", "2024-01-11")]
        loops.run(memory, lambda: memory.add(talk, scope=SCOPE))
        yield memory


class TestRetriever(RetrieversIntegrationTests):
    """`limit` is what the standard calls k."""

    @pytest.fixture(autouse=True)
    def _told(self, told: Memory) -> None:
        self.memory = told

    @property
    def retriever_constructor(self) -> type[GraphMemoryRetriever]:
        return GraphMemoryRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"memory": self.memory, "scope": SCOPE}

    @property
    def retriever_query_example(self) -> str:
        return "Where does Ada live?"

    @property
    def num_results_arg_name(self) -> str:
        return "limit"


class Tool:
    """Which of the tools is tested, and with what."""

    name: ClassVar[str]
    args: ClassVar[dict[str, Any]]

    @pytest.fixture(autouse=True)
    def _told(self, told: Memory) -> None:
        self.memory = told

    @property
    def tool_constructor(self) -> StructuredTool:
        return next(t for t in memory_tools(self.memory, SCOPE) if t.name == self.name)

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return self.args


class Search(Tool):
    name = "search_memory"
    args: ClassVar = {"question": "Where does Ada live?", "as_of": "2024-03"}


class Add(Tool):
    name = "add_memory"
    args: ClassVar = {"text": "I have a cat, Miso.", "speaker": "Ada"}


class History(Tool):
    name = "memory_history"
    args: ClassVar = {"about": "Ada"}


class TestSearchUnit(Search, ToolsUnitTests):
    """Its name and its schema."""


class TestSearch(Search, ToolsIntegrationTests):
    """Its calls."""


class TestAddUnit(Add, ToolsUnitTests):
    """Its name and its schema."""


class TestAdd(Add, ToolsIntegrationTests):
    """Its calls."""


class TestHistoryUnit(History, ToolsUnitTests):
    """Its name and its schema."""


class TestHistory(History, ToolsIntegrationTests):
    """Its calls."""
