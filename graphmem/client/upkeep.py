"""The client's upkeep: how much there is and what waits, what it cost, whether it is sound, and all of it as a file."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from graphmem.base import ScopeLike
from graphmem.client.connection import WAIT_SECONDS, Connected, adapter_of, part_of, query_of, user_of
from graphmem.errors import FileUnwritable
from graphmem.house.archive import read_header, read_lines
from graphmem.house.backup import BackedUp
from graphmem.models import Episode
from graphmem.queue import Backlog, Waiting
from graphmem.serial import load_changes
from graphmem.work import Standing, Status, Used
from graphmem.write.verify import Breach


class Upkeep(Connected):
    """What is done with a memory beside talking with it."""

    async def messages_by_ids(self, episode_ids: Sequence[str], *, scope: ScopeLike) -> tuple[Episode, ...]:
        """Return those of some messages, at most 1,000, that are kept, in the order in which they came."""
        body = {"user": user_of(scope), "episode_ids": list(episode_ids)}
        if not episode_ids:
            return ()
        return await self._post(tuple[Episode, ...], "/v1/messages/find", body)

    async def standing(self, episode_ids: Sequence[str], *, scope: ScopeLike, after: int = 0) -> Standing:
        """Return what became of messages, at most 1,000, by their episodes' ids; decisions after a number."""
        body = {"user": user_of(scope), "episode_ids": list(episode_ids), "after": after}
        if not episode_ids:
            return Standing(pending=0, parked={}, changes=())
        told = json.loads(await self._send("POST", "/v1/messages/standing", repeats=True, json=body))
        return Standing(pending=told["pending"], parked=told["parked"], changes=load_changes(told["changes"]))

    async def resume(self, *, scope: ScopeLike) -> int:
        """Put the parked messages of a scope back among those that wait, which a worker reads; returns how many."""
        body = {"user": user_of(scope)}
        return json.loads(await self._send("POST", "/v1/queue/resume", repeats=True, json=body))["messages"]

    async def drop(self, *, scope: ScopeLike) -> int:
        """Give up drawing facts from the parked messages of a scope; they stay searchable. Returns how many."""
        body = {"user": user_of(scope)}
        return json.loads(await self._send("POST", "/v1/queue/drop", repeats=True, json=body))["messages"]

    async def queue(self, *, limit: int = 100, after: str = "") -> tuple[Waiting, ...]:
        """Return the tenant's scopes where messages wait or are parked, by key; `after` is the key of the last one."""
        asked = {"limit": limit, "after": after}
        return adapter_of(tuple[Waiting, ...]).validate_json(await self._send("GET", "/v1/queue", params=asked))

    async def backlog(self) -> Backlog:
        """Return how many messages of the tenant wait, and since when the longest."""
        return adapter_of(Backlog).validate_json(await self._send("GET", "/v1/queue/backlog"))

    async def usage(self, *, scope: ScopeLike, days: int | None = None) -> tuple[Used, ...]:
        """Return what asking models took for a scope."""
        return await self._get(tuple[Used, ...], "/v1/usage", scope, days=days)

    async def summary(self, *, scope: ScopeLike) -> str:
        """Return the rolling summary of what was said."""
        return json.loads(await self._send("GET", "/v1/summary", params=query_of(scope)))["summary"]

    async def summarise(self, *, scope: ScopeLike) -> int:
        """Bring the rolling summary up to date now; returns how many messages went in. Raises ModelError."""
        return (await self._slowly("POST", "/v1/summary", json={"user": user_of(scope)}))["messages"]

    async def status(self, *, scope: ScopeLike) -> Status:
        """Return how much a scope holds, what it cost, and what the memory is made of; its store's address is empty."""
        return await self._get(Status, "/v1/status", scope)

    async def verify(self, *, scope: ScopeLike) -> tuple[Breach, ...]:
        """Check the ledger's promises on a scope, and name each breach; reads it whole."""
        told = await self._slowly("GET", "/v1/verify", params=query_of(scope))
        return adapter_of(tuple[Breach, ...]).validate_python(told)

    async def export(self, file: Path, *, scope: ScopeLike) -> BackedUp:
        """Write all that a scope holds to a new file here, from which `graphmem restore` brings it back.

        It is called FILE.part until it is whole, and is gone where it does not become so. Raises NotFound,
        FileUnwritable.
        """
        path = f"/v1/users/{part_of(user_of(scope))}/export"
        asking = self._transport.stream("GET", path, timeout=self._timeout + WAIT_SECONDS)
        with _new_file(file) as (out, part):
            async with asking as answer:
                await _fill(out, answer.aiter_bytes())
            return await asyncio.to_thread(_counted, file, part)


async def _fill(out: BinaryIO, pieces: AsyncIterator[bytes]) -> None:
    async for piece in pieces:
        await asyncio.to_thread(out.write, piece)
    await asyncio.to_thread(out.flush)


@contextmanager
def _new_file(file: Path) -> Generator[tuple[BinaryIO, Path]]:
    """Open FILE.part, which gets its name when all went well; raises FileUnwritable."""
    part = file.with_name(file.name + ".part")
    if file.exists():
        raise FileUnwritable(f"{file} is there already; name a new file.")
    try:
        # Nobody else may read it, as it is with backups.
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            try:
                yield out, part
            except BaseException:
                part.unlink()
                raise
        part.rename(file)
    except OSError as exc:
        raise FileUnwritable(f"cannot write {part}: {exc}. Name another file.") from exc


def _counted(file: Path, part: Path) -> BackedUp:
    """Return how much a whole export holds; raises UnreadableFile for one that was cut."""
    header = read_header(part)
    ends = [line for _, line in read_lines(part) if "end" in line]
    return BackedUp(
        file=str(file),
        scopes=len(header.scopes),
        nodes=sum(line["nodes"] for line in ends),
        relationships=sum(line["relationships"] for line in ends),
    )
