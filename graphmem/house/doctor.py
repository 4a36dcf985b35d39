"""Looking whether all is well with a graph, and what to do where it is not."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

from graphmem.adapters.bolt_store import BoltStore
from graphmem.adapters.schema import check_ours, expected_indexes, missing_steps, read_state
from graphmem.errors import GraphMemError
from graphmem.ports import Embedder
from graphmem.settings import Settings
from graphmem.vectors import check_vectors
from graphmem.wiring import build_embedder, connection, connector, found_form

CLOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at: whether it is well, what was seen, and what to do where it is not."""

    name: str
    well: bool
    seen: str
    advice: str = ""


async def examine(settings: Settings, embedder: Embedder | None = None) -> tuple[Check, ...]:
    """Look at address, version, owner, schema, rights, indexes, embedder, clock and model, as far as can be reached.

    Changes nothing.
    """
    store = BoltStore(connector(settings), connection(settings))
    checks: list[Check] = []
    owned, embedder = embedder is None, build_embedder(settings, embedder)
    looks: dict[str, Callable[[BoltStore], Awaitable[Check]]] = {
        "address": _address,
        "owner": _owner,
        "schema": _schema,
        "rights": _rights,
        "indexes": _indexes,
        "embedder": lambda store: _embedder(store, embedder),
        "clock": _clock,
        "model": lambda _: _model(settings),
    }
    try:
        for name, look in looks.items():
            try:
                checks.append(await look(store))
            except GraphMemError as exc:
                checks.append(Check(name=name, well=False, seen=type(exc).__name__, advice=str(exc)))
                if name in {"address", "owner"}:
                    break
    finally:
        await store.close()
        if owned:
            await embedder.close()
    return tuple(checks)


async def _address(store: BoltStore) -> Check:
    await store.connect()
    return Check(name="address", well=True, seen=f"{store.agent} at {store.address}")


async def _owner(store: BoltStore) -> Check:
    state = await read_state(store)
    check_ours(store, state)
    return Check(name="owner", well=True, seen="graphmem's own graph" if state.format else "an empty graph")


async def _schema(store: BoltStore) -> Check:
    state = await read_state(store)
    missing = missing_steps(store, state)
    if state.format is None:
        return Check(name="schema", well=True, seen="none yet: it is made when the graph is first opened")
    if not missing:
        return Check(name="schema", well=True, seen="up to date")
    return Check(name="schema", well=False, seen=f"lacks {len(missing)} steps", advice="graphmem migrate takes them.")


async def _rights(store: BoltStore) -> Check:
    async with store.holding("hold_schema"):
        return Check(name="rights", well=True, seen="the user reads and writes")


async def _indexes(store: BoltStore) -> Check:
    if (await read_state(store)).format is None:
        return Check(name="indexes", well=True, seen="none yet")
    states = {row["name"]: row["state"] for row in await store.read("index_states")}
    named = {name: states.get(name, "missing") for name in expected_indexes(store.dialect)}
    wrong = [f"{name} ({state})" for name, state in named.items() if state != "ONLINE"]
    if not wrong:
        return Check(name="indexes", well=True, seen=f"all {len(named)} are online")
    advice = "Wait for what is POPULATING; for what is missing or FAILED run its statement in cypher/schema/ again."
    return Check(name="indexes", well=False, seen=", ".join(wrong), advice=advice)


async def _embedder(store: BoltStore, embedder: Embedder) -> Check:
    await embedder.load()
    state = await read_state(store)
    seen = f"{embedder.name}, {embedder.dimension} numbers"
    if state.vectors is not None:
        check_vectors({**asdict(state.vectors), "reembedding": state.reembedding}, embedder)
    return Check(name="embedder", well=True, seen=seen)


async def _model(settings: Settings) -> Check:
    """Say which chat model reads, and in which form it answers, without asking it."""
    if settings.replay is not None:
        return Check(name="model", well=True, seen=f"the recording {settings.replay.name}")
    if not (settings.openai_api_key or settings.openai_base_url):
        return Check(name="model", well=True, seen="none: messages are indexed, no facts are drawn from them")
    form = settings.model_output if settings.model_output != "auto" else found_form(settings)
    answers = f"answers as {form}" if form else "in which form it answers is found out when it is first asked"
    return Check(name="model", well=True, seen=f"{settings.model}; {answers}")


async def _clock(store: BoltStore) -> Check:
    apart = (await store.read("server_time"))[0]["seconds"] - time.time()
    seen = f"{abs(apart):.0f} s apart from the server's"
    advice = "" if abs(apart) <= CLOCK_SECONDS else "Set both by NTP: facts are dated by this machine's clock."
    return Check(name="clock", well=not advice, seen=seen, advice=advice)
