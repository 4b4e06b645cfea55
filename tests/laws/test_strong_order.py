"""With half the step the error of each path falls by two to the power of the strong order."""

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde.solvers.registry import STOCHASTIC
from tests.laws.compiling import quick_jit
from tests.laws.tabulated import CELLS, TabulatedPath, tabulated

pytestmark = pytest.mark.usefixtures("x64")

PATHS = 400
STEPS = (16, 32, 64, 128)
FINER = {"ReversibleHeun": 2}
"""How many times finer, where the leading term of the error outweighs the others later: its two states drift apart."""
RATE, VOLATILITY = 0.6, 0.9
LEVEL = 0.7

ADDITIVE = {
    "Euler": 1.0,
    "Heun": 1.0,
    "Reversible(Heun)": 1.0,
    "EulerHeun": 1.0,
    "ReversibleHeun": 1.0,
    "ItoMilstein": 1.0,
    "StratonovichMilstein": 1.0,
    "DerivativeFreeMilstein": 1.0,
    "SEA": 1.0,
    "SRA1": 1.5,
    "ShARK": 1.5,
    "GeneralShARK": 1.5,
    "SlowRK": 1.5,
    "SPaRK": 1.5,
}
"""Additive noise and a drift that is not linear, where both calculi agree."""

COMMUTING = {
    "Euler": 0.5,
    "Heun": 1.0,
    "Reversible(Heun)": 1.0,
    "Midpoint": 1.0,
    "Ralston": 1.0,
    "EulerHeun": 1.0,
    "ItoMilstein": 1.0,
    "DerivativeFreeMilstein": 1.0,
    "StratonovichMilstein": 1.0,
    "GeneralShARK": 1.0,
    "SPaRK": 1.0,
    "SlowRK": 1.5,
    "HalfSolver(Heun)": 1.0,
}
"""Geometric Brownian motion, in the calculus of the solver."""

GENERAL = {
    "Euler": 0.5,
    "Heun": 0.5,
    "Reversible(Heun)": 0.5,
    "Midpoint": 0.5,
    "EulerHeun": 0.5,
    "ReversibleHeun": 0.5,
    "ItoMilstein": 0.5,
    "StratonovichMilstein": 0.5,
    "GeneralShARK": 0.5,
    "SlowRK": 0.5,
    "SPaRK": 0.5,
    "HalfSolver(Heun)": 0.5,
}
"""Two linear fields that do not commute."""


def orders(solver: str, terms: Callable[[TabulatedPath], Any], y0: Any, path: TabulatedPath, exact: Any) -> float:
    """The slope of the root mean square error at the end over the step size, in logarithms."""

    def end(path: TabulatedPath, steps: int) -> jax.Array:
        return nde.diffeqsolve(terms(path), STOCHASTIC[solver](), 0.0, 1.0, 1 / steps, y0, max_steps=steps).ys[0]

    errors = []
    for steps in (FINER.get(solver, 1) * steps for steps in STEPS):
        ys = quick_jit(jax.vmap(lambda path, steps=steps: end(path, steps)))(path)
        errors.append(np.sqrt(np.mean((np.asarray(ys) - exact) ** 2)))
    return float(-np.polyfit(np.log2(STEPS), np.log2(errors), 1)[0])


@functools.cache
def scalar_paths() -> TabulatedPath:
    return tabulated(PATHS, ())


@functools.cache
def plane_paths() -> TabulatedPath:
    return tabulated(PATHS, (2,), seed=1)


def waves(path: TabulatedPath) -> nde.MultiTerm:
    drift = nde.ODETerm(lambda t, y, args: jnp.sin(3 * y))
    return nde.MultiTerm(drift, nde.ControlTerm(lambda t, y, args: jnp.asarray(LEVEL), path))


def waves_end(path: TabulatedPath) -> np.ndarray:
    """From `y(0) = 1`: `z = y - s W` solves `z' = sin(3 (z + s W(t)))`; by midpoints over the means of fine cells."""
    means = np.diff(np.asarray(path.integrals), axis=1) * CELLS
    values, z = np.asarray(path.values), np.ones(PATHS)
    for cell in range(CELLS):
        middle = z + np.sin(3 * (z + LEVEL * values[:, cell])) / (2 * CELLS)
        z = z + np.sin(3 * (middle + LEVEL * means[:, cell])) / CELLS
    return z + LEVEL * values[:, -1]


