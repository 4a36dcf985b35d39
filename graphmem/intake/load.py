"""Two passes over files: one that looks at all of them and keeps nothing, one that keeps their messages in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from graphmem.base import ScopeLike
from graphmem.errors import UnreadableFile
from graphmem.intake.estimate import Estimator
from graphmem.intake.intake import Intake
from graphmem.intake.items import Bad, Found
from graphmem.intake.report import Report, Tally
from graphmem.intake.seen import Seen
from graphmem.memory import Memory
from graphmem.models import Message
from graphmem.write.pipeline import Progress

BATCH_MESSAGES = 500
BATCH_CHARACTERS = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """How many messages were kept or known already, and the ids of their episodes where they were asked for.

    `change_number` is that of the scope's last decision before they came.
    """

    new: int = 0
    known: int = 0
    episode_ids: tuple[str, ...] = ()
    change_number: int = 0


def look_at(
    intakes: Sequence[Intake], estimator: Estimator | None, moved: Callable[[int], None] = lambda _: None
) -> tuple[Report, ...]:
    """Return a report for each file, and count its messages for an estimate; stores nothing.

    `moved` is told the number of messages so far. A message is a repeat also where another of the files has it.
    """
    reports: list[Report] = []
    done = 0
    with Seen() as seen:
        for intake in intakes:
            tally = Tally(file=str(intake.path), format=intake.format.value, zone=str(intake.options.zone))
            for item in intake.judged(seen):
                tally.add(item)
                if isinstance(item, Found):
                    done += 1
                    moved(done)
                    if estimator is not None:
                        estimator.add(item.message)
            reports.append(tally.report())
    return tuple(reports)


def message_batches(intakes: Sequence[Intake], *, skip_bad: bool) -> Iterator[list[Message]]:
    """Yield the messages of files in batches; raises UnreadableFile for what cannot be read, unless it is skipped."""
    batch: list[Message] = []
    size = 0
    with Seen() as seen:
        for intake in intakes:
            for item in intake.judged(seen):
                if isinstance(item, Bad) and not skip_bad:
                    raise UnreadableFile(
                        f"{intake.path}, {item.where}: {item.why}. The file was changed after it was looked at; run "
                        "the same command again, what is kept stays once."
                    )
                if not isinstance(item, Found):
                    continue
                batch.append(item.message)
                size += len(item.message.text)
                if len(batch) == BATCH_MESSAGES or size > BATCH_CHARACTERS:
                    yield batch
                    batch, size = [], 0
    if batch:
        yield batch


async def keep(
    memory: Memory,
    batches: Iterator[list[Message]],
    *,
    scope: ScopeLike,
    total: int,
    with_ids: bool = False,
    progress: Progress | None = None,
) -> Loaded:
    """Keep messages batch by batch, without drawing facts yet; what an earlier run kept is known."""
    new = known = 0
    change_number: int | None = None
    ids: list[str] = []
    for batch in batches:
        added = await memory.add(batch, scope=scope, wait=False)
        new, known = new + added.new, known + added.known
        change_number = added.change_number if change_number is None else change_number
        if with_ids:
            ids += added.episode_ids
        if progress is not None:
            progress(new + known, total)
    return Loaded(new=new, known=known, episode_ids=tuple(ids), change_number=change_number or 0)
