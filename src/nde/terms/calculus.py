"""Itô and Stratonovich: the correction between them, and the conversion of equations."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import PyTree

from nde.core import tree
from nde.core.types import Args, RealScalar, Y
from nde.terms.base import AbstractTerm
from nde.terms.control import ControlTerm
from nde.terms.multi import MultiTerm
from nde.terms.ode import ODETerm


def self_advection(diffusion: ControlTerm, t: RealScalar, y: Y, args: Args) -> Y:
    """`sum_j (D g_j) g_j` over the columns `g_j` of the diffusion: twice the correction between the calculi.

    A derivative in one direction for each component of the control, all at once.
    """
    basis, unflatten = control_basis(diffusion, t)

    def along(direction: Any) -> Y:
        x = unflatten(direction)

        def column(y: Y) -> Y:
            return diffusion.vf_prod(t, y, args, x)

        return jax.jvp(column, (y,), (column(y),))[1]

    return jax.tree.map(lambda x: jnp.sum(x, axis=0), jax.vmap(along)(basis))


def control_basis(diffusion: ControlTerm, t: RealScalar) -> tuple[Any, Any]:
    """The unit vectors of the control as rows, and what makes increments of them.

    Raises:
        TypeError: If the control is complex.
    """
    shapes = diffusion.control_shape(jnp.asarray(t, jnp.result_type(float)))
    check_real(shapes, "The correction between the calculi and the commutator")
    flat, unflatten = ravel_pytree(tree.zeros_like(shapes))
    return jnp.eye(flat.size, dtype=flat.dtype), unflatten


def check_real(control: PyTree[jax.ShapeDtypeStruct], what: str) -> None:
    """Refuses complex noise, of which the formulae for real noise are not those.

    Raises:
        TypeError: If a component is complex.
    """
    if any(jnp.iscomplexobj(leaf) for leaf in jax.tree.leaves(control)):
        raise TypeError(
            f"{what} is for real noise; it got complex noise. Write it as two real components divided by sqrt(2), or "
            "use `nde.Euler()` for an Itô, `nde.Heun()` for a Stratonovich equation."
        )


class _CorrectedDrift(eqx.Module):
    """A drift with a multiple of the correction added."""

    drift: ODETerm
    diffusion: ControlTerm
    factor: float

    def __call__(self, t: RealScalar, y: Y, args: Args) -> PyTree[Any]:
        correction = self_advection(self.diffusion, t, y, args)
        return tree.add_scaled(self.drift.vf(t, y, args), self.factor, (1.0,), (correction,))


def ito_to_stratonovich(terms: AbstractTerm) -> MultiTerm:
    """Convert an Itô SDE to the Stratonovich SDE with the same solution: its drift is `f - 1/2 sum_j (D g_j) g_j`.

    Args:
        terms: `MultiTerm(ODETerm(drift), ControlTerm(diffusion, motion))`, meant as Itô.

    Raises:
        TypeError: If the terms are something else.

    Costs a derivative of the diffusion for each component of the motion, at each evaluation of the drift.

    Source: Kloeden and Platen (1992), section 4.9, doi:10.1007/978-3-662-12616-5.

    Example:
        ```python
        import jax
        import nde

        noise = nde.ControlTerm(lambda t, y, args: 0.3 * y, nde.BrownianMotion((), jax.random.key(0)))
        ito = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), noise)
        print(nde.diffeqsolve(nde.ito_to_stratonovich(ito), nde.Heun(), 0.0, 1.0, 0.01, 1.0).ys)
        ```
    """
    return _convert(terms, -0.5, "ito_to_stratonovich")


def stratonovich_to_ito(terms: AbstractTerm) -> MultiTerm:
    """Convert a Stratonovich SDE to the Itô SDE with the same solution: its drift is `f + 1/2 sum_j (D g_j) g_j`.

    Args:
        terms: `MultiTerm(ODETerm(drift), ControlTerm(diffusion, motion))`, meant as Stratonovich.

    Raises:
        TypeError: If the terms are something else.

    Source: Kloeden and Platen (1992), section 4.9, doi:10.1007/978-3-662-12616-5.

    Example:
        ```python
        import jax
        import nde

        noise = nde.ControlTerm(lambda t, y, args: 0.3 * y, nde.BrownianMotion((), jax.random.key(0)))
        stratonovich = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), noise)
        print(nde.diffeqsolve(nde.stratonovich_to_ito(stratonovich), nde.Euler(), 0.0, 1.0, 0.01, 1.0).ys)
        ```
    """
    return _convert(terms, 0.5, "stratonovich_to_ito")


def _convert(terms: AbstractTerm, factor: float, name: str) -> MultiTerm:
    drift, diffusion = drift_and_diffusion(terms, name)
    return MultiTerm(ODETerm(_CorrectedDrift(drift, diffusion, factor)), diffusion)


def drift_and_diffusion(terms: AbstractTerm, wanted_by: str) -> tuple[ODETerm, ControlTerm]:
    """The two terms of a stochastic differential equation.

    Args:
        terms: The sum of them.
        wanted_by: Who wants them, for the message.

    Raises:
        TypeError: If the terms are something else.
    """
    if isinstance(terms, MultiTerm) and len(terms.terms) == 2:
        drift, diffusion = terms.terms
        if isinstance(drift, ODETerm) and isinstance(diffusion, ControlTerm):
            return drift, diffusion
    raise TypeError(
        f"`{wanted_by}` got {_names(terms)}; expected `nde.MultiTerm(nde.ODETerm(drift), nde.ControlTerm(diffusion, "
        "motion))`, in this order."
    )


def _names(terms: AbstractTerm) -> str:
    if isinstance(terms, MultiTerm):
        return f"`MultiTerm({', '.join(type(term).__name__ for term in terms.terms)})`"
    return f"`{type(terms).__name__}`"
