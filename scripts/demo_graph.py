"""Let the demo's talk become a graph on a Neo4j server: ``python -m scripts.demo_graph bolt://127.0.0.1:7687``.

The replies are the recorded ones. The graph is that of user ada of tenant demo, so its scope is demo/ada.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from graphmem import Memory, Settings
from graphmem.demo.run import SCOPE, AnswerShown, demo_settings, play
from graphmem.models import Scope

DEMO = Scope(tenant="demo", user=SCOPE).key


async def fill(settings: Settings) -> None:
    """Play the demo into the store that the settings name, by its recorded replies."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        recorded = demo_settings(replace(settings, openai_api_key=None), Path(folder))
        store = replace(recorded, neo4j_uri=settings.neo4j_uri)
        async with Memory.open(store) as memory, aclosing(play(memory)) as shown:
            async for part in shown:
                if isinstance(part, AnswerShown):  # all is said; what follows are questions
                    return


def main() -> None:
    """Fill a server by hand."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("uri", help="where the server answers, as neo4j_local prints it")
    asyncio.run(fill(Settings(home=Path(), neo4j_uri=parser.parse_args().uri)))
    print(f"The graph is there, under the scope {DEMO}.")


if __name__ == "__main__":
    main()
