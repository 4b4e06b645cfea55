"""Checks of what is to be plotted."""

from collections.abc import Mapping, Sized

import numpy as np

from nde.data import Table
from nde.data.plural import pluralize


def check_some(name: str, given: Sized) -> None:
    """Whether there is anything to plot.

    Raises:
        ValueError: If not.
    """
    if len(given) == 0:
        raise ValueError(f"{name} must not be empty; got none.")


def check_lengths(**given: Sized | None) -> None:
    """Whether arguments are equally long; those that are `None` do not count.

    Raises:
        ValueError: If they are not.
    """
    lengths = {name: len(each) for name, each in given.items() if each is not None}
    if len(set(lengths.values())) > 1:
        *first, last = lengths
        got = ", ".join(f"{length} of {name}" for name, length in lengths.items())
        raise ValueError(f"{', '.join(first)} and {last} must have the same length; got {got}.")


def finite(name: str, *values: np.ndarray) -> np.ndarray:
    """The finite ones among numbers, in one array.

    Raises:
        ValueError: If there are none.
    """
    every = np.concatenate([np.ravel(each) for each in values])
    known = every[np.isfinite(every)]
    if len(known) == 0:
        raise ValueError(f"{name} must contain a finite number; got none among {len(every)}.")
    return known


def check_states(fitted: Table, holdout: Table | None, curves: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    """Whether held-out rows and curves are of the quantities that were fitted.

    Raises:
        ValueError: If they are not.
    """
    if holdout is not None and holdout.names != fitted.names:
        raise ValueError(f"holdout must have the quantities {fitted.names} of fitted; got {holdout.names}.")
    for model, (ts, ys) in curves.items():
        if ys.shape != (len(ts), len(fitted.names)):
            counts = f"{pluralize(len(ts), 'time')} of {pluralize(len(fitted.names), 'quantity')}"
            wanted = f"({len(ts)}, {len(fitted.names)}) for {counts}"
            raise ValueError(f"curves must have states of shape {wanted}; got {ys.shape} of {model!r}.")
