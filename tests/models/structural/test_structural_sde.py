"""Structural SDEs: likelihood, predictions and gradients agree with the joint Gaussian distribution of all times."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import multivariate_normal

from nde.models import StructuralSDE
from nde.models.structural.blocks import cycle, rotation, trend

pytestmark = pytest.mark.usefixtures("x64")
PERIOD = 7.3
MODEL_HARMONICS = 2
FILTER = eqx.filter_jit(StructuralSDE.filter)


def model() -> StructuralSDE:
    return StructuralSDE([PERIOD], [MODEL_HARMONICS])


def series(rows: int = 25) -> tuple[np.ndarray, np.ndarray]:
    """Irregular times and values, two of them missing."""
    random = np.random.default_rng(0)
    ts = np.sort(random.uniform(0, 30, rows))
    ys = np.sin(ts) + 0.1 * random.normal(size=rows)
    ys[[3, 9]] = np.nan
    return ts, ys


def exact(drift: np.ndarray, noise: np.ndarray, dt: float) -> tuple[np.ndarray, np.ndarray]:
    """The transition of a linear SDE, by a matrix exponential (Van Loan 1978, doi:10.1109/TAC.1978.1101743)."""
    size = len(drift)
    both = expm(np.block([[-drift, noise], [np.zeros_like(drift), drift.T]]) * dt)
    matrix = both[size:, size:].T
    return matrix, matrix @ both[:size, size:]


def equation(of: StructuralSDE) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Drift matrix, noise, first covariance and weights of the whole state."""
    size = 4 + 2 * MODEL_HARMONICS
    drift, noise = np.zeros((size, size)), np.zeros((size, size))
    drift[0, 1], drift[1, 1] = 1.0, -np.exp(of.log_damping)
    noise[0, 0], noise[1, 1] = np.exp(2 * of.log_level), np.exp(2 * of.log_slope)
    for k in range(1, MODEL_HARMONICS + 1):
        frequency = 2 * np.pi * k / PERIOD
        drift[2 * k, 2 * k + 1], drift[2 * k + 1, 2 * k] = frequency, -frequency
        noise[2 * k, 2 * k] = noise[2 * k + 1, 2 * k + 1] = np.exp(2 * of.log_season[0])
    frequency, rate = np.exp(of.log_frequency), np.exp(-of.log_time)
    drift[-2:, -2:] = [[-rate, frequency], [-frequency, -rate]]
    noise[-2, -2] = noise[-1, -1] = 2 * np.exp(2 * of.log_deviation) * rate
    season = [0.5 / k**2 for k in range(1, MODEL_HARMONICS + 1) for _ in range(2)]
    first = np.diag([10.0, 0.25, *season, *[float(np.exp(2 * of.log_deviation))] * 2])
    return drift, noise, first, np.array([1.0, 0.0] * (2 + MODEL_HARMONICS))


def joint(of: StructuralSDE, ts: np.ndarray) -> np.ndarray:
    """The covariance of what would be observed without noise at some times."""
    drift, noise, covariance, weights = equation(of)
    found = np.zeros((len(ts), len(ts)))
    here = covariance
    steps = [exact(drift, noise, dt) for dt in np.diff(ts)]
    for i in range(len(ts)):
        if i:
            matrix, added = steps[i - 1]
            here = matrix @ here @ matrix.T + added
        ahead = here
        found[i, i] = weights @ here @ weights
        for j in range(i + 1, len(ts)):
            ahead = steps[j - 1][0] @ ahead
            found[i, j] = found[j, i] = weights @ ahead @ weights
    return found


def log_density(of: StructuralSDE, ts: np.ndarray, ys: np.ndarray) -> float:
    known = ~np.isnan(ys)
    covariance = joint(of, ts[known]) + np.exp(2 * of.log_noise) * np.eye(known.sum())
    return multivariate_normal(np.zeros(known.sum()), covariance).logpdf(ys[known])


def test_the_likelihood_is_that_of_the_joint_gaussian():
    ts, ys = series()
    ys[0] = 0.3
    np.testing.assert_allclose(model().log_likelihood(ts, ys), log_density(model(), ts, ys), rtol=1e-9)


