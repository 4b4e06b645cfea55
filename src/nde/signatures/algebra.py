"""The truncated tensor algebra on flat signatures: product, exponential, logarithm."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.signatures.dimension import depth_of
from nde.signatures.levels import Levels, chain, exponential, join, logarithm, split


def signature_combine(first: Float[Array, "..."], second: Float[Array, "..."], channels: int) -> Float[Array, "..."]:
    """Signature of two concatenated paths, from the signatures of both (Chen's identity).

    It is their product in the tensor algebra: `S_w(first then second) = sum_{uv = w} S_u(first) S_v(second)`.

    Args:
        first: Signature of the first path, as returned by `signature`; leading axes are batches.
        second: Signature of the second path, of the same depth.
        channels: Number of channels of the paths; the depth follows from it and the length of the signatures.

    Returns:
        The signature of the concatenated path.

    Raises:
        ValueError: If the lengths differ, or match no signature with this number of channels.

    Source: Chen (1954), doi:10.1112/plms/s3-4.1.502.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        from nde.signatures import signature, signature_combine

        xs = jax.random.normal(jax.random.key(0), (9, 2))
        both = signature_combine(signature(xs[:5], 3), signature(xs[4:], 3), channels=2)
        assert jnp.allclose(both, signature(xs, 3), atol=1e-4)
        ```
    """
    if first.shape[-1] != second.shape[-1]:
        raise ValueError(
            f"`signature_combine` got signatures with {first.shape[-1]} and {second.shape[-1]} terms; both must have "
            "the same depth and number of channels."
        )
    depth = depth_of("signature_combine", first.shape[-1], channels)

    return _each(chain, (first, second), channels, depth)


def tensor_exp(element: Float[Array, "*batch numbers"], channels: int) -> Float[Array, "*batch numbers"]:
    """Exponential in the truncated tensor algebra; of an increment, it is the signature of a straight line.

    Args:
        element: Flat levels 1 to `depth`, with an implied zero at level 0; leading axes are batches.
        channels: Number of channels of the paths.

    Returns:
        The flat levels of the exponential, with an implied one at level 0.

    Raises:
        ValueError: If the length matches no signature with this number of channels.

    Source: Reutenauer, *Free Lie Algebras*, in Handbook of Algebra 3 (2003), doi:10.1016/S1570-7954(03)80075-X.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.signatures import tensor_exp

        line = jnp.array([1.0, 2.0, 0.0, 0.0, 0.0, 0.0])
        print(tensor_exp(line, channels=2))
        ```
    """
    return _each(exponential, (element,), channels, depth_of("tensor_exp", element.shape[-1], channels))


def tensor_log(signature: Float[Array, "*batch numbers"], channels: int) -> Float[Array, "*batch numbers"]:
    """Logarithm in the truncated tensor algebra; of a signature, it is the log-signature expanded in all words.

    Args:
        signature: Flat levels 1 to `depth`, with an implied one at level 0; leading axes are batches.
        channels: Number of channels of the paths.

    Returns:
        The flat levels of the logarithm, with an implied zero at level 0.

    Raises:
        ValueError: If the length matches no signature with this number of channels.

    Source: Reutenauer, *Free Lie Algebras*, in Handbook of Algebra 3 (2003), doi:10.1016/S1570-7954(03)80075-X.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.signatures import signature, tensor_log

        corner = jnp.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
        print(tensor_log(signature(corner, 2), channels=2))
        ```
    """
    return _each(logarithm, (signature,), channels, depth_of("tensor_log", signature.shape[-1], channels))


@functools.partial(jax.jit, static_argnames=("function", "channels", "depth"))
def _each(
    function: Callable[..., Levels], flat: tuple[Float[Array, "..."], ...], channels: int, depth: int
) -> Float[Array, "..."]:
    """Apply a function of levels to flat arrays with batch axes."""

    def one(*flat: Float[Array, " numbers"]) -> Float[Array, " numbers"]:
        return join(function(*(split(element, channels, depth) for element in flat)))

    return jnp.vectorize(one, signature=",".join(["(n)"] * len(flat)) + "->(n)")(*flat)
