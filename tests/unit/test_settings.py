from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.errors import SettingsError
from graphmem.settings import read_settings


def test_without_any_variable_it_is_the_embedded_store_in_the_users_data() -> None:
    settings = read_settings({})

    assert settings.neo4j_uri is None
    assert settings.home.name == "graphmem"


def test_every_variable_has_its_place(tmp_path: Path) -> None:
    replay = tmp_path / "replies.jsonl"
    replay.touch()

    settings = read_settings(
        {
            "GRAPHMEM_HOME": str(tmp_path),
            "NEO4J_URI": "neo4j+s://db.example:7687",
            "NEO4J_PASSWORD": " s3cret ",
            "GRAPHMEM_REPLAY": str(replay),
            "GRAPHMEM_SCOPE": "ada",
        }
    )

    assert (settings.home, settings.neo4j_uri, settings.neo4j_password) == (
        tmp_path,
        "neo4j+s://db.example:7687",
        "s3cret",
    )
    assert (settings.replay, settings.scope) == (replay, "ada")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEO4J_URI", "http://db.example"),
        ("NEO4J_CA", "/no/such/file"),
        ("NEO4J_POOL_SIZE", "0"),
        ("NEO4J_POOL_SIZE", "many"),
        ("NEO4J_CONNECT_TIMEOUT", "-1"),
        ("NEO4J_QUERY_TIMEOUT", "soon"),
        ("NEO4J_RETRY_TIMEOUT", "0"),
        ("GRAPHMEM_RESULT_BYTES", "0"),
        ("OPENAI_BASE_URL", "localhost:8000"),
        ("GRAPHMEM_MODEL_TIMEOUT", "soon"),
        ("GRAPHMEM_MODEL_TIMEOUT", "0"),
        ("GRAPHMEM_REPLAY", "/no/such/file"),
        ("GRAPHMEM_ONTOLOGY", "/no/such/file"),
        ("GRAPHMEM_EMBEDDER", "bert"),
        ("GRAPHMEM_EMBEDDER", "openai"),
        ("GRAPHMEM_EMBEDDER", "openai:"),
        ("GRAPHMEM_EMBEDDER", "local:"),
        ("GRAPHMEM_EMBEDDER", "local:klingon"),
        ("GRAPHMEM_EMBEDDER_DIMENSION", "0"),
        ("GRAPHMEM_EMBEDDER_CACHE", "maybe"),
        ("GRAPHMEM_RERANKER", "openai:gpt"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings({name: value})


@pytest.mark.parametrize("name", ["local", "local:multilingual", "openai:text-embedding-3-small", "openai:a:b"])
def test_an_embedder_is_named_by_where_it_is_and_its_model(name: str) -> None:
    assert read_settings({"GRAPHMEM_EMBEDDER": name}).embedder == name


def test_authorities_are_only_for_addresses_that_take_them(tmp_path: Path) -> None:
    authorities = tmp_path / "ca.pem"
    authorities.touch()
    given = {"NEO4J_CA": str(authorities)}

    assert read_settings({**given, "NEO4J_URI": "neo4j+s://db.example:7687"}).neo4j_ca == authorities
    with pytest.raises(SettingsError, match=r"\+s"):
        read_settings({**given, "NEO4J_URI": "neo4j://db.example:7687"})


@pytest.mark.parametrize("name", ["NEO4J_URI", "OPENAI_BASE_URL"])
def test_a_password_in_a_wrong_address_is_not_repeated(name: str) -> None:
    with pytest.raises(SettingsError, match=r"db\.example") as refused:
        read_settings({name: "ftp://ada:s3cr@t@db.example"})
    assert "s3cr" not in str(refused.value)
