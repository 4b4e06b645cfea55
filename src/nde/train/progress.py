"""How far a training is, on the terminal."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich import progress as rich
from rich.console import Console

from nde.train.history import Row

Progress = Callable[[int, int, float], None]
"""Told how many steps are done, of how many, and the loss."""

_PAUSE = 0.1
"""Seconds between two looks at the bar."""


@contextlib.contextmanager
def shown(progress: bool | Progress | None, steps: int, done: int) -> Iterator[Callable[[Row], None]]:
    """What is told of each step, and shows it.

    Args:
        progress: Whether there is a bar, by default if standard error is a terminal; or a function to tell.
        steps: How many there will be.
        done: How many there are.
    """
    if callable(progress):
        tell = progress
        yield lambda row: tell(int(row["step"]), steps, row["loss"])
    elif progress or (progress is None and sys.stderr.isatty()):
        with _bar(steps, done) as move:
            yield move
    else:
        yield lambda _: None


@contextlib.contextmanager
def _bar(steps: int, done: int) -> Iterator[Callable[[Row], None]]:
    columns = (
        rich.TextColumn("{task.description}"),
        rich.BarColumn(bar_width=24),
        rich.MofNCompleteColumn(),
        rich.TimeElapsedColumn(),
        rich.TimeRemainingColumn(),
        rich.TextColumn("{task.fields[numbers]}"),
    )
    with rich.Progress(*columns, console=Console(stderr=True, highlight=False), transient=False) as bar:
        task = bar.add_task("training", total=steps, completed=done, numbers="compiling")
        last, validation = 0.0, ""
        if done:
            bar.console.print(f"Going on from step {done}.")

        def move(row: Row) -> None:
            nonlocal last, validation
            if "validation" in row:
                validation = f"  validation {row['validation']:.4g}"
            done, now = int(row["step"]), time.monotonic()
            if now - last >= _PAUSE or done == steps:
                numbers = f"loss {row['loss']:.4g}{validation}  rate {row['rate']:.2g}"
                bar.update(task, completed=done, numbers=numbers)
                last = now

        yield move
