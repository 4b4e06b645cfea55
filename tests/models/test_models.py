"""ODE models of tables, against SciPy, and their error messages."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from nde.data import DataError, Table, load_lynx_hare
from nde.models import MODELS, LotkaVolterra, NeuralTrajectory, Scaling, load_model, save_model
from tests.models.made import RATES, lotka_volterra_table

KEY = jax.random.key(0)


def with_random_weights(model):
    """Perturb all weights, so that none is zero, as those of an untrained residual are."""
    weights, static = eqx.partition(model, eqx.is_inexact_array)
    leaves, structure = jax.tree.flatten(weights)
    keys = jax.random.split(KEY, len(leaves))
    perturbed = [x + 0.1 * jax.random.normal(key, x.shape) for x, key in zip(leaves, keys, strict=True)]
    return eqx.combine(jax.tree.unflatten(structure, perturbed), static)


@pytest.mark.parametrize("name", MODELS)
def test_forecast_agrees_with_scipy(name: str):
    model = with_random_weights(MODELS[name].from_table(load_lynx_hare(), key=KEY))
    ts = np.array([1900.0, 1901.0, 1903.7, 1907.0])
    field = jax.jit(lambda t, z: model.vector_field(t, z))
    times = model.scaling.time(ts)
    zs = solve_ivp(
        lambda t, z: np.asarray(field(t, jnp.asarray(z))), (0, times[-1]), model.start, t_eval=times, rtol=1e-6
    ).y.T
    np.testing.assert_allclose(model.forecast(ts), np.asarray(model.scaling.decode(jnp.asarray(zs))), rtol=5e-3)


def test_parameters_are_rates_in_units_of_the_data():
    """The relative growth by the parameters, in years and pelts, is that of the vector field."""
    model = LotkaVolterra.from_table(load_lynx_hare(), key=KEY)
    a, b, c, d = (model.parameters()[name][0] for name in "abcd")
    pelts = np.array([[40.0, 12.0]])
    growth = model.vector_field(jnp.zeros(()), jnp.asarray(model.scaling.encode(pelts)[0]))
    np.testing.assert_allclose(growth / model.scaling.unit, [a - b * pelts[0, 1], d * pelts[0, 0] - c], rtol=1e-4)


def test_the_initial_rates_are_close_to_the_truth():
    model = LotkaVolterra.from_table(lotka_volterra_table(rows=201), key=KEY)
    np.testing.assert_allclose([model.parameters()[name][0] for name in "abcd"], RATES, rtol=0.02)


def test_decoding_inverts_encoding():
    table = load_lynx_hare()
    for scaling in (Scaling.of(table), Scaling.of_populations(table)):
        np.testing.assert_allclose(scaling.decode(jnp.asarray(scaling.encode(table.ys))), table.ys, rtol=1e-5)
    np.testing.assert_allclose(np.std(Scaling.of(table).encode(table.ys), axis=0), 1.0)


def test_negative_data_are_not_log_transformed():
    table = Table("t", ("x",), np.arange(8.0), np.cos(np.arange(8.0))[:, None])
    assert not NeuralTrajectory.from_table(table, key=KEY).scaling.log


def test_forecast_times_may_be_unordered_and_repeated():
    model = NeuralTrajectory.from_table(load_lynx_hare(), key=KEY)
    forward = model.forecast(np.array([1900.0, 1902.0, 1905.0]))
    np.testing.assert_array_equal(model.forecast(np.array([1905.0, 1900.0, 1902.0, 1905.0])), forward[[2, 0, 1, 2]])


@pytest.mark.parametrize("ts", [[], [np.nan], [1899.0, 1901.0]])
def test_invalid_forecast_times_are_rejected(ts: list[float]):
    with pytest.raises(DataError, match=r"at least one time|got the earlier time"):
        NeuralTrajectory.from_table(load_lynx_hare(), key=KEY).forecast(np.array(ts))


@pytest.mark.parametrize("name", ["lotka-volterra", "hybrid"])
def test_mechanisms_are_for_two_positive_columns(name: str):
    ts, ones = np.arange(6.0), np.ones((6, 3))
    with pytest.raises(DataError, match=r"two states.*got 3 .*neural-trajectory"):
        MODELS[name].from_table(Table("t", ("x", "y", "z"), ts, ones), key=KEY)
    with pytest.raises(DataError, match="'y' has values that are not positive"):
        MODELS[name].from_table(Table("t", ("x", "y"), ts, ones[:, :2] * [1, -1]), key=KEY)


@pytest.mark.parametrize("name", MODELS)
def test_a_saved_model_gives_the_same_forecast_bit_for_bit(name: str, tmp_path):
    model = with_random_weights(MODELS[name].from_table(load_lynx_hare(), key=jax.random.key(7)))
    save_model(model, tmp_path / "model")
    ts = np.linspace(1900, 1920, 9)
    loaded = load_model(tmp_path / "model")
    assert type(loaded) is type(model)
    np.testing.assert_array_equal(loaded.forecast(ts), model.forecast(ts))


def test_folders_without_a_valid_model_are_rejected(tmp_path):
    with pytest.raises(DataError, match="no saved model"):
        load_model(tmp_path)
    save_model(LotkaVolterra.from_table(load_lynx_hare(), key=KEY), tmp_path)
    (tmp_path / "model.eqx").write_bytes(b"")
    with pytest.raises(DataError, match="cannot be read"):
        load_model(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(DataError, match="cannot be read"):
        load_model(tmp_path)