def geometric(path: TabulatedPath) -> nde.MultiTerm:
    drift = nde.ODETerm(lambda t, y, args: RATE * y)
    return nde.MultiTerm(drift, nde.ControlTerm(lambda t, y, args: VOLATILITY * y, path))


def geometric_end(path: TabulatedPath, calculus: str) -> np.ndarray:
    """From `y(0) = 1`."""
    correction = VOLATILITY**2 / 2 if calculus == "ito" else 0.0
    return np.exp(RATE - correction + VOLATILITY * np.asarray(path.values)[:, -1])


COLUMNS = (np.array([[0.0, 0.9], [0.1, 0.0]]), np.array([[0.5, 0.0], [0.0, -0.5]]))


def not_commuting(path: TabulatedPath) -> nde.MultiTerm:
    drift = nde.ODETerm(lambda t, y, args: -0.5 * y)
    return nde.MultiTerm(drift, nde.ControlTerm(lambda t, y, args: jnp.stack([c @ y for c in COLUMNS], -1), path))


@functools.cache
def not_commuting_end(calculus: str) -> np.ndarray:
    """By NumPy: exponentials of the Magnus expansion's first terms on the fine grid, each cell's own area unknown."""
    values = np.asarray(plane_paths().values)
    correction = sum(c @ c for c in COLUMNS) / 2 if calculus == "ito" else 0.0
    drift = -0.5 * np.eye(2) - correction
    y = np.tile([1.0, 0.5], (PATHS, 1))
    for cell in range(CELLS):
        dW = values[:, cell + 1] - values[:, cell]
        generator = drift / CELLS + np.einsum("pk,kij->pij", dW, np.stack(COLUMNS))
        first = np.einsum("pij,pj->pi", generator, y)
        second = np.einsum("pij,pj->pi", generator, first)
        y = y + first + second / 2 + np.einsum("pij,pj->pi", generator, second) / 6
    return y


@pytest.mark.parametrize("name", ADDITIVE)
def test_additive_noise(name: str) -> None:
    path = scalar_paths()
    found = orders(name, waves, jnp.asarray(1.0), path, waves_end(path))
    assert found == pytest.approx(ADDITIVE[name], abs=0.2)


@pytest.mark.parametrize("name", COMMUTING)
def test_commuting_noise(name: str) -> None:
    path = scalar_paths()
    exact = geometric_end(path, STOCHASTIC[name]().calculus)
    assert orders(name, geometric, jnp.asarray(1.0), path, exact) == pytest.approx(COMMUTING[name], abs=0.2)


@pytest.mark.filterwarnings("ignore:.*strong order 1 if the noise commutes")
@pytest.mark.parametrize("name", GENERAL)
def test_noise_that_does_not_commute(name: str) -> None:
    exact = not_commuting_end(STOCHASTIC[name]().calculus)
    found = orders(name, not_commuting, jnp.asarray([1.0, 0.5]), plane_paths(), exact)
    assert found == pytest.approx(GENERAL[name], abs=0.2)


class AreaPath(TabulatedPath):
    """A path in the plane that also tells the area between its components, by sums over the cells of the grid."""

    areas: jax.Array

    def evaluate(self, t0: Any, t1: Any = None, left: bool = True, use_levy: bool = False) -> Any:
        plain = super().evaluate(t0, t1, left, use_levy=True)
        i, j = (jnp.round(jnp.asarray(t) * CELLS).astype(jnp.int32) for t in (t0, t1))
        x, y = self.values[i]
        area = self.areas[j] - self.areas[i] - (x * plain.W[1] - y * plain.W[0]) / 2
        A = area * jnp.asarray([[0.0, 1.0], [-1.0, 0.0]])
        return nde.FullLevyArea(plain.dt, plain.W, plain.H, A) if use_levy else plain.W


