"""The truncated signature kernel."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.signatures import signature


def truncated_signature_kernel(
    x: Float[Array, "*batch_x rows channels"], y: Float[Array, "*batch_y columns channels"], *, depth: int = 4
) -> Float[Array, "..."]:
    """Truncated signature kernel: one plus the inner product of signatures up to a level.

    It is cheap when there are few channels and levels.

    Args:
        x: Points of one path, or of several, of shape `(*batch_x, rows, channels)`.
        y: Points of another, of shape `(*batch_y, columns, channels)`. Leading axes are broadcast as in
            `signature_kernel`.
        depth: The highest level, 1 or more.

    Returns:
        The kernel, of the shape of the broadcast leading axes.

    Source: Király and Oberhauser, *Kernels for sequentially ordered data* (2019),
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
