"""Hidden values of public tables, filled by `PanelImputer`, by lines, and by regression on the other columns."""

import dataclasses
import json
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from sklearn.exceptions import ConvergenceWarning
from sklearn.experimental import enable_iterative_imputer  # noqa: F401 (makes the next import possible)
from sklearn.impute import IterativeImputer

from experiments.gaps_data import GapTable, gap_tables
from nde.data.panel import TimeSeries
from nde.estimators import PanelImputer
from nde.plot.style import COLORS, INK, style_axes

SEEDS = 5
_SHARE = 0.15
_RUN = 5
_MOST_SERIES = 60


@dataclasses.dataclass(frozen=True)
class Row:
    """The errors on the hidden values of one channel.

    Attributes:
        table: The table and the channel.
        hidden: What was hidden: `"single values"` or `"blocks"`.
        ours: The root mean squared error of `PanelImputer` with its defaults.
        line: That of lines between known values.
        iterative: That of scikit-learn's `IterativeImputer`, given the other columns, time and series.
        method: The method that `PanelImputer` used.
    """

    table: str
    hidden: str
    ours: float
    line: float
    iterative: float
    method: str


def run(folder: Path, quick: bool) -> None:
    """Hide values of all tables, fill them, and write the table, the numbers and the plot."""
    rows: list[Row] = []
    for table in gap_tables()[: 1 if quick else None]:
        for seed in range(1 if quick else SEEDS):
            for blocks in (False, True):
                rows += measure(table, seed, blocks=blocks)
        print(table.name, f"{ratio(rows, 'line'):.3f} {ratio(rows, 'iterative'):.3f}", flush=True)
    (folder / "gaps.json").write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=1) + "\n")
    (folder / "gaps.md").write_text(report(rows), encoding="utf-8")
    picture(rows).savefig(folder / "gaps.png")


def measure(table: GapTable, seed: int, *, blocks: bool) -> list[Row]:
    """Hide values, alone or in blocks, and fill them."""
    panel, seen = table.panel, hide(table.panel, seed, blocks=blocks)
    imputer = PanelImputer(random_state=seed).fit(seen)
    lines = PanelImputer(methods=["linear interpolation"], random_state=seed).fit(seen)
    hidden = np.isnan(seen.ys) & ~np.isnan(panel.ys)

    def error(filled: Float[np.ndarray, "rows channels"], place: int) -> float:
        return float(np.sqrt(np.mean((filled - panel.ys)[hidden[:, place], place] ** 2)))

    ours, line, regressed = imputer.transform(seen).ys, lines.transform(seen).ys, iterative(seen)
    return [
        Row(
            table=f"{table.name}: {name}",
            hidden="blocks" if blocks else "single values",
            ours=error(ours, place),
            line=error(line, place),
            iterative=error(regressed, place),
            method=imputer.methods_[name],
        )
        for place, name in enumerate(panel.channels)
    ]


def hide(panel: TimeSeries, seed: int, *, blocks: bool) -> TimeSeries:
    """The series without a part of the values of each channel, alone or in blocks."""
    random, ys = np.random.default_rng(seed + 1000), panel.ys.copy()
    for start, length in zip(panel.starts, panel.lengths, strict=True):
        for channel in range(ys.shape[1]):
            rows = start + np.flatnonzero(~np.isnan(ys[start : start + length, channel]))
            count = max(1, round(_SHARE * len(rows)))
            if blocks and len(rows) > 4 * _RUN:
                firsts = random.integers(0, len(rows) - _RUN, max(1, round(count / _RUN)))
                ys[rows[(firsts[:, None] + np.arange(_RUN)).ravel()], channel] = np.nan
            elif len(rows) > _RUN:
                ys[random.choice(rows, count, replace=False), channel] = np.nan
    return dataclasses.replace(panel, ys=ys)


def iterative(panel: TimeSeries) -> Float[np.ndarray, "rows channels"]:
    """Fill by regressions of each column on the others, on time, and on indicators of the series."""
    places = np.arange(min(len(panel), _MOST_SERIES)) if len(panel) > 1 else np.arange(0)
    series = (panel.owners[:, None] == places).astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        table = np.column_stack([panel.ys, panel.ts, series])
        filled = np.asarray(IterativeImputer(random_state=0).fit_transform(table))
    return filled[:, : panel.ys.shape[1]]


def ratio(rows: Sequence[Row], of: str) -> float:
    """The geometric mean of our error over another."""
    return float(np.exp(np.mean([np.log(row.ours / getattr(row, of)) for row in rows])))


def report(rows: Sequence[Row]) -> str:
    """The table, a line for each channel of each table."""
    lines = [
        "# Hidden values of public tables",
        "",
        "`PanelImputer` with its defaults: geometric means of its root mean squared error over that of lines between "
        "known values, and of scikit-learn's `IterativeImputer` given time and series; below 1 it is better. 15% of "
        "the values of each channel were hidden, alone or in blocks of five.",
        "",
        "| table | over line | over line, blocks | over iterative | over iterative, blocks | methods used |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in (*dict.fromkeys(row.table for row in rows), "all"):
        own = [row for row in rows if name in {row.table, "all"}]
        cells = [
            f"{ratio([row for row in own if row.hidden == hidden], of):.2f}"
            for of in ("line", "iterative")
            for hidden in ("single values", "blocks")
        ]
        used = ", ".join(dict.fromkeys(row.method for row in own)) if name != "all" else ""
        lines.append(f"| {name} | {' | '.join(cells)} | {used} |")
    return "\n".join(lines) + "\n"


def picture(rows: Sequence[Row]) -> Figure:
    """Our error over that of lines and of the iterative imputer, for each channel."""
    names = list(dict.fromkeys(row.table for row in rows))
    figure = Figure(figsize=(8.0, 1.2 + 0.24 * len(names)), layout="constrained", dpi=120)
    axes = figure.subplots()
    style_axes(axes)
    for place, (of, label) in enumerate((("line", "linear interpolation"), ("iterative", "IterativeImputer"))):
        values = [ratio([row for row in rows if row.table == name], of) for name in names]
        axes.plot(values, range(len(names)), "os"[place], color=COLORS[place], label=f"over {label}")
    axes.axvline(1.0, color=INK, linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("error of PanelImputer over that of the other method")
    axes.legend(frameon=False, fontsize=8.5, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    return figure
