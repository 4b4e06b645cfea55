"""Scores of generated series, as cells of tables."""

from rich.table import Table as Grid

from nde.cli.panel.generate.done import GeneratedDone

_SHOWN = 8
"""Scores for the terminal; the report has all."""


def scores_of_generated(done: GeneratedDone) -> tuple[list[str], list[list[str]]]:
    """Heads and rows: each score of the model, of the data themselves and of the baseline, with its interval."""
    every = done.comparisons
    rows = [
        [score.name, *(str(comparison.scores[i].estimate) for comparison in every.values()), f"{score.best:.3g}"]
        for i, score in enumerate(every[done.job.model].scores)
    ]
    return ["", *every, "best"], rows


def statistics_of_generated(done: GeneratedDone) -> tuple[list[str], list[list[str]]]:
    """The same of numbers that real and generated series have, the real ones first."""
    every = done.comparisons
    rows = [
        [each.name, str(each.real), *(str(comparison.statistics[i].fake) for comparison in every.values())]
        for i, each in enumerate(every[done.job.model].statistics)
    ]
    return ["", "real", *every], rows


def table_of_generated(done: GeneratedDone) -> Grid:
    """The first scores, for the terminal."""
    heads, rows = scores_of_generated(done)
    grid = Grid()
    for place, head in enumerate(heads):
        grid.add_column(head, justify="right" if place else "left")
    for row in rows[:_SHOWN]:
        grid.add_row(*row)
    return grid
