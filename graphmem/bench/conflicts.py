"""Short written stories with the model's replies: what is closed, kept and made uncertain, and what needed a model."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graphmem.bench.triples import plain_triple
from graphmem.dates import parse_date
from graphmem.errors import ReplyNotRecorded, UnreadableFile
from graphmem.memory import Memory
from graphmem.models import AsOf, Fact, Message
from graphmem.operations import Add
from graphmem.ports import ChatReply, ChatRequest
from graphmem.read.found import SearchResult
from graphmem.serial import dump, plain
from graphmem.text import named_in

COUNTED = ("closed", "kept", "uncertain", "statements", "asked")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RuleSaid(_Strict):
    """A rule that a model reads in a message: when [subject, event, predicate] or with an object, then a triple."""

    when: Annotated[list[str], Field(min_length=3, max_length=4)]
    then: list[Any]


class Said(_Strict):
    """A message, and the triples that a model reads in it: [subject, predicate, value] or with options as a fourth."""

    at: str
    speaker: str = "Ada"
    text: str
    triples: list[list[Any]] = Field(default_factory=list[list[Any]])
    rules: list[RuleSaid] = Field(default_factory=list[RuleSaid])


class Check(_Strict):
    """What must hold, must not hold, and must be uncertain at `valid`, as believed after message number `after`.

    What is `unsaid` may occur in no answer, fact, entity or decision at all.
    """

    valid: str | None = None
    after: int | None = None
    facts: list[str] = Field(default_factory=list[str])
    absent: list[str] = Field(default_factory=list[str])
    uncertain: list[str] = Field(default_factory=list[str])
    ask: str | None = None
    withdrawn: list[str] = Field(default_factory=list[str])
    unsaid: list[str] = Field(default_factory=list[str])
    review: list[str] = Field(default_factory=list[str])


class Story(_Strict):
    """One story; `decisions` are the model's, by the triple's label, each naming the fact that it meets.

    `pairs` are its decisions about entities of like names, by "new | known".
    """

    name: str
    kind: str
    together: bool = False
    messages: Annotated[list[Said], Field(min_length=1)]
    entities: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    decisions: dict[str, dict[str, Any]] = Field(default_factory=dict[str, dict[str, Any]])
    pairs: dict[str, str] = Field(default_factory=dict[str, str])
    checks: Annotated[list[Check], Field(min_length=1)]


def load_stories(folder: Path) -> list[Story]:
    """Read all stories of a folder; raises UnreadableFile naming the story."""
    stories: list[Story] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            stories += [Story.model_validate(item) for item in _items(path)]
        except (OSError, yaml.YAMLError, ValidationError, TypeError) as exc:
            raise UnreadableFile(f"{path} holds no stories: {exc}") from exc
    if not stories:
        raise UnreadableFile(f"{folder} holds no *.yaml with stories.")
    return stories


def _items(path: Path) -> list[Any]:
    # The base loader leaves all values as they are written: dates and numbers are the stories' own texts.
    return yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506


class StoryChat:
    """The model of the stories: reads and decides as they say, and counts how often it is asked to decide."""

    name = "stories"

    def __init__(self, stories: Sequence[Story]) -> None:
        self._story = stories[0]
        self.decided = 0

    def tell(self, story: Story) -> None:
        """Answer for this story from now on."""
        self._story = story

    async def ask(self, request: ChatRequest) -> ChatReply:
        """Return the written reply; raises ReplyNotRecorded for a decision that the story does not hold."""
        reply = self._read(request) if request.kind == "extract" else self._decide(request)
        return ChatReply(text=json.dumps(reply, default=str), model=self.name)

    async def close(self) -> None:
        """Nothing is open."""

    def _read(self, request: ChatRequest) -> dict[str, Any]:
        shorts = {i: name.removeprefix("message:") for name, i in request.names.items()}
        triples: list[dict[str, Any]] = []
        rules: list[dict[str, Any]] = []
        for short, message_id in shorts.items():
            said = self._story.messages[int(message_id.rpartition("-")[2])]
            triples += [_triple(short, said.text, *given) for given in said.triples]
            rules += [_rule(short, said.text, rule) for rule in said.rules]
        said = " ".join(self._story.messages[int(i.rpartition("-")[2])].text for i in shorts.values())
        entities = [e for e in self._story.entities if named_in(said, [e["name"], *e["aliases"]])]
        return {"entities": entities, "triples": triples, "rules": rules}

    def _decide(self, request: ChatRequest) -> dict[str, Any]:
        decisions: list[dict[str, Any]] = []
        for name, short in request.names.items():
            kind, _, label = name.partition(":")
            if kind != "triple":
                continue
            given = self._story.decisions.get(label)
            if given is None:
                raise ReplyNotRecorded(f"story {self._story.name!r} does not decide {label!r}: {request.user[-400:]}")
            self.decided += 1
            fact = request.names.get(f"fact:{given.get('fact')}")
            grounds = [request.names.get(f"fact:{label}", label) for label in given.get("rests_on", [])]
            decided = {"at": None, "kind": None, **given, "triple": short, "fact": fact, "rests_on": grounds}
            decisions.append({"reason": "the story says so", **decided})
        return {"decisions": decisions, "entities": self._decide_pairs(request)}

    def _decide_pairs(self, request: ChatRequest) -> list[dict[str, Any]]:
        shown = {name.removeprefix("pair:"): short for name, short in request.names.items() if name.startswith("pair:")}
        missing = [label for label in shown if label not in self._story.pairs]
        if missing:
            raise ReplyNotRecorded(f"story {self._story.name!r} does not decide about {missing[0]!r}.")
        self.decided += len(shown)
        return [
            {"reason": "the story says so", "pair": short, "action": self._story.pairs[label]}
            for label, short in shown.items()
        ]


def _rule(short: str, text: str, rule: RuleSaid) -> dict[str, Any]:
    subject, event, predicate, *value = rule.when
    then = _triple(short, text, *rule.then)
    kept = ("subject", "predicate", "object", "polarity")
    return {
        "message": short,
        "quote": text,
        "when": {"event": event, "subject": subject, "predicate": predicate, "object": value[0] if value else None},
        "then": {k: then[k] for k in kept},
    }


def _triple(
    short: str, text: str, subject: str, predicate: str, value: str, options: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    given = dict(options or {})
    return plain_triple(short, given.pop("quote", text), subject, predicate, value or None, **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a story ended: what differs from what it asks for, in words, and how often it was as it should be."""

    story: str
    kind: str
    false_closings: tuple[str, ...] = ()
    missed_closings: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    closed: int = 0
    kept: int = 0
    uncertain: int = 0
    statements: int = 0
    asked: int = 0

    @property
    def right(self) -> bool:
        """Whether all is as the story asks."""
        return not (self.false_closings or self.missed_closings or self.other)


