"""A little conversation in LoCoMo's format, written for these tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from graphmem.bench.locomo import Conversation, load_conversations

SAID = {
    "1:10 pm on 4 March, 2024": [
        ("Ingrid", "Hello Tomas! I have begun to keep bees behind the house."),
        ("Tomas", "Bees! How many hives do you have?"),
        ("Ingrid", "Three hives, from my uncle Olav.", "three wooden boxes on a lawn"),
        ("Tomas", "I bought a small sailing boat last week, and called her Petrel."),
        ("Ingrid", "Where is the boat now?"),
        ("Tomas", "She lies in the harbour of Molde."),
    ],
    "7:30 pm on 2 June, 2024": [
        ("Tomas", "We sailed to Bergen with the Petrel, my sister Klara came along."),
        ("Ingrid", "I sold the first honey at the market, twelve jars."),
        ("Tomas", "Klara was seasick all the way."),
        ("Ingrid", "One swarm flew away, so that two hives are left."),
        ("Tomas", "I want to learn the accordion this winter."),
        ("Ingrid", "Olav plays it, he could teach you."),
    ],
}
ASKED: list[tuple[str, Any, list[str], int]] = [
    ("What does Ingrid keep and what did she sell?", "bees, honey", ["D1:1", "D2:2"], 1),
    ("When did Tomas buy his boat?", "The last week of February 2024", ["D1:4"], 2),
    ("Would Klara like a cruise?", "Likely not; she gets seasick", ["D2:3; D2:1"], 3),
    ("Where does the Petrel lie?", "Molde", ["D1:6", "D"], 4),
    ("How many hives were left in June?", 2, ["D2:4"], 4),
    ("What nobody said anything of", "nothing", ["D9:9"], 4),
]
NOTED = {
    "session_1_observation": {
        "Ingrid": [["Ingrid keeps bees.", "D1:1"], ["Ingrid has three hives from her uncle Olav.", ["D1:3"]]],
        "Tomas": [["Tomas bought a sailing boat called Petrel.", "D1:4"], ["The Petrel lies in Molde.", "D1:6"]],
    },
    "session_2_observation": {
        "Ingrid": [["Ingrid keeps bees.", "D2:4"], ["Ingrid sold twelve jars of honey.", "D2:2"]],
        "Tomas": [["Tomas sailed to Bergen with Klara.", "D2:1"], ["Nobody knows.", "D7:7"]],
    },
}
FAULTS = [
    {
        "sample_id": "talk-1",
        "question_id": "locomo_0_qa3",
        "question": "Where does the Petrel lie?",
        "golden_answer": "Molde",
        "error_type": "AMBIGUOUS",
    },
    {"sample_id": "other", "question_id": "locomo_1_qa0", "question": "?", "error_type": "WRONG_CITATION"},
]


def data() -> list[dict[str, Any]]:
    """Return the data set."""
    talk: dict[str, Any] = {"speaker_a": "Ingrid", "speaker_b": "Tomas"}
    for number, (at, turns) in enumerate(SAID.items(), start=1):
        talk[f"session_{number}_date_time"] = at
        talk[f"session_{number}"] = [
            {
                "speaker": speaker,
                "dia_id": f"D{number}:{place}",
                "text": text,
                **({"blip_caption": shown[0]} if shown else {}),
            }
            for place, (speaker, text, *shown) in enumerate(turns, start=1)
        ]
    asked = [{"question": q, "answer": a, "evidence": e, "category": c} for q, a, e, c in ASKED]
    astray = {"question": "What does Tomas keep?", "evidence": ["D1:1"], "category": 5, "adversarial_answer": "bees"}
    return [{"sample_id": "talk-1", "conversation": talk, "observation": NOTED, "qa": [*asked, astray]}]


def written(folder: Path) -> Path:
    """Write the data set into a file."""
    path = folder / "talk.json"
    path.write_text(json.dumps(data()), encoding="utf-8")
    return path


def conversation(folder: Path) -> Conversation:
    """Return the conversation as it is loaded."""
    (found,) = load_conversations(written(folder))
    return found
