"""A Markdown table of lines that also reads well in a terminal."""

import math
from collections.abc import Sequence
from itertools import pairwise

from benchmarks.row import Line, Outcome

HEADER = ("work", "nde", "peer", "its time", "ratio", "at least", "reached", "our error", "its error", "runs")
UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))


def table(lines: Sequence[Line]) -> str:
    """All lines, with aligned columns; a row's work and our time appear once."""
    repeated = [False] + [before.work == line.work for before, line in pairwise(lines)]
    cells = [HEADER, *(_cells(line, again) for line, again in zip(lines, repeated, strict=False))]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    head, *body = ("| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in cells)
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([head, rule, *body])


def duration(seconds: float) -> str:
    """Three digits and a unit: 12.3 µs, 4.56 ms, 7.89 s."""
    unit, size = next((scale for scale in UNITS if seconds >= scale[1]), UNITS[-1])
    return f"{_three_digits(seconds / size)} {unit}"


def _cells(line: Line, again: bool) -> tuple[str, ...]:
    ours, peer = line.ours, line.peer
    return (
        "" if again else line.work,
        "" if again else _named(duration(ours.timing.seconds), ours.setting),
        _named(peer.name, peer.setting),
        duration(peer.timing.seconds),
        _three_digits(line.ratio),
        "" if line.target is None else f"{line.target:.2g}",
        {None: "", True: "yes", False: "no"}[line.reached],
        _error(ours),
        _error(peer),
        f"{ours.timing.runs}, {peer.timing.runs}",
    )


def _named(what: str, setting: str) -> str:
    return f"{what} ({setting})" if setting else what


def _three_digits(number: float) -> str:
    return f"{number:,.{max(0, 2 - math.floor(math.log10(number)))}f}"


def _error(outcome: Outcome) -> str:
    return "" if outcome.error is None else f"{outcome.error:.1e}"
