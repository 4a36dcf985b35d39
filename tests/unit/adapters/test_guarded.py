"""The embedded store's answers to queries of users, from a server that sends what a test says."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from graphmem.adapters.embedded_server import Address
from graphmem.adapters.guarded import ask_http
from graphmem.adapters.kept_rows import KeptRows
from graphmem.errors import QueryFailed, StoreError, StoreExhausted, StoreTimeout
from graphmem.guard.rewrite import Guarded
from graphmem.ports import Answered

QUERY = Guarded(text="RETURN 1 AS v0", parameters={}, columns=("n",), written=("v0",))
Pieces = Callable[[], AsyncIterator[bytes]]


@asynccontextmanager
async def answering(pieces: Pieces, status: int = 200) -> AsyncIterator[Address]:
    """A server that answers each request with these pieces."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d said\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" % status)
        try:
            async for piece in pieces():
                writer.write(piece)
                await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield Address(uri="", user="", password="", database="x", http=server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def asked(
    pieces: Pieces, *, limit: int = 10, most_bytes: int = 1000, seconds: float = 5, status: int = 200
) -> Answered:
    async with answering(pieces, status) as address:
        kept = KeptRows(limit=limit, most_bytes=most_bytes)
        return await ask_http(address, QUERY, limit, kept, seconds)


def told(*rows: object, size: int = 1 << 16) -> Pieces:
    """Pieces of an answer with these rows, each of so many bytes."""
    text = json.dumps(
        {"user": "root", "result": [{"v0": row} for row in rows], "limit": 11},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(text), size):
            yield text[at : at + size]
            await asyncio.sleep(0)

    return pieces


@pytest.mark.parametrize("size", [1, 3, 50, 1 << 16])
async def test_rows_are_whole_wherever_their_answer_is_cut_into_pieces(size: int) -> None:
    rows = ("é, 日本", ']},{"result":[', [1, {"a": '\\"'}], "x" * 300, None)

    answer = await asked(told(*rows, size=size))

    assert [row for (row,) in answer.rows] == list(rows)
    assert not answer.truncated


async def test_no_rows_are_no_rows_however_few_bytes_there_may_be() -> None:
    assert await asked(told(), most_bytes=1) == Answered(rows=(), truncated=False)


async def test_an_answer_that_has_no_end_is_read_until_it_is_too_large() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"user":"root","result":[{"v0":1},{"v0":"'
        while True:
            yield b"x" * 500

    assert await asked(pieces) == Answered(rows=((1,),), truncated=True)


async def test_a_row_that_has_no_end_is_refused() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"user":"root","result":[{"v0":"'
        while True:
            yield b"x" * 500

    with pytest.raises(QueryFailed, match=r"1,000 bytes \(GRAPHMEM_RESULT_BYTES\)"):
        await asked(pieces)


async def test_what_comes_slowly_ends_with_the_time_of_the_whole_query() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"user":"root","result":['
        while True:
            yield b" "
            await asyncio.sleep(0.1)

    start = time.monotonic()
    with pytest.raises(StoreTimeout, match="GRAPHMEM_CYPHER_TIMEOUT"):
        await asked(pieces, seconds=0.5)
    assert time.monotonic() - start < 5


async def test_an_answer_without_a_result_is_an_error() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"user":"root","result":[{"v0":1},'

    with pytest.raises(StoreError, match="no whole result"):
        await asked(pieces)


async def test_a_store_without_memory_for_a_query_says_so() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b'{"error":"Internal error","exception":"java.lang.OutOfMemoryError"}'

    with pytest.raises(StoreExhausted, match="more memory"):
        await asked(pieces, status=500)
