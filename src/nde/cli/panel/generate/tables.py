"""Scores of generated series, as cells of tables."""

from rich.table import Table as Grid

from nde.cli.panel.generate.done import GeneratedDone

_SHOWN = 8


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
    """The first scores, for the terminal; the report has all, and their intervals."""
    every, grid = done.comparisons, Grid()
    grid.add_column("")
    for head in (*every, "best"):
        grid.add_column(head, justify="right", min_width=6)
    for i, score in enumerate(every[done.job.model].scores[:_SHOWN]):
        values = [comparison.scores[i].estimate.value for comparison in every.values()]
        grid.add_row(score.name, *(f"{value:.3g}" for value in (*values, score.best)))
    return grid
