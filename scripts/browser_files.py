"""Serve cypher/browser, the style and the guide, to a Neo4j Browser that runs on this machine.

By hand: ``python -m scripts.browser_files`` prints what to type into Neo4j Browser, and runs until Ctrl-C.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "cypher" / "browser"


class _Handler(SimpleHTTPRequestHandler):
    """Files that another address on this machine may read, as Neo4j Browser does; it asks first, by OPTIONS."""

    def do_OPTIONS(self) -> None:
        self.send_response(HTTPStatus.NO_CONTENT)
        self.end_headers()

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "*")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Generator[str]:
    """Serve the folder until the block ends, and yield its address.

    It says localhost, from which Neo4j Browser takes styles and guides without any setting of the server.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(FOLDER)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def main() -> None:
    """Serve by hand, to any server's Neo4j Browser."""
    with serving() as address:
        print(f":style {address}/style.grass\n:guide {address}/guide.html\nCtrl-C stops it.", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
