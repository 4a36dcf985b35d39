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
from graphmem.errors import FileUnwritable, UnreadableFile
from graphmem.intake.messages_json import MessageIn

AMONG = 10


class Asked(BaseModel):
    """A question, and words that one of the facts or messages found has to hold; with `fact`, one of the facts."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, Field(min_length=1)]
    expects: Annotated[str, Field(min_length=1)]
    fact: bool = True


class ProbeFile(BaseModel):
    """What a probe tells the service, and what it asks then."""

    model_config = ConfigDict(extra="forbid")

    messages: Annotated[list[MessageIn], Field(min_length=1)]
    questions: Annotated[list[Asked], Field(min_length=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """Shares of the questions that found what they expect, and of those that expect a fact that found it in one.

    The second is None where none expects a fact. `missed` found it nowhere, `without_fact` in no fact. Of the messages
    `pending` were not read in time, and `parked` could not be. Seconds are those to tell and to ask.
    """

    probe: str
    questions: int
    found: float
    in_facts: float | None
    pending: int
    parked: int
    telling_seconds: float
    asking_seconds: float
    missed: tuple[str, ...]
    without_fact: tuple[str, ...]


def read_probe(path: Path) -> ProbeFile:
    """Return a probe's file, JSON with `messages` and `questions`; raises UnreadableFile."""
    try:
        return TypeAdapter(ProbeFile).validate_json(path.read_bytes())
    except OSError as exc:
        raise UnreadableFile(f"{path} cannot be read: {exc.strerror}.") from exc
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        raise UnreadableFile(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from exc


async def run_probe(name: str, probe: ProbeFile, client: Client, seconds: float) -> Probed:
    """Erase the probe's own user, tell its messages, ask its questions; the client's key needs the right admin.

    Facts are waited for up to so many seconds.
    """
    user = f"probe-{name}"
    await client.erase(scope=user)
    start = time.perf_counter()
    await client.add([m.message() for m in probe.messages], scope=user, seconds=seconds)
    told = time.perf_counter()
    status = await client.status(scope=user)
    missed: list[str] = []
    without_fact: list[str] = []
    for asked in probe.questions:
        found = await client.search(asked.question, scope=user, limit=AMONG)
        if _holds(asked.expects, [f.text for f in found.facts]):
            continue
        if asked.fact:
            without_fact.append(asked.question)
        if not _holds(asked.expects, [e.episode.text for e in found.episodes]):
            missed.append(asked.question)
    expect_fact = sum(asked.fact for asked in probe.questions)
    return Probed(
        probe=name,
        questions=len(probe.questions),
        found=1 - len(missed) / len(probe.questions),
        in_facts=1 - len(without_fact) / expect_fact if expect_fact else None,
        pending=status.pending,
        parked=status.parked,
        telling_seconds=round(told - start, 3),
        asking_seconds=round(time.perf_counter() - told, 3),
        missed=tuple(missed),
        without_fact=tuple(without_fact),
    )


def write_metric(probe: str, probed: Probed | None, path: Path) -> None:
    """Write what came of a probe, None where it failed, for the textfile collector of Prometheus's node exporter.

    Raises FileUnwritable.
    """
    registry = CollectorRegistry()

    def tell(name: str, about: str, value: float) -> None:
        Gauge(f"graphmem_probe_{name}", about, ["probe"], registry=registry).labels(probe).set(value)

    tell("up", "Whether the questions were answered", probed is not None)
    tell("time_seconds", "When it was asked", time.time())
    if probed is not None:
        tell("found_ratio", "Questions that found what they expect", probed.found)
        tell("pending_messages", "Messages that were not read in time", probed.pending)
        tell("parked_messages", "Messages that could not be read", probed.parked)
        if probed.in_facts is not None:
            tell("facts_ratio", "Questions that expect a fact, and found it in one", probed.in_facts)
    try:
        write_to_textfile(str(path), registry)
    except OSError as exc:
        raise FileUnwritable(f"cannot write {path}: {exc.strerror}. Name another file.") from exc


def _holds(expected: str, texts: Sequence[str]) -> bool:
    return any(expected.lower() in text.lower() for text in texts)
