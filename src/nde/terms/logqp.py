"""The divergence between the path distributions of two SDEs with the same diffusion."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
from jaxtyping import Array, Float, PyTree

from nde.core.types import Args, RealScalar, VectorField, Y
from nde.terms.base import AbstractTerm
from nde.terms.calculus import drift_and_diffusion
from nde.terms.control import ControlTerm
from nde.terms.multi import MultiTerm
from nde.terms.ode import ODETerm
from nde.terms.product import is_operator


class _AugmentedDrift(eqx.Module):
    """The drift of the state and of the divergence, half the square of `u` with `g u = f - prior`."""

    drift: ODETerm
    prior: VectorField
    diffusion: ControlTerm

    def __call__(self, t: RealScalar, state: tuple[Y, Array], args: Args) -> tuple[Y, Float[Array, ""]]:
        y, _ = state
        drift = self.drift.vf(t, y, args)
        difference = jax.tree.map(lambda f, h: f - h, drift, ODETerm(self.prior).vf(t, y, args))
        control = jax.tree.leaves(self.diffusion.control_shape(t))
        u = _solve_for_control(self.diffusion.vf(t, y, args), difference, control[0])
        return drift, 0.5 * jnp.sum(u**2)


class _AugmentedDiffusion(eqx.Module):
    """The diffusion of the state, and none of the divergence."""

    diffusion: ControlTerm

    def __call__(self, t: RealScalar, state: tuple[Y, Array], args: Args) -> tuple[PyTree[Any], Array]:
        y, _ = state
        control = jax.tree.leaves(self.diffusion.control_shape(t))[0]
        return self.diffusion.vf(t, y, args), jnp.zeros(control.shape, control.dtype)


def with_logqp(terms: AbstractTerm, prior: Callable[..., PyTree[Any]]) -> MultiTerm:
    """Augment an SDE by a sample of the Kullback-Leibler divergence of its paths from those of a prior SDE.

    The prior is `dy = prior(t, y, args) dt + g(t, y, args) dW` with the diffusion `g` of `terms`. By Girsanov's theorem
    the Kullback-Leibler divergence of the distribution of the paths of `terms` from that of the prior is the mean of
    `∫ |u|^2 / 2 dt` along paths of `terms`, with `g u = f - prior`. That holds for Itô and for Stratonovich equations,
    whose drifts differ by the same.

    The state becomes a pair `(y, k)`, where `k` grows to the sample. Start from `(y0, jnp.zeros(()))`.

    Args:
        terms: `MultiTerm(ODETerm(drift), ControlTerm(diffusion, motion))`, the motion being a single array.
        prior: The prior's drift, a function `(t, y, args)`.

    Returns:
        The terms of the pair.

    Raises:
        TypeError: If the terms are something else, or the state is complex.

    Walking backward in time `k` falls: its absolute value is meant.

    Where the diffusion is no diagonal, `u` is the smallest that fits best: there must be one that fits, or the
    divergence is infinite and `k` is not it.

    Source: Li, Wong, Chen and Duvenaud, *Scalable gradients for stochastic differential equations* (2020),
    doi:10.48550/arXiv.2001.01328, section 5.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        noise = nde.ControlTerm(lambda t, y, args: 0.5, nde.BrownianMotion((), jax.random.key(0)))
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: 1.0 - y), noise)
        both = nde.with_logqp(terms, lambda t, y, args: -y)
        y, divergence = nde.diffeqsolve(both, nde.Euler(), 0.0, 1.0, 0.01, (0.0, jnp.zeros(()))).ys
        print(divergence)
        ```
    """
    drift, diffusion = drift_and_diffusion(terms, "with_logqp")
    shapes = jax.tree.leaves(diffusion.control_shape(jnp.zeros(())))
    if len(shapes) != 1:
        raise TypeError(
            f"`with_logqp` got a motion of {len(shapes)} arrays; expected a single one, `shape=(m,)`, that drives all "
            "of the state."
        )
    apart = _AugmentedDrift(drift, prior, diffusion)
    return MultiTerm(ODETerm(apart), ControlTerm(_AugmentedDiffusion(diffusion), diffusion.path))


def _solve_for_control(g: PyTree[Any], difference: Y, control: jax.ShapeDtypeStruct) -> Array:
    """The `u` with `g u = difference`."""
    leaves, slopes = jax.tree.leaves(g, is_leaf=is_operator), jax.tree.leaves(difference)
    if any(jnp.iscomplexobj(d) for d in slopes):
        raise TypeError("`with_logqp` got a complex state; expected a real one: real and imaginary part side by side.")
    if len(slopes) == 1 and is_operator(leaves[0]):
        return lx.linear_solve(leaves[0], slopes[0], lx.SVD()).value
    if len(slopes) == 1 and leaves[0].shape == slopes[0].shape == control.shape:
        return _quotient(slopes[0], leaves[0])
    matrix = jnp.concatenate([x.reshape(d.size, -1) for x, d in zip(leaves, slopes, strict=True)])
    vector = jnp.concatenate([d.ravel() for d in slopes])
    return lx.linear_solve(lx.MatrixLinearOperator(matrix), vector, lx.SVD()).value


def _quotient(difference: Array, g: Array) -> Array:
    """`difference / g`, and zero where there is neither a difference nor noise."""
    neither = (difference == 0) & (g == 0)
    return jnp.where(neither, 0, difference / jnp.where(neither, 1, g))
