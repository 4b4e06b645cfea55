"""The truncated log-signature of piecewise linear paths."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.signatures._signature import Points, each_path, increments_of
from nde.signatures.levels import Levels, logarithm
from nde.signatures.lyndon import bracket_coordinates, word_positions


def logsignature(xs: Points, depth: int, *, stream: bool = False, basis: str = "lyndon") -> Float[Array, "..."]:
    """The logarithm of the signature of the straight lines through points, without what is known from the rest.

    It holds the same as the signature, in as few numbers as that takes: the increment at level 1, the signed areas
    between channels at level 2, and so on. They are the coordinates in the basis of Lyndon brackets: a letter is its
    own bracket; that of a longer Lyndon word `w = uv`, with `v` the longest proper right factor that is a Lyndon word,
    is `[u, v] = uv - vu` of the brackets of `u` and `v`.

    Args:
        xs: Points of shape `(*batch, length, channels)`.
        depth: The highest level, 1 or more.
        stream: Whether to return the log-signatures of all parts from the first point to each later one.
        basis: `"lyndon"` for coordinates in the basis of Lyndon brackets, `"words"` for the coefficients of the Lyndon
            words in the expanded logarithm, which are as many and differ from level 3 on.

    Returns:
        `logsignature_dimension(channels, depth)` numbers in the order of `nde.signatures.lyndon_words`: of shape
        `(*batch, numbers)`, or with `stream` `(*batch, length - 1, numbers)`. A missing value (`nan`) makes everything
        that comes after it `nan`.

    Raises:
        ValueError: If `xs` has no axis of time, the depth is less than one, or there is no such basis.

    Source: Reutenauer, *Free Lie Algebras*, in Handbook of Algebra 3 (2003), doi:10.1016/S1570-7954(03)80075-X.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        corner = jnp.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
        print(nde.signatures.logsignature(corner, depth=2))  # two increments and half of the unit square
        ```
    """
    return logsignature_of_increments(increments_of("logsignature", xs), depth, stream=stream, basis=basis)


def logsignature_of_increments(
    dxs: Points, depth: int, *, stream: bool = False, basis: str = "lyndon"
) -> Float[Array, "..."]:
    """The log-signature of a path that is given by its steps, each a straight line.

    Args:
        dxs: Steps of shape `(*batch, steps, channels)`; those of zero change nothing.
        depth: The highest level, 1 or more.
        stream: Whether to return the log-signature after each step.
        basis: As of `nde.signatures.logsignature`.

    Returns:
        As of `nde.signatures.logsignature`, of shape `(*batch, numbers)`, or with `stream` `(*batch, steps, numbers)`.

    Raises:
        ValueError: If `dxs` has no axis of time, the depth is less than one, or there is no such basis.

    Source: as of `nde.signatures.logsignature`.

    Example:
        ```python
        import jax.numpy as jnp
        import nde

        print(nde.signatures.logsignature_of_increments(jnp.array([[1.0, 0.0], [0.0, 1.0]]), depth=2))
        ```
    """
    if basis not in _COORDINATES:
        names = " and ".join(repr(name) for name in _COORDINATES)
        raise ValueError(f"A log-signature was wanted in the basis {basis!r}; there are {names}.")
    return each_path("logsignature_of_increments", _COORDINATES[basis], dxs, depth, stream)


def _of_words(levels: Levels) -> Float[Array, " numbers"]:
    """The log-signature of the levels of a signature as coefficients of Lyndon words."""
    return jnp.concatenate(_words(logarithm(levels)))


def _of_brackets(levels: Levels) -> Float[Array, " numbers"]:
    """The same as coordinates in the basis of Lyndon brackets."""
    return jnp.concatenate(_in_brackets(_words(logarithm(levels)), levels[0].size))


_COORDINATES = {"lyndon": _of_brackets, "words": _of_words}


def _words(levels: Levels) -> list[Float[Array, "_"]]:
    """The coefficients of the Lyndon words of each length."""
    positions = word_positions(levels[0].size, len(levels))
    return [level.reshape(-1)[where] for level, where in zip(levels, positions, strict=True)]


def _in_brackets(words: list[Float[Array, "_"]], channels: int) -> list[Float[Array, "_"]]:
    """The coordinates in the basis of brackets of each length; up to length 2 they are those of the words."""
    changes = bracket_coordinates(channels, len(words))
    return [
        level if k <= 2 else jnp.matmul(level, jnp.asarray(change, level.dtype), precision="highest")
        for k, (level, change) in enumerate(zip(words, changes, strict=True), start=1)
    ]
