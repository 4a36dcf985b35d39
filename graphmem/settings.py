"""Settings: the one place that reads the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from graphmem.errors import SettingsError

DEFAULT_MODEL = "gpt-4o-mini"
MOST_CONNECTIONS = 1000
MOST_TOKENS = 1_000_000
OUTPUTS = ("auto", "json_schema", "tool", "json_object")
EXTRACTIONS = ("model", "two_pass", "local", "none")
EMBEDDERS = ("local", "local:multilingual", "openai:", "sentence-transformers:")
RERANKERS = ("none", "local", "model", "sentence-transformers:")
SWITCHES = ("auto", "on", "off")
MOST_NUMBERS = 4096
LOG_LEVELS = ("debug", "info", "warning", "error")
_SECRETS = ("NEO4J_PASSWORD", "OPENAI_API_KEY")
_RATE = re.compile(r"[1-9]\d{0,8}/(second|minute|hour|day)")
_BOLT_SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the graph is, which model reads, and whose memory it is when nobody says.

    Read from GRAPHMEM_HOME, NEO4J_URI, NEO4J_USER, NEO4J_PASSWORD, NEO4J_DATABASE, NEO4J_CA (a file of certificates,
    for addresses with +s), NEO4J_POOL_SIZE, NEO4J_CONNECT_TIMEOUT, NEO4J_QUERY_TIMEOUT, NEO4J_RETRY_TIMEOUT (seconds
    each), GRAPHMEM_CYPHER_TIMEOUT and GRAPHMEM_RESULT_BYTES (seconds for a user's own query, bytes of what it finds),
    OPENAI_API_KEY, OPENAI_BASE_URL, GRAPHMEM_MODEL, GRAPHMEM_MODEL_TIMEOUT (seconds), GRAPHMEM_MODEL_RETRIES,
    GRAPHMEM_MODEL_OUTPUT (auto, json_schema, tool or json_object), GRAPHMEM_REPLAY, GRAPHMEM_EXTRACTION (model,
    two_pass, local or none), GRAPHMEM_SPACY_MODEL (for local), GRAPHMEM_BATCH_MESSAGES and GRAPHMEM_PROMPT_TOKENS (what
    is read at once), GRAPHMEM_SUMMARY_TOKENS (after how many the summary is due), GRAPHMEM_BATCH_CALLS,
    GRAPHMEM_BATCH_TOKENS, GRAPHMEM_SCOPE_CALLS, GRAPHMEM_SCOPE_TOKENS, GRAPHMEM_DAY_CALLS and GRAPHMEM_DAY_TOKENS (what
    one batch, one scope a day, and all scopes a day may take), GRAPHMEM_PRICES (a file), GRAPHMEM_EMBEDDER (local,
    local:multilingual, openai:MODEL or sentence-transformers:NAME_OR_FOLDER), GRAPHMEM_EMBEDDER_DIMENSION (for openai,
    which otherwise asks), GRAPHMEM_EMBEDDER_CACHE (auto, on or off), GRAPHMEM_RERANKER (none, local, model or
    sentence-transformers:NAME_OR_FOLDER), GRAPHMEM_LATE_INTERACTION (auto, on or off: whether tokens are compared),
    GRAPHMEM_ONTOLOGY, GRAPHMEM_TENANT and GRAPHMEM_SCOPE. Those of the service are in `Service`.
    """

    home: Path
    neo4j_uri: str | None = None
    neo4j_user: str = "neo4j"
    neo4j_password: str = ""
    neo4j_database: str | None = None
    neo4j_ca: Path | None = None
    neo4j_pool_size: int = 32
    neo4j_connect_timeout: float = 5.0
    neo4j_query_timeout: float = 60.0
    neo4j_retry_timeout: float = 30.0
    cypher_timeout: float = 10.0
    result_bytes: int = 5_000_000
    openai_api_key: str | None = None
    openai_base_url: str | None = None
    model: str = DEFAULT_MODEL
    model_timeout: float = 120.0
    model_retries: int = 3
    model_output: str = "auto"
    extraction: str = "model"
    spacy_model: str | None = None
    batch_messages: int = 8
    prompt_tokens: int = 3000
    summary_tokens: int = 2000
    batch_calls: int | None = None
    batch_tokens: int | None = None
    scope_calls: int | None = None
    scope_tokens: int | None = None
    day_calls: int | None = None
    day_tokens: int | None = None
    prices: Path | None = None
    replay: Path | None = None
    ontology: Path | None = None
    tenant: str = "default"
    scope: str | None = None
    embedder: str = "local"
    embedder_dimension: int | None = None
    embedder_cache: str = "auto"
    reranker: str = "none"
    late_interaction: str = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """How the service answers: to whom, how much at once, and what it tells.

    Read from GRAPHMEM_JWKS (a file of public keys; with it, tokens by JWT are another way in), GRAPHMEM_JWT_AUDIENCE,
    GRAPHMEM_JWT_ISSUER, GRAPHMEM_CORS (origins, with commas between them), GRAPHMEM_RATE (requests a key, such as
    600/minute), GRAPHMEM_RATE_STORE (memory://, or the address of a store that processes share),
    GRAPHMEM_REQUEST_BYTES, GRAPHMEM_REQUEST_MESSAGES, GRAPHMEM_REQUEST_TIMEOUT (seconds), GRAPHMEM_CONCURRENCY
    (requests at once, of a process), GRAPHMEM_RESULT_ROWS, GRAPHMEM_BACKLOG (messages of a tenant that may wait),
    GRAPHMEM_WORKER_PARALLEL, GRAPHMEM_WORKER_ATTEMPTS, GRAPHMEM_LOG_LEVEL, GRAPHMEM_LOG_TEXT (on or off: whether
    questions are in the log, and query strings in traces) and GRAPHMEM_TRACES (on or off).
    """

    jwks: Path | None = None
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    cors: tuple[str, ...] = ()
    rate: str = "600/minute"
    rate_store: str = "memory://"
    request_bytes: int = 4_000_000
    request_messages: int = 1000
    request_timeout: float = 60.0
    concurrency: int = 64
    result_rows: int = 1000
    backlog: int = 100_000
    worker_parallel: int = 4
    worker_attempts: int = 8
    log_level: str = "info"
    log_text: bool = False
    traces: bool = False


