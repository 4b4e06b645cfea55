"""Log-densities against exact ones."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm
from scipy.stats import lognorm, multivariate_normal, norm

from nde.data import Series
from nde.models import GeometricBrownianMotion, OrnsteinUhlenbeck, RandomWalk, Scaling
from nde.train import Transitions, log_densities, row_scores
from nde.train.likelihood import as_arrays, log_density, standard_normals, to_double
from tests.train.processes import MEAN, RATE, VOLATILITY, geometric, ornstein_uhlenbeck, ou_moments

TABLE = ornstein_uhlenbeck(1, 12)[0]
NAN = np.nan


def true_model(scaling: Scaling) -> OrnsteinUhlenbeck:
    """Return the process of the table in model units."""
    (scale,), (center,), unit = scaling.scale, scaling.center, scaling.unit
    blank = OrnsteinUhlenbeck.blank(("x",), scaling, key=jax.random.key(0))
    weights = np.log(RATE * unit), (MEAN - center) / scale, np.log(VOLATILITY / scale * np.sqrt(unit))
    arrays = tuple(jnp.asarray([w], float) for w in weights)
    return eqx.tree_at(lambda m: (m.log_rate, m.mean, m.log_volatility), blank, arrays)


def test_a_single_step_is_gaussian():
    ys = np.array([[1, 5], [2, NAN], [NAN, 6], [4, 7], [3, 7.5]], float)
    table = Series("t", ("x", "y"), np.array([0.0, 1, 3, 4, 4.5]), ys)
    model = OrnsteinUhlenbeck.from_tables([table])
    pairs = Transitions.of([table], model.scaling, coupled=False)
    rate, mean, volatility = (np.exp(model.log_rate), np.asarray(model.mean), np.exp(model.log_volatility))
    gaps = pairs.gaps[:, None]
    by_hand = norm.logpdf(pairs.after, pairs.before + rate * (mean - pairs.before) * gaps, volatility * np.sqrt(gaps))
    expected = np.where(pairs.known, by_hand, 0.0).sum(axis=1)
    np.testing.assert_allclose(log_densities(model, pairs, substeps=1), expected, rtol=1e-6)


def test_the_density_converges_to_the_exact_one():
    model = true_model(Scaling.of_series([TABLE]))
    x, gaps = TABLE.ys[:, 0], np.diff(TABLE.ts)
    exact = norm.logpdf(x[1:], *ou_moments(RATE, MEAN, VOLATILITY, x[:-1], gaps))
    pairs = Transitions.of([TABLE], model.scaling, coupled=False)
    slope = model.scaling.log_slope(TABLE.ys)[1:, 0]
    errors = [
        np.sqrt(np.mean((log_densities(model, pairs, substeps=m, samples=1024) + slope - exact) ** 2))
        for m in (1, 4, 16)
    ]
    assert errors[1] < errors[0] / 3
    assert errors[2] < errors[1] / 3
    assert errors[2] < 0.02


class Coupled(eqx.Module):
    """`dz = -A z dt + s dW`."""

    coupled: ClassVar[bool] = True
    most_substeps: ClassVar[int] = 64
    matrix: jax.Array
    noise: jax.Array
    scaling: Scaling = eqx.field(static=True)

    def drift(self, z):
        return -self.matrix @ z

    def diffusion(self, z):
        return self.noise

    def natural(self):
        return {}

    def unidentified(self, errors):
        return frozenset()


def test_the_density_of_coupled_columns_converges_to_the_exact_one():
    matrix, noise = np.array([[0.4, 0.8], [-0.6, 0.3]]), np.array([0.5, 0.3])
    scaling = Scaling(0.0, 1.0, False, (0.0, 0.0), (1.0, 1.0))
    model = Coupled(jnp.asarray(matrix), jnp.asarray(noise), scaling)
    ys = np.array([[1.0, 0.2], [0.6, 0.5], [0.4, 0.9], [-0.3, 0.7]])
    table = Series("t", ("x", "y"), np.array([0.0, 0.5, 1.2, 2.0]), ys)
    expected = []
    for gap, before, after in zip(np.diff(table.ts), ys[:-1], ys[1:], strict=True):
        s = np.linspace(0, gap, 2001)
        flows = np.stack([expm(-matrix * each) @ np.diag(noise) for each in s])
        covariance = np.trapezoid(flows @ flows.transpose(0, 2, 1), s, axis=0)
        expected.append(multivariate_normal.logpdf(after, expm(-matrix * gap) @ before, covariance))
    pairs = Transitions.of([table], scaling, coupled=True)
    near, far = (log_densities(model, pairs, substeps=m, samples=1024) for m in (32, 1))
    np.testing.assert_allclose(near, expected, atol=0.03)
    assert np.abs(far - expected).max() > 0.2


@pytest.mark.parametrize("substeps", [1, 5])
def test_geometric_brownian_motion_is_exact(substeps: int):
    """In units of the data, with any number of steps: the bridge is the process itself."""
    table = geometric(0.1, 0.4, 15)
    model = GeometricBrownianMotion.from_tables([table])
    growth, volatility = (value for value, _ in model.parameters().values())
    x, gaps = table.ys[:, 0], np.diff(table.ts)
    expected = lognorm.logpdf(
        x[1:], volatility * np.sqrt(gaps), scale=x[:-1] * np.exp((growth - volatility**2 / 2) * gaps)
    )
    (scores,) = row_scores(model, [table], substeps=substeps)
    np.testing.assert_allclose(scores.log_densities, np.r_[0.0, expected], atol=1e-4)
    np.testing.assert_array_equal(scores.values, [0] + [1] * 14)


def test_scores_of_square_roots_are_densities_of_square_roots():
    table = geometric(0.1, 0.4, 15)
    model = RandomWalk.from_tables([table], "root")
    roots, gaps = np.sqrt(table.ys[:, 0]), np.diff(table.ts)
    (volatility,) = (value for value, _ in model.parameters().values())
    assert volatility == pytest.approx(np.sqrt(np.mean(np.diff(roots) ** 2 / gaps)), rel=1e-5)
    (scores,) = row_scores(model, [table], substeps=1)
    expected = norm.logpdf(roots[1:], roots[:-1], volatility * np.sqrt(gaps))
    np.testing.assert_allclose(scores.log_densities[1:], expected, atol=1e-4)


def test_gradients_agree_with_finite_differences():
    with jax.enable_x64(True):
        model = to_double(true_model(Scaling.of_series([TABLE])))
        pairs = Transitions.of([TABLE], model.scaling, coupled=False)
        noise = standard_normals(pairs, 4, 8)

        def total(weights: jax.Array) -> jax.Array:
            changed = eqx.tree_at(lambda m: (m.log_rate, m.mean, m.log_volatility), model, tuple(weights[:, None]))
            return log_density(changed, as_arrays(pairs), noise).sum()

        x = jnp.asarray([model.log_rate[0], model.mean[0], model.log_volatility[0]])
        gradient = jax.grad(total)(x)
        differences = [(total(x.at[i].add(1e-5)) - total(x.at[i].add(-1e-5))) / 2e-5 for i in range(3)]
        np.testing.assert_allclose(gradient, differences, rtol=1e-6)
