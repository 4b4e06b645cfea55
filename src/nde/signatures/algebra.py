"""The truncated tensor algebra for flat signatures: product, exponential, logarithm."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.signatures.dimension import depth_of
from nde.signatures.levels import Levels, chain, exponential, join, logarithm, split


def signature_combine(first: Float[Array, "..."], second: Float[Array, "..."], channels: int) -> Float[Array, "..."]:
    """The signature of a path followed by another, from theirs: their product in the tensor algebra (Chen's identity).

    `S_w(first then second) = sum_{uv = w} S_u(first) S_v(second)`.

    Args:
        first: A signature, as `nde.signatures.signature` returns it; leading axes are batches.
        second: Another one.
        channels: Of the paths; the depth is known from this and the length.

    Returns:
        The signature of the whole.

    Raises:
        ValueError: If the lengths differ, or are not that of a signature of so many channels.

    Source: Chen (1954), doi:10.1112/plms/s3-4.1.502.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde

        xs = jax.random.normal(jax.random.key(0), (9, 2))
        first, second = nde.signatures.signature(xs[:5], 3), nde.signatures.signature(xs[4:], 3)
        both = nde.signatures.signature_combine(first, second, channels=2)
        assert jnp.allclose(both, nde.signatures.signature(xs, 3), atol=1e-4)
        ```
    """
    if first.shape[-1] != second.shape[-1]:
        raise ValueError(
            f"`signature_combine` got signatures of {first.shape[-1]} and {second.shape[-1]} numbers; they want to be "
            "of the same depth and the same channels."
        )
    depth = depth_of("signature_combine", first.shape[-1], channels)

    return _each(chain, (first, second), channels, depth)


def tensor_exp(element: Float[Array, "*batch numbers"], channels: int) -> Float[Array, "*batch numbers"]:
    """The exponential in the truncated tensor algebra: of an increment, the signature of a straight line.

    Args:
        element: Flat levels 1 to the depth, level 0 being zero; leading axes are batches.
        channels: Of the paths.

    Returns:
        The flat levels of the exponential, level 0 being one.

    Raises:
        ValueError: If the length is not that of a signature of so many channels.

    Source: Reutenauer, *Free Lie Algebras*, in Handbook of Algebra 3 (2003), doi:10.1016/S1570-7954(03)80075-X.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        line = jnp.array([1.0, 2.0, 0.0, 0.0, 0.0, 0.0])
        print(nde.signatures.tensor_exp(line, channels=2))
        ```
    """
    return _each(exponential, (element,), channels, depth_of("tensor_exp", element.shape[-1], channels))


def tensor_log(signature: Float[Array, "*batch numbers"], channels: int) -> Float[Array, "*batch numbers"]:
    """The logarithm in the truncated tensor algebra: of a signature, the log-signature, expanded in all words.

    Args:
        signature: Flat levels 1 to the depth, level 0 being one; leading axes are batches.
        channels: Of the paths.

    Returns:
        The flat levels of the logarithm, level 0 being zero.

    Raises:
        ValueError: If the length is not that of a signature of so many channels.

    Source: Reutenauer, *Free Lie Algebras*, in Handbook of Algebra 3 (2003), doi:10.1016/S1570-7954(03)80075-X.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        corner = jnp.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
        print(nde.signatures.tensor_log(nde.signatures.signature(corner, 2), channels=2))
        ```
    """
    return _each(logarithm, (signature,), channels, depth_of("tensor_log", signature.shape[-1], channels))


@functools.partial(jax.jit, static_argnames=("function", "channels", "depth"))
def _each(
    function: Callable[..., Levels], flat: tuple[Float[Array, "..."], ...], channels: int, depth: int
) -> Float[Array, "..."]:
    """A function of levels for flat arrays with axes of batches."""

    def one(*flat: Float[Array, " numbers"]) -> Float[Array, " numbers"]:
        return join(function(*(split(element, channels, depth) for element in flat)))

    return jnp.vectorize(one, signature=",".join(["(n)"] * len(flat)) + "->(n)")(*flat)
