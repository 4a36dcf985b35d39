"""Examples for the OpenAPI document: what Ada's memory answers once it was told that she moved to Oslo."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from graphmem.adapters.queries import load_analyses
from graphmem.analytics import Answer
from graphmem.api.problems import BY_NAME
from graphmem.api.routes.facts import FactWithHistory
from graphmem.api.routes.messages import Accepted
from graphmem.api.routes.search import Context
from graphmem.api.routes.upkeep import Counted
from graphmem.api.routes.users import Summary
from graphmem.cursors import write_cursor
from graphmem.lists import EntityPage, FactPage, MessagePage, Session, SessionPage, User, UserPage
from graphmem.models import (
    Entity,
    EntityPair,
    Episode,
    EpisodeState,
    Fact,
    Interval,
    Precision,
    Role,
    Rule,
    RuleEvent,
    Scope,
    Source,
)
from graphmem.operations import Add, AddEntity, Change, Cost
from graphmem.queue import Backlog, Waiting
from graphmem.read.found import Citation, FoundEpisode, FoundFact, SearchResult
from graphmem.read.neighbourhood import Neighbourhood
from graphmem.read.paths import Path, Paths
from graphmem.serial import dump, plain, utc_text
from graphmem.work import Standing, Status, Used
from graphmem.write.clean import Cleaning, Finding, FindingKind
from graphmem.write.delete import Receipt
from graphmem.write.erase import Erased
from graphmem.write.verify import Breach

_SCOPE = Scope(tenant="acme", user="ada")
_SAID = datetime(2024, 6, 20, 20, 15, tzinfo=UTC)
_MOVED = datetime(2024, 6, 13, tzinfo=UTC)
_EPISODE, _FACT, _CHANGE, _RULE = (f"{kind}_{'0' * 23}1" for kind in ("ep", "fa", "ch", "ru"))
_ADA, _OSLO, _OSLO_CITY = (f"en_{number:024}" for number in (1, 2, 3))
_TEXT = "We moved to Oslo last week!"
_QUESTION = "Where does Ada live?"


def add_examples(document: dict[str, Any]) -> None:
    """Give every parameter and every good answer of an OpenAPI document an example, where it has none."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            for parameter in operation.get("parameters", ()):
                if "examples" not in parameter["schema"]:
                    parameter["example"] = _parameter(path, parameter["name"])
            for status, found in operation["responses"].items():
                if status.startswith("2"):
                    for content in found["content"].values():
                        content["example"] = _answer(operation["operationId"], content["schema"])


def _parameter(path: str, name: str) -> Any:
    """Return the example of a parameter: of its route's, else of its name's."""
    of = path.removeprefix("/v1").split("/")[1]
    return _OF_ROUTE[of, name] if (of, name) in _OF_ROUTE else _OF_NAME[name]


def _answer(operation: str, schema: dict[str, Any]) -> Any:
    """Return the example of an answer: of its operation's, else of its model's, in a list where that is one."""
    if operation in _of_operation():
        return _of_operation()[operation]
    if schema.get("type") == "array":
        return [_answer(operation, schema["items"])]
    return _of_model()[schema["$ref"].rpartition("/")[2]]


_OF_NAME: dict[str, Any] = {
    "Idempotency-Key": "7f8d1c1e-move-to-oslo",
    "Last-Event-ID": "2",
    "about": _FACT,
    "agent": ["concierge"],
    "as_of": utc_text(_SAID),
    "confidence": 0.5,
    "days": 30,
    "editor": "eve",
    "from": _ADA,
    "hops": 2,
    "known": utc_text(_SAID),
    "limit": 20,
    "metadata": ["channel=chat"],
    "predicate": ["LIVES_IN"],
    "seconds": 60,
    "session": "monday",
    "since": utc_text(_MOVED),
    "source": ["m-17"],
    "state": "pending",
    "to": _OSLO,
    "type": ["Person"],
    "until": utc_text(_SAID),
    "wait": 30,
}
_OF_ROUTE: dict[tuple[str, str], Any] = {
    ("analytics", "name"): "facts_by_predicate",
    ("changes", "after"): 2,
    ("changes", "id"): _CHANGE,
    ("entities", "after"): write_cursor("entities", "Oslo", _OSLO),
    ("entities", "id"): _ADA,
    ("facts", "after"): write_cursor("facts", utc_text(_MOVED), _FACT),
    ("facts", "id"): _FACT,
    ("facts", "session"): ["monday"],
    ("messages", "id"): _EPISODE,
    ("problems", "name"): "not-found",
    ("queue", "after"): _SCOPE.key,
    ("sessions", "after"): write_cursor("messages", 3),
    ("users", "after"): write_cursor("users", _SCOPE.user),
}