def test_predictions_are_conditional_gaussians():
    ts, ys = series()
    query = np.array([31.0, 12.3, ts[9], ts[4]])
    mean, variance = model().predict(ts, ys, query)
    known = ~np.isnan(ys)
    times = np.concatenate([ts[known], query])
    order = np.argsort(times)
    covariance = np.empty((len(times), len(times)))
    covariance[np.ix_(order, order)] = joint(model(), times[order])
    noise = np.exp(2 * model().log_noise)
    seen = covariance[: known.sum(), : known.sum()] + noise * np.eye(known.sum())
    cross = covariance[known.sum() :, : known.sum()]
    np.testing.assert_allclose(mean, cross @ np.linalg.solve(seen, ys[known]), rtol=1e-7, atol=1e-9)
    left = np.diag(covariance[known.sum() :, known.sum() :] - cross @ np.linalg.solve(seen, cross.T))
    np.testing.assert_allclose(variance, left + noise, rtol=1e-7)


@pytest.mark.parametrize(
    "name",
    ["log_level", "log_slope", "log_damping", "log_season", "log_deviation", "log_time", "log_frequency", "log_noise"],
)
def test_gradients_are_those_of_the_joint_gaussian(name):
    ts, ys = series(12)
    gradient = jax.grad(lambda of: of.log_likelihood(ts, ys))(model())
    step = 1e-5

    def moved(by: float) -> float:
        changed = jax.tree.map(lambda x: x, model())
        object.__setattr__(changed, name, getattr(changed, name) + by)
        return log_density(changed, ts, ys)

    difference = (moved(step) - moved(-step)) / (2 * step)
    np.testing.assert_allclose(np.sum(getattr(gradient, name)), difference, rtol=1e-5, atol=1e-7)


def test_the_gradient_to_times_and_values_is_that_of_the_filter():
    ts, ys = (jnp.asarray(x) for x in series(12))
    own = jax.grad(lambda ts, ys: model().log_likelihood(ts, ys), argnums=(0, 1))(ts, ys)
    through = jax.grad(lambda ts, ys: jnp.sum(model().filter(ts, ys).log_densities), argnums=(0, 1))(ts, ys)
    for mine, other in zip(own, through, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-8, atol=1e-10)


def with_inputs() -> tuple[StructuralSDE, np.ndarray, np.ndarray, np.ndarray]:
    """A model with three inputs, and a series of 14 rows."""
    ts, ys = series(14)
    inputs = np.random.default_rng(2).normal(size=(14, 3))
    return StructuralSDE([PERIOD], [MODEL_HARMONICS], inputs=3), ts, ys + inputs @ [1.0, -0.5, 0.2], inputs


def test_inputs_add_standard_normal_multiples_of_themselves():
    of, ts, ys, inputs = with_inputs()
    known = ~np.isnan(ys)

    def dense(inputs: np.ndarray) -> float:
        x = inputs[known]
        covariance = joint(model(), ts[known]) + x @ x.T + np.exp(2 * of.log_noise) * np.eye(len(x))
        return multivariate_normal(np.zeros(len(x)), covariance).logpdf(ys[known])

    np.testing.assert_allclose(of.log_likelihood(ts, ys, inputs), dense(inputs), rtol=1e-9)
    slopes = jax.grad(of.log_likelihood, argnums=2)(ts, ys, jnp.asarray(inputs))
    step = 1e-5 * np.eye(42).reshape(42, 14, 3)[::5]
    differences = [(dense(inputs + by) - dense(inputs - by)) / 2e-5 for by in step]
    np.testing.assert_allclose(np.ravel(slopes)[::5], differences, rtol=1e-5, atol=1e-8)


