"""Which format a file has, by its suffix and how it begins."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

from graphmem.errors import UnreadableFile
from graphmem.intake.csv_table import csv_table
from graphmem.intake.items import Format, Options, Reader
from graphmem.intake.lines import opening
from graphmem.intake.messages_json import messages_document, messages_lines
from graphmem.intake.openai_export import openai_document
from graphmem.intake.transcript import has_heads, transcript

READERS: Mapping[Format, Callable[[Path, Options], Reader]] = {
    Format.JSON: messages_document,
    Format.JSONL: messages_lines,
    Format.TRANSCRIPT: transcript,
    Format.OPENAI: openai_document,
    Format.CSV: csv_table,
}
_LINES = {".jsonl", ".ndjson"}
_TABLES = {".csv", ".tsv"}
# A key, and no words of a message: there its quotation marks would be escaped.
_NODES = re.compile(r'(?<!\\)"mapping"\s*:\s*\{')
_JSON_LIST = re.compile(r"\[\s*(?:[\[{\"\]]|$)")


def detect(path: Path) -> Format:
    """Return a file's format; raises UnreadableFile for what cannot be read or told."""
    begins = opening(path)
    suffix = path.suffix.lower()
    if suffix in _TABLES:
        return Format.CSV
    text = begins.lstrip()
    if suffix in _LINES | {".json"} or _looks_like_json(text):
        return _json_format(text, suffix)
    if has_heads(begins):
        return Format.TRANSCRIPT
    known = ", ".join(Format)
    raise UnreadableFile(f"cannot tell what {path} is. Say it with --format: {known}.")


def _looks_like_json(text: str) -> bool:
    return text.startswith("{") or _JSON_LIST.match(text) is not None


def _json_format(text: str, suffix: str) -> Format:
    if _NODES.search(text):
        return Format.OPENAI
    if suffix in _LINES:
        return Format.JSONL
    return Format.JSONL if suffix != ".json" and _is_message(text.partition("\n")[0]) else Format.JSON


def _is_message(line: str) -> bool:
    try:
        value: object = json.loads(line)
    except ValueError:
        return False
    return isinstance(value, dict) and "text" in value
