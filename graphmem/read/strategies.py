"""What a search begins from: the mix of all, or one of the two ways of the paper alone.

Source: Mem0g (arXiv 2504.19413) section 2.2: "entity-centric" retrieval and "semantic triplet" retrieval.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

Strategy: TypeAlias = Literal["mix", "entity", "triplet"]
MIX: Strategy = "mix"
ENTITY: Strategy = "entity"
TRIPLET: Strategy = "triplet"
STRATEGIES: tuple[Strategy, ...] = (MIX, ENTITY, TRIPLET)
