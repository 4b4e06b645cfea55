"""Compare the speed and error of `nde` with other libraries: `python -m benchmarks`.

A *problem* says what to compute, a *side* computes it with one library, and a *row* interleaves runs of our side and
its peers on one problem. `problem.py`, `side.py` and `row.py` define these terms; `rows/` and `peers/` use them.
"""