@dataclass
class _Found:
    false_closings: list[str] = field(default_factory=list[str])
    missed_closings: list[str] = field(default_factory=list[str])
    other: list[str] = field(default_factory=list[str])
    closed: int = 0
    kept: int = 0
    uncertain: int = 0


def messages_of(story: Story) -> list[Message]:
    """Return a story's messages, each with its place in the story as its id."""
    return [Message(text=s.text, at=_time(s.at), speaker=s.speaker, id=f"m-{i}") for i, s in enumerate(story.messages)]


async def tell(story: Story, memory: Memory, model: StoryChat) -> Verdict:
    """Add a story's messages to a scope of its own, then hold the facts against its checks."""
    model.tell(story)
    before = model.decided
    scope = f"story-{uuid.uuid4().hex[:12]}"
    messages = messages_of(story)
    found = _Found()
    known: list[datetime] = []
    for part in [messages] if story.together else [[m] for m in messages]:
        added = await memory.add(part, scope=scope)
        found.other += [f"parked: {reason}" for reason in added.parked.values()]
        known += [datetime.now(UTC)] * len(part)
    for check in story.checks:
        await _check(check, known, memory, scope, found)
    found.other += [f"{b.promise}: {b.what}" for b in await memory.verify(scope=scope)]
    return Verdict(
        story=story.name,
        kind=story.kind,
        false_closings=tuple(found.false_closings),
        missed_closings=tuple(found.missed_closings),
        other=tuple(found.other),
        closed=found.closed,
        kept=found.kept,
        uncertain=found.uncertain,
        statements=sum(len(s.triples) for s in story.messages),
        asked=model.decided - before,
    )


