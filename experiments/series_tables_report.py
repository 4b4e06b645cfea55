"""The scores of methods on tables of series, their report and their plot."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from nde.plot.style import COLORS, INK, style_axes

OURS, ROCKET = "nde", "MiniRocket"


@dataclasses.dataclass(frozen=True)
class Row:
    """The scores of a method on a random quarter of a table.

    Attributes:
        table: The table.
        seed: The seed of the split.
        method: The method.
        loss: The log loss, or the root mean squared error.
        accuracy: The accuracy, for classes.
        shares: Of what our prediction is a mixture.
        seconds: How long the fit took.
    """

    table: str
    seed: int
    method: str
    loss: float
    accuracy: float | None
    shares: Mapping[str, float] | None
    seconds: float


def means(rows: Sequence[Row], table: str) -> dict[str, tuple[float, float | None]]:
    """The mean loss and accuracy of each method on a table."""
    found = {}
    for method in dict.fromkeys(row.method for row in rows):
        own = [row for row in rows if (row.table, row.method) == (table, method)]
        if own:
            accuracies = [row.accuracy for row in own if row.accuracy is not None]
            accuracy = float(np.mean(accuracies)) if accuracies else None
            found[method] = float(np.mean([row.loss for row in own])), accuracy
    return found


def report(rows: Sequence[Row]) -> str:
    """The table, one line for each data set: means over the splits."""
    others = [name for name in dict.fromkeys(row.method for row in rows) if name != OURS]
    seeds = len({row.seed for row in rows})
    lines = [
        "# Classes and numbers of series of public tables",
        "",
        f"Log loss (and accuracy in percent) for classes, RMSE for numbers: {of_splits(seeds)}, a "
        "quarter of the series for the test. *nde* is `NeuralCDEClassifier` or `NeuralCDERegressor` with the "
        "defaults; its network has the share in the last column. The others see summary features"
        f"{', MiniRocket interpolated series' if ROCKET in others else ''}. *Ratio* is the loss of nde over that of "
        "the other method that turned out best on the test, which nobody knows before. The smallest tables have four "
        "and five series in a test, and their ratios are mostly chance.",
        "",
        f"| table | {OURS} | {' | '.join(others)} | ratio | share of the network |",
        f"| --- | --- | {'--- | ' * len(others)}--- | --- |",
    ]
    ratios = []
    for table in dict.fromkeys(row.table for row in rows):
        found = means(rows, table)
        ratios.append(found[OURS][0] / min(found[name][0] for name in others if name in found))
        cells = [cell(found.get(name)) for name in (OURS, *others)]
        own = [next(iter(row.shares.values())) for row in rows if row.table == table and row.shares]
        lines.append(f"| {table} | {' | '.join(cells)} | {ratios[-1]:.2f} | {100 * np.mean(own):.0f}% |")
    lines.append(f"| geometric mean | {'| ' * len(others)}| {geometric_mean(ratios):.2f} | |")
    return "\n".join([*lines, "", *conclusions(rows)]) + "\n"


def of_splits(count: int) -> str:
    """Over how many splits means are taken."""
    return "one random split" if count == 1 else f"means over {count} random splits"


def geometric_mean(ratios: Sequence[float]) -> float:
    """The geometric mean."""
    return float(np.exp(np.mean(np.log(ratios))))


def conclusions(rows: Sequence[Row]) -> list[str]:
    """How we compare with each other method over all tables, in sentences."""
    lines = []
    for classes, kind in ((True, "classes"), (False, "numbers")):
        names = list(dict.fromkeys(row.table for row in rows if (row.accuracy is not None) == classes))
        found = [means(rows, table) for table in names]
        if not found:
            continue
        others = [name for name in found[0] if name != OURS and all(name in each for each in found)]
        ratios = [each[OURS][0] / min(each[name][0] for name in others) for each in found]
        over = ", ".join(
            f"{geometric_mean([each[OURS][0] / each[name][0] for each in found]):.2f} of {name}" for name in others
        )
        lines.append(
            f"- Tables of {kind}: the loss of nde is in the geometric mean {over}. It is at most 5% above that of the "
            f"best other method, as it turned out, on {sum(ratio <= 1.05 for ratio in ratios)} of {len(names)} tables."
        )
        if classes:
            accuracies = ", ".join(
                f"{name} {100 * np.mean([each[name][1] or 0.0 for each in found]):.1f}%" for name in (OURS, *others)
            )
            lines.append(f"- Mean accuracy: {accuracies}.")
    return lines


def cell(scores: tuple[float, float | None] | None) -> str:
    """Loss and accuracy."""
    if scores is None:
        return ""
    loss, accuracy = scores
    return f"{loss:.3g}" if accuracy is None else f"{loss:.3f} ({100 * accuracy:.0f})"


def picture(rows: Sequence[Row]) -> Figure:
    """The loss of nde over that of each other method, for each table."""
    tables = list(dict.fromkeys(row.table for row in rows))
    found = [means(rows, table) for table in tables]
    others = [name for name in dict.fromkeys(row.method for row in rows) if name != OURS]
    figure = Figure(figsize=(8.0, 1.4 + 0.26 * len(tables)), layout="constrained", dpi=120)
    axes = figure.subplots()
    style_axes(axes)
    for place, name in enumerate(others):
        points = [(each[OURS][0] / each[name][0], row) for row, each in enumerate(found) if name in each]
        axes.plot(*zip(*points, strict=True), "os^Dv"[place % 5], color=COLORS[place % len(COLORS)], label=name)
    axes.axvline(1.0, color=INK, linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(range(len(tables)), tables)
    axes.invert_yaxis()
    axes.set_xlabel("loss of nde over that of the other method")
    axes.legend(frameon=False, fontsize=8.5, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=5)
    return figure
