"""What every model is."""

import abc
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from nde.core.compiled import compiled
from nde.data import DataError, Table
from nde.models.scaling import Scaling
from nde.solve import SaveAt, diffeqsolve
from nde.solvers import Tsit5
from nde.stepping import PIDController
from nde.terms import ODETerm

_TOLERANCE = 1e-4
_MAX_STEPS = 512


class AbstractODEModel(eqx.Module):
    """An ordinary differential equation for measurements, with an initial state that is learned too.

    It computes in model time and model states, see `Scaling`.

    Attributes:
        names: The quantities.
        scaling: Between their units and model states.
        start: The model state at the first time of the data, of shape `(columns,)`.

    Example:
        ```python
        from nde.models import AbstractODEModel, MODELS

        assert all(issubclass(model, AbstractODEModel) for model in MODELS.values())
        ```
    """

    key: ClassVar[str]
    names: eqx.AbstractVar[tuple[str, ...]]
    scaling: eqx.AbstractVar[Scaling]
    start: eqx.AbstractVar[Float[Array, " columns"]]

    @classmethod
    @abc.abstractmethod
    def blank(cls, names: tuple[str, ...], scaling: Scaling, *, key: PRNGKeyArray) -> "AbstractODEModel":
        """A model that knows nothing yet."""

    @classmethod
    @abc.abstractmethod
    def from_table(cls, table: Table, *, key: PRNGKeyArray) -> "AbstractODEModel":
        """A model made for a table, ready to be fitted.

        Args:
            table: The measurements.
            key: For random weights.

        Raises:
            DataError: If the model is not for such data.
        """

    @abc.abstractmethod
    def vector_field(self, t: Array, z: Float[Array, " columns"], args: Any = None) -> Float[Array, " columns"]:
        """The derivative of the model state in model time."""

    @abc.abstractmethod
    def penalty(self, zs: Float[Array, "times columns"]) -> Float[Array, ""]:
        """What is added to the loss for model states along a fit."""

    @abc.abstractmethod
    def parameters(self) -> dict[str, tuple[float, str]]:
        """What can be told of the learned numbers: value, in units of the data, and meaning."""

    @abc.abstractmethod
    def equation(self) -> str:
        """The differential equation in words and signs, a line for each quantity."""

    @compiled(solves=True)
    def trajectory(self, times: Float[Array, " times"]) -> Float[Array, "times columns"]:
        """Model states at model times, which do not go back, the first not below zero and the last above it.

        Not finite from where the solve fails.
        """
        sol = diffeqsolve(
            ODETerm(type(self).vector_field_of),
            Tsit5(),
            0.0,
            times[-1],
            None,
            self.start,
            args=self,
            saveat=SaveAt(ts=times),
            stepsize_controller=PIDController(rtol=_TOLERANCE, atol=_TOLERANCE),
            max_steps=_MAX_STEPS,
            throw=False,
        )
        return sol.ys

    @staticmethod
    def vector_field_of(t: Array, z: Float[Array, " columns"], model: "AbstractODEModel") -> Float[Array, " columns"]:
        """The vector field of the model that comes as `args`."""
        return model.vector_field(t, z)

    def forecast(self, ts: Float[np.ndarray, " times"]) -> Float[np.ndarray, "times columns"]:
        """The quantities at times in the unit of the data, in any order, none before its first.

        Raises:
            DataError: If a time is not finite or before the first of the data, or no time is given.
        """
        ts = np.asarray(ts, np.float64)
        if not ts.size or not np.isfinite(ts).all():
            raise DataError("Got no times, or times that are not finite; numbers are wanted.")
        if ts.min() < self.scaling.t0:
            raise DataError(
                f"Got the time {ts.min():g}; the model starts at {self.scaling.t0:g}, the first of its data."
            )
        times, places = np.unique(self.scaling.time(ts), return_inverse=True)
        padded = np.append(times, times[-1] + 1.0)
        zs = _trajectory(self, jnp.asarray(padded))
        return np.asarray(self.scaling.decode(zs), np.float64)[places]


@eqx.filter_jit
def _trajectory(model: AbstractODEModel, times: Float[Array, " times"]) -> Float[Array, "times columns"]:
    return model.trajectory(times)


def first_state(scaling: Scaling, table: Table) -> Float[Array, " columns"]:
    """The model state of the first measurement of each quantity."""
    zs = scaling.encode(table.ys)
    return jnp.asarray([column[~np.isnan(column)][0] for column in zs.T], float)