@pytest.mark.parametrize("name", ["ItoMilstein", "StratonovichMilstein"])
def test_milstein_with_full_areas_has_order_one_for_noise_that_does_not_commute(name: str) -> None:
    path = plane_paths()
    values = np.asarray(path.values)
    dW = np.diff(values, axis=1)
    cells = (values[:, :-1, 0] * dW[..., 1] - values[:, :-1, 1] * dW[..., 0]) / 2
    areas = jnp.asarray(np.concatenate([np.zeros((PATHS, 1)), np.cumsum(cells, axis=1)], axis=1))
    full = AreaPath(path.values, path.integrals, path.shape, nde.FullLevyArea, path.seed, areas)
    exact = not_commuting_end(STOCHASTIC[name]().calculus)
    assert orders(name, not_commuting, jnp.asarray([1.0, 0.5]), full, exact) == pytest.approx(1.0, abs=0.2)


@pytest.mark.parametrize("name", ["SEA", "SRA1", "ShARK"])
def test_noise_that_grows_linearly_is_integrated_exactly(name: str) -> None:
    """`int t dW = W(1) - int W dt` in a single step."""
    path = scalar_paths()

    def end(path: TabulatedPath) -> jax.Array:
        drift = nde.ODETerm(lambda t, y, args: jnp.zeros_like(y))
        terms = nde.MultiTerm(drift, nde.ControlTerm(lambda t, y, args: t, path))
        return nde.diffeqsolve(terms, STOCHASTIC[name](), 0.0, 1.0, 1.0, 0.0, max_steps=1).ys[0]

    exact = np.asarray(path.values)[:, -1] - np.asarray(path.integrals)[:, -1]
    np.testing.assert_allclose(quick_jit(jax.vmap(end))(path), exact, rtol=1e-9, atol=1e-12)


def test_every_stochastic_solver_is_measured() -> None:
    assert set(ADDITIVE) | set(COMMUTING) | set(GENERAL) == set(STOCHASTIC)


@pytest.mark.parametrize("name", ["Euler", "Heun", "SPaRK"])
def test_told_order_holds_for_all_noise_that_the_solver_is_for(name: str) -> None:
    measured = [table[name] for table in (ADDITIVE, COMMUTING, GENERAL) if name in table]
    assert STOCHASTIC[name]().strong_order() == min(measured)


def test_the_mean_of_euler_maruyama_has_weak_order_one() -> None:
    """`E y` of geometric Brownian motion is `(1 + a h)^(1/h)` for Euler's steps; sampled, and beside `exp(a)`."""

    def ends(steps: int) -> np.ndarray:
        def one(key: jax.Array) -> jax.Array:
            motion = nde.BrownianMotion((), key)
            noise = nde.ControlTerm(lambda t, y, args: 0.3 * y, motion)
            terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: y), noise)
            return nde.diffeqsolve(terms, nde.Euler(), 0.0, 1.0, 1 / steps, 1.0, max_steps=steps).ys[0]

        return np.asarray(quick_jit(jax.vmap(one))(jax.random.split(jax.random.key(2), 100_000)))

    errors = [np.exp(1.0) - ends(steps).mean() for steps in (2, 4, 8)]
    slope = -np.polyfit(np.log2([2, 4, 8]), np.log2(errors), 1)[0]
    assert slope == pytest.approx(1.0, abs=0.25)


def test_conversions_between_the_calculi() -> None:
    """Solved in the other calculus after conversion, a path ends where the formula says."""
    path = scalar_paths()

    def end(path: TabulatedPath, convert: Any, solver: Any) -> jax.Array:
        return nde.diffeqsolve(convert(geometric(path)), solver, 0.0, 1.0, 1 / 512, 1.0, max_steps=512).ys[0]

    as_ito = quick_jit(jax.vmap(lambda p: end(p, nde.ito_to_stratonovich, nde.SlowRK())))(path)
    np.testing.assert_allclose(as_ito, geometric_end(path, "ito"), rtol=2e-3)
    as_stratonovich = quick_jit(jax.vmap(lambda p: end(p, nde.stratonovich_to_ito, nde.ItoMilstein())))(path)
    np.testing.assert_allclose(as_stratonovich, geometric_end(path, "stratonovich"), rtol=2e-2)
