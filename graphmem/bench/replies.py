"""A chat model for benchmarks: what it answers is kept in a file, so that a run goes on where it was interrupted."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedRandom
from pathlib import Path
from typing import Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from graphmem.errors import FileUnwritable, ReplyRefused, ReplyUnparsable, UnreadableFile
from graphmem.ports import ChatModel, ChatReply, ChatRequest, Talker, Turn
from graphmem.prompts import Rendered
from graphmem.text import digest
from graphmem.write.asking import fitting

ATTEMPTS = 2
R = TypeVar("R", bound=BaseModel)


class AnyChat(ChatModel, Talker, Protocol):
    """A language model that answers in JSON and in words."""


class Reply(BaseModel):
    """A whole answer, its tokens, and the milliseconds that it took when it was first given."""

    key: str
    kind: str
    model: str
    text: str
    tokens_in: int
    tokens_out: int
    milliseconds: float


@dataclass(slots=True, kw_only=True)
class Spent:
    """Calls and tokens of what was asked, kept or not."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    kept: int = 0
    kept_seconds: float = 0.0


class Replies:
    """Asks a model what it was not asked before; a reply is known by model, kind, and the whole prompt.

    Only whole replies are kept.
    """

    def __init__(self, model: AnyChat, file: KeptFile) -> None:
        self.name = model.name
        self._model = model
        self._file = file

    async def talk(self, kind: str, prompt: Rendered, spent: Spent) -> Reply:
        """Answer in words, with an empty text where the model gives no whole answer; raises ModelError."""
        turns = [Turn(role="system", text=prompt.system), Turn(role="user", text=prompt.user)]
        return await self._once(kind, prompt, spent, lambda: self._model.talk(turns))

    async def ask(self, kind: str, prompt: Rendered, schema: type[R], check: Callable[[R], None], spent: Spent) -> R:
        """Answer in JSON of a schema that `check` lets pass, asked once more where it does not; raises ModelError."""
        asked = prompt
        for attempt in range(1, ATTEMPTS + 1):
            reply = await self._once(kind, asked, spent, self._asking(kind, asked, schema, attempt))
            try:
                value = fitting(reply.text, schema)
                check(value)
            except (ReplyUnparsable, ReplyRefused) as exc:
                if attempt == ATTEMPTS:
                    raise
                told = f"{prompt.user}\n\nYour last answer was refused: {exc}\nAnswer again."
                asked = Rendered(version=prompt.version, system=prompt.system, user=told)
            else:
                return value
        raise AssertionError("the loop returns or raises")

    def _asking(
        self, kind: str, prompt: Rendered, schema: type[BaseModel], attempt: int
    ) -> Callable[[], Awaitable[ChatReply]]:
        request = ChatRequest(
            kind=kind,
            prompt_version=prompt.version,
            system=prompt.system,
            user=prompt.user,
            schema=schema,
            message_ids=(),
            attempt=attempt,
        )
        return lambda: self._model.ask(request)

    async def _once(self, kind: str, prompt: Rendered, spent: Spent, ask: Callable[[], Awaitable[ChatReply]]) -> Reply:
        key = digest(self.name, kind, prompt.version, prompt.system, prompt.user)
        reply = self._file.get(key)
        if reply is not None:
            spent.kept += 1
            spent.kept_seconds += reply.milliseconds / 1000
        else:
            start = time.perf_counter()
            given = await ask()
            reply = Reply(
                key=key,
                kind=kind,
                model=self.name,
                text="" if given.problem else given.text.strip(),
                tokens_in=given.tokens_in,
                tokens_out=given.tokens_out,
                milliseconds=(time.perf_counter() - start) * 1000,
            )
            if reply.text:
                self._file.put(reply)
        spent.calls += 1
        spent.tokens_in += reply.tokens_in
        spent.tokens_out += reply.tokens_out
        return reply


class KeptFile:
    """Replies in a file of JSON lines that one run at a time writes; open it with `kept`."""

    def __init__(self, file: BufferedRandom, path: Path) -> None:
        self._file = file
        self._path = path
        self._known: dict[str, Reply] = {}
        self._read()

    def get(self, key: str) -> Reply | None:
        """Return the reply of that key."""
        return self._known.get(key)

    def put(self, reply: Reply) -> None:
        """Write a reply down at once."""
        self._known[reply.key] = reply
        try:
            self._file.write(reply.model_dump_json().encode() + b"\n")
            self._file.flush()
        except OSError as exc:
            raise FileUnwritable(f"cannot write {self._path}: {exc}.") from exc

    def _read(self) -> None:
        """Read what is kept; a last line that was not finished is cut off."""
        text, newline, _ = self._file.read().rpartition(b"\n")
        lines = text.split(b"\n") if newline else []
        whole = 0
        for number, line in enumerate(lines, start=1):
            try:
                reply = Reply.model_validate_json(line)
            except ValidationError as exc:
                if number == len(lines):
                    break
                raise UnreadableFile(
                    f"line {number} of {self._path} is no kept reply ({exc}). Mend it or remove the file."
                ) from exc
            self._known[reply.key] = reply
            whole += len(line) + 1
        self._file.truncate(whole)
        self._file.seek(whole)


@contextmanager
def kept(path: Path) -> Generator[KeptFile]:
    """Open a file of replies, made where there is none; raises FileUnwritable, also where another run writes it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        opened = path.open("r+b")
    except OSError as exc:
        raise FileUnwritable(f"cannot write {path}: {exc}.") from exc
    with opened as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise FileUnwritable(f"another run writes {path}. Wait for it, or name another file.") from exc
        yield KeptFile(file, path)
