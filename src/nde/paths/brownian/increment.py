"""Increments of Brownian motion, with or without Lévy areas."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, PyTree

from nde.core.types import RealScalar


class AbstractBrownianIncrement(eqx.Module):
    """The increment of Brownian motion over an interval, and possibly its Lévy areas.

    Attributes:
        dt: The length of the interval.
        W: The increment.

    Example:
        ```python
        import nde

        assert issubclass(nde.SpaceTimeLevyArea, nde.AbstractBrownianIncrement)
        ```
    """

    dt: eqx.AbstractVar[RealScalar]
    W: eqx.AbstractVar[PyTree[Any]]


class AbstractSpaceTimeLevyArea(AbstractBrownianIncrement):
    """The increment and the space-time Lévy area, and possibly further areas.

    Attributes:
        dt: The length of the interval.
        W: The increment.
        H: The space-time area.

    Example:
        ```python
        import nde

        assert issubclass(nde.FosterLevyArea, nde.AbstractSpaceTimeLevyArea)
        ```
    """

    H: eqx.AbstractVar[PyTree[Any]]


class AbstractSpaceTimeTimeLevyArea(AbstractSpaceTimeLevyArea):
    """The increment and the space-time and space-time-time Lévy areas.

    Attributes:
        dt: The length of the interval.
        W: The increment.
        H: The space-time area.
        K: The space-time-time area.

    Example:
        ```python
        import nde

        assert issubclass(nde.SpaceTimeTimeLevyArea, nde.AbstractSpaceTimeTimeLevyArea)
        ```
    """

    K: eqx.AbstractVar[PyTree[Any]]


class BrownianIncrement(AbstractBrownianIncrement):
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


class SpaceTimeLevyArea(BrownianIncrement, AbstractSpaceTimeLevyArea):
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


class SpaceTimeTimeLevyArea(SpaceTimeLevyArea, AbstractSpaceTimeTimeLevyArea):
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


class FullLevyArea(SpaceTimeLevyArea):
    """The increment, the area `H`, and the Lévy area of each pair of components; `DavieLevyArea` and `FosterLevyArea`.

    Attributes:
        dt: The length of the interval.
        W: The increment, of shape `(m,)`.
        H: The space-time area.
        A: `A_ij = 1/2 ∫ (W_i dW_j - W_j dW_i)`, of shape `(m, m)`, antisymmetric.

    Example:
        ```python
        import nde

        assert issubclass(nde.FosterLevyArea, nde.FullLevyArea)
        ```
    """

    A: Array


class DavieLevyArea(FullLevyArea):
    """The full Lévy area given `W` and `H` by its mean `H_i W_j - W_i H_j` and a normal number of variance `dt^2 / 12`.

    For motions of shape `(m,)` and steps that are never rejected. With it Milstein's methods take noise that does not
    commute.

    Attributes:
        dt: The length of the interval.
        W: The increment, of shape `(m,)`.
        H: The space-time area.
        A: The area of each pair, of shape `(m, m)`.

    Source: Davie, *KMT theory applied to approximations of SDE* (2014), doi:10.1007/978-3-319-11292-3_7.

    Example:
        ```python
        import jax
        import nde

        motion = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (2,), jax.random.key(0), levy_area=nde.DavieLevyArea)
        print(motion.evaluate(0.25, 0.5, use_levy=True).A)
        ```
    """


class FosterLevyArea(FullLevyArea):
    """As `DavieLevyArea`, of the variance that the area has for each `H`: `dt^2 / 20 + dt (H_i^2 + H_j^2) / 5`.

    Attributes:
        dt: The length of the interval.
        W: The increment, of shape `(m,)`.
        H: The space-time area.
        A: The area of each pair, of shape `(m, m)`.

    Source: Foster, *Numerical approximations for stochastic differential equations* (2020), doctoral thesis, University
    of Oxford, chapter 7; Foster and Habermann (2023), doi:10.1017/S096354832200030X.

    Example:
        ```python
        import jax
        import nde

        motion = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (2,), jax.random.key(0), levy_area=nde.FosterLevyArea)
        print(motion.evaluate(0.25, 0.5, use_levy=True).A)
        ```
    """


LevyArea = type[Any]
"""Which increments a path draws: one of the classes above."""

PARTS: dict[LevyArea, int] = {
    BrownianIncrement: 1,
    SpaceTimeLevyArea: 2,
    SpaceTimeTimeLevyArea: 3,
    DavieLevyArea: 2,
    FosterLevyArea: 2,
}
"""How many of the parts `W`, `H`, `K` each of them has."""


def parts_of(levy_area: Any) -> int:
    """How many of the parts `W`, `H`, `K` an increment has.

    Raises:
        TypeError: If it is none of the classes.
    """
    if levy_area not in PARTS:
        names = ", ".join(f"`nde.{area.__name__}`" for area in PARTS)
        raise TypeError(f"Got `levy_area={levy_area!r}`; expected one of the classes {names}.")
    return PARTS[levy_area]
