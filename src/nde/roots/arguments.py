"""Checks of the arguments of `root`, `fixed_point` and their like."""

from typing import Any

import jax
import numpy as np
from jax.core import Tracer

from nde.core.describe import describe


def check_function(place: str, f: Any) -> None:
    """Whether a function can be called.

    Raises:
        TypeError: If it cannot.
    """
    if not callable(f):
        raise TypeError(f"`{place}` got {describe(f)} as its function; expected a function `(x, args)`.")


def check_kind(place: str, name: str, value: Any, kind: type, example: str) -> None:
    """Whether an argument is an instance of a class.

    Raises:
        TypeError: If it is not.
    """
    if not isinstance(value, kind):
        raise TypeError(f"`{place}` got {describe(value)} as `{name}`; expected an instance such as `{example}`.")


def check_flags(place: str, **flags: Any) -> None:
    """Whether arguments are true or false.

    Raises:
        TypeError: If one is neither.
    """
    for name, value in flags.items():
        if not isinstance(value, bool | np.bool_):
            raise TypeError(f"`{place}` got {describe(value)} as `{name}`; expected `True` or `False`.")


def step_count(place: str, max_steps: Any) -> int:
    """The most steps, as a number of Python's.

    Raises:
        TypeError: If it is no whole number.
        ValueError: If it is not positive.
    """
    if isinstance(max_steps, bool) or not isinstance(max_steps, int | np.integer):
        raise TypeError(f"`{place}` got {describe(max_steps)} as `max_steps`; expected a whole number.")
    if max_steps < 1:
        raise ValueError(f"`{place}` got `max_steps={max_steps}`; expected at least 1.")
    return int(max_steps)


def check_positive(place: str, name: str, value: Any) -> None:
    """Whether a number is positive; one that is traced is not looked at.

    Raises:
        TypeError: If it is no real number.
        ValueError: If it is not positive.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.generic | np.ndarray | jax.Array):
        raise TypeError(f"`{place}` got {value!r} as `{name}`; expected a positive number such as 1e-6.")
    if not isinstance(value, Tracer) and not float(value) > 0:
        raise ValueError(f"`{place}` got `{name}={value}`; expected a positive number such as 1e-6.")
