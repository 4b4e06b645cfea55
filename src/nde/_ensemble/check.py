"""What the user gives, checked once."""

import operator
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import PyTree

from nde._ensemble.simulate import Sample, shapes_of

_MOST = 2**31 - 1
"""Most paths: so many keys are told apart, and bins counted."""


def check_count(name: str, number: Any) -> int:
    """A number of paths."""
    try:
        value = operator.index(number)
    except TypeError as error:
        raise ValueError(f"`ensemble` got `{name}={number!r}`; expected an `int`, such as 10_000.") from error
    if not 1 <= value <= _MOST:
        raise ValueError(f"`ensemble` got `{name}={value}`; expected a number from 1 to {_MOST}.")
    return value


def quantile_levels(probabilities: Any) -> tuple[float, ...]:
    """The probabilities of quantiles."""
    try:
        values = tuple(float(p) for p in probabilities)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"`ensemble` got `probabilities={probabilities!r}`; expected a sequence of numbers, such as `(0.05, 0.95)`."
        ) from error
    if not all(0 <= p <= 1 for p in values):
        raise ValueError(f"`ensemble` got `probabilities={values}`; each has to lie between 0 and 1, both included.")
    return values


def check_accuracy(accuracy: float) -> None:
    """Whether a sketch can be as accurate."""
    if not 1e-4 <= accuracy < 1:
        raise ValueError(
            f"`ensemble` got `accuracy={accuracy}`; expected a number between 0.0001 and 1, such as 0.005."
        )


def device_list(devices: Sequence[Any] | None) -> list[Any]:
    """Where to run."""
    found = jax.local_devices() if devices is None else list(devices)
    if not found:
        raise ValueError("`ensemble` got no `devices`; pass some of `jax.devices()`, or `None` for all local ones.")
    return found


def sample_shapes(sample: Sample, key: Any) -> PyTree[jax.ShapeDtypeStruct]:
    """The shapes of a sample that statistics can be taken of."""
    if not callable(sample):
        raise TypeError(f"`ensemble` got {sample!r} as `sample`; expected a function from a key to a pytree of arrays.")
    try:
        jax.eval_shape(lambda key: jax.random.fold_in(key, 0), key)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"`ensemble` got {key!r} as `key`; expected a single key, such as `jax.random.key(0)`."
        ) from error
    shapes = shapes_of(sample, key)
    leaves = jax.tree.leaves(shapes)
    if not any(leaf.size for leaf in leaves):
        raise TypeError(f"`sample` returned {shapes}, with no numbers in it; let it return a pytree of arrays.")
    for leaf in leaves:
        if not any(jnp.issubdtype(leaf.dtype, kind) for kind in (jnp.floating, jnp.integer, jnp.bool_)):
            raise TypeError(
                f"`sample` returned an array of dtype {leaf.dtype}, which has no quantiles; let it return real "
                "numbers, such as real and imaginary part side by side."
            )
    return shapes
