"""graphmem and the baselines of the Mem0 paper (arXiv 2504.19413, section 4.3), each behind the same Protocol."""
