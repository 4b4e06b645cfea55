"""Whether noise commutes."""

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

from nde.core.types import Args, RealScalar, Y
from nde.terms.base import AbstractTerm
from nde.terms.calculus import control_basis, drift_and_diffusion


def check_commutative(terms: AbstractTerm, t: RealScalar, y: Y, args: Args = None, rtol: float = 1e-4) -> bool:
    """Check whether the columns `g_j` of the diffusion commute at `(t, y)`: `(D g_i) g_j = (D g_j) g_i` for all pairs.

    Methods of strong order 1 and above that draw no area between components need it.

    Args:
        terms: `MultiTerm(ODETerm(drift), ControlTerm(diffusion, motion))`.
        t: A time.
        y: A state, of numbers that are known (not under `jit`).
        args: As of the vector fields.
        rtol: The greatest difference, relative to the largest of the products.

    Raises:
        TypeError: If the terms are something else.

    Source: Kloeden and Platen (1992), section 10.3, doi:10.1007/978-3-662-12616-5.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        motion = nde.BrownianMotion(shape=(2,), key=jax.random.key(0))
        terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), nde.ControlTerm(lambda t, y, args: 0.1 * y, motion))
        print(nde.check_commutative(terms, 0.0, jnp.array([1.0, 2.0])))
        ```
    """
    _, diffusion = drift_and_diffusion(terms, "check_commutative")
    y = jax.tree.map(jnp.asarray, y)
    t = jnp.asarray(t, jnp.result_type(float))
    basis, unflatten = control_basis(diffusion, t)

    def product(i: Array, j: Array) -> Array:
        """`(D g_i) g_j`."""
        direction = diffusion.vf_prod(t, y, args, unflatten(j))
        moved = jax.jvp(lambda y: diffusion.vf_prod(t, y, args, unflatten(i)), (y,), (direction,))[1]
        return ravel_pytree(moved)[0]

    products = jax.vmap(jax.vmap(product, in_axes=(None, 0)), in_axes=(0, None))(basis, basis)
    difference = jnp.max(jnp.abs(products - jnp.swapaxes(products, 0, 1)), initial=0)
    return bool(difference <= rtol * jnp.max(jnp.abs(products), initial=0))
