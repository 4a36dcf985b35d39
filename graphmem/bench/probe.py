"""The probe: questions whose facts are known, asked of a running service; how many come back is a metric."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from graphmem.client import Client
from graphmem.errors import UnreadableFile
from graphmem.intake.messages_json import MessageIn

AMONG = 10


class Asked(BaseModel):
    """A question, and words that one of the facts or messages found has to hold."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, Field(min_length=1)]
    expects: Annotated[str, Field(min_length=1)]


class ProbeFile(BaseModel):
    """What a probe tells the service, and what it asks then."""

    model_config = ConfigDict(extra="forbid")

    messages: Annotated[list[MessageIn], Field(min_length=1)]
    questions: Annotated[list[Asked], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """Shares of the questions that found what they expect, in anything and in a fact; seconds to tell and to ask."""

    probe: str
    questions: int
    found: float
    in_facts: float
    telling_seconds: float
    asking_seconds: float
    missed: tuple[str, ...]


def read_probe(path: Path) -> ProbeFile:
    """Return a probe's file, JSON with `messages` and `questions`; raises UnreadableFile."""
    try:
        return TypeAdapter(ProbeFile).validate_json(path.read_bytes())
    except OSError as exc:
        raise UnreadableFile(f"{path} cannot be read: {exc.strerror}.") from exc
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        raise UnreadableFile(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from exc


async def run_probe(name: str, probe: ProbeFile, client: Client) -> Probed:
    """Erase the probe's own user, tell its messages, ask its questions; the client's key needs the right admin."""
    user = f"probe-{name}"
    await client.erase(scope=user)
    start = time.perf_counter()
    await client.add([m.message() for m in probe.messages], scope=user)
    told = time.perf_counter()
    missed: list[str] = []
    in_facts = 0
    for asked in probe.questions:
        found = await client.search(asked.question, scope=user, limit=AMONG)
        facts = _holds(asked.expects, [f.text for f in found.facts])
        in_facts += facts
        if not facts and not _holds(asked.expects, [e.episode.text for e in found.episodes]):
            missed.append(asked.question)
    return Probed(
        probe=name,
        questions=len(probe.questions),
        found=1 - len(missed) / len(probe.questions),
        in_facts=in_facts / len(probe.questions),
        telling_seconds=round(told - start, 3),
        asking_seconds=round(time.perf_counter() - told, 3),
        missed=tuple(missed),
    )


def write_metric(probed: Probed, path: Path) -> None:
    """Write the shares as a file for the textfile collector of Prometheus's node exporter."""
    registry = CollectorRegistry()
    found = Gauge("graphmem_probe_found_ratio", "Questions that found what they expect", ["probe"], registry=registry)
    facts = Gauge("graphmem_probe_facts_ratio", "Questions that found it in a fact", ["probe"], registry=registry)
    at = Gauge("graphmem_probe_time_seconds", "When it was asked", ["probe"], registry=registry)
    found.labels(probed.probe).set(probed.found)
    facts.labels(probed.probe).set(probed.in_facts)
    at.labels(probed.probe).set_to_current_time()
    write_to_textfile(str(path), registry)


def _holds(expected: str, texts: Sequence[str]) -> bool:
    return any(expected.lower() in text.lower() for text in texts)
