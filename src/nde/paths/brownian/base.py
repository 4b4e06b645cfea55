"""What all Brownian paths share: their shape, their seed, and how increments are drawn."""

import dataclasses
from collections.abc import Sequence
from typing import Any, Generic

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PyTree

from nde.core import tree
from nde.core.random import Seed, normals, number_of_draws, seed_of
from nde.core.types import RealScalar
from nde.paths.base import AbstractPath, Control
from nde.paths.brownian.area import full_area, twist
from nde.paths.brownian.bridge import VARIANCES, Parts, join
from nde.paths.brownian.increment import BrownianIncrement, FullLevyArea, LevyArea, parts_of
from nde.paths.halves import Halves

Shape = PyTree[jax.ShapeDtypeStruct]


class AbstractBrownianPath(AbstractPath[Control], Generic[Control]):
    """A sample path of Brownian motion: independent components in any pytree of floating or complex arrays.

    A complex component is `(X + i Y) / sqrt(2)` of two real ones, so that the mean of `|W|^2` is the time, too.

    What `evaluate` returns is the increment `W`; with `use_levy=True` it is a `BrownianIncrement`, with the areas that
    `levy_area` names. The numbers depend on the key alone, not on `jit`, `vmap` or the number of devices.

    Example:
        ```python
        import jax
        import nde

        motion = nde.BrownianMotion(shape=(2,), key=jax.random.key(0))
        assert isinstance(motion, nde.AbstractBrownianPath)
        ```
    """

    shape: eqx.AbstractVar[Shape]
    levy_area: eqx.AbstractVar[LevyArea]
    seed: eqx.AbstractVar[Seed]

    @property
    def parts(self) -> int:
        """How many parts an increment has."""
        return parts_of(self.levy_area)

    def noise(self, seed: Seed, counter: Any) -> Parts:
        """Standard normal numbers for each part: the numbers of one draw."""
        structs, structure = jax.tree.flatten(self.shape)
        sizes = [number_of_draws(struct) for struct in structs]
        starts = [sum(sizes[:i]) for i in range(len(sizes))]

        def part(number: int) -> PyTree[Array]:
            first = number * sum(sizes)
            leaves = [
                normals(seed, counter, first + start, struct.shape, struct.dtype)
                for start, struct in zip(starts, structs, strict=True)
            ]
            return jax.tree.unflatten(structure, leaves)

        return tuple(part(number) for number in range(self.parts))

    @staticmethod
    def over(h: RealScalar, noise: Parts) -> Parts:
        """Standard normal numbers with the variances of an increment over a length."""
        return tuple(
            tree.scaled(part, jnp.sqrt(jnp.abs(h) * variance)) for part, variance in zip(noise, VARIANCES, strict=False)
        )

    def increment(self, t0: RealScalar, t1: RealScalar, parts: Parts, use_levy: bool) -> BrownianIncrement | PyTree:
        """The parts as `evaluate` returns them."""
        return self.over_length(jnp.asarray(t1) - t0, parts) if use_levy else parts[0]

    def over_length(self, dt: RealScalar, parts: Parts, moving: RealScalar | None = None) -> BrownianIncrement:
        """The increment of these parts, with all areas that are wanted.

        Args:
            dt: The length of the interval, negative when walking backward.
            parts: The parts over it.
            moving: The length of what of the interval the path moves in, if that may be less.
        """
        if not issubclass(self.levy_area, FullLevyArea):
            return self.levy_area(dt, *parts)
        W, H = parts
        area = full_area(self.levy_area, dt if moving is None else moving, W, H, self.seed)
        return self.levy_area(dt, W, H, area)

    def halved(self, dts: tuple[RealScalar, RealScalar], first: Parts, second: Parts) -> Halves:
        """The increments over the halves of a step of lengths `dts`, which are negative when walking backward."""
        x, y = (jnp.abs(jnp.asarray(dt)) for dt in dts)
        one, other = self.over_length(dts[0], first), self.over_length(dts[1], second)
        whole = self.over_length(jnp.asarray(dts[0]) + dts[1], join(x, first, y, second))
        if isinstance(whole, FullLevyArea) and isinstance(one, FullLevyArea) and isinstance(other, FullLevyArea):
            whole = dataclasses.replace(whole, A=one.A + other.A + twist(one.W, other.W) / 2)
        return Halves(whole, one, other)

    def check_steps(self, may_reject: bool) -> None:
        """Refuses areas that later steps cannot agree with.

        Raises:
            ValueError: If steps may be rejected, and full areas are wanted.
        """
        if may_reject and issubclass(self.levy_area, FullLevyArea):
            raise ValueError(
                f"`{type(self).__name__}` got `levy_area={self.levy_area.__name__}` for adaptive steps; full Lévy "
                "areas are for steps that are never rejected. Use `ConstantStepSize()` or `StepTo(...)`, or "
                "`levy_area=nde.SpaceTimeLevyArea`."
            )


def area_of(levy_area: Any, shape: Shape) -> LevyArea:
    """The class of increments, if a motion of this shape has them.

    Raises:
        TypeError: If it is none, or full areas are wanted of a motion that is complex or not of shape `(m,)`.
    """
    parts_of(levy_area)
    if issubclass(levy_area, FullLevyArea) and any(jnp.iscomplexobj(leaf) for leaf in jax.tree.leaves(shape)):
        raise TypeError(f"Got `levy_area={levy_area.__name__}` for a complex motion; full areas need a real one.")
    if issubclass(levy_area, FullLevyArea) and not (isinstance(shape, jax.ShapeDtypeStruct) and len(shape.shape) == 1):
        raise TypeError(
            f"Got `levy_area={levy_area.__name__}` for a Brownian motion of shape {shape}; full Lévy areas are those "
            "of pairs of components, of a motion of shape (m,)."
        )
    return levy_area


def shape_of(shape: Any, dtype: Any = None) -> Shape:
    """A pytree of shapes: from a tuple of numbers, or a pytree of arrays or of shapes with dtypes.

    Raises:
        TypeError: If it is no shape, or a dtype is neither floating nor complex.
        ValueError: If a shape has negative numbers.
    """
    default = jnp.result_type(float) if dtype is None else dtype
    plain = isinstance(shape, Sequence) and all(isinstance(n, int) for n in shape)
    if plain and min(shape, default=0) < 0:
        raise ValueError(f"Got a Brownian motion of shape {tuple(shape)}; expected no negative numbers in it.")
    shapes = jax.ShapeDtypeStruct(tuple(shape), default) if plain else jax.tree.map(_struct, shape)
    for leaf in jax.tree.leaves(shapes):
        if not jnp.issubdtype(leaf.dtype, jnp.inexact):
            raise TypeError(
                f"Got a Brownian motion of dtype {leaf.dtype}; expected a floating or complex dtype. Pass "
                "`shape=jax.ShapeDtypeStruct((3,), jnp.float32)`, say."
            )
    return shapes


def _struct(leaf: Any) -> jax.ShapeDtypeStruct:
    if not hasattr(leaf, "shape") or not hasattr(leaf, "dtype"):
        raise TypeError(
            f"Got `{leaf!r}` as the shape of a Brownian motion; expected a tuple such as `(3,)`, or a pytree of arrays "
            "or of `jax.ShapeDtypeStruct`s."
        )
    return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype)


def seed_from(key: Any) -> Seed:
    """The seed of a path.

    Raises:
        TypeError: If it is no key.
    """
    try:
        return seed_of(key)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"Got {type(key).__name__} as the `key` of a Brownian motion; expected `jax.random.key(0)`, say."
        ) from error
