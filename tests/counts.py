"""How much a test tries: enough for each run, and all of it where GRAPHMEM_FULL_COUNTS is set, as for proof."""

from __future__ import annotations

import os

FULL = "GRAPHMEM_FULL_COUNTS" in os.environ
