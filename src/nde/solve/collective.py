"""Vector fields that see other lanes of a `vmap`, or other devices, by `jax.lax.pmean` and its kin."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from nde.core.types import Args, Norm, RealScalar, Time, Y
from nde.stepping import AbstractStepSizeController
from nde.stepping.wrapped import map_adaptive
from nde.terms import AbstractTerm


class _Shared(eqx.Module):
    """The largest norm over named axes.

    Attributes:
        norm: Of one lane.
        axes: Names of axes.
    """

    norm: Norm
    axes: tuple[str, ...] = eqx.field(static=True)

    def __call__(self, error: Any) -> RealScalar:
        """The same in all lanes."""
        return jax.lax.pmax(jnp.asarray(self.norm(error)), self.axes)


def axes_seen(term: AbstractTerm, t: Time, y: Y, args: Args) -> tuple[str, ...]:
    """The named axes along which the vector field of a term communicates."""
    program = jax.make_jaxpr(lambda t, y: eqx.filter(term.vf(t, y, args), eqx.is_array))(t, y)
    names = {getattr(effect, "name", None) for effect in program.effects}
    return tuple(sorted(name for name in names if isinstance(name, str)))


def synchronize(controller: AbstractStepSizeController, axes: tuple[str, ...]) -> AbstractStepSizeController:
    """The controller whose steps are the same all along the axes: stages of one step must be those of one time."""
    if not axes:
        return controller
    return map_adaptive(controller, lambda c: dataclasses.replace(c, norm=_Shared(c.norm, axes)))
