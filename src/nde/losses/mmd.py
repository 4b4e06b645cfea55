"""The maximum mean discrepancy between two distributions of paths, from samples of both."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from nde.core.compiled import compiled
from nde.losses._signature_kernel import signature_kernel

Kernel = Callable[[Array, Array], Array]
"""A kernel of paths of shape `(*batch, rows, channels)`, whose leading axes are broadcast."""

_ROWS = 16
"""Rows of the Gram matrix computed at once: a gradient stores tens of megabytes for them."""


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
    """Squared maximum mean discrepancy of two distributions of paths: `E k(X, X') - 2 E k(X, Y) + E k(Y, Y')`.

    A loss that trains generators without a discriminator. If time is a channel, it is zero if and only if the
    distributions are equal. The unbiased estimate has mean zero when they are equal, so it may be negative.

    Args:
        x: Samples of one distribution, of shape `(first, rows, channels)`.
        y: Samples of the other, of shape `(second, columns, channels)`.
        kernel: Kernel of paths. `functools.partial(signature_kernel, static=RBFKernel(0.5))` lifts the paths first;
            `functools.partial(truncated_signature_kernel, depth=4)` is cheaper.
        unbiased: Whether to leave out the kernel of each sample with itself.
        x_weights: Weight of each sample in `x`; equal by default.
        y_weights: Weight of each sample in `y`; equal by default.

    Returns:
        The estimate, a scalar.

    Raises:
        ValueError: If `unbiased=True` and either set has fewer than two samples.

    Source: Gretton, Borgwardt, Rasch, Schölkopf and Smola, *A kernel two-sample test* (2012), JMLR 13; as a loss for
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
        raise ValueError(
            f"Got {len(x)} and {len(y)} paths; the unbiased estimate needs at least two of each. Add paths, or pass "
            "unbiased=False."
        )
    v = jnp.ones(len(x), x.dtype) if x_weights is None else x_weights
    w = jnp.ones(len(y), y.dtype) if y_weights is None else y_weights
    across = v @ _matrix(kernel, x, y) @ w / (jnp.sum(v) * jnp.sum(w))
    return _within(kernel, x, v, unbiased) - 2 * across + _within(kernel, y, w, unbiased)


def _within(
    kernel: Kernel, x: Float[Array, "paths rows channels"], w: Float[Array, " paths"], unbiased: bool
) -> Float[Array, ""]:
    """The mean kernel of two samples of one distribution. A kernel is symmetric, so each pair is computed once."""
    first, second = np.triu_indices(len(x), k=1 if unbiased else 0)
    pairs = w[first] * w[second] * np.where(first == second, 1, 2).astype(w.dtype)
    one = jax.checkpoint(lambda places: kernel(x[places[0]], x[places[1]]))
    kernels = jax.lax.map(one, (jnp.asarray(first), jnp.asarray(second)), batch_size=_ROWS * len(x))
    return jnp.sum(pairs * kernels) / jnp.sum(pairs)


def _matrix(
    kernel: Kernel, x: Float[Array, "first rows channels"], y: Float[Array, "second columns channels"]
) -> Float[Array, "first second"]:
    """The Gram matrix, some rows at a time; a gradient stores only the paths and recomputes the rest."""
    rows = jax.checkpoint(lambda some: kernel(some[None], y))
    return jax.lax.map(rows, x, batch_size=_ROWS)
