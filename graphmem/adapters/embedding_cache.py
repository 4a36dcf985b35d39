"""Vectors by the digest of model and text, kept across restarts, so that no server is paid twice for one text."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections import OrderedDict
from collections.abc import Generator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from graphmem.errors import EmbedderError
from graphmem.ports import Embedder

MOST_VECTORS = 50_000
"""How many are kept; at 1,536 numbers each that takes about 350 MB."""
MOST_RECENT = 10_000
"""How many vectors are kept in memory: those of questions, and of their parts, up to 200 of one, come again."""
FEW = 64
"""From how many texts on they are taken for ones that are written, which do not come again."""
BUSY_SECONDS = 30.0
_Packed: TypeAlias = NDArray[np.float32]
_Recent: TypeAlias = "OrderedDict[bytes, _Packed]"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS vectors_by_use ON vectors (used);
"""
_NEXT = "SELECT coalesce(max(used), 0) + 1 FROM vectors"


class VectorCache:
    """A file of vectors as float32 bytes that many processes share; those longest unused go first.

    `generation` counts how often it was emptied: what was computed before is not kept after.
    """

    def __init__(self, path: Path, *, most: int = MOST_VECTORS) -> None:
        self.path = path
        self._most = most

    def get(self, keys: Sequence[bytes]) -> tuple[int, dict[bytes, list[float]]]:
        """Return the generation, and the vectors that are kept of some keys."""
        with self._opened() as db:
            (generation,) = db.execute("PRAGMA user_version").fetchone()
            found: dict[bytes, list[float]] = {}
            for key in keys:
                row = db.execute("SELECT vector FROM vectors WHERE key = ?", (key,)).fetchone()
                if row is not None:
                    found[key] = np.frombuffer(row[0], "<f4").tolist()
            (use,) = db.execute(_NEXT).fetchone()
            db.executemany("UPDATE vectors SET used = ? WHERE key = ?", [(use, key) for key in found])
            return generation, found

    def put(self, vectors: Mapping[bytes, Sequence[float]], generation: int) -> None:
        """Keep vectors, unless the cache was emptied since `generation`."""
        with self._opened() as db:
            if db.execute("PRAGMA user_version").fetchone() != (generation,):
                return
            (use,) = db.execute(_NEXT).fetchone()
            rows = [(key, _packed(vector).tobytes(), use) for key, vector in vectors.items()]
            db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", rows)
            (count,) = db.execute("SELECT count(*) FROM vectors").fetchone()
            db.execute(
                "DELETE FROM vectors WHERE key IN (SELECT key FROM vectors ORDER BY used, key LIMIT ?)",
                (max(0, count - self._most),),
            )

    def empty(self) -> None:
        """Forget all vectors, and leave none of their bytes in the file; raises EmbedderError where that fails."""
        if not self.path.exists():
            return
        with self._opened() as db:
            (generation,) = db.execute("PRAGMA user_version").fetchone()
            db.execute("DELETE FROM vectors")
            db.execute(f"PRAGMA user_version = {generation + 1}")
        with _said(self.path), closing(self._connected()) as db:
            (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise EmbedderError(
                    f"{self.path} is in use and may hold vectors of what was deleted: remove that file."
                )

    @contextmanager
    def _opened(self) -> Generator[sqlite3.Connection]:
        """Open the file for one transaction, which waits for those of others."""
        with _said(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with closing(self._connected()) as db:
                if db.execute("PRAGMA journal_mode").fetchone() != ("wal",):
                    db.execute("PRAGMA journal_mode = WAL")
                db.executescript(_SCHEMA)
                db.execute("BEGIN IMMEDIATE")
                yield db
                db.execute("COMMIT")

    def _connected(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        # What is deleted is overwritten with zeros.
        db.execute("PRAGMA secure_delete = ON")
        return db


class CachedEmbedder:
    """Any embedder, with its vectors kept in a file where computing them costs money: where it is `remote`.

    The vectors of a text that is erased, deleted or asked to be forgotten must not outlive it. A vector does not tell
    which graph and scope its text is in, and one text can be in many, so `forget` empties the cache whole: the next
    writes pay for what they embed anew, which is the lesser evil. It does so whether or not this embedder keeps any,
    since another one may have kept some in that file. In memory only are kept the last vectors of questions and, where
    the file is not used, those of a few texts. What is kept by one `beside` it is forgotten with it.
    """

    def __init__(
        self,
        inner: Embedder,
        path: Path,
        *,
        keep: bool | None = None,
        most: int = MOST_VECTORS,
        beside: Embedder | None = None,
    ) -> None:
        self.inner = inner
        self._beside = beside
        self._keep = inner.remote if keep is None else keep
        self._cache = VectorCache(path, most=most)
        self._recent: _Recent = OrderedDict()

    @property
    def name(self) -> str:
        """The inner embedder's name."""
        return self.inner.name

    @property
    def dimension(self) -> int:
        """How many numbers a vector has."""
        return self.inner.dimension

    @property
    def remote(self) -> bool:
        """Whether texts are sent elsewhere."""
        return self.inner.remote

    @property
    def truncated(self) -> int:
        """How many texts were longer than the window so far."""
        return self.inner.truncated

    async def load(self) -> None:
        """Load the inner embedder."""
        await self.inner.load()

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return a vector for each text, computing those that are not kept; raises EmbedderError."""
        if not texts:
            return []
        if not self._keep:
            return await (self.inner.embed(texts) if len(texts) > FEW else self._embed_few(texts))
        keys = {text: self._key(text) for text in texts}
        generation, known = await asyncio.to_thread(self._cache.get, list(keys.values()))
        lacking = [text for text, key in keys.items() if key not in known]
        if lacking:
            made = dict(zip((keys[t] for t in lacking), await self.inner.embed(lacking), strict=True))
            await asyncio.to_thread(self._cache.put, made, generation)
            known |= made
        return [known[keys[text]] for text in texts]

    async def embed_query(self, text: str) -> list[float]:
        """Return the vector of a question; raises EmbedderError."""
        recent, key = self._recent, self._key(text, "question")
        if key not in recent:
            _remember(recent, {key: _packed(await self.inner.embed_query(text))})
        recent.move_to_end(key)
        return recent[key].tolist()

    async def _embed_few(self, texts: Sequence[str]) -> list[list[float]]:
        recent, keys = self._recent, {text: self._key(text) for text in texts}
        known = {key: recent[key] for key in keys.values() if key in recent}
        lacking = [text for text, key in keys.items() if key not in known]
        if lacking:
            known |= zip((keys[t] for t in lacking), map(_packed, await self.inner.embed(lacking)), strict=True)
        _remember(recent, known)
        return [known[keys[text]].tolist() for text in texts]

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the inner embedder counts."""
        return self.inner.count_tokens(text)

    async def forget(self) -> None:
        """Let go of every vector that is kept, in the file and in memory; raises EmbedderError."""
        # Another one, so that what is being computed is not kept after this either.
        self._recent = OrderedDict()
        await asyncio.to_thread(self._cache.empty)
        await self.inner.forget()
        if self._beside is not None:
            await self._beside.forget()

    async def close(self) -> None:
        """Close the inner embedder."""
        await self.inner.close()

    def _key(self, text: str, *kind: str) -> bytes:
        return hashlib.sha256("\0".join((self.name, *kind, text)).encode()).digest()


def _packed(vector: Sequence[float]) -> _Packed:
    return np.asarray(vector, "<f4")


def _remember(recent: _Recent, vectors: Mapping[bytes, _Packed]) -> None:
    """Keep vectors as the last ones; those longest unused go."""
    for key, vector in vectors.items():
        recent[key] = vector
        recent.move_to_end(key)
    while len(recent) > MOST_RECENT:
        recent.popitem(last=False)


@contextmanager
def _said(path: Path) -> Generator[None]:
    """Say in words what is wrong with the file."""
    try:
        yield
    except (sqlite3.Error, OSError) as exc:
        raise EmbedderError(
            f"the cache of vectors at {path} cannot be used ({exc}). Remove that file, or set "
            "GRAPHMEM_EMBEDDER_CACHE=off."
        ) from exc
