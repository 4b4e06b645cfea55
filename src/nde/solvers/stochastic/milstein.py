"""Milstein's method."""

import warnings
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array

from nde.core import tree
from nde.core.types import Args, RealScalar, Y
from nde.paths import BrownianIncrement, FullLevyArea
from nde.solvers.stochastic.base import AbstractStochasticSolver, Drive
from nde.terms import AbstractTerm, ControlTerm, ODETerm, check_real, drift_and_diffusion, self_advection

_NOT_KNOWN = (
    "`{solver}` has strong order 1 if the noise commutes, which neither one Brownian component nor a diagonal tells "
    "here. Test it with `nde.check_commutative(terms, t, y, args)`; without it the strong order is 0.5, or pass "
    "`levy_area=nde.FosterLevyArea` to the Brownian motion."
)


class _AbstractMilstein(AbstractStochasticSolver):
    """What all three have in common."""

    adaptive: ClassVar[bool] = False

    def order(self, terms: AbstractTerm | None = None) -> int:
        """One."""
        del terms
        return 1

    def strong_order(self, terms: AbstractTerm | None = None) -> float:
        """One, if the noise commutes."""
        del terms
        return 1.0


class _AbstractTaylorMilstein(_AbstractMilstein):
    """Milstein's method with derivatives of the diffusion, of either calculus."""

    def specialize(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> "_AbstractTaylorMilstein":
        """The solver, with a warning if the noise may not commute.

        Raises:
            TypeError: If the terms are not drift and diffusion, or the noise is complex.
        """
        _, diffusion = drift_and_diffusion(terms, type(self).__name__)
        check_real(diffusion.control_shape(t), f"`{type(self).__name__}`")
        full = issubclass(getattr(diffusion.path, "levy_area", BrownianIncrement), FullLevyArea)
        if diffusion.layout(t, y, args) == "general" and not full:
            warnings.warn(_NOT_KNOWN.format(solver=type(self).__name__), stacklevel=2)
        return self

    def move(
        self, drift: ODETerm, diffusion: ControlTerm, t: RealScalar, y: Y, args: Args, drive: Drive
    ) -> tuple[Y, Y | None]:
        """One step."""
        first, second = _expansion(diffusion, t, y, args, drive.noise)
        y1 = tree.add_scaled(y, 1.0, (1.0, 0.5), (first, second))
        if self.calculus == "ito":
            y1 = tree.add_scaled(y1, jnp.abs(drive.h), (-0.5,), (_mean(diffusion, t, y, args),))
        return tree.add(y1, drift.vf_prod(t, y, args, drive.h)), None


class StratonovichMilstein(_AbstractTaylorMilstein):
    """Milstein's method for Stratonovich equations: `y + f h + g W + 1/2 (D g) g W W`, of strong order 1.

    The noise must commute, as a scalar, a diagonal or an additive one does; the last term is then one derivative in the
    direction `g W`, whatever the number of components. For other noise give the Brownian motion a full Lévy area, such
    as `levy_area=nde.FosterLevyArea`: a derivative for each component more.

    Source: Kloeden and Platen (1992), section 10.3, doi:10.1007/978-3-662-12616-5.

    Example:
        ```python
        import jax
        import nde

        noise = nde.ControlTerm(lambda t, y, args: 0.3 * y, nde.BrownianMotion((), jax.random.key(0)))
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), noise)
        print(nde.diffeqsolve(terms, nde.StratonovichMilstein(), 0.0, 1.0, 0.01, 1.0).ys)
        ```
    """

    @property
    def calculus(self) -> str:
        """Stratonovich."""
        return "stratonovich"


class ItoMilstein(_AbstractTaylorMilstein):
    """Milstein's method for Itô equations: `y + f h + g W + 1/2 ((D g) g W W - sum_j (D g_j) g_j h)`.

    Of strong order 1 if the noise commutes. For diagonal noise, where component `i` of the diffusion must depend on
    component `i` of the state alone, the sum is one derivative; otherwise one for each component of the motion. For
    noise that does not commute give the Brownian motion a full Lévy area, such as `levy_area=nde.FosterLevyArea`.

    Source: Kloeden and Platen (1992), section 10.3, doi:10.1007/978-3-662-12616-5.

    Example:
        ```python
        import jax
        import nde

        noise = nde.ControlTerm(lambda t, y, args: 0.3 * y, nde.BrownianMotion((), jax.random.key(0)))
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), noise)
        print(nde.diffeqsolve(terms, nde.ItoMilstein(), 0.0, 1.0, 0.01, 1.0).ys)
        ```
    """

    @property
    def calculus(self) -> str:
        """Itô."""
        return "ito"


class DerivativeFreeMilstein(_AbstractMilstein):
    """Milstein's method for Itô equations with a difference for its derivative, of strong order 1.

    `y + f h + g W + (g(z) - g) (W W - h) / (2 sqrt(h))` with `z = y + f h + g sqrt(h)`: for scalar or diagonal noise.

    Source: Kloeden and Platen (1992), section 11.1, doi:10.1007/978-3-662-12616-5.

    Example:
        ```python
        import jax
        import nde

        noise = nde.ControlTerm(lambda t, y, args: 0.3 * y, nde.BrownianMotion((), jax.random.key(0)))
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), noise)
        print(nde.diffeqsolve(terms, nde.DerivativeFreeMilstein(), 0.0, 1.0, 0.01, 1.0).ys)
        ```
    """

    def specialize(self, terms: AbstractTerm, t: RealScalar, y: Y, args: Args) -> "DerivativeFreeMilstein":
        """The solver, if the noise is scalar or diagonal.

        Raises:
            TypeError: If it is not, or the terms are not drift and diffusion.
        """
        _, diffusion = drift_and_diffusion(terms, type(self).__name__)
        check_real(diffusion.control_shape(t), "`DerivativeFreeMilstein`")
        if diffusion.layout(t, y, args) == "general":
            raise TypeError(
                "`DerivativeFreeMilstein` is for scalar or diagonal noise; it got a matrix. Use `nde.ItoMilstein()`."
            )
        return self

    @property
    def calculus(self) -> str:
        """Itô."""
        return "ito"

    def move(
        self, drift: ODETerm, diffusion: ControlTerm, t: RealScalar, y: Y, args: Args, drive: Drive
    ) -> tuple[Y, Y | None]:
        """One step."""
        length = jnp.abs(drive.h)
        root = jnp.sqrt(length)
        moved = drift.vf_prod(t, y, args, drive.h)
        g = diffusion.vf(t, y, args)
        ones = jax.tree.map(lambda w: jnp.broadcast_to(root.astype(w.dtype), w.shape), drive.noise.W)
        support = tree.add(tree.add(y, moved), diffusion.applied(g, y, ones))
        square = jax.tree.map(lambda w: (w**2 - length.astype(w.dtype)) / (2 * root.astype(w.dtype)), drive.noise.W)
        bent = [diffusion.applied(v, y, square) for v in (diffusion.vf(t, support, args), g)]
        y1 = tree.add_scaled(y, 1.0, (1.0, 1.0, 1.0, -1.0), (moved, diffusion.applied(g, y, drive.noise), *bent))
        return y1, None


def _expansion(diffusion: ControlTerm, t: RealScalar, y: Y, args: Args, noise: Any) -> tuple[Y, Y]:
    """`g W` and `(D g) g W W`, with twice what the full area adds to its half, if there is one."""

    def along(y: Y) -> Y:
        return diffusion.vf_prod(t, y, args, noise)

    first = along(y)
    second = jax.jvp(along, (y,), (first,))[1]
    if isinstance(noise, FullLevyArea) and diffusion.layout(t, y, args) == "general":
        second = tree.add_scaled(second, 2.0, (1.0,), (_area_term(diffusion, t, y, args, noise.A),))
    return first, second


def _area_term(diffusion: ControlTerm, t: RealScalar, y: Y, args: Args, A: Array) -> Y:
    """`sum_ij (D g_j) g_i A_ij`: a derivative for each component, along what the diffusion makes of a column of `A`."""

    def derivative(unit: Array, column: Array) -> Y:
        direction = diffusion.vf_prod(t, y, args, column)
        return jax.jvp(lambda y: diffusion.vf_prod(t, y, args, unit), (y,), (direction,))[1]

    terms = jax.vmap(derivative)(jnp.eye(A.shape[0], dtype=A.dtype), A.T)
    return jax.tree.map(lambda x: jnp.sum(x, axis=0), terms)


def _mean(diffusion: ControlTerm, t: RealScalar, y: Y, args: Args) -> Y:
    """What `(D g) g W W` is on average, for each unit of time."""
    if diffusion.layout(t, y, args) != "diagonal":
        return self_advection(diffusion, t, y, args)
    ones = jax.tree.map(lambda x: jnp.ones(x.shape, x.dtype), diffusion.control_shape(jnp.asarray(t)))
    return _expansion(diffusion, t, y, args, ones)[1]
