"""What is known of an equation, and a network for the rest."""

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
    """The states along `dy/dt = known(t, y, parameters) + network(t, y, args)`: a universal differential equation.

    A network can explain everything, the known part too. It leaves to the mechanism what the mechanism explains if it
    begins at zero (`nde.nn.scaled_last_layer`) and `penalty` is a part of the loss.

    Attributes:
        known: A function `(t, y, args)`, whose `args` are the parameters.
        network: A function `(t, y, args)` with values like the state: a block of `nde.nn`, or any other.
        parameters: What is learned of the known part, any pytree of arrays. Without, the known part is handed the
            `args` of the solve, and may be an Equinox module with parameters of its own.
        solver: The method.
        stepsize_controller: How steps are chosen.
        adjoint: How the solve is differentiated.
        dt0: The first step; needed for steps of one size.
        max_steps: Most steps to attempt.

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
        """The states at times.

        Args:
            ts: Sorted times, increasing or decreasing, of which the first is that of the initial state.
            y0: The initial state, any pytree.
            args: Handed to the network, and to a known part without `parameters`.

        Returns:
            The states, each leaf with a leading axis `(times,)`.

        Raises:
            ValueError: If there are fewer than two times, or a part does not fit the state.
            SolveError: If the solve fails.
        """
        return self.along(self.vector_field, ts, y0, args)

    @compiled(solves=True)
    def final(self, t0: RealScalar, t1: RealScalar, y0: Y, args: Args = None) -> PyTree[Any]:
        """The state at `t1` of a solve from `t0`.

        Args:
            t0: The time of the initial state.
            t1: The time of the state that is wanted.
            y0: The initial state, any pytree.
            args: As in a call of the model.

        Returns:
            The state, like `y0`.

        Raises:
            ValueError: If a part does not fit the state.
            SolveError: If the solve fails.
        """
        return first_row(self.until(self.vector_field, t0, t1, y0, args))

    def vector_field(self, t: RealScalar, y: Y, args: Args = None) -> Y:
        """The sum of both parts.

        Args:
            t: The time.
            y: The state.
            args: As in a call of the model.
        """
        return jax.tree.map(jnp.add, *self.parts(t, y, args))

    def parts(self, t: RealScalar, y: Y, args: Args = None) -> tuple[Y, Y]:
        """What the known part and what the network has to say at a time and state.

        Args:
            t: The time.
            y: The state.
            args: As in a call of the model.

        Returns:
            The value of the known part, and that of the network.
        """
        known = self.known(t, y, args if self.parameters is None else self.parameters)
        return known, self.network(t, y, args)

    @compiled()
    def penalty(self, ts: Real[Array, " times"], ys: Y, args: Args = None) -> Float[Array, ""]:
        """The mean square of what the network adds along states, to be a part of the loss.

        Args:
            ts: Times.
            ys: The states at these times, each leaf with a leading axis.
            args: As in a call of the model.

        Returns:
            The mean over times and all entries of the state.
        """
        added = jax.vmap(lambda t, y: self.network(t, y, args))(ts, ys)
        return jnp.mean(jnp.concatenate([leaf.ravel() for leaf in jax.tree.leaves(added)]) ** 2)
