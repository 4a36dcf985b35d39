"""Make the pictures of docs/browser.md anew: ``python -m scripts.browse --out docs/browser``.

A server is booted and filled with the demo's talk; headless Chromium opens its Neo4j Browser, loads the style, and runs
the saved queries of cypher/browser/queries. Chromium is the system's own (Debian: apt-get install chromium).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import shutil
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, Route, sync_playwright

from graphmem import Settings
from scripts import browser_files, demo_graph, neo4j_local

QUERIES = browser_files.FOLDER / "queries"
MOST_BYTES = 300_000
PARAMETERS: Mapping[str, object] = {
    "scope": demo_graph.DEMO,
    "name": "Ada",
    "year": 2024,
    "fact": "Ada lives in Oslo",
    "from": "Ada",
    "to": "Polar Institute of Design",
}
PICTURES: Mapping[str, Mapping[str, object]] = {
    "live_view": {},
    "who_is": {},
    "neighbourhood": {"name": "Ingrid"},
    "what_changed": {},
    "why_believed": {},
    "history_of_fact": {"fact": "Ada lives in Turin"},
    "how_connected": {},
    "what_is_uncertain": {},
}
"""The saved queries that have a picture in the documentation, with parameters of their own."""
_OUTSIDE = re.compile(r"^https?://(?!127\.0\.0\.1[:/]|localhost[:/])")
_NODES = """nodes => nodes.map(n => [n.getAttribute('transform'),
    [...n.querySelectorAll('text.caption')].map(t => t.textContent.trim()).join(' '),
    n.querySelector('circle.b-outline').getAttribute('fill')])"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a result shows: the nodes' captions with their colours, the relationships' captions, and the legend."""

    colours: Mapping[str, str]
    ties: tuple[str, ...]
    legend: frozenset[str]

    @property
    def captions(self) -> frozenset[str]:
        """The nodes' captions."""
        return frozenset(self.colours)


def find_chromium() -> str | None:
    """Return the system's Chromium or Chrome, if there is one."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def saved_query(name: str) -> str:
    """Return a saved query's text."""
    return (QUERIES / f"{name}.cypher").read_text(encoding="utf-8")


@contextmanager
def opened(browser: str, bolt_uri: str, chromium: str) -> Generator[Page]:
    """Open Neo4j Browser, at the address `browser`, in headless Chromium, and wait until it is connected.

    Nothing outside this machine is asked.
    """
    address = f"{browser}?{urlencode({'dbms': bolt_uri, 'preselectAuthMethod': 'NO_AUTH'}, safe=':/')}"
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            page = program.new_page(viewport={"width": 1360, "height": 820}, color_scheme="light")
            page.route(_OUTSIDE, _refuse)
            page.goto(address)
            page.get_by_text("Connected to Neo4j").wait_for()
            yield page
        finally:
            program.close()


def _refuse(route: Route) -> None:
    route.abort()


def run(page: Page, text: str) -> None:
    """Type a command or a query into the editor, and run it."""
    page.locator("#monaco-main-editor").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(text)
    page.keyboard.press("Control+Enter")


def dress(page: Page, files: str) -> None:
    """Load the style, as a person does."""
    run(page, f":style {files}/style.grass")
    page.get_by_test_id("frame").filter(has_text="node.Person").wait_for()


def ask(page: Page, query: str, parameters: Mapping[str, object]) -> Locator:
    """Run a query with parameters, alone on the page, and return the frame of its result."""
    run(page, f":params {json.dumps(dict(parameters), ensure_ascii=False)}")
    page.get_by_test_id("rawParamData").first.wait_for()
    run(page, ":clear")
    page.get_by_test_id("frame").first.wait_for(state="detached")
    run(page, query)
    frame = page.get_by_test_id("frame")
    frame.get_by_test_id("frame-loaded-contents").wait_for()
    return frame


