"""Tokens are counted word by word, which must give what the tokenizer makes of the whole text."""

from __future__ import annotations

import random

import pytest
from tokenizers import Tokenizer

from graphmem.adapters.embedders import count_tokens, model_folder

WHOLE = Tokenizer.from_file(str(model_folder() / "tokenizer.json"))
CONTROLS = "".join(map(chr, [0, 9, 10, 13, 0x1C, 0x1F, 0x85, 0xA0, 0x200B, 0x2028, 0x3000]))
PIECES = [
    *"aZé7ß.,'-#[](){}_",
    *CONTROLS,
    *"日本語한국어ไทยعربי",
    *"🙂👩‍👧́",
    " ",
    " ",
    "boat",
    "[CLS]",
    "[MASK]",
    "don't",
]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t ",
        "We moved to Oslo last week, didn't we?",
        "unaffordablenesses " + "x" * 300,
        "a [SEP] b [MASK]ing[PAD]",
        f"a{CONTROLS}b {CONTROLS} c",
        "Zürich, Łódź, 東京 and  서울",
    ],
)
def test_a_text_has_as_many_tokens_as_its_words(text: str) -> None:
    assert count_tokens(text) == len(WHOLE.encode(text, add_special_tokens=False).ids)


def test_so_it_is_with_whatever_stands_beside_what() -> None:
    random_ = random.Random(7)
    texts = ["".join(random_.choices(PIECES, k=random_.randrange(1, 30))) for _ in range(2000)]

    assert [t for t in texts if count_tokens(t) != len(WHOLE.encode(t, add_special_tokens=False).ids)] == []
