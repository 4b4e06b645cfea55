"""Discretize-then-optimize without stored states: a reversible solver inverts its steps."""

import dataclasses

import equinox as eqx
from jaxtyping import Array, PyTree

from nde.gradients.base import AbstractAdjoint, with_step_bound
from nde.gradients.inputs import Inputs
from nde.gradients.modes import reverse_mode_once, reverse_mode_only
from nde.gradients.primitive import Levels, Rules, differentiable
from nde.gradients.replay import Replay
from nde.gradients.starts import InvertedStarts
from nde.gradients.steps import steps_of
from nde.integrate.outcome import Outcome, solve_plainly, solve_recorded
from nde.integrate.problem import Differentiable, Setup, fresh_start
from nde.integrate.recorders import Grid, GridRecorder
from nde.solvers import AbstractReversibleSolver


class ReversibleAdjoint(AbstractAdjoint):
    """The exact gradient of the discretized solve, in memory that does not grow with the state times the steps.

    The forward pass records the time at which each step ended (and what ended it, if there are times to end at besides
    t1); the backward pass inverts the steps one by one with a reversible solver, and pulls the cotangents through
    each. The gradient is that of `RecursiveCheckpointAdjoint`, to the rounding of the inversion, which the solvers
    state: with adaptive steps too, with save times inside steps, under `vmap`. Noise is made again on the way back,
    but for `BrownianMotion` under adaptive steps, whose increments are kept: take `VirtualBrownianTree`.

    Reverse mode only, as `RecursiveCheckpointAdjoint`; forward-over-reverse works, for Hessians. With `max_steps=None`
    the first 1,048,576 steps are recorded.

    Raises:
        TypeError: If the solver is not reversible.

    Source: Kidger et al., *Efficient and accurate gradients for neural SDEs* (2021), doi:10.48550/arXiv.2105.13493;
    Zhuang et al., *MALI* (2021), doi:10.48550/arXiv.2102.04668.

    Example:
        ```python
        import jax
        import nde

        def loss(y0):
            term = nde.ODETerm(lambda t, y, args: -y)
            adjoint = nde.ReversibleAdjoint()
            return nde.diffeqsolve(term, nde.ReversibleHeun(), 0.0, 1.0, 0.01, y0, adjoint=adjoint).ys[0]

        print(jax.grad(loss)(1.0))
        ```
    """

    def solve(self, problem: Differentiable, setup: Setup) -> Outcome:
        """The solve, with a reverse mode of its own."""
        if not isinstance(setup.solver, AbstractReversibleSolver):
            raise TypeError(
                f"`ReversibleAdjoint` got {type(setup.solver).__name__}, which is not reversible; expected a "
                "solver such as `nde.ReversibleHeun()`, `nde.ALF()`, or any explicit method in `nde.Reversible(...)`."
            )
        in_passing = dataclasses.replace(problem, drives=None)  # what steps see of a path, made as it is wanted
        rules = Rules(solve_plainly, _forward, _backward)
        return differentiable(rules, reverse_mode_only(in_passing, type(self).__name__), setup)


def _forward(problem: Differentiable, setup: Setup, wanted: PyTree[bool]) -> tuple[Outcome, tuple[Grid, Outcome]]:
    del wanted
    setup = with_step_bound(setup)
    steps = setup.most_steps
    assert steps is not None
    outcome, grid = solve_recorded(problem, setup, GridRecorder(steps, undoes=True))
    return reverse_mode_once(outcome, ReversibleAdjoint.__name__), (grid, outcome)


def _backward(
    problem: Differentiable,
    setup: Setup,
    wanted: PyTree[bool],
    kept: tuple[Grid, Outcome],
    cotangent: Outcome,
    levels: Levels,
) -> PyTree[Array | None]:
    grid, outcome = kept
    inputs = Inputs(*eqx.partition(problem, wanted), setup)
    end = fresh_start(problem, setup, outcome.t, outcome.y, outcome.solver_state)
    replay = Replay(steps_of(inputs, grid, cotangent.saved), outcome, cotangent, levels)
    return reverse_mode_once(replay.run(InvertedStarts(end)), ReversibleAdjoint.__name__)