def read_service(environment: Mapping[str, str] | None = None) -> Service:
    """Return the settings of the service; raises SettingsError naming the variable."""
    env = _set(environment)
    known = Service()
    return Service(
        jwks=_file("GRAPHMEM_JWKS", env.get("GRAPHMEM_JWKS")),
        jwt_audience=env.get("GRAPHMEM_JWT_AUDIENCE"),
        jwt_issuer=env.get("GRAPHMEM_JWT_ISSUER"),
        cors=_origins("GRAPHMEM_CORS", env.get("GRAPHMEM_CORS", "")),
        rate=_rate("GRAPHMEM_RATE", env.get("GRAPHMEM_RATE", known.rate)),
        rate_store=env.get("GRAPHMEM_RATE_STORE", known.rate_store),
        request_bytes=_number("GRAPHMEM_REQUEST_BYTES", env, known.request_bytes, most=10**9),
        request_messages=_number("GRAPHMEM_REQUEST_MESSAGES", env, known.request_messages, most=10_000),
        request_timeout=_seconds(
            "GRAPHMEM_REQUEST_TIMEOUT", env.get("GRAPHMEM_REQUEST_TIMEOUT", str(known.request_timeout))
        ),
        concurrency=_number("GRAPHMEM_CONCURRENCY", env, known.concurrency, most=10_000),
        result_rows=_number("GRAPHMEM_RESULT_ROWS", env, known.result_rows, most=10_000),
        backlog=_number("GRAPHMEM_BACKLOG", env, known.backlog, most=10**9),
        worker_parallel=_number("GRAPHMEM_WORKER_PARALLEL", env, known.worker_parallel, most=100),
        worker_attempts=_number("GRAPHMEM_WORKER_ATTEMPTS", env, known.worker_attempts, most=100),
        log_level=_choice("GRAPHMEM_LOG_LEVEL", env.get("GRAPHMEM_LOG_LEVEL", known.log_level), LOG_LEVELS),
        log_text=_choice("GRAPHMEM_LOG_TEXT", env.get("GRAPHMEM_LOG_TEXT", "off"), ("on", "off")) == "on",
        traces=_choice("GRAPHMEM_TRACES", env.get("GRAPHMEM_TRACES", "off"), ("on", "off")) == "on",
    )


