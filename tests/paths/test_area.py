"""Full Lévy areas: their law given the increment and the space-time area, beside sums over a fine grid by NumPy."""

import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde.paths.brownian.area import twist

KEY = jax.random.key(8)
PATHS, CELLS, STEP = 40_000, 128, 0.5


@functools.cache
def by_sums() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`W`, `H` and the area of two components over one step, each area a sum over a fine grid."""
    rng = np.random.default_rng(0)
    dW = rng.normal(size=(PATHS, CELLS, 2)) * np.sqrt(STEP / CELLS)
    after = np.cumsum(dW, axis=1)
    middle = after - dW / 2
    W = after[:, -1]
    H = middle.mean(axis=1) - W / 2
    area = np.sum(middle[..., 0] * dW[..., 1] - middle[..., 1] * dW[..., 0], axis=1) / 2
    return W, H, area


def drawn(area: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    def one(key: jax.Array) -> Any:
        motion = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (2,), key, levy_area=area)
        return motion.evaluate(0.25, 0.25 + STEP, use_levy=True)

    found = jax.jit(jax.vmap(one))(jax.random.split(KEY, PATHS))
    A = np.asarray(found.A)
    np.testing.assert_allclose(A, -np.swapaxes(A, 1, 2), atol=1e-6)
    return np.asarray(found.W), np.asarray(found.H), A[:, 0, 1]


def law(W: np.ndarray, H: np.ndarray, area: np.ndarray) -> np.ndarray:
    """The variance of the area, that of what `W` and `H` do not tell, and how that depends on `H`, in units of one."""
    rest = area - (H[:, 0] * W[:, 1] - W[:, 0] * H[:, 1])
    sums = (H**2).sum(axis=1)
    slope = np.cov(rest**2, sums)[0, 1] / sums.var()
    return np.array([area.var() / STEP**2, rest.var() / STEP**2, slope / STEP])


def test_the_formulae_agree_with_sums_over_a_fine_grid() -> None:
    np.testing.assert_allclose(law(*by_sums()), [1 / 4, 1 / 12, 1 / 5], rtol=0.06)


@pytest.mark.parametrize(("area", "slope"), [(nde.DavieLevyArea, 0.0), (nde.FosterLevyArea, 1 / 5)])
def test_law_of_the_areas_drawn(area: Any, slope: float) -> None:
    np.testing.assert_allclose(law(*drawn(area)), [1 / 4, 1 / 12, slope], rtol=0.06, atol=0.01)


def test_the_same_increment_has_the_same_area_and_others_have_others() -> None:
    motion = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (3,), KEY, levy_area=nde.DavieLevyArea)
    first, again, other = (motion.evaluate(s, t, use_levy=True) for s, t in ((0.1, 0.3), (0.1, 0.3), (0.1, 0.31)))
    np.testing.assert_array_equal(first.A, again.A)
    assert np.abs(first.A - other.A)[np.triu_indices(3, 1)].min() > 1e-4


def test_two_halves_make_the_whole_area() -> None:
    """Chen's relation."""
    motion = nde.BrownianMotion((2,), KEY, levy_area=nde.FosterLevyArea)
    halves, _ = motion.prepare(0.0, 0.3, (), frozenset({"halves"}), motion.begin(0.0))
    both = halves.first.A + halves.second.A + twist(halves.first.W, halves.second.W) / 2
    np.testing.assert_allclose(halves.whole.A, both, atol=1e-6)


@pytest.mark.parametrize("area", [nde.DavieLevyArea, nde.FosterLevyArea])
def test_walked_backward_all_signs_turn(area: Any) -> None:
    motion = nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (2,), KEY, levy_area=area)
    forward, backward = motion.evaluate(0.25, 0.5, use_levy=True), motion.evaluate(0.5, 0.25, use_levy=True)
    np.testing.assert_allclose(backward.A, -forward.A, atol=1e-7)
    outside, across = motion.evaluate(1.5, 2.0, use_levy=True), motion.evaluate(0.75, 2.0, use_levy=True)
    np.testing.assert_array_equal(outside.A, np.zeros((2, 2)))
    np.testing.assert_allclose(across.A, motion.evaluate(0.75, 1.0, use_levy=True).A, atol=1e-7)


@pytest.mark.parametrize(
    "motion",
    [
        nde.VirtualBrownianTree(0.0, 1.0, 1e-3, (2,), KEY, levy_area=nde.FosterLevyArea),
        nde.BrownianInterval(0.0, 1.0, (2,), KEY, levy_area=nde.FosterLevyArea),
        nde.UnsafeBrownianPath((2,), KEY, levy_area=nde.FosterLevyArea),
    ],
    ids=lambda motion: type(motion).__name__,
)
def test_halves_of_every_path_join(motion: Any) -> None:
    halves, _ = motion.prepare(0.0, 0.3, (), frozenset({"halves"}), motion.begin(jnp.asarray(0.0)))
    both = halves.first.A + halves.second.A + twist(halves.first.W, halves.second.W) / 2
    np.testing.assert_allclose(halves.whole.A, both, atol=1e-6)
    np.testing.assert_allclose(halves.whole.W, halves.first.W + halves.second.W, atol=1e-6)


def test_misuse() -> None:
    with pytest.raises(TypeError, match=r"of shape \(m,\)"):
        nde.BrownianMotion((2, 2), KEY, levy_area=nde.DavieLevyArea)
    motion = nde.BrownianMotion((2,), KEY, levy_area=nde.FosterLevyArea)
    noise = nde.ControlTerm(lambda t, y, args: jnp.eye(2), motion)
    terms = nde.MultiTerm(nde.ODETerm(lambda t, y, args: -y), noise)
    with pytest.raises(ValueError, match="never rejected"):
        nde.diffeqsolve(
            terms, nde.Heun(), 0.0, 1.0, 0.1, jnp.ones(2), stepsize_controller=nde.PIDController(rtol=0.1, atol=0.1)
        )
