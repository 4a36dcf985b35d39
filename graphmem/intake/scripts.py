"""In which scripts a text is written, told in plain terms."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

_PLAIN = {
    "LATIN": "Latin",
    "CYRILLIC": "Cyrillic",
    "GREEK": "Greek",
    "ARABIC": "Arabic",
    "HEBREW": "Hebrew",
    "DEVANAGARI": "Devanagari",
    "BENGALI": "Bengali",
    "TAMIL": "Tamil",
    "THAI": "Thai",
    "ARMENIAN": "Armenian",
    "GEORGIAN": "Georgian",
    "CJK": "Chinese",
    "HIRAGANA": "Japanese",
    "KATAKANA": "Japanese",
    "KATAKANA-HIRAGANA": "Japanese",
    "HANGUL": "Korean",
}
LATIN = "Latin"
OTHER = "other"


def letters_by_script(text: str) -> Counter[str]:
    """Return how many letters of each script a text has."""
    found: Counter[str] = Counter()
    for char, times in Counter(text).items():
        script = _script(char)
        if script:
            found[script] += times
    return found


def shares(letters: Mapping[str, int]) -> dict[str, float]:
    """Return the share of each script, the greatest first."""
    total = sum(letters.values())
    return {name: n / total for name, n in sorted(letters.items(), key=lambda pair: (-pair[1], pair[0]))}


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    if not char.isalpha():
        return ""
    name = unicodedata.name(char, "").replace("FULLWIDTH ", "").replace("HALFWIDTH ", "")
    return _PLAIN.get(name.partition(" ")[0], OTHER)