def settle(page: Page, frame: Locator) -> None:
    """Wait until the picture stands still."""
    frame.locator("g.node").first.wait_for()
    before = None
    for _ in range(60):
        page.wait_for_timeout(250)
        now = frame.locator("g.node").evaluate_all(_NODES)
        if now == before:
            return
        before = now


def seen(frame: Locator) -> Picture:
    """Return what a result's picture shows."""
    legend = frame.locator("[data-testid^=property-details-overview-]").evaluate_all(
        "found => found.map(e => e.dataset.testid.split('-').pop())"
    )
    return Picture(
        colours={caption: colour for _, caption, colour in frame.locator("g.node").evaluate_all(_NODES)},
        ties=tuple(frame.locator("g.relationship text").all_text_contents()),
        legend=frozenset(legend) - {"*"},
    )


def fit(page: Page, frame: Locator) -> None:
    """Let the picture fill the frame; where the legend would cover a part of it, fold the legend."""
    settle(page, frame)
    frame.locator("button.zoom-out + button").click()
    settle(page, frame)
    page.wait_for_timeout(500)
    edge = frame.get_by_test_id("vizInspector").evaluate("e => e.getBoundingClientRect().left - 40")
    if edge < frame.locator("g.node").evaluate_all("n => Math.max(...n.map(e => e.getBoundingClientRect().right))"):
        frame.get_by_title("Collapse the node properties display").click()


def photograph(page: Page, name: str, path: Path) -> None:
    """Run a saved query and keep the picture of its result."""
    frame = ask(page, saved_query(name), {**PARAMETERS, **PICTURES[name]})
    frame.get_by_title("Fullscreen").click()
    fit(page, frame)
    keep(page, path)
    frame.get_by_title("Close fullscreen").click()


def photograph_guide(page: Page, files: str, path: Path) -> None:
    """Play the guide, run the first query that it offers, and keep the picture of both."""
    run(page, ":clear")
    run(page, f":guide {files}/guide.html")
    page.get_by_text("Next", exact=True).click()
    page.locator("pre.runnable").first.click()
    page.get_by_test_id("editor-Run").click()
    frame = page.get_by_test_id("frame").first
    frame.get_by_title("Collapse the node properties display").click()
    settle(page, frame)
    page.get_by_role("heading", name="Who is this user?").scroll_into_view_if_needed()
    keep(page, path)


def keep(page: Page, path: Path) -> None:
    """Write the page as a picture; raises RuntimeError if it is too large for the documentation."""
    taken = page.screenshot(path=path)
    if len(taken) >= MOST_BYTES:
        raise RuntimeError(f"{path} has {len(taken)} bytes, more than {MOST_BYTES}.")
    print(f"{path} ({len(taken) // 1000} kB)")


def photograph_all(out: Path, chromium: str) -> None:
    """Make all pictures: most on the older line, the live view on the newer one too."""
    for version in neo4j_local.RELEASES:
        with neo4j_local.running(version) as server, browser_files.serving() as files:
            asyncio.run(demo_graph.fill(Settings(home=server.home, neo4j_uri=server.bolt_uri)))
            with opened(server.browser, server.bolt_uri, chromium) as page:
                dress(page, files)
                if version != neo4j_local.DEFAULT_VERSION:
                    photograph(page, "live_view", out / f"live_view_{version.partition('.')[0]}.png")
                    continue
                for name in PICTURES:
                    photograph(page, name, out / f"{name}.png")
                photograph_guide(page, files, out / "guide.png")


def main() -> None:
    """Make the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the folder to write them to")
    out: Path = parser.parse_args().out
    chromium = find_chromium()
    if chromium is None:
        sys.exit("Chromium is missing: install it (Debian: apt-get install chromium).")
    out.mkdir(parents=True, exist_ok=True)
    try:
        photograph_all(out, chromium)
    except neo4j_local.Missing as exc:
        sys.exit(str(exc))


if __name__ == "__main__":
    main()
