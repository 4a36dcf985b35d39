"""The command line: tables, JSON, exit codes, errors in words; the first test and some others in processes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from graphmem.adapters.embedded_server import EmbeddedServer
from graphmem.cli.main import app

TALK = """{"text": "I live in Turin.", "speaker": "Ada", "at": "2024-01-10T12:00:00Z", "id": "m1"}
{"text": "My [boss] is Ingrid.", "speaker": "Ada", "at": "2024-01-11T12:00:00Z", "id": "m2"}
"""
REPLY = {
    "kind": "extract",
    "messages": ["m1", "m2"],
    "reply": {
        "entities": [],
        "triples": [
            {
                "message": "m1",
                "quote": "I live in Turin",
                "subject": "Ada",
                "predicate": "LIVES_IN",
                "object": "Turin",
                "valid_from": None,
                "valid_to": None,
                "polarity": "stated",
                "modality": "said",
                "confidence": 1.0,
            }
        ],
    },
}


class Shell:
    """Runs commands with an environment of their own, in this process, which has all imported, or in a new one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken = dict.fromkeys(k for k in os.environ if k.startswith(("OPENAI_", "GRAPHMEM_", "NEO4J_")))
        self.given = {"GRAPHMEM_HOME": str(folder / "home"), "GRAPHMEM_SCOPE": "ada", "COLUMNS": "200"}

    def run(self, *arguments: str, code: int = 0, **variables: str) -> str:
        with contextlib.chdir(self.folder):
            done = CliRunner().invoke(
                app, arguments, env={**self.taken, **self.given, **variables}, catch_exceptions=False
            )
        assert done.exit_code == code, done.output
        return done.stdout + done.stderr

    def process(self, *arguments: str, code: int = 0, **variables: str) -> str:
        kept = {k: v for k, v in os.environ.items() if k not in self.taken}
        done = subprocess.run(
            [sys.executable, "-m", "graphmem", *arguments],
            env={**kept, **self.given, **variables},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell; its store's server is held, so that not every command starts it."""
    folder = tmp_path_factory.mktemp("cli")
    (folder / "talk.jsonl").write_text(TALK)
    (folder / "replies.jsonl").write_text(json.dumps(REPLY))
    server = EmbeddedServer(folder / "home")
    server.ensure()
    yield Shell(folder)
    server.release()


def test_from_a_file_to_an_answer(shell: Shell) -> None:
    added = shell.process("add", "talk.jsonl", "--json", GRAPHMEM_REPLAY=str(shell.folder / "replies.jsonl"))
    again = shell.process("add", "talk.jsonl", "--check")
    table = shell.process("facts")
    found = json.loads(shell.process("search", "Where does Ada live?", "--json"))
    context = shell.process("search", "Where does Ada live?", "--context")
    past = shell.process("facts", "--as-of", "2023", "--json")
    told = shell.process("history")
    status = json.loads(shell.process("status", "--json"))

    assert json.loads(added)["new"] == 2
    assert "0 messages kept, 2 known already" in again
    assert "nothing looks wrong" in again
    assert "Ada lives in Turin" in table
    assert found["facts"][0]["fact"]["text"] == "Ada lives in Turin"
    assert "F1 Ada lives in Turin (known since 10 Jan 2024, " in context
    assert "My [boss] is Ingrid." in context
    assert json.loads(past) == []
    assert "new       Ada lives in Turin" in told
    assert (status["facts"], status["episodes"], status["pending"]) == (1, 2, 0)


def test_edits_by_hand_and_their_undoing(shell: Shell) -> None:
    who = ("--scope", "zoe", "--editor", "Eve")
    shell.run("assert", "Zoë", "LIVES_IN", "Turin", "--from", "2024-01-10", *who)
    closed = shell.run("assert", "Zoë", "LIVES_IN", "Oslo", "--from", "2024-06-13", *who)
    (oslo,) = json.loads(shell.run("facts", "--scope", "zoe", "--json"))
    corrected = shell.run("correct", oslo["id"], "--value", "Bergen", *who)
    (bergen,) = json.loads(shell.run("facts", "--scope", "zoe", "--json"))
    shell.run("correct", bergen["id"], "--to", "2099", *who)
    opened = shell.run("correct", bergen["id"], "--to", "open", *who)
    shell.run("forget", bergen["id"], *who)
    told = json.loads(shell.run("history", "--scope", "zoe", "--json"))
    undone = shell.run("undo", told[-1]["id"], *who)
    refused = shell.run("undo", told[1]["id"], *who, code=1)
    renamed = shell.run("entity", bergen["subject_id"], "--name", "Zoë Berg", *who)
    table = shell.run("facts", "--scope", "zoe")
    shell.run("assert", "Zed", "LIKES", "tea", *who)
    known = {e["name"]: e["id"] for e in json.loads(shell.run("entities", "--scope", "zoe", "--json"))}
    shell.run("merge", known["Zoë Berg"], known["Zed"], *who)
    merged = shell.run("entities", "--scope", "zoe")
    shell.run("split", known["Zed"], *who)
    checked = shell.run("verify", "--scope", "zoe")
    history = shell.run("history", "--scope", "zoe")
    erased = shell.run("erase", "--yes", "--scope", "zoe")

    assert "redated" in opened
    assert "closed    Zoë lives in Turin, until 13 Jun 2024" in closed
    assert "corrected Zoë lives in Oslo: it was never so" in corrected
    assert "restored  Zoë lives in Bergen, believed since 13 Jun 2024" in undone
    assert "UndoRefused" in refused
    assert "Zoë (Person) is now Zoë Berg (Person)" in renamed
    assert "Zoë Berg lives in Bergen" in table
    assert re.search(r"Zed +Person +Zoë Berg", merged)
    assert "every promise holds" in checked
    assert "Fact" in erased
    assert told[0]["id"] in history


def test_with_the_first_key_it_says_until_when_a_service_stays_open(shell: Shell) -> None:
    first = shell.run("keys", "create", "--tenant", "acme")
    second = shell.run("keys", "create", "--tenant", "acme")

    assert "open to this machine until it is started anew" in first
    assert "open to this machine" not in second


def test_review_cleaning_and_deletion(shell: Shell) -> None:
    who = ("--scope", "tom", "--editor", "Eve")
    nobody = shell.run("merges", "--scope", "tom")
    shell.run("assert", "Tom", "LIVES_IN", "Oslo", *who)
    shell.run("assert", "Tom Dahl", "LIKES", "tea", *who)
    (pair,) = json.loads(shell.run("merges", "--pending", "--scope", "tom", "--json"))
    shown = shell.run("merges", "--scope", "tom")
    two = shell.run("distinct", pair["entity"]["id"], pair["other"]["id"], *who)
    everything = json.loads(shell.run("merges", "--all", "--scope", "tom", "--json"))
    around = shell.run("neighbourhood", pair["other"]["id"], "--hops", "2", "--scope", "tom")
    clean = shell.run("clean", *who)
    rules = shell.run("rules", "--scope", "tom", "--json")
    (home,) = json.loads(shell.run("facts", "--scope", "tom", "--predicate", "LIVES_IN", "--json"))
    deleted = shell.run("delete", home["sources"][0]["episode_id"], "--yes", *who)
    cleaned = shell.run("clean", "--apply", *who)
    left = shell.run("facts", "--scope", "tom")
    history = shell.run("history", pair["entity"]["id"], "--scope", "tom")

    assert "nothing waits for review" in nobody
    assert "Tom Dahl (Person)" in shown
    assert "never     Tom Dahl | Tom" in two
    assert [p["state"] for p in everything] == ["never"]
    assert "Tom lives in Oslo" in around
    assert "nothing looks wrong" in clean
    assert json.loads(rules) == []
    assert "deleted ep_" in deleted
    assert "nothing looks wrong" in cleaned
    assert "Tom Dahl likes tea" in left
    assert "lives in" not in left
    assert "Tom Dahl likes tea" in history


def test_around_a_name_and_what_is_uncertain(shell: Shell) -> None:
    who = ("--scope", "pam")
    shell.run("assert", "Pam", "LIVES_IN", "Turin", "--from", "2024-01-10", *who)
    shell.run("assert", "Pam", "COMMUTE", "20 minutes", "--from", "2024-01-11", *who)
    certain = shell.run("facts", *who)
    shell.run("assert", "Pam", "LIVES_IN", "Oslo", "--from", "2024-06-13", *who)
    listed = shell.run("facts", *who)
    by_name = shell.run("neighbourhood", "pam", *who)
    known = {e["name"]: e["id"] for e in json.loads(shell.run("entities", *who, "--json"))}
    shell.run("assert", "Lumen", "LOCATED_IN", "Bergen", *who)
    shell.run("entity", known["Turin"], "--name", "Lumen", *who)
    ambiguous = shell.run("neighbourhood", "Lumen", *who, code=1)
    also = shell.run("neighbourhood", "turin", *who)
    none = shell.run("neighbourhood", "Rome", *who, code=1)

    assert "uncertain" not in certain
    assert re.search(r"Pam has a commute of 20 minutes +uncertain since 13 Jun 2024 +11 Jan 2024", listed)
    assert "Pam lives in Oslo" in by_name
    assert by_name == shell.run("neighbourhood", known["Pam"], *who)
    assert "InvalidInput: 'Lumen' may be any of these" in ambiguous
    assert f"{known['Turin']} Lumen (Place, also Turin)" in ambiguous
    assert "Lumen (Place, also Turin), 1 entities" in also
    assert "NotFound: there is no entity 'Rome' in this scope, by id or name" in none


def test_analyses_by_name(shell: Shell) -> None:
    shell.run("assert", "Kim", "LIKES", "tea, green", "--scope", "kim", "--editor", "Eve")
    listed = shell.run("cypher")
    table = shell.run("cypher", "decisions_by_editor", "--scope", "kim")
    found = json.loads(shell.run("cypher", "facts_by_month", "-p", "predicate=LIKES", "--scope", "kim", "--json"))
    written = shell.run("cypher", "believed_on", "--scope", "kim", "--csv")
    unknown = shell.run("cypher", "who_knows", "--scope", "kim", code=1)
    wrong = shell.run("cypher", "churn", "--param", "x", "--scope", "kim", code=1)

    assert "believed_on" in listed
    assert "Eve" in table
    assert (found["columns"], found["rows"][0][1:]) == (["month", "predicate", "facts"], ["LIKES", 1])
    assert '"Kim likes tea, green"' in written
    assert "no analysis" in unknown
    assert "name=value" in wrong


def test_questions_about_several_scopes_in_so_many_rows(shell: Shell) -> None:
    for who, value in (("kai", "tea"), ("kai", "jam"), ("lou lee", "rye")):
        shell.run("assert", "Kai", "LIKES", value, "--scope", who)
    shell.run("assert", "Kai", "AGE", "34", "--scope", "kai")
    both = ("--scope", "kai", "--scope", "lou lee", "--json")
    likes = ("cypher", "-q", "MATCH (f:Fact {predicate: 'LIKES'}) RETURN f.text AS text ORDER BY text")

    def told(*arguments: str, **variables: str) -> dict[str, Any]:
        return json.loads(shell.run(*arguments, **variables))

    assert [row[0] for row in told(*likes, *both)["rows"]] == ["Kai likes jam", "Kai likes rye", "Kai likes tea"]
    assert len(told("cypher", "believed_on", *both)["rows"]) == 4
    assert len(told("cypher", "believed_on", "--limit", "2", *both)["rows"]) == 2
    for limit, rows, truncated in (("1", 1, True), ("2", 2, False)):
        found = told("cypher", "facts_by_predicate", "-n", limit, *both)
        assert (len(found["rows"]), found["truncated"]) == (rows, truncated)
    found = told("search", "What does Kai like?", *both)["facts"]
    assert {f["fact"]["scope"] for f in found} == {"default/kai", "default/lou%20lee"}
    assert told(*likes, "--json", GRAPHMEM_SCOPE="lou lee")["rows"] == [["Kai likes rye"]]
    assert "no scope" in shell.run(*likes, code=1, GRAPHMEM_SCOPE="")
    assert "Invalid value" in shell.run("cypher", "believed_on", "--limit", "0", code=2)


def test_queries_of_ones_own(shell: Shell) -> None:
    shell.run("assert", "Kim", "LIKES", "tea", "--scope", "kim")
    query = "MATCH (p:Person)-[:LIKES]->(o) WHERE o.name IN $names RETURN p.name AS who, o.name AS what"
    found = json.loads(shell.run("cypher", "-q", query, "-p", 'names=["tea"]', "--scope", "kim", "--json"))
    written = shell.run("cypher", "--query", "UNWIND range(1, 3) AS n RETURN n", "-n", "2", "--scope", "kim", "--csv")
    refused = shell.run("cypher", "--query", "MATCH (n) DETACH DELETE n", "--scope", "kim", code=1)

    assert (found["columns"], found["rows"], found["truncated"]) == (["who", "what"], [["Kim", "tea"]], False)
    assert written.splitlines() == ["n", "1", "2"]
    assert "CypherRefused: line 1, column 11: DETACH changes the graph" in refused
    assert "Invalid value" in shell.process("cypher", "churn", "--query", "RETURN 1 AS n", code=2)


def test_a_graph_moves_house(shell: Shell) -> None:
    shell.run("assert", "Max", "LIKES", "tea", "--scope", "max")
    done = json.loads(shell.run("backup", "max.jsonl", "--scope", "max", "--json"))
    elsewhere = str(shell.folder / "elsewhere")
    restored = shell.run("restore", "max.jsonl", GRAPHMEM_HOME=elsewhere)
    taken = shell.run("backup", "max.jsonl", "--scope", "max", code=1)

    assert done["scopes"] == 1
    assert f"1 scopes, {done['nodes']} nodes" in restored
    assert "Max likes tea" in shell.run("facts", "--scope", "max", GRAPHMEM_HOME=elsewhere)
    assert "FileUnwritable" in taken
    assert "0 vectors written" in shell.run("reembed")


def test_messages_without_a_reply_are_parked_and_taken_later(shell: Shell) -> None:
    (shell.folder / "more.jsonl").write_text(TALK.replace('"m1"', '"m8"').replace('"m2"', '"m9"'))
    replay = {"GRAPHMEM_SCOPE": "eve", "GRAPHMEM_REPLAY": str(shell.folder / "replies.jsonl")}

    parked = shell.process("add", "more.jsonl", code=3, **replay)
    listed = shell.run("queue", "list")
    elsewhere = shell.run("queue", "retry", "--tenant", "acme", GRAPHMEM_SCOPE="eve")
    again = shell.run("queue", "retry", "--tenant", "default", GRAPHMEM_SCOPE="eve", GRAPHMEM_TENANT="acme")
    read = shell.process("worker", "--once", **replay)
    (shell.folder / "replies.jsonl").write_text(
        json.dumps(REPLY) + "\n" + json.dumps(REPLY).replace("m1", "m8").replace("m2", "m9")
    )
    taken = shell.run("retry", **replay)

    assert "ReplyNotRecorded" in parked
    assert re.search(r"default\W+eve\W+0\W+2\W", listed)
    assert elsewhere == "0 messages wait again.\n"
    assert again == "2 messages wait again.\n"
    assert "default/eve: 0 read, 0 decisions, 2 parked" in read
    assert "new       Ada lives in Turin" in taken


def test_an_unreadable_file_is_refused_whole(shell: Shell) -> None:
    (shell.folder / "bad.jsonl").write_text(TALK.splitlines()[0] + "\n{oops\n")

    said = shell.process("add", "bad.jsonl", "--scope", "bob", code=1)
    status = json.loads(shell.run("status", "--scope", "bob", "--json"))

    assert "line 2" in said
    assert "Traceback" not in said
    assert status["episodes"] == 0


def test_files_are_reported_on_before_they_are_kept_and_kept_once(shell: Shell) -> None:
    (shell.folder / "talk.txt").write_text("[2024-06-20 20:15] Ada: I live in Turin.\n[2024-06-20 20:15] Ada left\n")
    (shell.folder / "talk.csv").write_text("body,sent\nHi,20/06/2024 20:15\nHo,soon\n")
    files = ("talk.txt", "talk.csv", "--map", "text=body,at=sent", "--zone", "Europe/Oslo", "--scope", "dry")
    asked = {"OPENAI_API_KEY": "none", "GRAPHMEM_MODEL": "gpt-4o-mini"}

    told = shell.run("add", *files, "--dry-run", "--skip-bad", **asked)
    plain = json.loads(shell.run("add", *files, "--dry-run", "--skip-bad", "--json", **asked))
    refused = shell.run("add", *files, code=1)
    status = json.loads(shell.run("status", "--scope", "dry", "--json"))
    kept = shell.run("add", *files, "--skip-bad", "--no-wait")
    again = shell.run("add", *files, "--skip-bad", "--no-wait")

    assert "talk.txt: a transcript, 1 messages, 2024-06-20 20:15 to 2024-06-20 20:15" in told
    assert "1 name no zone and are read in Europe/Oslo" in told
    assert "1 notices of the chat program" in told
    assert "line 3: 'soon' is no time" in told
    assert "gpt-4o-mini, 1 calls to read, 0 to summarise, at most 1 more" in told
    assert [r["messages"] for r in plain["reports"]] == [1, 1]
    assert plain["estimate"]["calls"] == 1
    assert 0 < plain["estimate"]["dollars"] < 0.01
    assert "UnreadableFile: talk.csv, line 3: 'soon' is no time" in refused
    assert "--skip-bad" in refused
    assert status["episodes"] == 0
    assert "2 messages kept" in kept
    assert "0 messages kept, 2 known already" in again


FILTERED = [
    {"text": "I like tea.", "speaker": "Ida", "at": "2024-01-10T12:00:00Z", "session": "a", "metadata": {"by": "mail"}},
    {"text": "I like jam.", "speaker": "Ida", "at": "2024-02-10T12:00:00Z", "session": "b", "metadata": {"kept": True}},
]


def test_filters_and_pages(shell: Shell) -> None:
    (shell.folder / "ida.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in FILTERED))
    shell.run("add", "ida.jsonl", "--scope", "ida")
    shell.run("assert", "Ida", "LIVES_IN", "Oslo", "--from", "2024-03-01", "--scope", "ida")
    shell.run("assert", "Ida", "LIKES", "chess", "--from", "2024-04-01", "--scope", "ida")

    def said(*filters: str) -> list[str]:
        found = json.loads(shell.run("search", "What does Ida like?", *filters, "--scope", "ida", "--json"))
        return sorted(e["episode"]["text"] for e in found["episodes"])

    def told(*options: str) -> str:
        return shell.run("facts", *options, "--scope", "ida")

    february = ("--since", "2024-02", "--until", "2024-03")
    assert said("--session", "b") == said("--metadata", "kept=true") == said(*february) == ["I like jam."]
    assert said("--metadata", "by=mail") == said("--session", "a", "--until", "2024-02") == ["I like tea."]
    assert "Ida likes chess" in told("--predicate", "LIKES")
    assert "Ida lives in Oslo" not in told("--predicate", "LIKES")
    assert "Ida lives in Oslo" in told("--type", "Place", "--confidence", "0.5")
    asked = ("search", "What does Ida like?", "--scope", "ida", "--context", "--template")
    assert "I like jam." in shell.run(*asked, "quotes")
    assert "I like jam." not in shell.run(*asked, "facts", "--strategy", "triplet", "--rerank", "none")
    first = told("--predicate", "LIKES", "--predicate", "LIVES_IN", "--limit", "1")
    (after,) = re.findall(r"--after (\S+)", first)
    assert "Ida likes chess" in first
    assert "Ida lives in Oslo" in told("--predicate", "LIVES_IN", "--predicate", "LIKES", "--after", after)


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "says"),
    [
        (("add", "talk.jsonl", "--zone", "Mars"), {}, 1, "--zone 'Mars'"),
        (("add", "talk.jsonl", "--start", "soon"), {}, 1, "--start 'soon'"),
        (("add", "talk.jsonl", "--map", "x"), {}, 1, "--map 'x'"),
        (("add", "talk.jsonl", "none.txt"), {}, 1, "none.txt"),
        (("search", "x"), {"GRAPHMEM_SCOPE": ""}, 1, "GRAPHMEM_SCOPE"),
        (("search", " "), {}, 1, "question"),
        (("search", "x", "--as-of", "soon"), {}, 1, "--as-of"),
        (("search", "x", "--metadata", "channel"), {}, 1, "key=value"),
        (("search", "x", "--type", "Robot"), {}, 1, "ontology"),
        (("facts", "--since", "soon"), {}, 1, "--since"),
        (("facts", "--after", "x"), {}, 1, "page"),
        (("facts", "--limit", "0"), {}, 1, "limit"),
        (("history", "fa_none"), {}, 1, "fa_none"),
        (("status",), {"NEO4J_URI": "http://x"}, 1, "NEO4J_URI"),
        (("bench", "locomo", "--data", "none.json"), {}, 1, "none.json"),
        (("bench", "locomo", "--data", "talk.jsonl", "--extraction", "all"), {}, 1, "--extraction"),
        (("fly",), {}, 2, "fly"),
    ],
)
def test_an_error_is_said_in_words(
    shell: Shell, arguments: tuple[str, ...], variables: dict[str, str], code: int, says: str
) -> None:
    said = shell.run(*arguments, code=code, **variables)

    assert says in said
    assert "Traceback" not in said
