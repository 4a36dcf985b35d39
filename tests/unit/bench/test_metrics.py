from __future__ import annotations

import math
import sys

import pytest

from graphmem.bench.metrics import bleu1, f1
from graphmem.errors import InvalidInput


@pytest.mark.parametrize(
    ("answer", "gold", "category", "expected"),
    [
        ("the harbour of Molde", "Molde", 4, 0.5),
        ("She was sailing.", "she sails", 4, 0.8),
        ("in Bergen", "Molde", 4, 0.0),
        ("", "Molde", 4, 0.0),
        ("honey and bees", "bees, honey", 1, 2 / 3),
        ("honey, bees", "bees, honey", 1, 1.0),
        ("bees", "bees, honey", 1, 0.5),
        ("likely not", "Likely not; she gets seasick", 3, 1.0),
    ],
)
def test_f1_counts_stemmed_words_as_locomo_does(answer: str, gold: str, category: int, expected: float) -> None:
    assert f1(answer, gold, category) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("answer", "gold", "expected"),
    [
        ("Molde", "Molde", 1.0),
        ("cat cat cat cat", "cat sat", 1 / 4),
        ("two hives", "two of her hives", math.exp(1 - 4 / 2)),
        ("Bergen", "Molde", 0.0),
        ("", "Molde", 0.0),
    ],
)
def test_bleu1_clips_words_and_punishes_brevity(answer: str, gold: str, expected: float) -> None:
    assert bleu1(answer, gold) == pytest.approx(expected)


def test_a_package_that_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nltk.translate.bleu_score", None)

    with pytest.raises(InvalidInput, match=r"needs the package nltk: pip install 'graphmem\[bench\]'"):
        bleu1("Molde", "Molde")
