"""Fit a hypersolver to a trained model."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from nde.core.describe import describe
from nde.data import ArrayLoader
from nde.models.controlled import AbstractControlled
from nde.models.hypersolvers.equation import Problems
from nde.models.hypersolvers.problems import Data, problems_of, with_solver
from nde.models.hypersolvers.report import HypersolverReport, measure
from nde.models.hypersolvers.residuals import (
    Residuals,
    TrajectoryLoss,
    residual_loss,
    residuals_of,
    trajectories_of,
)
from nde.nn import CorrectionMLP
from nde.nn.correction_mlp import inputs_of, to_numbers
from nde.solvers import ExplicitRungeKutta, Heun, Hyper
from nde.train import History, adam, fit
from nde.train.progress import Progress

_AVERAGE = 0.99
"""The decay of the average of the weights."""
_FINE_TUNING = 0.2
"""The learning rate on trajectories, relative to that on residuals."""
_MOST_HELD_OUT = 1024


class HypersolverFit(eqx.Module):
    """The result of `fit_hypersolver`.

    Attributes:
        solver: The hypersolver, which knows the step sizes that it was fitted for.
        model: The model that solves by it, with the least of the numbers of steps.
        report: Its errors beside those of classical solvers.
        residual_history: The history of fitting residuals; `None` without.
        trajectory_history: The history of fitting trajectories; `None` without.
        seconds: How long the fit took, with accurate solutions and compilation, without the report.

    Example:
        See `fit_hypersolver`.
    """

    solver: Hyper
    model: Any
    report: HypersolverReport = eqx.field(static=True)
    residual_history: History | None
    trajectory_history: History | None
    seconds: float = eqx.field(static=True)


def fit_hypersolver(
    model: Any,
    solver: ExplicitRungeKutta = Heun(),
    data: Any = None,
    *,
    steps: int | Sequence[int] | None = None,
    t0: float = 0.0,
    t1: float = 1.0,
    args: Any = None,
    network: Callable[..., Any] | None = None,
    width: int = 64,
    depth: int = 2,
    residual_steps: int = 6000,
    trajectory_steps: int = 300,
    batch_size: int = 512,
    learning_rate: float = 1e-2,
    holdout: float = 0.1,
    progress: bool | Progress | None = None,
    key: PRNGKeyArray,
) -> HypersolverFit:
    """Fit a hypersolver to a trained model, so that few large steps solve it accurately.

    First the network is fitted to residuals: what single steps of the method leave over, from points on accurate
    solutions. Then, for fewer training steps that are slower, to trajectories: the hypersolver's own, whose errors
    build up. The model itself does not change.

    Args:
        model: A `NeuralODE`, `NeuralCDE`, `NeuralRDE`, `ContinuousFlow`, or a vector field `(t, y, args)`.
        solver: The method to be corrected, an explicit Runge-Kutta method.
        data: For a `NeuralODE` or a vector field initial states, with a leading axis; for a neural CDE or RDE a pair of
            times and series, of shapes `(series, time)` and `(series, time, channels)`. For a flow 8,192 points are
            drawn from the normal distribution; for a conditional one as many as conditions, `(points, condition)`.
        steps: The number of steps from `t0` to `t1`, or several; by default 2. For a neural CDE or RDE leave it out:
            its steps are from row to row, or from window to window.
        t0: The time of the initial states; 0 of a flow, the first of a series.
        t1: The last time; 1 of a flow, the last of a series.
        args: Arguments of the vector field with a leading axis; static features of a neural CDE or RDE.
        network: A network of your own, see `nde.Hyper`; by default a `nde.nn.CorrectionMLP`.
        width: Width of the hidden layers of the default network.
        depth: Number of its hidden layers.
        residual_steps: Number of training steps on residuals; 0 for none.
        trajectory_steps: Number of training steps on trajectories; 0 for none.
        batch_size: Steps in a batch, and half as many trajectories.
        learning_rate: Peak learning rate on residuals; a fifth of it on trajectories.
        holdout: Share of the data that the report is about, at most 1,024 problems.
        progress: Whether to show a progress bar; by default on a terminal.
        key: A key of `jax.random`.

    Raises:
        TypeError: If the model or the solver is of another kind.
        ValueError: If data are missing or too few, numbers are out of range, or step counts do not suit the model.
        TrainingError: If losses or gradients are not finite.
        SolveError: If the model cannot be solved accurately.

    Source: Poli, Massaroli, Yamashita, Asama and Park, *Hypersolvers: toward fast continuous-depth models* (2020),
    doi:10.48550/arXiv.2007.09601.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde
        from nde.models import fit_hypersolver

        field = lambda t, y, args: jnp.stack([y[1], -jnp.sin(y[0])])
        y0 = jax.random.normal(jax.random.key(0), (64, 2))
        quick = {"residual_steps": 20, "trajectory_steps": 5, "width": 8}
        found = fit_hypersolver(field, nde.Heun(), y0, steps=2, **quick, key=jax.random.key(1))
        print(found.report.text())
        ```
    """
    counts = _check(model, solver, steps, holdout)
    begun = time.perf_counter()
    data_key, network_key, split_key, *train_keys = jax.random.split(key, 5)
    problems = problems_of(model, Data(data, args, t0, t1, data_key))
    train, held_out = _split(problems, holdout, split_key)
    parts = [(each.equation, n) for each in train for n in counts]
    exact = [trajectories_of(each, solver, n) for each in train for n in counts]
    found = [residuals_of(equation, solver, each, n) for (equation, n), each in zip(parts, exact, strict=True)]
    rows = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *found)

    if network is None:
        state = jax.tree.map(lambda x: x[0], rows.y)
        network = CorrectionMLP(state, solver.tableau.stages, width, depth, key=network_key)
        network = standardized(network, rows)
    hyper = Hyper(solver, network)
    options = {"average": _AVERAGE, "progress": progress}
    residual_history = trajectory_history = None
    if residual_steps:
        optimizer = adam(learning_rate, steps=residual_steps)
        loader = ArrayLoader(rows, batch_size)
        result = fit(hyper, residual_loss, loader, optimizer, steps=residual_steps, key=train_keys[0], **options)
        hyper, residual_history = result.model, result.history
    if trajectory_steps:
        optimizer = adam(_FINE_TUNING * learning_rate, steps=trajectory_steps)
        loader = ArrayLoader(tuple(exact), max(1, batch_size // 2))
        loss = TrajectoryLoss(tuple(parts))
        result = fit(hyper, loss, loader, optimizer, steps=trajectory_steps, key=train_keys[1], **options)
        hyper, trajectory_history = result.model, result.history

    seconds = time.perf_counter() - begun
    sizes = np.asarray(rows.h)[np.asarray(rows.h) != 0]
    hyper = Hyper(solver, hyper.network, (float(sizes.min()), float(sizes.max())))
    return HypersolverFit(
        solver=hyper,
        model=with_solver(model, hyper, float(sizes[np.abs(sizes).argmax()])),
        report=measure(held_out, hyper, type(solver).__name__, counts),
        residual_history=residual_history,
        trajectory_history=trajectory_history,
        seconds=seconds,
    )


def standardized(network: CorrectionMLP, rows: Residuals) -> CorrectionMLP:
    """The network with inputs of mean zero and deviation one, and outputs of the size of residuals."""

    def inputs(row: Residuals) -> Array:
        return jnp.concatenate([inputs_of(row.t, row.h), *map(to_numbers, (row.y, *row.stages))])

    numbers = jax.vmap(inputs)(rows)
    spread = jnp.std(numbers, axis=0)
    squares = jnp.mean(jax.vmap(to_numbers)(rows.residual) ** 2, axis=0)
    scale = jnp.sqrt(squares / jnp.mean(rows.factor**2))
    return eqx.tree_at(
        lambda n: (n.center, n.spread, n.scale),
        network,
        (jnp.mean(numbers, axis=0), jnp.where(spread > 0, spread, 1.0), jnp.where(scale > 0, scale, 1.0)),
    )


def _check(model: Any, solver: Any, steps: Any, holdout: float) -> tuple[int, ...]:
    """The numbers of steps.

    Raises:
        TypeError: If the solver is no explicit Runge-Kutta method.
        ValueError: If a number is out of range, or does not suit the model.
    """
    if not isinstance(solver, ExplicitRungeKutta):
        raise TypeError(
            f"`fit_hypersolver` got {describe(solver)} as `solver`; expected an explicit Runge-Kutta method, such as "
            "`nde.Heun()`."
        )
    controlled = isinstance(model, AbstractControlled)
    if steps is None:
        steps = 1 if controlled else 2
    counts = (steps,) if isinstance(steps, int) else tuple(steps)
    if not counts or min(counts) < 1:
        raise ValueError(f"`fit_hypersolver` got `steps={steps}`; expected one or several positive numbers of steps.")
    if controlled and counts != (1,):
        raise ValueError(
            f"`fit_hypersolver` got `steps={steps}` for a `{type(model).__name__}`, which steps from each row to the "
            "next; leave `steps` out."
        )
    if not 0 < holdout < 1:
        raise ValueError(f"`fit_hypersolver` got `holdout={holdout}`; expected a share between 0 and 1.")
    return counts


def _split(problems: Sequence[Problems], holdout: float, key: PRNGKeyArray) -> tuple[list[Problems], list[Problems]]:
    """Problems to fit to, and problems to report on.

    Raises:
        ValueError: If there are too few.
    """
    count = len(problems[0].starts)
    if count < 2:
        raise ValueError(f"`fit_hypersolver` got {count} problem; expected at least two, one of them to test with.")
    order = np.asarray(jax.random.permutation(key, count))
    held = min(_MOST_HELD_OUT, max(1, round(holdout * count)))
    parts = order[held:], order[:held]
    train, test = ([Problems(each.equation, each.starts.rows(part)) for each in problems] for part in parts)
    return train, test
