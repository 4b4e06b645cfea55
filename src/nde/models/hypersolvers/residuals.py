"""What a hypersolver learns from: the errors of single steps, and of whole trajectories."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nde.core.tree import minus, scaled
from nde.core.types import Args, Y
from nde.models.hypersolvers.equation import Equation, Problems, Start
from nde.nn.correction_mlp import to_numbers
from nde.solve import SaveAt
from nde.solvers import ExplicitRungeKutta, Hyper, StepStart


class Trajectories(eqx.Module):
    """Exact solutions at the ends of steps, with a leading axis of problems.

    Attributes:
        starts: What they start from.
        states: The states, with a second axis of times.
        weight: Of the squares of errors. With it the mean error of the method without a network is one.
    """

    starts: Start
    states: PyTree[Array]
    weight: Float[Array, " problems"]


class Residuals(eqx.Module):
    """What steps of a method leave over, with a leading axis of steps.

    Attributes:
        t: Their starts.
        y: The exact states there.
        args: The arguments of the vector field.
        h: The step sizes.
        stages: The slopes.
        factor: The factor of the network, `h**(order + 1)`.
        residual: The exact state at the end, less that of the method.
        weight: Of the square of the residual, with which their mean is one.
    """

    t: Float[Array, "*steps"]
    y: Y
    args: Args
    h: Float[Array, "*steps"]
    stages: tuple[Y, ...]
    factor: Float[Array, "*steps"]
    residual: Y
    weight: Float[Array, "*steps"]


def trajectories_of(problems: Problems, solver: ExplicitRungeKutta, steps: int) -> Trajectories:
    """Solve problems exactly, and by the method."""
    equation, starts = problems.equation, problems.starts
    states = equation.references(starts, steps)
    error = _mean_error(equation, solver, starts, states, steps)
    return Trajectories(starts, states, jnp.full(len(starts), _inverse(error)))


@eqx.filter_jit
def _mean_error(
    equation: Equation, solver: ExplicitRungeKutta, starts: Start, states: PyTree[Array], steps: int
) -> Float[Array, ""]:
    return jnp.mean(squared_errors(equation, solver, starts, states, steps))


@eqx.filter_jit
def residuals_of(equation: Equation, solver: ExplicitRungeKutta, exact: Trajectories, steps: int) -> Residuals:
    """The residuals of all steps of exact solutions."""

    def of_problem(start: Start, states: PyTree[Array]) -> Residuals:
        term, ts = equation.term(start), start.grid(steps)

        def of_step(t: Array, end: Array, y: Y, y1: Y) -> Residuals:
            h = end - t
            drive, _ = term.prepare(t, end, h, solver.nodes, solver.needs, term.begin(t))
            out = solver.step(term, StepStart(y, None), start.args, drive, t, h)
            factor = h ** (solver.order() + 1)
            return Residuals(t, y, start.args, h, out.stages, factor, minus(y1, out.y), jnp.ones_like(h))

        before, after = (jax.tree.map(lambda x, part=part: x[part], states) for part in (slice(-1), slice(1, None)))
        return jax.vmap(of_step)(ts[:-1], ts[1:], before, after)

    rows = jax.vmap(of_problem)(exact.starts, exact.states)
    rows = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), rows)
    return eqx.tree_at(lambda r: r.weight, rows, rows.weight * _inverse(jnp.mean(jax.vmap(_square)(rows.residual))))


def residual_loss(hyper: Hyper, rows: Residuals, key: Any) -> Float[Array, ""]:
    """The mean squared error of the corrections of steps, relative to that of the method."""
    del key

    def of_step(row: Residuals) -> Array:
        correction = scaled(hyper.network(row.t, row.y, row.args, row.h, row.stages), row.factor)
        return row.weight * _square(minus(row.residual, correction))

    return jnp.mean(jax.vmap(of_step)(rows))


class TrajectoryLoss(eqx.Module):
    """The mean squared error of trajectories, relative to that of the method.

    Attributes:
        parts: The equation and the number of steps of each part of a batch.
    """

    parts: tuple[tuple[Equation, int], ...]

    def __call__(self, hyper: Hyper, batch: tuple[Trajectories, ...], key: Any) -> Float[Array, ""]:
        """Compute the mean over the parts."""
        del key
        errors = [
            jnp.mean(exact.weight * squared_errors(equation, hyper, exact.starts, exact.states, steps))
            for (equation, steps), exact in zip(self.parts, batch, strict=True)
        ]
        return jnp.mean(jnp.stack(errors))


def squared_errors(
    equation: Equation, solver: ExplicitRungeKutta | Hyper, starts: Start, states: PyTree[Array], steps: int
) -> Float[Array, " problems"]:
    """Of each problem the mean over the ends of steps."""

    def of_problem(start: Start, exact: PyTree[Array]) -> Array:
        ys = equation.solve(start, solver, steps, SaveAt(ts=start.grid(steps)[1:])).ys
        return jnp.mean(jax.vmap(_square)(jax.tree.map(lambda y, exact: y - exact[1:], ys, exact)))

    return jax.vmap(of_problem)(starts, states)


def _square(error: PyTree[Array]) -> Float[Array, ""]:
    """The sum of squares."""
    return jnp.sum(to_numbers(error) ** 2)


def _inverse(x: Array) -> Array:
    """The inverse, or one of zero: there is nothing to correct."""
    return jnp.where(x > 0, 1 / jnp.where(x > 0, x, 1), 1)