async def _check(check: Check, known: Sequence[datetime], memory: Memory, scope: str, found: _Found) -> None:
    clocks = AsOf(
        valid=_time(check.valid) if check.valid else None, known=known[check.after - 1] if check.after else None
    )
    when = f"at {check.valid or 'now'}" + (f" after message {check.after}" if check.after else "")
    holding: dict[str, Fact] = {f.text: f for f in await memory.facts(scope=scope, as_of=clocks, limit=1000)}
    ever = {op.fact.text for c in await memory.history(scope=scope) for op in c.operations if isinstance(op, Add)}
    for text in [*check.facts, *check.uncertain]:
        if text not in holding:
            (found.false_closings if text in ever else found.other).append(f"{text}: not held {when}")
    found.missed_closings += [f"{text}: held {when}" for text in check.absent if text in holding]
    doubted = {t for t, f in holding.items() if f.uncertain_since is not None}
    found.closed += len(set(check.absent) - set(holding))
    found.kept += len(set(check.facts) & set(holding) - doubted)
    found.uncertain += len(set(check.uncertain) & doubted)
    found.other += [f"{t}: not uncertain {when}" for t in check.uncertain if t not in doubted]
    found.other += [f"{t}: uncertain {when}" for t in check.facts if t in doubted]
    if check.ask:
        answer = await memory.search(check.ask, scope=scope, as_of=clocks)
        told = [f.text for f in answer.withdrawn]
        found.other += [f"{t}: not told as ended {when}" for t in check.withdrawn if t not in told]
        shown = {f.text for f in answer.facts}
        found.missed_closings += [f"{t}: shown for {check.ask!r}" for t in check.absent if t in shown]
    if check.review:
        waiting = [p.label for p in await memory.merges(scope=scope)]
        found.other += [f"{label}: not waiting for review" for label in check.review if label not in waiting]
    if check.unsaid:
        told = await _everything_told(memory, scope, check)
        found.other += [f"{text!r} is still told {when}" for text in check.unsaid if text in told]


async def _everything_told(memory: Memory, scope: str, check: Check) -> str:
    """Return all that reads tell of a scope, whatever the clocks."""
    early = AsOf(valid=_time("2024-01-15"), known=datetime.now(UTC))
    answers = [
        await memory.search(question, scope=scope, as_of=clocks, limit=100, tokens=20_000)
        for question in (check.ask or "What is known?", *check.unsaid)
        for clocks in (AsOf(), early)
    ]
    held = [await memory.facts(scope=scope, as_of=clocks, limit=1000) for clocks in (AsOf(), early)]
    entities = await memory.entities(scope=scope)
    around = [await memory.neighbourhood(e.id, scope=scope, hops=3) for e in entities]
    ids = {op.fact.id for c in await memory.history(scope=scope) for op in c.operations if isinstance(op, Add)}
    facts = [await memory.fact(i, scope=scope) for i in sorted(ids)]
    history = await memory.history(scope=scope)
    parts = [*answers, *held, *around, *facts, *history, *await memory.rules(scope=scope), *entities]
    # The question of an answer is the asker's.
    return dump([plain(replace(p, query="")) if isinstance(p, SearchResult) else plain(p) for p in parts])


def _time(text: str) -> datetime:
    at, _ = parse_date(text)
    return at


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictScores:
    """How the stories ended, over all and by kind; the bar for false closings is 0."""

    false_closings: int
    missed_closings: int
    other: int
    stories: int
    right: int
    statements: int
    asked_share: float
    by_kind: Mapping[str, Mapping[str, int]]
    wrong: tuple[Verdict, ...]


async def run_conflicts(stories: Sequence[Story], memory: Memory, model: StoryChat) -> ConflictScores:
    """Tell all stories; `asked_share` is the share of statements about which the model had to decide, in percent."""
    verdicts = [await tell(story, memory, model) for story in stories]
    kinds: dict[str, dict[str, int]] = defaultdict(
        lambda: dict.fromkeys(("stories", "right", "false_closings", *COUNTED), 0)
    )
    for v in verdicts:
        kind = kinds[v.kind]
        kind["stories"] += 1
        kind["right"] += v.right
        kind["false_closings"] += len(v.false_closings)
        for name in COUNTED:
            kind[name] += getattr(v, name)
    statements = sum(v.statements for v in verdicts)
    return ConflictScores(
        false_closings=sum(len(v.false_closings) for v in verdicts),
        missed_closings=sum(len(v.missed_closings) for v in verdicts),
        other=sum(len(v.other) for v in verdicts),
        stories=len(verdicts),
        right=sum(v.right for v in verdicts),
        statements=statements,
        asked_share=round(100 * sum(v.asked for v in verdicts) / max(statements, 1), 1),
        by_kind={k: dict(v) for k, v in sorted(kinds.items())},
        wrong=tuple(v for v in verdicts if not v.right),
    )
