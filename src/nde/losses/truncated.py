"""The inner product of truncated signatures."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.signatures import signature


def truncated_signature_kernel(
    x: Float[Array, "*batch_x rows channels"], y: Float[Array, "*batch_y columns channels"], *, depth: int = 4
) -> Float[Array, "..."]:
    """One plus the inner product of signatures up to a level: cheap where channels and levels are few.

    Args:
        x: Points of one path, or of several.
        y: Points of another, of as many channels. Leading axes are broadcast, as by `signature_kernel`.
        depth: The highest level.

    Returns:
        The kernel, of the broadcast leading axes.

    Source: Kiraly and Oberhauser, *Kernels for sequentially ordered data* (2019),
    doi:10.48550/arXiv.1601.08169.

    Example:
        ```python
        import jax
        from nde.losses import truncated_signature_kernel

        x, y = jax.random.normal(jax.random.key(0), (2, 6, 3)) / 3
        print(truncated_signature_kernel(x, y, depth=5))
        ```
    """
    return 1 + jnp.einsum("...n,...n->...", signature(x, depth), signature(y, depth))
