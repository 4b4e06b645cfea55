"""How far apart two laws of paths are, by samples of both."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from nde.core.compiled import compiled
from nde.losses._signature_kernel import signature_kernel

Kernel = Callable[[Array, Array], Array]
"""Of paths `(*batch, rows, channels)`, whose leading axes are broadcast."""

_ROWS = 16
"""Paths whose kernels with all others are computed at once: what a gradient keeps of them is tens of megabytes."""


@compiled()
def signature_mmd(
    x: Float[Array, "first rows channels"],
    y: Float[Array, "second columns channels"],
    *,
    kernel: Kernel = signature_kernel,
    unbiased: bool = True,
    x_weights: Float[Array, " first"] | None = None,
    y_weights: Float[Array, " second"] | None = None,
) -> Float[Array, ""]:
    """The squared maximum mean discrepancy of two laws of paths: `E k(X, X') - 2 E k(X, Y) + E k(Y, Y')`.

    It is zero just where the laws agree, if time is a channel, and a loss for generators without a discriminator. The
    unbiased estimate is zero in mean where they agree, and so may be negative.

    Args:
        x: Samples of one law.
        y: Samples of the other.
        kernel: Of paths; `functools.partial(signature_kernel, static=RBFKernel(0.5))` has another lift, and
            `functools.partial(truncated_signature_kernel, depth=4)` is cheaper.
        unbiased: Whether the kernel of a sample with itself is left out.
        x_weights: How much each sample counts; by default all the same.
        y_weights: The same, of the other law.

    Returns:
        The estimate.

    Raises:
        ValueError: If there are fewer than two samples of a law and `unbiased=True`.

    Source: Gretton, Borgwardt, Rasch, Scholkopf and Smola, *A kernel two-sample test* (2012), JMLR 13; as a loss of
    generators: Issa, Horvath, Lemercier and Salvi, *Non-adversarial training of neural SDEs with signature kernel
    scores* (2023), doi:10.48550/arXiv.2305.16274.

    Example:
        ```python
        import jax
        from nde.losses import signature_mmd

        x, y = jax.random.normal(jax.random.key(0), (2, 8, 5, 2)) / 3
        print(signature_mmd(x, y + 0.1 * y**2, unbiased=False))
        ```
    """
    if unbiased and min(len(x), len(y)) < 2:
        raise ValueError(f"Got {len(x)} and {len(y)} paths; at least two of each law are wanted, or `unbiased=False`.")
    v = jnp.ones(len(x), x.dtype) if x_weights is None else x_weights
    w = jnp.ones(len(y), y.dtype) if y_weights is None else y_weights
    across = v @ _matrix(kernel, x, y) @ w / (jnp.sum(v) * jnp.sum(w))
    return _within(kernel, x, v, unbiased) - 2 * across + _within(kernel, y, w, unbiased)


def _within(
    kernel: Kernel, x: Float[Array, "paths rows channels"], w: Float[Array, " paths"], unbiased: bool
) -> Float[Array, ""]:
    """The mean kernel of two samples of one law: each pair once, for a kernel is symmetric."""
    first, second = np.triu_indices(len(x), k=1 if unbiased else 0)
    pairs = w[first] * w[second] * np.where(first == second, 1, 2).astype(w.dtype)
    one = jax.checkpoint(lambda places: kernel(x[places[0]], x[places[1]]))
    kernels = jax.lax.map(one, (jnp.asarray(first), jnp.asarray(second)), batch_size=_ROWS * len(x))
    return jnp.sum(pairs * kernels) / jnp.sum(pairs)


def _matrix(
    kernel: Kernel, x: Float[Array, "first rows channels"], y: Float[Array, "second columns channels"]
) -> Float[Array, "first second"]:
    """The kernel of all pairs, some rows at once; of each a gradient keeps its paths alone."""
    rows = jax.checkpoint(lambda some: kernel(some[None], y))
    return jax.lax.map(rows, x, batch_size=_ROWS)
