"""What the terminal shows."""

import contextlib
import textwrap
from collections.abc import Callable, Iterable, Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from nde.cli.report import Grid

_CONSOLE = Console(highlight=False)
_HEAD = 10
"""Characters that a line of the head of a column of numbers may have, if no word or number is longer."""
_NAME = 18
"""Characters of a name that are kept for it on a line: those of `neural-trajectory`, and a space."""
_SPEED_PERIOD = 600.0
"""Seconds over which the speed is an average: a step, of all series at once, may take a minute."""

ProgressFunction = Callable[[int, int, float], None]
"""Called with the number of training steps done, how many there are, and the loss."""


def show(content: str | Grid) -> None:
    """Print a text or a table."""
    _CONSOLE.print(content if isinstance(content, str) else _table(content), markup=False)


def show_notes(notes: Iterable[str]) -> None:
    """Print sentences, each on a line of its own."""
    for note in notes:
        show(f"- {note}")


@contextlib.contextmanager
def progress_bar(name: str, steps: int) -> Iterator[ProgressFunction]:
    """A progress bar for a fit, with an estimate of the time left, and the function that moves it."""
    columns = (
        TextColumn(f"{{task.description:<{_NAME}}}"),
        BarColumn(bar_width=20),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        _TimeLeft(compact=True),
        TextColumn("{task.fields[loss]}"),
    )
    with Progress(*columns, console=_CONSOLE, speed_estimate_period=_SPEED_PERIOD) as progress:
        task = progress.add_task(name, total=steps, loss="compiling")

        def update(done: int, total: int, loss: float) -> None:
            progress.update(task, completed=done, total=total, loss=f"loss {loss:.4g}")

        yield update


class _TimeLeft(TimeRemainingColumn):
    """The time left at the speed of the last steps; nothing before there are two, and at the end."""

    def render(self, task: Task) -> Text:
        if task.finished or task.time_remaining is None:
            return Text()
        return Text.assemble(super().render(task), " left")


def _table(grid: Grid) -> Table:
    first, *others = grid.header
    table = Table(title=grid.title, title_justify="left")
    words = [word for row in grid.rows for word in row[0].split()]
    table.add_column(first, overflow="fold", min_width=min(_NAME, max(map(len, words), default=1)))
    for place, head in enumerate(others, start=1):
        if place in grid.text_columns:
            table.add_column(head)
        else:
            # In a narrow terminal names wrap; numbers would lose their digits.
            table.add_column(_wrapped(head, [row[place] for row in grid.rows]), justify="right", no_wrap=True)
    for row in grid.rows:
        table.add_row(*row)
    return table


def _wrapped(head: str, cells: list[str]) -> str:
    """The head of a column of numbers on several lines, so that a table of many columns is narrow."""
    width = max(_HEAD, *map(len, (*cells, *head.split())))
    return "\n".join(line for part in head.split(", ") for line in textwrap.wrap(part, width))