def _set(environment: Mapping[str, str] | None) -> dict[str, str]:
    """Return the variables that say something, of the process's own environment by default.

    One that ends in _FILE names a file whose content is the value, as secrets are handed to containers.
    """
    env = {k: v.strip() for k, v in (os.environ if environment is None else environment).items() if v.strip()}
    for name in _SECRETS:
        if f"{name}_FILE" in env:
            path = Path(env[f"{name}_FILE"]).expanduser()
            if name in env:
                raise SettingsError(f"{name} and {name}_FILE are both set; keep one.")
            try:
                env[name] = path.read_text(encoding="utf-8").strip()
            except OSError as exc:
                raise SettingsError(f"{name}_FILE={str(path)!r} cannot be read: {exc.strerror}.") from exc
    return env


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of an environment, the process's own by default; raises SettingsError naming the variable."""
    env = _set(environment)
    return Settings(
        home=Path(env["GRAPHMEM_HOME"]).expanduser()
        if "GRAPHMEM_HOME" in env
        else platformdirs.user_data_path("graphmem"),
        neo4j_uri=_uri(env.get("NEO4J_URI")),
        neo4j_user=env.get("NEO4J_USER", "neo4j"),
        neo4j_password=env.get("NEO4J_PASSWORD", ""),
        neo4j_database=env.get("NEO4J_DATABASE"),
        neo4j_ca=_authorities(env.get("NEO4J_CA"), env.get("NEO4J_URI", "")),
        neo4j_pool_size=_count("NEO4J_POOL_SIZE", env.get("NEO4J_POOL_SIZE", "32"), most=MOST_CONNECTIONS),
        neo4j_connect_timeout=_seconds("NEO4J_CONNECT_TIMEOUT", env.get("NEO4J_CONNECT_TIMEOUT", "5")),
        neo4j_query_timeout=_seconds("NEO4J_QUERY_TIMEOUT", env.get("NEO4J_QUERY_TIMEOUT", "60")),
        neo4j_retry_timeout=_seconds("NEO4J_RETRY_TIMEOUT", env.get("NEO4J_RETRY_TIMEOUT", "30")),
        cypher_timeout=_seconds("GRAPHMEM_CYPHER_TIMEOUT", env.get("GRAPHMEM_CYPHER_TIMEOUT", "10")),
        result_bytes=_count("GRAPHMEM_RESULT_BYTES", env.get("GRAPHMEM_RESULT_BYTES", "5000000"), most=10**9),
        openai_api_key=env.get("OPENAI_API_KEY"),
        openai_base_url=_url("OPENAI_BASE_URL", env.get("OPENAI_BASE_URL")),
        model=env.get("GRAPHMEM_MODEL", DEFAULT_MODEL),
        model_timeout=_seconds("GRAPHMEM_MODEL_TIMEOUT", env.get("GRAPHMEM_MODEL_TIMEOUT", "120")),
        model_retries=_count("GRAPHMEM_MODEL_RETRIES", env.get("GRAPHMEM_MODEL_RETRIES", "3"), least=0, most=20),
        model_output=_choice("GRAPHMEM_MODEL_OUTPUT", env.get("GRAPHMEM_MODEL_OUTPUT", "auto"), OUTPUTS),
        extraction=_choice("GRAPHMEM_EXTRACTION", env.get("GRAPHMEM_EXTRACTION", "model"), EXTRACTIONS),
        spacy_model=env.get("GRAPHMEM_SPACY_MODEL"),
        batch_messages=_count("GRAPHMEM_BATCH_MESSAGES", env.get("GRAPHMEM_BATCH_MESSAGES", "8"), most=100),
        prompt_tokens=_count("GRAPHMEM_PROMPT_TOKENS", env.get("GRAPHMEM_PROMPT_TOKENS", "3000"), most=MOST_TOKENS),
        summary_tokens=_count("GRAPHMEM_SUMMARY_TOKENS", env.get("GRAPHMEM_SUMMARY_TOKENS", "2000"), most=MOST_TOKENS),
        batch_calls=_limit("GRAPHMEM_BATCH_CALLS", env),
        batch_tokens=_limit("GRAPHMEM_BATCH_TOKENS", env),
        scope_calls=_limit("GRAPHMEM_SCOPE_CALLS", env),
        scope_tokens=_limit("GRAPHMEM_SCOPE_TOKENS", env),
        day_calls=_limit("GRAPHMEM_DAY_CALLS", env),
        day_tokens=_limit("GRAPHMEM_DAY_TOKENS", env),
        prices=_file("GRAPHMEM_PRICES", env.get("GRAPHMEM_PRICES")),
        replay=_file("GRAPHMEM_REPLAY", env.get("GRAPHMEM_REPLAY")),
        ontology=_file("GRAPHMEM_ONTOLOGY", env.get("GRAPHMEM_ONTOLOGY")),
        tenant=env.get("GRAPHMEM_TENANT", "default"),
        scope=env.get("GRAPHMEM_SCOPE"),
        embedder=_kind("GRAPHMEM_EMBEDDER", env.get("GRAPHMEM_EMBEDDER", "local"), EMBEDDERS),
        embedder_dimension=_numbers("GRAPHMEM_EMBEDDER_DIMENSION", env),
        embedder_cache=_choice("GRAPHMEM_EMBEDDER_CACHE", env.get("GRAPHMEM_EMBEDDER_CACHE", "auto"), SWITCHES),
        reranker=_kind("GRAPHMEM_RERANKER", env.get("GRAPHMEM_RERANKER", "none"), RERANKERS),
        late_interaction=_choice("GRAPHMEM_LATE_INTERACTION", env.get("GRAPHMEM_LATE_INTERACTION", "auto"), SWITCHES),
    )


