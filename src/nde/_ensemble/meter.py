"""A progress meter, driven from the host."""

import contextlib
from collections.abc import Callable, Iterator

import equinox as eqx
import jax
import jax.numpy as jnp

from nde.integrate.progress import AbstractProgressMeter


@contextlib.contextmanager
def open_display(meter: AbstractProgressMeter) -> Iterator[Callable[[float], None]]:
    """Opens the meter's display and gives a function that takes the share done; closed however the block ends."""
    if meter.silent:
        yield lambda _: None
        return
    step = eqx.filter_jit(meter.step)
    state = eqx.filter_jit(meter.init)()

    def show(share: float) -> None:
        nonlocal state
        state = step(state, jnp.asarray(share, jnp.float32))

    try:
        yield show
    finally:
        eqx.filter_jit(meter.close)(state)
        jax.effects_barrier()
