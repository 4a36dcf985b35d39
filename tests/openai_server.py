"""A local server that speaks the OpenAI protocol; its answers are written in the test."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Wire:
    """An answer as it goes over the wire: `pause` seconds before each of its pieces."""

    status: int
    pieces: tuple[bytes, ...]
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    pause: float = 0.0


Answer: TypeAlias = tuple[int, dict[str, Any]] | Wire


def completion(text: str | None, finish: str = "stop", **message: Any) -> Answer:
    return 200, {
        "id": "c1",
        "object": "chat.completion",
        "created": 1,
        "model": "tiny-1",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text, **message}}
        ],
        "usage": {
            "prompt_tokens": 11,
            "completion_tokens": 7,
            "total_tokens": 18,
            "prompt_tokens_details": {"cached_tokens": 4},
        },
    }


def streamed(*pieces: str) -> Wire:
    """Return an answer in words that comes piece by piece."""
    head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "tiny-1"}
    chunks = [{**head, "choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    return Wire(200, (*(f"data: {json.dumps(c)}\n\n".encode() for c in chunks), b"data: [DONE]\n\n"))


def called(arguments: str, name: str = "resolve") -> Answer:
    """Return an answer that calls the tool of that name."""
    call = {"id": "t1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return completion(None, "tool_calls", tool_calls=[call])


def error(status: int, message: str, **headers: str) -> Wire:
    """Return an error as servers send it; the SDK tries those again that pass."""
    body = json.dumps({"error": {"message": message}}).encode()
    return Wire(status, (body,), {name.replace("_", "-"): value for name, value in headers.items()})


def wire(answer: Answer) -> Wire:
    if isinstance(answer, Wire):
        return answer
    status, reply = answer
    return Wire(status, (json.dumps(reply).encode(),), {"x-should-retry": "false"})


def embeddings(vectors: Sequence[Sequence[float]]) -> Answer:
    # Backwards: which text a vector is of is told by its index.
    data = [{"object": "embedding", "index": i, "embedding": list(v)} for i, v in enumerate(vectors)]
    return 200, {
        "object": "list",
        "data": data[::-1],
        "model": "tiny-embedder",
        "usage": {"prompt_tokens": 5, "total_tokens": 5},
    }


@contextmanager
def openai_server(answer: Callable[[dict[str, Any]], Answer]) -> Generator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            sent = wire(answer({"path": self.path, "key": self.headers["Authorization"], **body}))
            self.send_response(sent.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(sum(map(len, sent.pieces))))
            for name, value in sent.headers.items():
                self.send_header(name, value)
            # Who waits no longer has gone.
            with suppress(BrokenPipeError, ConnectionResetError):
                self.end_headers()
                for piece in sent.pieces:
                    time.sleep(sent.pause)
                    self.wfile.write(piece)
                    self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
