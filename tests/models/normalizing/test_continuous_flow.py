"""Densities, samples and costs of flows, against formulas, quadrature and statistical tests."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.linalg import expm
from scipy.stats import multivariate_normal, norm

import nde
from nde.models import ContinuousFlow, HutchinsonTrace
from nde.models.normalizing.costs import jacobian_norm, kinetic_energy, path_derivatives, total_derivative
from nde.models.normalizing.trace import moment_of
from tests.laws.precision import x64
from tests.models.normalizing.made import MATRICES, linear_flow, small_flow

__all__ = ["x64"]

XS = jax.random.normal(jax.random.key(5), (5, 2))
COSTS = {"kinetic": kinetic_energy, "jacobian": jacobian_norm, "taylor": total_derivative(2)}


@eqx.filter_jit
def encode_batch(flow, xs, **options):
    return flow.encode_together(xs, **options)


def matrix_of_flow():
    """Return the matrix of two linear blocks."""
    return expm(np.asarray(MATRICES[1], float)) @ expm(np.asarray(MATRICES[0], float))


def test_a_linear_flow_has_a_normal_distribution_with_the_covariance_of_its_matrix():
    expected = multivariate_normal([0, 0], matrix_of_flow() @ matrix_of_flow().T)
    found = encode_batch(linear_flow(), XS)
    np.testing.assert_allclose(found.log_prob, expected.logpdf(XS), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(found.z, np.linalg.solve(matrix_of_flow(), np.asarray(XS).T).T, atol=1e-5)
    change = np.asarray(found.log_prob) - norm.logpdf(found.z).sum(axis=1)
    np.testing.assert_allclose(change, -sum(np.trace(m) for m in MATRICES), rtol=1e-5)


def test_double_precision_is_kept(x64):
    flow = linear_flow([jnp.asarray(m, float) for m in MATRICES])
    flow = eqx.tree_at(lambda f: f.stepsize_controller, flow, nde.PIDController(rtol=1e-11, atol=1e-11))
    xs = jnp.asarray(np.asarray(XS, float))
    expected = multivariate_normal([0, 0], matrix_of_flow() @ matrix_of_flow().T)
    log_prob = encode_batch(flow, xs).log_prob
    assert log_prob.dtype == jnp.float64
    np.testing.assert_allclose(log_prob, expected.logpdf(xs), rtol=1e-9)


def test_a_condition_shifts_the_distribution():
    """`dy/dt = A y + c` ends at `e^A z + A^-1 (e^A - 1) c`."""
    flow, condition = linear_flow(MATRICES[:1], condition_size=2), jnp.array([1.0, -2.0])
    flow_map = expm(np.asarray(MATRICES[0], float))
    mean = np.linalg.solve(np.asarray(MATRICES[0], float), (flow_map - np.eye(2)) @ np.asarray(condition))
    found = encode_batch(flow, XS, conditions=jnp.tile(condition, (5, 1))).log_prob
    np.testing.assert_allclose(found, multivariate_normal(mean, flow_map @ flow_map.T).logpdf(XS), rtol=1e-4, atol=1e-5)


def test_the_default_network_uses_the_condition():
    flow = small_flow(condition_size=1)
    found = encode_batch(flow, XS, conditions=jnp.linspace(-1.0, 1.0, 5)[:, None]).log_prob
    other = encode_batch(flow, XS, conditions=jnp.linspace(1.0, -1.0, 5)[:, None]).log_prob
    same = np.isclose(found, other, atol=1e-4)
    np.testing.assert_array_equal(same, [False, False, True, False, False])


def test_a_density_integrates_to_one():
    grid = np.linspace(-8.0, 8.0, 121)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    density = np.exp(np.asarray(encode_batch(small_flow(), jnp.asarray(points, float)).log_prob)).reshape(121, 121)
    assert np.trapezoid(np.trapezoid(density, grid), grid) == pytest.approx(1.0, abs=2e-3)
    assert np.abs(encode_batch(small_flow(), XS).z - XS).max() > 0.5


def test_encoding_a_sample_returns_its_noise():
    flow, key = small_flow(solver=nde.Bosh3()), jax.random.key(3)
    x, found = eqx.filter_jit(lambda f: (x := f.sample(key=key), f.encode(x)))(flow)
    np.testing.assert_allclose(found.z, jax.random.normal(key, (2,)), atol=1e-4)
    assert jnp.abs(x - found.z).max() > 0.1


def test_vmap_agrees_with_a_loop_and_with_one_solve():
    flow = linear_flow(MATRICES[:1])
    one = eqx.filter_jit(lambda f, x: f.log_prob(x))
    expected = [one(flow, x) for x in XS]
    mapped = eqx.filter_jit(lambda f: jax.vmap(f.log_prob)(XS))(flow)
    np.testing.assert_allclose(mapped, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(encode_batch(flow, XS).log_prob, expected, rtol=1e-4, atol=1e-4)


def test_costs_are_integrals_along_the_path():
    """Along a path solved by SciPy, with derivatives by hand: for `y' = A y` they are `A y` and `A A y`."""
    matrix = np.asarray(MATRICES[0], float)
    ts = np.linspace(1.0, 0.0, 201)
    path = solve_ivp(lambda t, y: matrix @ y, (1.0, 0.0), XS[0], t_eval=ts, rtol=1e-9, atol=1e-9).y
    squares = lambda m: -np.trapezoid(((m @ path) ** 2).sum(axis=0), ts)
    found = encode_batch(linear_flow(MATRICES[:1]), XS, costs=COSTS).costs
    assert found["kinetic"][0] == pytest.approx(squares(matrix), rel=1e-4)
    assert found["taylor"][0] == pytest.approx(squares(matrix @ matrix), rel=1e-4)
    assert found["jacobian"][0] == pytest.approx((matrix**2).sum(), rel=1e-5)


def test_taylor_mode_agrees_with_nested_forward_mode():
    field = lambda t, y: jnp.sin(2 * t + jnp.array([[1.0, -0.5], [0.3, 0.8]]) @ y) * y[::-1]
    along = lambda f: lambda t, y: jax.jvp(f, (t, y), (jnp.ones_like(t), field(t, y)))[1]
    nested = [field]
    for _ in range(2):
        nested.append(along(nested[-1]))
    t, y = jnp.array(0.3), XS[0]
    found = jax.jit(lambda t, y: path_derivatives(moment_of(field, t, y, jnp.eye(2)), 3))(t, y)
    np.testing.assert_allclose(
        jnp.stack(found), jax.jit(lambda t, y: jnp.stack([f(t, y) for f in nested]))(t, y), rtol=2e-5
    )


@pytest.mark.parametrize(
    ("noise", "variance_of"),
    [
        (jax.random.normal, lambda s: 2 * (s**2).sum()),
        (jax.random.rademacher, lambda s: 2 * ((s**2).sum() - (np.diag(s) ** 2).sum())),
    ],
)
def test_estimated_traces_have_the_theoretical_mean_and_variance(noise, variance_of):
    matrix = np.random.default_rng(0).normal(size=(4, 4))
    trace, count = HutchinsonTrace(noise), 20_000

    def estimate(key):
        moment = moment_of(lambda t, y: jnp.asarray(matrix, float) @ y, jnp.zeros(()), y, trace.directions(y, key))
        return moment.trace, moment.square

    y = jnp.ones(4)
    found, squares = jax.jit(jax.vmap(estimate))(jax.random.split(jax.random.key(0), count))
    variance = variance_of((matrix + matrix.T) / 2)
    assert abs(found.mean() - np.trace(matrix)) < 4 * np.sqrt(variance / count)
    assert np.var(found) == pytest.approx(variance, rel=0.1)
    assert squares.mean() == pytest.approx((matrix**2).sum(), rel=0.03)


def test_estimated_log_densities_are_unbiased():
    """Two blocks, since each has its own noise."""
    flow, count = linear_flow(trace=HutchinsonTrace(jax.random.normal, probes=2)), 2048
    exact = multivariate_normal([0, 0], matrix_of_flow() @ matrix_of_flow().T).logpdf(XS[0])
    keys = jax.random.split(jax.random.key(1), count)
    found = np.asarray(encode_batch(flow, jnp.tile(XS[:1], (count, 1)), keys=keys).log_prob)
    variance = sum(np.asarray((m + m.T) ** 2).sum() / 2 for m in MATRICES) / 2
    assert found.var() == pytest.approx(variance, rel=0.15)
    assert abs(found.mean() - exact) < 4 * np.sqrt(variance / count)


def test_misuse_raises_an_error_that_explains_it():
    flow = linear_flow(trace=HutchinsonTrace())
    with pytest.raises(ValueError, match="`HutchinsonTrace` needs a key"):
        flow.log_prob(XS[0])
    with pytest.raises(ValueError, match=r"A point must have shape \(2,\); got \(3,\)"):
        flow.log_prob(jnp.ones(3))
    with pytest.raises(ValueError, match=r"There must be no condition, by condition_size=0; got shape \(1,\)"):
        flow.decode(XS[0], condition=jnp.ones(1))
    with pytest.raises(ValueError, match=r"condition must have shape \(2,\), by condition_size=2; got none"):
        linear_flow(MATRICES[:1], condition_size=2).decode(XS[0])
    with pytest.raises(ValueError, match="needs `key=` to initialize weights"):
        ContinuousFlow(2)
    with pytest.raises(ValueError, match="at least one vector field"):
        ContinuousFlow(2, fields=())
    with pytest.raises(ValueError, match="probes must be at least 1; got 0"):
        HutchinsonTrace(probes=0)


def test_samples_have_the_precision_of_the_weights():
    flow = ContinuousFlow(input_size=2, width=4, depth=1, key=jax.random.key(0))
    with jax.enable_x64(True):
        assert flow.sample(key=jax.random.key(1)).dtype == jnp.float32