@cache
def _of_model() -> dict[str, Any]:
    """Return an example of each model that answers, by its name."""
    ada, oslo = (
        Entity(id=i, scope=_SCOPE.key, name=name, type=kind, canonical_id=i)
        for i, name, kind in ((_ADA, "Ada", "Person"), (_OSLO, "Oslo", "Place"))
    )
    source = Source(
        episode_id=_EPISODE, quote=_TEXT, subject_surface="We", object_surface="Oslo", speaker="Ada", at=_SAID
    )
    fact = Fact(
        id=_FACT,
        scope=_SCOPE.key,
        subject_id=_ADA,
        subject="Ada",
        predicate="LIVES_IN",
        text="Ada lives in Oslo",
        interval=Interval(start=_MOVED, precision=Precision.WEEK, stated=True),
        created_at=_SAID,
        object_id=_OSLO,
        object="Oslo",
        subject_named=_ADA,
        object_named=_OSLO,
        sources=(source,),
    )
    episode = Episode(
        id=_EPISODE,
        scope=_SCOPE.key,
        message_id="m-17",
        session="monday",
        seq=3,
        role=Role.USER,
        speaker="Ada",
        text=_TEXT,
        at=_SAID,
        state=EpisodeState.DONE,
    )
    cost = Cost(model="tiny-1", prompt_version="extract-1", calls=1, tokens_in=812, tokens_out=64, seconds=0.9)
    change = Change(
        id=_CHANGE,
        scope=_SCOPE.key,
        at=_SAID,
        operations=(AddEntity(entity=oslo), Add(fact=fact)),
        reason="new",
        cost=cost,
        episode_ids=(_EPISODE,),
        number=3,
    )
    rule = Rule(
        id=_RULE,
        scope=_SCOPE.key,
        text="If Ada moves, her sister gets the car.",
        event=RuleEvent.CHANGES,
        subject_id=_ADA,
        predicate="LIVES_IN",
        fact=fact,
        source=source,
        said_at=_SAID,
    )
    paths = Paths(paths=(Path(entities=(ada, oslo), facts=(fact,)),), truncated=False)
    found = SearchResult(
        query=_QUESTION,
        text="About Ada:\nF1 Ada lives in Oslo (since 13 Jun 2024)",
        facts=(FoundFact(fact=fact, state=fact.state, score=0.9, parts={"words": 0.4, "near": 0.5}, path=()),),
        episodes=(FoundEpisode(episode=episode, score=0.4, parts={"near": 0.4}, path=()),),
        citations=(Citation(label="F1", fact_id=_FACT, episode_ids=(_EPISODE,)),),
        confidence=0.97,
        signs={"named": 1.0, "ahead": 0.4, "words": 0.7, "least": 0.6},
        timings={"seeds": 8.1, "total": 21.4},
    )
    analysis = load_analyses()["facts_by_predicate"]
    made = (
        Accepted(
            episode_ids=(_EPISODE,),
            new=1,
            known=0,
            state=EpisodeState.DONE.value,
            status=f"/v1/messages/{_EPISODE}?user=ada",
            changes=(change,),
        ),
        analysis,
        Answer(analysis=analysis.name, columns=analysis.columns, rows=(("LIVES_IN", 2, 1),)),
        Backlog(waiting=2, since=_SAID),
        Breach(promise="every fact has a source", what=f"{_FACT} Ada lives in Oslo"),
        change,
        Cleaning(
            findings=(
                Finding(
                    kind=FindingKind.ORPHAN,
                    ids=(_OSLO,),
                    what=f"{oslo.described}: nothing is said about it, and no message names it",
                    action="take it out",
                ),
            )
        ),
        Context(text=found.text, answerable=True, confidence=found.confidence),
        Counted(messages=2),
        ada,
        EntityPage(entities=(ada, oslo), next=_OF_ROUTE["entities", "after"]),
        EntityPair(entity=replace(oslo, id=_OSLO_CITY, name="Oslo city", canonical_id=_OSLO_CITY), other=oslo),
        episode,
        Erased(scope=_SCOPE.key, deleted={"Scope": 1, "Episode": 3, "Fact": 2, "Entity": 3}),
        FactPage(facts=(fact,), next=_OF_ROUTE["facts", "after"]),
        FactWithHistory(fact=fact, history=(change,), paths=paths),
        MessagePage(messages=(episode,), next=_OF_ROUTE["sessions", "after"]),
        Neighbourhood(start=ada, entities=(ada, oslo), facts=(fact,), truncated=False),
        paths,
        Receipt(
            episode_id=_EPISODE,
            change_id=_CHANGE,
            facts=(_FACT,),
            unsourced=(),
            revised=(),
            rules=(),
            entities=(_OSLO,),
            queued=(),
        ),
        rule,
        found,
        SessionPage(sessions=(Session(session="monday", messages=3, first_at=_MOVED, last_at=_SAID),)),
        Standing(pending=0, parked={"m-18": "the model does not answer"}, changes=(change,)),
        Status(
            scope=_SCOPE.key,
            store="",
            embedder="potion-base-8M",
            model="tiny-1",
            episodes=3,
            pending=0,
            parked=0,
            summarised=3,
            entities=3,
            facts=2,
            open=1,
            changes=3,
            cost=cost,
        ),
        Summary(summary="Ada moved from Turin to Oslo in June 2024."),
        Used(day="2024-06-20", kind="extract", cost=cost),
        UserPage(users=(User(user=_SCOPE.user, messages=3, created_at=_SAID),), next=_OF_ROUTE["users", "after"]),
        Waiting(scope=_SCOPE, waiting=2, parked=1, due=_SAID, attempts=1, reason="the model does not answer"),
    )
    return {type(value).__name__: plain(value) for value in made}


@cache
def _of_operation() -> dict[str, Any]:
    """Return an example of each answer that is no model, by its operation's id."""
    return {
        "chat": {"event": "piece", "data": dump({"text": "You live in Oslo."})},
        "explain_problem": BY_NAME["not-found"].page,
        "export_user": dump({"end": _SCOPE.key, "nodes": 12, "relationships": 31}) + "\n",
        "follow_changes": {"event": "change", "data": dump(_of_model()["Change"]), "id": "3"},
        "health": {"status": "ok"},
        "metrics": "graphmem_queue_messages 0.0\n",
        "ready": {"status": "ready"},
    }