def test_inputs_that_are_known_ahead_shift_predictions():
    of, ts, ys, inputs = with_inputs()
    query, ahead = np.array([31.0, 33.0]), np.random.default_rng(3).normal(size=(2, 3))
    mean, variance = of.predict(ts, ys, query, inputs, ahead)
    states = of.smooth(ts, ys, inputs)
    coefficients = np.ravel(states.mean[-1, -2:])[:3]
    assert np.abs(coefficients - [1.0, -0.5, 0.2]).max() < 0.5
    still, _ = of.predict(ts, ys, query, inputs, np.zeros((2, 3)))
    np.testing.assert_allclose(mean - still, ahead @ coefficients, rtol=1e-8)
    assert np.all(variance > 0)
    with pytest.raises(ValueError, match=r"inputs must have shape \(2, 3\), \(times, inputs\); got \(2, 0\)"):
        of.predict(ts, ys, query, inputs)
    with pytest.raises(ValueError, match="inputs must be a number of columns; got -1"):
        StructuralSDE(inputs=-1)


@pytest.mark.parametrize("precise", [False, True])
def test_series_without_noise_have_positive_variances(precise):
    """What moves by inputs and a season alone, under models that know it: all is certain but for rounding."""
    random = np.random.default_rng(1)
    ts = np.arange(100.0)
    fixed = ["log_level", "log_slope", "log_deviation", "log_noise", "log_season"]
    with jax.enable_x64(precise):
        of = StructuralSDE([12.0], [2], inputs=2)
        for _ in range(5):
            inputs = random.normal(size=(100, 2))
            ys = inputs @ random.normal(size=2) + np.sin(2 * np.pi * ts / 12)
            values = [jnp.full_like(getattr(of, name), random.uniform(-20, -8)) for name in fixed]
            certain = eqx.tree_at(lambda m: [getattr(m, name) for name in fixed], of, values)
            found = FILTER(certain, jnp.asarray(ts), jnp.asarray(ys), jnp.asarray(inputs))
            assert np.all(np.isfinite(found.log_densities))
            assert np.all(np.asarray(found.variance) > 0)
            np.testing.assert_allclose(found.mean[50:], ys[50:], atol=1e-5 if precise else 0.05)


def test_vmap_is_a_loop():
    ts, _ = series(12)
    many = np.random.default_rng(1).normal(size=(3, 12))
    together = jax.vmap(model().log_likelihood, in_axes=(None, 0))(ts, many)
    np.testing.assert_allclose(together, [model().log_likelihood(ts, ys) for ys in many], rtol=1e-12)


@pytest.mark.parametrize("rate", [1e-7, 0.05, 0.0999, 0.1001, 3.0])
@pytest.mark.parametrize("dt", [0.0, 0.3, 1.0])
def test_transitions_are_matrix_exponentials(rate, dt):
    rate, dt = jnp.asarray(rate), jnp.asarray(dt)
    cases = [
        (trend(dt, 0.3, 0.7, rate), [[0, 1], [0, -rate]], [[0.09, 0], [0, 0.49]]),
        (rotation(dt, rate, 0.2), [[0, rate], [-rate, 0]], [[0.04, 0], [0, 0.04]]),
        (cycle(dt, 0.5, 1 / rate, 2.0), [[-rate, 2], [-2, -rate]], [[0.5 * rate, 0], [0, 0.5 * rate]]),
    ]
    for found, drift, noise in cases:
        matrix, added = exact(np.array(drift, float), np.array(noise, float), float(dt))
        np.testing.assert_allclose(found.matrix, matrix, rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(found.noise, added, rtol=1e-9, atol=1e-12)


def test_samples_have_the_covariance_of_the_model():
    ts = np.array([0.0, 0.7, 3.0])
    of, inputs = StructuralSDE([PERIOD], [MODEL_HARMONICS], inputs=1), np.array([[1.0], [-2.0], [0.5]])
    samples = jax.vmap(lambda key: of.sample(ts, inputs, key=key))(jax.random.split(jax.random.key(0), 40_000))
    expected = joint(of, ts) + inputs @ inputs.T + np.exp(2 * of.log_noise) * np.eye(3)
    np.testing.assert_allclose(np.cov(samples.T), expected, rtol=0.05)


def test_seasons_that_cannot_be_seen_are_refused():
    with pytest.raises(ValueError, match="at least 2 spacings"):
        StructuralSDE([1.5])
    with pytest.raises(ValueError, match="harmonics must be at least 1 for each of 1 periods"):
        StructuralSDE([12.0], [2, 3])
