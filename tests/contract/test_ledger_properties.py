"""Random lives, on every store: the promises hold, nothing that was believed is rewritten, and a plain model agrees."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from graphmem import AsOf, Memory, Message, Settings
from graphmem.adapters.embedders import LocalEmbedder
from graphmem.errors import GraphMemError, UndoRefused
from graphmem.models import FactVersion
from graphmem.operations import AddEntity
from graphmem.write.undo import standing
from tests.browse import cypher
from tests.ledger_model import LedgerModel
from tests.scripted import ScriptedChat, triple

START = datetime(2024, 1, 1, tzinfo=UTC)
EXAMPLES = int(os.environ.get("GRAPHMEM_PROPERTY_EXAMPLES", "5"))
PLACES = st.sampled_from(["Turin", "Oslo", "Graz"])
DAYS = st.integers(0, 60)
WHO = st.sampled_from(["Ada", "Ada", "Zoe"])


@dataclass(frozen=True)
class Say:
    """A sentence, understood as `subject predicate value` with options."""

    subject: str
    predicate: str
    value: str
    day: int
    how: str


@dataclass(frozen=True)
class Edit:
    """A deed of an editor, on one of the facts or changes that there are."""

    deed: str
    which: int
    value: str
    day: int


SAYS = st.one_of(
    st.builds(
        Say,
        WHO,
        st.just("LIVES_IN"),
        PLACES,
        DAYS,
        st.sampled_from(["said", "mistaken", "dated", "denied", "planned", "forget"]),
    ),
    st.builds(
        Say,
        WHO,
        st.just("HAS_PET"),
        st.sampled_from(["Miso", "Rex"]),
        DAYS,
        st.sampled_from(["said", "denied", "forget"]),
    ),
    st.builds(Say, WHO, st.just("VISITED"), PLACES, DAYS, st.sampled_from(["said", "dated"])),
    st.builds(Say, WHO, st.just("COMMUTE"), st.sampled_from(["short", "long"]), DAYS, st.just("said")),
)
EDITS = st.builds(
    Edit,
    st.sampled_from(["assert", "correct", "redate", "forget", "undo", "cascade", "merge", "split", "delete", "delete"]),
    st.integers(0, 50),
    PLACES,
    DAYS,
)


def read(said: str) -> list[dict[str, Any]]:
    subject, predicate, value, how, day = said.split()
    return [
        triple(
            subject,
            predicate,
            value,
            quote=said,
            valid_from=day if how == "dated" else None,
            polarity=how if how in {"denied", "forget"} else "stated",
            modality="planned" if how == "planned" else "said",
        )
    ]


def decide(prompt: str) -> dict[str, Any]:
    new = next(line for line in prompt.splitlines() if line.startswith("T1:"))
    return {"action": "invalidate", "kind": "correction" if "mistaken" in new else "change", "at": None}


@hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    # The same lives in every check; more and other ones where the examples are named.
    derandomize="GRAPHMEM_PROPERTY_EXAMPLES" not in os.environ,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(life=st.lists(st.one_of(SAYS, EDITS), min_size=3, max_size=14))
@example(
    life=[
        Edit("assert", 0, "Graz", 54),
        Edit("assert", 0, "Graz", 15),
        Say("Zoe", "LIVES_IN", "Graz", 27, "forget"),
    ]
)
async def test_promises_hold_and_the_past_is_never_rewritten(
    settings: Settings, embedder: LocalEmbedder, life: list[Say | Edit]
) -> None:
    scope = f"life-{uuid.uuid4().hex[:12]}"
    ledger = LedgerModel()
    async with Memory.open(settings, model=ScriptedChat(read=read, decide=decide), embedder=embedder) as memory:
        remembered: list[tuple[datetime, list[set[str]]]] = []
        for step in life:
            await live(step, memory, scope)
            ledger.follow(await memory.history(scope=scope))
            known = datetime.now(UTC)
            remembered.append((known, await believed(memory, scope, known)))
            assert await memory.verify(scope=scope) == ()
            await agree(ledger, memory, scope, settings, known)
        for known, then in remembered:
            assert await believed(memory, scope, known) == told(then, ledger)
        final = await take_back_everything(memory, scope)
        ledger.follow(await memory.history(scope=scope))
        await agree(ledger, memory, scope, settings, datetime.now(UTC))
        assert await memory.verify(scope=scope) == ()
        if not final:
            assert all(held == set() for held in await believed(memory, scope, datetime.now(UTC)))
        for known, then in remembered:
            assert await believed(memory, scope, known) == told(then, ledger)


async def take_back_everything(memory: Memory, scope: str) -> bool:
    """Undo all that can be undone, the last first; tell whether something was taken out for good."""
    final = False
    for change in reversed(standing(await memory.history(scope=scope))):
        if all(isinstance(op, AddEntity) for op in change.operations):
            # Whom the messages name stays with them.
            continue
        try:
            await memory.undo(change.id, scope=scope)
        except UndoRefused:
            final = True
    return final


async def agree(ledger: LedgerModel, memory: Memory, scope: str, settings: Settings, now: datetime) -> None:
    """Hold the store against the model: facts, versions, sources, live relationships, and reads of any time."""
    for fact_id, held in ledger.told().items():
        fact = await memory.fact(fact_id, scope=scope)
        assert near(fact.state) == near(held.state)
        assert [near(v) for v in fact.versions] == [near(v) for v in held.versions]
        assert len(fact.sources) == len(held.sources)
    asked = [AsOf(valid=START + timedelta(days=d), known=known) for d in (10, 30, 500) for known in (None, now)]
    for as_of in asked:
        found = {f.id: near(f.state) for f in await memory.facts(scope=scope, as_of=as_of)}
        assert found == {i: near(state) for i, state in ledger.holding(as_of, now).items()}
    drawn = cypher(
        settings,
        "MATCH (s:Entity {scope: $scope})-[r]->(o:Entity) WHERE r.fact_id IS NOT NULL "
        "RETURN s.id AS s, type(r) AS type, o.id AS o",
        scope=f"test/{scope}",
    )
    assert {(row["s"], row["type"], row["o"]) for row in drawn} == ledger.live(now)


def near(state: FactVersion) -> tuple[object, ...]:
    """Return what a version says, in the milliseconds that every store keeps."""
    times = (state.interval.start, state.interval.end, state.created_at, state.expired_at, state.uncertain_since)
    return (*(at and at.isoformat(timespec="milliseconds") for at in times), state.interval.stated)


def told(then: list[set[str]], ledger: LedgerModel) -> list[set[str]]:
    """Leave out what was deleted or asked to be forgotten since."""
    return [{line for line in held if line.partition(" ")[0] in ledger.told()} for held in then]


async def live(step: Say | Edit, memory: Memory, scope: str) -> None:
    match step:
        case Say(subject, predicate, value, day, how):
            at = START + timedelta(days=day)
            text = f"{subject} {predicate} {value} {how} {at:%Y-%m-%d}"
            await memory.add(Message(text=text, at=at, speaker="Ada"), scope=scope)
        case Edit():
            try:
                await edit(step, memory, scope)
            except GraphMemError:
                # Refused in words, for instance since later changes build on it; the promises are checked all the same.
                return


async def edit(step: Edit, memory: Memory, scope: str) -> None:  # noqa: C901  (one branch a deed)
    changes = await memory.history(scope=scope)
    facts = await memory.facts(scope=scope)
    since = f"{START + timedelta(days=step.day):%Y-%m-%d}"
    if step.deed == "assert":
        await memory.assert_fact("Ada", "LIVES_IN", step.value, scope=scope, valid_from=since)
    elif step.deed in {"undo", "cascade"} and changes:
        change = changes[step.which % len(changes)]
        await memory.undo(change.id, scope=scope, cascade=step.deed == "cascade")
    elif step.deed == "delete" and changes:
        said = sorted({e for c in changes for e in c.episode_ids})
        if said:
            await memory.delete(said[step.which % len(said)], scope=scope)
            await memory.process(scope=scope)
    elif step.deed in {"merge", "split"}:
        people = [e for e in await memory.entities(scope=scope) if e.type in {"Person", "Thing"}]
        if not people:
            return
        one, other = people[step.which % len(people)], people[step.day % len(people)]
        if step.deed == "merge":
            await memory.merge_entities(one.id, other.id, scope=scope)
        else:
            await memory.split_entity(one.id, scope=scope)
    elif facts:
        fact = facts[step.which % len(facts)]
        match step.deed:
            case "correct" if fact.predicate == "LIVES_IN":
                await memory.correct(fact.id, value=step.value, scope=scope)
            case "redate":
                await memory.correct(fact.id, valid_from=since, scope=scope)
            case "forget":
                await memory.forget(fact.id, scope=scope)
            case _:
                pass


async def believed(memory: Memory, scope: str, known: datetime) -> list[set[str]]:
    """Return what is held at some times, as believed at `known`; names are left out, since they are as of now."""
    probes = [START + timedelta(days=d) for d in (0, 20, 45, 400)]
    return [
        {f"{f.id} {f.predicate} {f.interval} {f.uncertain_since}" for f in found}
        for found in [await memory.facts(scope=scope, as_of=AsOf(valid=p, known=known)) for p in probes]
    ]
