"""Increments of Brownian motion, with or without Lévy areas."""

from typing import Any

import equinox as eqx
from jaxtyping import PyTree

from nde.core.types import RealScalar


class BrownianIncrement(eqx.Module):
    """The increment of Brownian motion over an interval.

    Attributes:
        dt: The length of the interval.
        W: The increment, normal with variance `dt`.

    Example:
        ```python
        import jax
        import nde

        motion = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (3,), jax.random.key(0))
        print(motion.evaluate(0.25, 0.5, use_levy=True).W)
        ```
    """

    dt: RealScalar
    W: PyTree[Any]


class SpaceTimeLevyArea(BrownianIncrement):
    """The increment, and the space-time Lévy area `H = 1/h ∫ (W_{s,r} - (r - s)/h W_{s,u}) dr`.

    Attributes:
        dt: The length `h = u - s` of the interval.
        W: The increment, normal with variance `dt`.
        H: The area, normal with variance `dt / 12`, independent of `W`.

    Source: Foster, Lyons and Oberhauser, *An optimal polynomial approximation of Brownian motion* (2020),
    doi:10.1137/19M1261912.

    Example:
        ```python
        import jax
        import nde

        motion = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (), jax.random.key(0), levy_area=nde.SpaceTimeLevyArea)
        print(motion.evaluate(0.25, 0.5, use_levy=True).H)
        ```
    """

    H: PyTree[Any]


class SpaceTimeTimeLevyArea(SpaceTimeLevyArea):
    """The increment, and the areas `H` and `K = 1/h^2 ∫ (W_{s,r} - (r - s)/h W_{s,u}) ((s + u)/2 - r) dr`.

    Attributes:
        dt: The length `h = u - s` of the interval.
        W: The increment, normal with variance `dt`.
        H: The space-time area, normal with variance `dt / 12`.
        K: The space-time-time area, normal with variance `dt / 720`; all three are independent.

    Source: Jelinčič, Foster and Kidger, *Single-seed generation of Brownian paths and integrals for adaptive and high
    order SDE solvers* (2024), doi:10.48550/arXiv.2405.06464.

    Example:
        ```python
        import jax
        import nde

        motion = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (), jax.random.key(0), levy_area=nde.SpaceTimeTimeLevyArea)
        print(motion.evaluate(0.25, 0.5, use_levy=True).K)
        ```
    """

    K: PyTree[Any]


LevyArea = type[BrownianIncrement]
"""Which increments a path draws: `BrownianIncrement`, `SpaceTimeLevyArea` or `SpaceTimeTimeLevyArea`."""

LEVELS: tuple[LevyArea, ...] = (BrownianIncrement, SpaceTimeLevyArea, SpaceTimeTimeLevyArea)
"""By the number of parts, less one."""


def parts_of(levy_area: Any) -> int:
    """How many parts an increment has: `W`, `H`, `K`.

    Raises:
        TypeError: If it is none of the three classes.
    """
    if levy_area not in LEVELS:
        raise TypeError(
            f"Got `levy_area={levy_area!r}`; it wants one of the classes `nde.BrownianIncrement`, "
            "`nde.SpaceTimeLevyArea`, `nde.SpaceTimeTimeLevyArea`."
        )
    return LEVELS.index(levy_area) + 1


def increment_of(dt: RealScalar, parts: tuple[PyTree[Any], ...]) -> BrownianIncrement:
    """The increment of these parts."""
    return LEVELS[len(parts) - 1](dt, *parts)
