"""One file as a run of messages that may be kept: each checked, with an id that is its own in every run, and once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from graphmem.errors import InvalidMessage
from graphmem.intake.detect import READERS, detect
from graphmem.intake.items import Bad, Format, Found, Item, Options, Reader
from graphmem.intake.lines import opening
from graphmem.intake.seen import Seen
from graphmem.models import Message
from graphmem.serial import utc_text
from graphmem.text import digest
from graphmem.write.validate import check_message

_HALF = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """A message that came before, with the same id or content; `differs` where the id came with other words."""

    where: str
    by_id: bool
    differs: bool = False


Judged: TypeAlias = Item | Repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """A file whose format is known; it can be read again and again."""

    path: Path
    format: Format
    options: Options
    reader: Reader

    def judged(self, seen: Seen) -> Iterator[Judged]:
        """Yield what the file holds, repeats and what cannot be kept told apart; raises UnreadableFile."""
        for item in self.reader():
            if not isinstance(item, Found):
                yield item
                continue
            message = replace(item.message, session=item.message.session or self.options.session)
            bad = _refused(item.where, message)
            yield bad or self._once(replace(item, message=message), seen)

    def _once(self, found: Found, seen: Seen) -> Found | Repeat:
        message = found.message
        content = self._content(message)
        if message.id is not None:
            before = seen.beside(digest(message.id), content)
            if before is not None:
                return Repeat(where=found.where, by_id=True, differs=before != content[:_HALF])
        times = seen.count(content)
        if times and not self.options.keep_repeats:
            return Repeat(where=found.where, by_id=False)
        if message.id is not None:
            return found
        return replace(found, message=replace(message, id=f"in_{digest(content, str(times))[:24]}"))

    def _content(self, message: Message) -> str:
        """Return the digest of what a message is wherever it stands in a file of its kind."""
        kind = Format.JSON if self.format is Format.JSONL else self.format
        said = (message.role, message.speaker or "", utc_text(message.at), message.text, message.session or "")
        return digest(kind, *said)


def open_intake(path: Path, options: Options, form: Format | None = None) -> Intake:
    """Return a file, ready to be read in its format, told by itself unless given; raises UnreadableFile."""
    opening(path)
    told = form or detect(path)
    return Intake(path=path, format=told, options=options, reader=READERS[told](path, options))


def _refused(where: str, message: Message) -> Bad | None:
    try:
        check_message("it", message)
    except InvalidMessage as exc:
        return Bad(where=where, why=str(exc).removesuffix("."), empty=not message.text.strip())
    return None