def without_password(text: str) -> str:
    """Return a text without the user and password of the addresses in it."""
    return re.sub(r"://\S*@", "://...@", text)


def _uri(value: str | None) -> str | None:
    if value is not None and value.partition("://")[0] not in _BOLT_SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in _BOLT_SCHEMES)
        raise SettingsError(f"NEO4J_URI={without_password(value)!r} must begin with one of {known}.")
    return value


def _url(name: str, value: str | None) -> str | None:
    if value is not None and not value.startswith(("http://", "https://")):
        raise SettingsError(f"{name}={without_password(value)!r} must begin with http:// or https://.")
    return value


def _seconds(name: str, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError as exc:
        raise SettingsError(f"{name}={value!r} is not a number of seconds.") from exc
    if not 0 < seconds <= 86400:
        raise SettingsError(f"{name}={value!r} must lie between 0 and 86400 seconds.")
    return seconds


def _count(name: str, value: str, *, least: int = 1, most: int) -> int:
    if not value.isdecimal() or not least <= int(value) <= most:
        raise SettingsError(f"{name}={value!r} must be a number from {least} to {most}.")
    return int(value)


def _number(name: str, env: Mapping[str, str], default: int, *, most: int) -> int:
    return _count(name, env.get(name, str(default)), most=most)


def _rate(name: str, value: str) -> str:
    if not _RATE.fullmatch(value):
        raise SettingsError(f"{name}={value!r} must read like 600/minute, by second, minute, hour or day.")
    return value


def _origins(name: str, value: str) -> tuple[str, ...]:
    origins = tuple(part.strip() for part in value.split(",") if part.strip())
    for origin in origins:
        if not re.fullmatch(r"https?://[^\s/]+", origin):
            raise SettingsError(f"{name} has {origin!r}; an origin reads like https://app.example.org, without a path.")
    return origins


def _limit(name: str, env: Mapping[str, str]) -> int | None:
    value = env.get(name)
    return None if value is None else _count(name, value, least=0, most=10**12)


def _choice(name: str, value: str, known: Sequence[str]) -> str:
    if value not in known:
        raise SettingsError(f"{name}={value!r} must be one of {', '.join(known)}.")
    return value


def _kind(name: str, value: str, known: Sequence[str]) -> str:
    """Return a value that is one of the known, or begins with one that ends in a colon and goes on."""
    kind, colon, rest = value.partition(":")
    if value not in known and not (rest and kind + colon in known):
        shown = ", ".join(f"{k}NAME" if k.endswith(":") else k for k in known)
        raise SettingsError(f"{name}={value!r} must be one of {shown}.")
    if value.endswith(":"):
        raise SettingsError(f"{name}={value!r} names no model: {value}NAME.")
    return value


def _numbers(name: str, env: Mapping[str, str]) -> int | None:
    value = env.get(name)
    return None if value is None else _count(name, value, most=MOST_NUMBERS)


def _authorities(value: str | None, uri: str) -> Path | None:
    found = _file("NEO4J_CA", value)
    if found is not None and not uri.partition("://")[0].endswith("+s"):
        raise SettingsError("NEO4J_CA is only for addresses with +s: write NEO4J_URI=neo4j+s://host:7687.")
    return found


def _file(name: str, value: str | None) -> Path | None:
    if value is None:
        return None
    path = Path(value).expanduser()
    if not path.is_file():
        raise SettingsError(f"{name}={value!r} is not a file.")
    return path
