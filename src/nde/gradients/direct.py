"""Differentiation by JAX itself, in both modes."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax

from nde.core.lanes import any_lane
from nde.core.tree import constant
from nde.gradients.base import AbstractAdjoint
from nde.gradients.playback import playback_setup
from nde.integrate.loop import Loop
from nde.integrate.outcome import Outcome, outcome_of, recorders_for, solve_recorded
from nde.integrate.problem import Differentiable, Setup
from nde.integrate.recorders import GridRecorder


class DirectAdjoint(AbstractAdjoint):
    """Forward and reverse mode, in any nesting, by JAX's own rules.

    The solve is run once for its grid, and a second time over that grid in a loop of bounded length, which JAX can
    differentiate by itself. Its reverse mode computes each step twice more before it pulls back, and keeps as many
    states as twice the root of `max_steps`: choose it for derivatives that the default does not offer.

    Raises:
        ValueError: If `max_steps` is `None`.

    Example:
        ```python
        import jax
        import nde

        def final(y0):
            term = nde.ODETerm(lambda t, y, args: -y**2)
            sol = nde.diffeqsolve(
                term, nde.Tsit5(), 0.0, 1.0, 0.1, y0, adjoint=nde.DirectAdjoint(), max_steps=16
            )
            return sol.ys[0]

        print(jax.grad(jax.grad(final))(1.0))
        ```
    """

    def solve(self, problem: Differentiable, setup: Setup) -> Outcome:
        """The outcome of the second run, with the figures of the first."""
        if setup.max_steps is None:
            raise ValueError(
                "`DirectAdjoint` got `max_steps=None`; expected a bound on the number of steps: its loop is as long. "
                "Pass `max_steps=...`, or `adjoint=nde.RecursiveCheckpointAdjoint(checkpoints=...)`."
            )
        first, grid = solve_recorded(constant(problem), constant(setup), GridRecorder(setup.max_steps))
        again = playback_setup(problem, setup, grid)
        loop = Loop(problem, again, recorders_for(problem, again, whole=True), _bounded_while)
        second = outcome_of(loop, *loop.run())
        return eqx.tree_at(
            lambda o: (o.h, o.controller_state, o.code, o.steps, o.accepted),
            second,
            (first.h, first.controller_state, first.code, first.steps, first.accepted),
        )


def _bounded_while(going: Callable[[Any], Any], body: Callable[[Any], Any], carry: Any, most: int) -> Any:
    """A loop that JAX can differentiate in reverse: chunks of iterations, passed over when all lanes are done.

    Kept is what each chunk starts from, then of one chunk what its iterations start from, then the inside of one.
    """
    size = max(1, round(most**0.5))

    @_with_checkpoint
    def iteration(carry: Any, _: None) -> tuple[Any, None]:
        return body(carry), None

    @_with_checkpoint
    def chunk(carry: Any, _: None) -> tuple[Any, None]:
        def steps() -> Any:
            return jax.lax.scan(iteration, carry, length=size)[0]

        return jax.lax.cond(any_lane(going(carry)), steps, lambda: carry), None

    return jax.lax.scan(chunk, carry, length=-(-most // size))[0]


def _with_checkpoint(body: Callable[[Any, None], Any]) -> Callable[[Any, None], Any]:
    """The body of a scan, which is computed again in reverse; a scan keeps both computations apart by itself."""
    return jax.checkpoint(body, prevent_cse=False)
