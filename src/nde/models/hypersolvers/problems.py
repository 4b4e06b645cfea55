"""Of a model, the initial value problems that it solves."""

import functools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, PRNGKeyArray

from nde.core.arrays import inexact_arrays
from nde.core.describe import describe
from nde.core.tree import common_dtype, real_dtype
from nde.models.controlled import AbstractControlled
from nde.models.flow import AbstractFlow
from nde.models.hypersolvers.equation import Equation, Problems, Start
from nde.models.neural_ode import NeuralODE
from nde.models.normalizing import ContinuousFlow
from nde.solvers import Hyper
from nde.stepping import ConstantStepSize

_DRAWN = 8192
"""How many points of the normal distribution a flow is followed from."""


class Data(eqx.Module):
    """What the problems of a model are made of; see `fit_hypersolver`.

    Attributes:
        data: Initial states, conditions, or a pair of times and series.
        args: Arguments of the vector field.
        t0: The first time.
        t1: The last time.
        key: For what is drawn at random.
    """

    data: Any
    args: Any
    t0: float
    t1: float
    key: PRNGKeyArray

    def given(self, what: str) -> Any:
        """The data.

        Raises:
            ValueError: If there are none.
        """
        if self.data is None:
            raise ValueError(f"`fit_hypersolver` got no `data`; expected {what}, to fit to.")
        return self.data


@functools.singledispatch
def problems_of(model: Any, data: Data) -> tuple[Problems, ...]:
    """The problems of a model, for each of the equations that it solves one after the other.

    Raises:
        TypeError: If it is no model of such equations.
        ValueError: If data are missing.
    """
    if not callable(model) or isinstance(model, AbstractFlow):
        raise TypeError(
            f"`fit_hypersolver` got {describe(model)}; expected a `NeuralODE`, `NeuralCDE`, `NeuralRDE`, "
            "`ContinuousFlow`, or a vector field `(t, y, args)`."
        )
    return (_from_states(model, data),)


@problems_of.register
def _(model: NeuralODE, data: Data) -> tuple[Problems, ...]:
    return (_from_states(model.vector_field, data),)


@problems_of.register
def _(model: ContinuousFlow, data: Data) -> tuple[Problems, ...]:
    conditions = None
    if model.condition_size:
        conditions = jnp.asarray(data.given("conditions, of shape (points, condition)"), model.dtype)
    count = _DRAWN if conditions is None else len(conditions)
    knots = _repeated((0.0, 1.0), count, model.dtype)
    found, y = [], jax.random.normal(data.key, (count, model.input_size), model.dtype)
    for field in map(Equation, model.fields):
        found.append(Problems(field, Start(y, conditions, None, knots)))
        if len(found) < len(model.fields):
            y = field.references(found[-1].starts, 1)[:, -1]
    return tuple(found)


@problems_of.register
def _(model: AbstractControlled, data: Data) -> tuple[Problems, ...]:
    ts, ys = data.given("a pair of times and series, of shapes (series, time) and (series, time, channels)")
    control = jax.vmap(model.control)(jnp.asarray(ts), jnp.asarray(ys))
    y0 = jax.vmap(model.initial_state)(control, data.args)
    return (Problems(Equation(model.vector_field), Start(y0, None, control.path, control.ts)),)


def _from_states(field: Callable[..., Any], data: Data) -> Problems:
    y0 = inexact_arrays(data.given("initial states, with a leading axis"))
    leaves = jax.tree.leaves(y0)
    if not leaves or any(leaf.ndim == 0 or len(leaf) != len(leaves[0]) for leaf in leaves):
        shapes = ", ".join(str(leaf.shape) for leaf in leaves)
        raise ValueError(
            "`fit_hypersolver` needs initial states with a common leading axis, that of the examples; got arrays of "
            f"shape {shapes or 'none'}."
        )
    knots = _repeated((data.t0, data.t1), len(leaves[0]), common_dtype(*map(real_dtype, leaves)))
    return Problems(Equation(field), Start(y0, data.args, None, knots))


def _repeated(knots: tuple[float, ...], count: int, dtype: Any) -> Array:
    return jnp.tile(jnp.asarray(knots, dtype), (count, 1))


@functools.singledispatch
def with_solver(model: Any, solver: Hyper, dt0: float) -> Any:
    """The model that solves by a hypersolver; of a vector field, a `NeuralODE`.

    Args:
        model: The model or vector field.
        solver: The hypersolver.
        dt0: The step size; a neural CDE steps from row to row, whatever that is.
    """
    return NeuralODE(vector_field=model, solver=solver, stepsize_controller=ConstantStepSize(), dt0=dt0)


@with_solver.register
def _(model: AbstractFlow, solver: Hyper, dt0: float) -> Any:
    places = lambda m: (m.solver, m.stepsize_controller, m.dt0)
    return eqx.tree_at(places, model, (solver, ConstantStepSize(), dt0), is_leaf=lambda x: x is None)


@with_solver.register
def _(model: AbstractControlled, solver: Hyper, dt0: float) -> Any:
    del dt0
    return eqx.tree_at(lambda m: (m.solver, m.stepsize_controller), model, (solver, None), is_leaf=lambda x: x is None)
