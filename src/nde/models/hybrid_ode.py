"""Hybrid models: known dynamics plus a neural network."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree, Real

from nde.core.compiled import compiled
from nde.core.types import Args, RealScalar, VectorField, Y
from nde.gradients import AbstractAdjoint, RecursiveCheckpointAdjoint
from nde.models.flow import AbstractFlow, first_row
from nde.solvers import AbstractSolver, Tsit5
from nde.stepping import AbstractStepSizeController, PIDController


class HybridODE(AbstractFlow):
    """A universal differential equation `dy/dt = known(t, y, parameters) + network(t, y, args)`.

    A network could explain everything, including the known part. To leave to the mechanism what it can explain, start
    the network at zero (`nde.nn.scaled_last_layer`), and add `penalty` to the loss.

    Attributes:
        known: A function `(t, y, args)`, whose `args` are the parameters.
        network: A function `(t, y, args)` with values like the state: a network of `nde.nn`, or any other.
        parameters: The trainable parameters of the known part, any pytree of arrays. If `None`, the known part gets the
            `args` of the solve, and may be an Equinox module with its own parameters.
        solver: The solver.
        stepsize_controller: The step size controller.
        adjoint: How gradients are computed through the solve.
        dt0: The initial step size; required with a constant step size.
        max_steps: The maximum number of steps to attempt.

    Source: Rackauckas et al., *Universal differential equations for scientific machine learning* (2020),
    doi:10.48550/arXiv.2001.04385.

    Example:
        ```python
        import jax
        import jax.numpy as jnp
        import nde
        from nde.models import HybridODE

        network = nde.nn.VectorFieldMLP(2, width=16, depth=2, key=jax.random.key(0))
        model = HybridODE(lambda t, y, rate: -rate * y, nde.nn.scaled_last_layer(network), jnp.array(0.5))
        print(model(jnp.linspace(0.0, 1.0, 5), jnp.ones(2)))
        ```
    """

    known: VectorField
    network: VectorField
    parameters: PyTree[Any] = None
    solver: AbstractSolver = Tsit5()
    stepsize_controller: AbstractStepSizeController = PIDController(rtol=1e-4, atol=1e-4)
    adjoint: AbstractAdjoint = RecursiveCheckpointAdjoint()
    dt0: float | None = None
    max_steps: int | None = eqx.field(static=True, default=4096)

    @compiled(solves=True)
    def __call__(self, ts: Real[Array, " times"], y0: Y, args: Args = None) -> PyTree[Any]:
        """Solve for the states at given times.

        Args:
            ts: Monotonic times; the first is that of the initial state.
            y0: The initial state, any pytree.
            args: Passed to the network, and to a known part without `parameters`.

        Returns:
            The states, with a leading axis `(times,)` on each leaf.

        Raises:
            ValueError: If there are fewer than two times, or a part does not match the state.
            SolveError: If the solve fails.
        """
        return self.solve_at(self.vector_field, ts, y0, args)

    @compiled(solves=True)
    def final(self, t0: RealScalar, t1: RealScalar, y0: Y, args: Args = None) -> PyTree[Any]:
        """Solve for the state at `t1` only.

        Args:
            t0: The time of the initial state.
            t1: The time of the returned state.
            y0: The initial state, any pytree.
            args: As in `__call__`.

        Returns:
            The state, like `y0`.

        Raises:
            ValueError: If a part does not match the state.
            SolveError: If the solve fails.
        """
        return first_row(self.solve_until(self.vector_field, t0, t1, y0, args))

    def vector_field(self, t: RealScalar, y: Y, args: Args = None) -> Y:
        """Return the sum of both parts.

        Args:
            t: The time.
            y: The state.
            args: As in `__call__`.
        """
        return jax.tree.map(jnp.add, *self.parts(t, y, args))

    def parts(self, t: RealScalar, y: Y, args: Args = None) -> tuple[Y, Y]:
        """Return the known part and the network, evaluated separately.

        Args:
            t: The time.
            y: The state.
            args: As in `__call__`.

        Returns:
            The value of the known part, and that of the network.
        """
        known = self.known(t, y, args if self.parameters is None else self.parameters)
        return known, self.network(t, y, args)

    @compiled()
    def penalty(self, ts: Real[Array, " times"], ys: Y, args: Args = None) -> Float[Array, ""]:
        """Return the mean square of the network along a trajectory, to be added to the loss.

        Args:
            ts: Times.
            ys: The states at these times, with a leading axis on each leaf.
            args: As in `__call__`.

        Returns:
            The mean over times and all entries of the state.
        """
        added = jax.vmap(lambda t, y: self.network(t, y, args))(ts, ys)
        return jnp.mean(jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(added)]) ** 2)
