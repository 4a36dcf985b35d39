"""Text as it is compared: folded, digested, looked for as whole words."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

# Thai, Lao, Burmese, Khmer, Chinese and Japanese are written without spaces.
_SPACELESS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff]")

_STOP_WORDS = """
a an and are as at be been but by can could did do does for from had has have he her hers him his how i if in
into is it its me my of on or our she should so that the their them then there these they this those to was we
were what when where which who whom whose why will with would you your about any some
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words of English that carry little meaning by themselves."""


def digest(*parts: str) -> str:
    """Return a hexadecimal digest of the parts, which no other parts share."""
    return hashlib.sha256("\x1f".join(f"{len(p)}:{p}" for p in parts).encode("utf-8", "surrogatepass")).hexdigest()


def fold(text: str) -> str:
    """Return the form in which names and words are compared: no case, no accents, single spaces; never empty for text.

    Marks are dropped from Latin, Greek and Cyrillic letters only, since elsewhere they carry the word.
    """
    if text.isascii():
        # Nothing to compose and no mark to drop: a tenth of the time, and most texts.
        return " ".join(text.lower().split()) or text.strip()
    kept: list[str] = []
    for char in unicodedata.normalize("NFKC", text):
        base = unicodedata.normalize("NFD", char)[0]
        kept.append(base if ord(base) < 0x0530 else char)
    return " ".join("".join(kept).casefold().split()) or text.strip()


def spaceless(text: str) -> bool:
    """Tell whether a text is in a script that puts no spaces between words."""
    return _SPACELESS.search(text) is not None


def named_in(text: str, names: Sequence[str]) -> bool:
    """Tell whether a text names something, as whole words where the script has spaces between them."""
    return named_among(folded_words(text), names)


def folded_words(text: str) -> str:
    """Return a text's words, folded, each between spaces: what names are looked for in."""
    return f" {' '.join(''.join(c if c.isalnum() else ' ' for c in fold(text)).split())} "


def named_among(words: str, names: Sequence[str]) -> bool:
    """Tell whether one of the names stands among folded words, as `named_in` does of a text."""
    plain = (folded_words(n).strip() for n in names)
    return any(name and (name if spaceless(name) else f" {name} ") in words for name in plain)


def embedded_text(speaker: str, text: str) -> str:
    """Return what is embedded of a message: the words with who said them."""
    return f"{speaker}: {text}"
