"""What lanes of a `vmap` decide together.

A loop whose predicate or write index differs from lane to lane makes JAX select every carried array in every
iteration and turn each write into a scatter. Predicates and indices are therefore reduced over all lanes of all
surrounding `vmap`s first; without a `vmap` this is the identity.
"""

import equinox.internal as eqxi
from jaxtyping import Array, Bool, Float


def any_lane(condition: Bool[Array, "..."]) -> Bool[Array, ""]:
    """Whether the condition holds in any lane, and there for any of its entries."""
    return eqxi.unvmap_any(condition)


def least_lane(x: Float[Array, ""]) -> Float[Array, ""]:
    """The smallest value of all lanes."""
    return -eqxi.unvmap_max(-x)
