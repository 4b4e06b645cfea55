"""Solvers whose state holds flags and counts, which have no derivative."""

import dataclasses
from typing import ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde


class Flagged(nde.AbstractSolver):
    """Heun's method with a flag, a count and a number in its state."""

    inner: nde.AbstractSolver = nde.Heun()
    adaptive: ClassVar[bool] = True
    nodes: ClassVar[tuple[float, ...]] = nde.Heun().nodes

    def order(self, terms=None):
        return 2

    def init(self, terms, t, y, args):
        return jnp.asarray(False), jnp.asarray(0), jnp.asarray(0.0)

    def init_cache(self, terms, t, y, args, state):
        return None

    def step(self, terms, start, args, drive, t, h):
        flag, count, total = start.solver_state
        out = self.inner.step(terms, start, args, drive, t, h)
        return dataclasses.replace(out, state=(~flag, count + 1, total + h))

    def interpolant(self, terms, y, args, drive, t, h, stages):
        return self.inner.interpolant(terms, y, args, drive, t, h, stages)


ADJOINTS = [
    nde.RecursiveCheckpointAdjoint(),
    nde.RecursiveCheckpointAdjoint(checkpoints=2),
    nde.DirectAdjoint(),
    nde.BacksolveAdjoint(),
    nde.InterpolatedAdjoint(),
]


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
@pytest.mark.parametrize("adjoint", ADJOINTS, ids=str)
def test_gradients_do_not_mind_flags(adjoint, compiled):
    def total(y0, solver):
        saveat = nde.SaveAt(ts=jnp.asarray([0.5, 1.0]))
        term = nde.ODETerm(lambda t, y, args: -y)
        return nde.diffeqsolve(term, solver, 0.0, 1.0, 0.1, y0, saveat=saveat, adjoint=adjoint, max_steps=16).ys.sum()

    def slope(solver):
        wanted = jax.grad(lambda y0: total(y0, solver))
        return (jax.jit(wanted) if compiled else wanted)(1.0)

    np.testing.assert_allclose(slope(Flagged()), slope(nde.Heun()), rtol=1e-6)
