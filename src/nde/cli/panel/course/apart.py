"""Which part of the data a forecast, or an imputation, is judged by."""

from nde.cli.panel.course.held import Held, held_of, last_rows_of, with_hidden
from nde.cli.panel.names import IMPUTE
from nde.cli.panel.parts import Parts
from nde.data import DataError
from nde.data.panel import TimeSeries
from nde.data.panel.notes import pluralize, quote_names


def judged_apart(parts: Parts, task: str, seed: int) -> tuple[Parts, dict[str, Held], list[str]]:
    """What is kept of series that are there for the test, and, to compare, of those that train.

    Returns:
        The parts that are of use; what is kept from the model; what is said about it.

    Raises:
        DataError: If nothing of the test part can be kept from the model.
    """
    said = []
    if parts.validation is not None:
        said.append(
            f"{pluralize(len(parts.validation), 'series')} for validation left out: nothing is stopped by them."
        )
    found = _judged(held_of(parts.test, task, seed), parts.test, task)
    train = held_of(parts.train, task, seed)
    held = {"train": train, "test": found} if train is not None else {"test": found}
    return Parts(parts.train, None, parts.test), held, said + _told_of_others(parts.test, found, task)


def few_apart(panel: TimeSeries, task: str, seed: int) -> tuple[Parts, dict[str, Held], list[str]]:
    """The same of series that are too few to set some aside: a part of each is kept from all training.

    Returns:
        As `judged_apart`.

    Raises:
        DataError: If nothing can be kept from the model.
    """
    found = held_of(panel, task, seed) if task == IMPUTE else last_rows_of(panel)
    test = _judged(found, panel, task)
    train = with_hidden(panel, seed) if task == IMPUTE else test.seen
    what = "a fifth of the observations of each" if task == IMPUTE else "the last fifth of the rows of each"
    said = [
        f"{pluralize(len(panel), 'series')}, too few to set some aside: {what} is for the test, and does not train."
    ]
    return Parts(train, None, panel), {"test": test}, said + _told_of_others(panel, test, task)


def _judged(held: Held | None, panel: TimeSeries, task: str) -> Held:
    if held is None:
        wanted = (
            "five observations of a channel, to hide one"
            if task == IMPUTE
            else "observations in the first two thirds of its time, and after them"
        )
        raise DataError(
            f"Got {pluralize(len(panel), 'series')} for the test, at most {int(panel.lengths.max())} rows long; one at "
            f"least with {wanted} is wanted."
        )
    return held


def _told_of_others(panel: TimeSeries, held: Held, task: str) -> list[str]:
    """What is said about series that cannot be judged."""
    others = [name for name in panel.ids if name not in set(held.seen.ids)]
    if not others:
        return []
    what = "too few observations to hide some" if task == IMPUTE else "nothing to forecast from, or nothing to forecast"
    return [f"{pluralize(len(others), 'series')} of the test with {what}, not judged: {quote_names(others)}."]
