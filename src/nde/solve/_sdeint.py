"""The solve of an SDE in one line."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core.arrays import inexact_arrays
from nde.core.tree import common_dtype
from nde.core.types import Args, RealScalar, Times, Y
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.paths import BrownianMotion, SpaceTimeLevyArea
from nde.solve._diffeqsolve import diffeqsolve
from nde.solve.arguments import check_save_times
from nde.solve.arity import with_args
from nde.solve.saveat import SaveAt
from nde.solvers import AbstractSolver, Euler
from nde.terms import ControlTerm, MultiTerm, ODETerm, with_logqp

_STEPS = 256
"""Steps over the whole interval by default."""


def sdeint(
    drift: Callable[..., PyTree[Any]],
    diffusion: Callable[..., PyTree[Any]],
    y0: Y,
    ts: Times,
    key: Any,
    args: Args = None,
    *,
    prior: Callable[..., PyTree[Any]] | None = None,
    dt0: RealScalar | None = None,
    solver: AbstractSolver = Euler(),
    adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint(),
    max_steps: int | None = 4096,
    throw: bool = True,
) -> PyTree[Any]:
    """Sample one path of the SDE `dy = f(t, y) dt + g(t, y) dW`, and return the state at each of the times.

    For many paths use `jax.vmap` over keys, for very many `nde.ensemble`. With the default solver the equation is
    Itô's; with `Heun()` or another Stratonovich solver it is Stratonovich's.

    Args:
        drift: `f`, a function `(t, y)` or `(t, y, args)`, with values shaped as the state.
        diffusion: `g`, a function likewise. With values shaped as the state each component has noise of its own; with
            one more axis, of length `m`, there are `m` components of noise. For states that are pytrees the first.
        y0: The state at `ts[0]`, any pytree.
        ts: Sorted times of shape `(times,)`, increasing or decreasing, the first being that of `y0`.
        key: Of `jax.random`; the same key and steps give the same path.
        args: Handed to functions of three arguments.
        prior: The drift of another equation with the same diffusion, a function as `drift`; see `with_logqp`.
        dt0: Size of the steps; by default a 256th of the whole interval.
        solver: The method.
        adjoint: How the solve is differentiated.
        max_steps: Most steps to take.
        throw: Whether a failure raises; otherwise the states that were not reached are infinite.

    Returns:
        The states, each leaf with a leading axis `(times,)`; the first is `y0`. With a `prior` a pair: the states, and
        a sample of the divergence from the prior of the paths up to each time, of shape `(times,)`.

    Raises:
        ValueError: If fewer than two times are given, or shapes do not fit together.
        SolveError: If the solve fails and `throw=True`.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        ts, keys = jnp.linspace(0.0, 1.0, 5), jax.random.split(jax.random.key(0), 100)
        paths = jax.vmap(lambda key: nde.sdeint(lambda t, y: -y, lambda t, y: 0.3, 1.0, ts, key))(keys)
        print(paths.mean(axis=0))
        ```
    """
    check_save_times("sdeint", ts)
    y0 = inexact_arrays(y0)
    f, g = with_args(drift), with_args(diffusion)
    shape = _noise_shape(jax.eval_shape(lambda t, y: g(t, y, args), jnp.asarray(ts[0], float), y0), y0)
    motion = BrownianMotion(shape, key, levy_area=SpaceTimeLevyArea)
    terms = MultiTerm(ODETerm(f), ControlTerm(g, motion))
    if prior is not None:
        terms = with_logqp(terms, with_args(prior))
        y0 = (y0, jnp.zeros((), common_dtype(*jax.tree.leaves(y0))))
    ys = diffeqsolve(
        terms,
        solver,
        ts[0],
        ts[-1],
        (ts[-1] - ts[0]) / _STEPS if dt0 is None else dt0,
        y0,
        args,
        saveat=SaveAt(ts=ts),
        adjoint=adjoint,
        max_steps=max_steps,
        throw=throw,
    ).ys
    return ys if prior is None else (ys[0], jnp.abs(ys[1]))


def _noise_shape(g: PyTree[Any], y0: Y) -> PyTree[jax.ShapeDtypeStruct]:
    """The shape of the noise: the state's, or the one more axis that the diffusion has."""
    values = jax.tree.leaves(g)
    if isinstance(y0, Array) and len(values) == 1:
        value = values[0]
        if value.ndim == y0.ndim + 1 and value.shape[:-1] == y0.shape:
            return jax.ShapeDtypeStruct(value.shape[-1:], y0.dtype)
    return jax.tree.map(lambda y: jax.ShapeDtypeStruct(y.shape, y.dtype), y0)
