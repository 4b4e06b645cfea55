"""The truncated log-signature of piecewise linear paths."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from nde.signatures._signature import Points, each_path, increments_of
from nde.signatures.levels import Levels, logarithm
from nde.signatures.lyndon import bracket_coordinates, word_positions


def logsignature(xs: Points, depth: int, *, stream: bool = False, basis: str = "lyndon") -> Float[Array, "..."]:
    """Log-signature of piecewise linear paths: the logarithm of the signature, without its redundancies.

    It contains the same information as the signature in as few numbers as possible: the increments at level 1, the
    signed areas between channels at level 2, and so on. By default they are coordinates in the Lyndon basis. The
    bracket of a letter is the letter. The bracket of a longer Lyndon word `w = uv`, where `v` is its longest proper
    suffix that is a Lyndon word, is the commutator `[u, v] = uv - vu` of the brackets of `u` and `v`.

    Args:
        xs: Points of shape `(*batch, length, channels)`.
        depth: The highest level, 1 or more.
        stream: Whether to return the log-signature of every prefix of the path, one for each point after the first.
        basis: `"lyndon"` for coordinates in the basis of Lyndon brackets; `"words"` for the coefficients of the Lyndon
            words in the expanded logarithm. Both have the same size and differ from level 3 on.

    Returns:
        The `logsignature_dimension(channels, depth)` coordinates, in the order of `lyndon_words`: of shape
        `(*batch, coordinates)`, or `(*batch, length - 1, coordinates)` with `stream`. A missing value (`nan`) makes
        everything after it `nan`.

    Raises:
        ValueError: If `xs` has no time axis, the depth is less than one, or the basis is unknown.

    Source: Reutenauer, *Free Lie Algebras*, in Handbook of Algebra 3 (2003), doi:10.1016/S1570-7954(03)80075-X.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.signatures import logsignature

        corner = jnp.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]])
        print(logsignature(corner, depth=2))  # two increments, and half the area of the unit square
        ```
    """
    return logsignature_of_increments(increments_of("logsignature", xs), depth, stream=stream, basis=basis)


def logsignature_of_increments(
    dxs: Points, depth: int, *, stream: bool = False, basis: str = "lyndon"
) -> Float[Array, "..."]:
    """Log-signature of piecewise linear paths given by their increments.

    Args:
        dxs: Increments of shape `(*batch, steps, channels)`; zero increments change nothing.
        depth: The highest level, 1 or more.
        stream: Whether to return the log-signature after each step.
        basis: As for `logsignature`.

    Returns:
        As for `logsignature`, of shape `(*batch, coordinates)`, or `(*batch, steps, coordinates)` with `stream`.

    Raises:
        ValueError: If `dxs` has no time axis, the depth is less than one, or the basis is unknown.

    Source: As for `logsignature`.

    Example:
        ```python
        import jax.numpy as jnp
        from nde.signatures import logsignature_of_increments

        print(logsignature_of_increments(jnp.array([[1.0, 0.0], [0.0, 1.0]]), depth=2))
        ```
    """
    if basis not in _COORDINATES:
        names = " or ".join(repr(name) for name in _COORDINATES)
        raise ValueError(f"basis must be {names}; got {basis!r}.")
    return each_path("logsignature_of_increments", _COORDINATES[basis], dxs, depth, stream)


def _of_words(levels: Levels) -> Float[Array, " numbers"]:
    """The log-signature as coefficients of Lyndon words, from the levels of a signature."""
    return jnp.concatenate(_words(logarithm(levels)))


def _of_brackets(levels: Levels) -> Float[Array, " numbers"]:
    """The log-signature as coordinates in the basis of Lyndon brackets, from the levels of a signature."""
    return jnp.concatenate(_in_brackets(_words(logarithm(levels)), levels[0].size))


_COORDINATES = {"lyndon": _of_brackets, "words": _of_words}


def _words(levels: Levels) -> list[Float[Array, "_"]]:
    """The coefficients of the Lyndon words of each length."""
    positions = word_positions(levels[0].size, len(levels))
    return [level.reshape(-1)[where] for level, where in zip(levels, positions, strict=True)]


def _in_brackets(words: list[Float[Array, "_"]], channels: int) -> list[Float[Array, "_"]]:
    """Coordinates in the basis of brackets, for each length; up to length 2 they equal those of the words."""
    changes = bracket_coordinates(channels, len(words))
    return [
        level if k <= 2 else jnp.matmul(level, jnp.asarray(change, level.dtype), precision="highest")
        for k, (level, change) in enumerate(zip(words, changes, strict=True), start=1)
    ]
