"""The base class of models that `fit_table` fits to a table."""

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
    """Base class of ODE models of a table, whose initial state is learned as well.

    A model computes with model times and model states, see `Scaling`.

    Attributes:
        names: The names of the quantities.
        scaling: The conversion between their units and model states.
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
        """Return an untrained model with default parameters."""

    @classmethod
    @abc.abstractmethod
    def from_table(cls, table: Table, *, key: PRNGKeyArray) -> "AbstractODEModel":
        """Create a model for a table, ready to be fitted.

        Args:
            table: The measurements.
            key: A key of `jax.random` for the weights.

        Raises:
            DataError: If the model does not suit the data.
        """

    @abc.abstractmethod
    def vector_field(self, t: Array, z: Float[Array, " columns"], args: Any = None) -> Float[Array, " columns"]:
        """Return the derivative of the model state with respect to model time."""

    @abc.abstractmethod
    def penalty(self, zs: Float[Array, "times columns"]) -> Float[Array, ""]:
        """Return a penalty on the model states of a fit, to be added to the loss."""

    @abc.abstractmethod
    def parameters(self) -> dict[str, tuple[float, str]]:
        """Return the value, in units of the data, and the meaning of each interpretable parameter."""

    @abc.abstractmethod
    def equation(self) -> str:
        """Return the differential equation as text, with a line for each quantity."""

    @compiled(solves=True)
    def trajectory(self, times: Float[Array, " times"]) -> Float[Array, "times columns"]:
        """Solve for the model states at non-decreasing model times, from 0 on; the last must be positive.

        From where the solve fails, the states are not finite.
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
        """Return the vector field of the model passed as `args`."""
        return model.vector_field(t, z)

    def forecast(self, ts: Float[np.ndarray, " times"]) -> Float[np.ndarray, "times columns"]:
        """Predict the quantities at given times, in the unit of the data. The times may be in any order.

        Raises:
            DataError: If there is no time, or a time is not finite or precedes the data.
        """
        ts = np.asarray(ts, np.float64)
        if not ts.size or not np.isfinite(ts).all():
            raise DataError("There must be at least one time, and all times must be finite.")
        if ts.min() < self.scaling.t0:
            raise DataError(
                f"The model starts at {self.scaling.t0:.15g}, where its data start; got the earlier time "
                f"{ts.min():.15g}."
            )
        times, indices = np.unique(self.scaling.time(ts), return_inverse=True)
        padded = np.append(times, times[-1] + 1.0)
        zs = _trajectory(self, jnp.asarray(padded))
        return np.asarray(self.scaling.decode(zs), np.float64)[indices]


@eqx.filter_jit
def _trajectory(model: AbstractODEModel, times: Float[Array, " times"]) -> Float[Array, "times columns"]:
    return model.trajectory(times)


def initial_state(scaling: Scaling, table: Table) -> Float[Array, " columns"]:
    """Return the model state of the first measurement of each quantity."""
    zs = scaling.encode(table.ys)
    return jnp.asarray([column[~np.isnan(column)][0] for column in zs.T], float)
