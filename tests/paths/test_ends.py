"""Every path tells the interval on which it is known."""

import math

import jax
import jax.numpy as jnp
import pytest

import nde

TS, KEY = jnp.asarray([0.5, 1.0, 3.0]), jax.random.key(0)


def solution(t0=0.5, t1=3.0):
    term = nde.ODETerm(lambda t, y, args: -y)
    return nde.diffeqsolve(term, nde.Tsit5(), t0, t1, (t1 - t0) / 10, 1.0, saveat=nde.SaveAt(dense=True))


PATHS = {
    "time": (nde.TimePath, -math.inf, math.inf),
    "motion": (lambda: nde.BrownianMotion((), KEY), -math.inf, math.inf),
    "unsafe": (lambda: nde.UnsafeBrownianPath((), KEY), -math.inf, math.inf),
    "function": (lambda: nde.ControlTerm(lambda t, y, args: y, lambda t0, t1: t1 - t0).path, -math.inf, math.inf),
    "tree": (lambda: nde.VirtualBrownianTree(0.5, 3.0, 1e-3, (), KEY), 0.5, 3.0),
    "interval": (lambda: nde.BrownianInterval(0.5, 3.0, (), KEY), 0.5, 3.0),
    "linear": (lambda: nde.LinearInterpolation(TS, TS), 0.5, 3.0),
    "cubic": (lambda: nde.CubicInterpolation(TS, nde.natural_cubic_coefficients(TS, TS)), 0.5, 3.0),
    "solution": (solution, 0.5, 3.0),
    "dense": (lambda: solution().interpolation, 0.5, 3.0),
    "backward": (lambda: solution(3.0, 0.5).interpolation, 3.0, 0.5),
}


@pytest.mark.parametrize(("make", "t0", "t1"), PATHS.values(), ids=PATHS)
def test_ends(make, t0, t1):
    path = make()
    assert isinstance(path, nde.AbstractPath)
    assert math.isclose(path.t0, t0, rel_tol=1e-6)
    assert math.isclose(path.t1, t1, rel_tol=1e-6)


def test_generics_take_what_they_are_of():
    class Ramp(nde.AbstractPath[jax.Array]):
        t0, t1 = 0.0, 1.0

        def evaluate(self, t0, t1=None, left=True):
            return jnp.asarray(t0) if t1 is None else jnp.asarray(t1) - t0

    assert isinstance(Ramp(), nde.AbstractPath)
    assert nde.AbstractTerm[int, str] == nde.AbstractTerm[int, str] != nde.AbstractTerm[int, int]
    for generic in (nde.AbstractBrownianPath, nde.ODETerm, nde.MultiTerm, nde.AbstractSolver):
        assert generic[int].__origin__ is generic
    assert nde.ControlTerm[int, str].__args__ == (int, str)


def test_increments_are_told_apart():
    h, k = nde.SpaceTimeLevyArea, nde.SpaceTimeTimeLevyArea
    wanted = (nde.AbstractBrownianIncrement, nde.AbstractSpaceTimeLevyArea, nde.AbstractSpaceTimeTimeLevyArea)
    assert [issubclass(nde.BrownianIncrement, base) for base in wanted] == [True, False, False]
    assert [issubclass(h, base) for base in wanted] == [True, True, False]
    assert [issubclass(k, base) for base in wanted] == [True, True, True]
    motion = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (), KEY, levy_area=k)
    assert isinstance(motion.evaluate(0.2, 0.4, use_levy=True), nde.AbstractSpaceTimeTimeLevyArea)
