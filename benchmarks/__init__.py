"""Speed and error of `nde` beside its peers: `python -m benchmarks`.

A *problem* says what is to be computed, a *side* computes it with one library, and a *row* lets our side and its peers
take turns at one problem. `problem.py`, `side.py` and `row.py` are the vocabulary; `rows/` and `peers/` use it.
"""
