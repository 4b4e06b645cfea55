"""SDE models of tables: forecasts against exact distributions, parameters, and error messages."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import lognorm, norm

from nde.data import LEVELS, DataError, Series, Table, load_sunspots
from nde.models import (
    SDE_MODELS,
    GeometricBrownianMotion,
    NeuralSDE,
    OrnsteinUhlenbeck,
    RandomWalk,
    Scaling,
    load_model,
    save_model,
)
from tests.models.test_models import with_random_weights
from tests.train.processes import geometric, ornstein_uhlenbeck, ou_moments

KEY = jax.random.key(0)
NAN = np.nan
OU = ornstein_uhlenbeck(2, 30)
GROWING = geometric(0.1, 0.3, 30)


def numbers(model) -> list[float]:
    return [value for value, _ in model.parameters().values()]


def test_the_forecast_of_an_ornstein_uhlenbeck_process_has_the_exact_quantiles():
    model = OrnsteinUhlenbeck.from_tables(OU)
    ts = [table.ts[-1] + np.array([0.0, 0.3, 1.0, 4.0]) for table in OU]
    for table, fan in zip(OU, model.fan(OU, ts, key=KEY, paths=20_000), strict=True):
        center, spread = ou_moments(*numbers(model), table.ys[-1, 0], np.array([1e-9, 0.3, 1.0, 4.0]))
        expected = norm.ppf(np.array(LEVELS)[:, None], center, spread)
        np.testing.assert_allclose(fan.quantiles[..., 0], expected, atol=0.04 * spread[-1])
        assert fan.paths.shape == (3, 4, 1)


def test_the_forecast_of_geometric_brownian_motion_has_the_exact_quantiles():
    model = GeometricBrownianMotion.from_tables([GROWING])
    growth, volatility = numbers(model)
    (fan,) = model.fan([GROWING], [GROWING.ts[-1] + np.array([2.0])], key=KEY, paths=20_000)
    scale = GROWING.ys[-1, 0] * np.exp((growth - volatility**2 / 2) * 2.0)
    np.testing.assert_allclose(
        fan.quantiles[:, 0, 0], lognorm.ppf(LEVELS, volatility * np.sqrt(2), scale=scale), rtol=0.04
    )


def test_one_step_ahead_forecasts_are_conditional_on_the_measurement_before():
    model = OrnsteinUhlenbeck.from_tables(OU)
    fan = model.ahead(OU, key=KEY, paths=4000)[1]
    x, gaps = OU[1].ys[:, 0], np.diff(OU[1].ts)
    center, spread = ou_moments(*numbers(model), x[:-1], gaps)
    assert np.isnan(fan.quantiles[:, 0]).all()
    errors = (fan.quantiles[:, 1:, 0] - norm.ppf(np.array(LEVELS)[:, None], center, spread)) / spread
    assert np.abs(errors).max() < 0.2


def test_each_column_starts_from_its_own_last_measurement():
    table = Series("t", ("x", "y"), np.arange(4.0), np.array([[1, 5], [2, 6], [3, 7], [NAN, 8]], float))
    model = RandomWalk.from_tables([table])
    (fan,) = model.fan([table], [np.array([3.0])], key=KEY, paths=4000)
    np.testing.assert_allclose(fan.quantiles[:, 0, 0], norm.ppf(LEVELS, 3.0, 1.0), atol=0.12)
    np.testing.assert_allclose(fan.quantiles[:, 0, 1], 8.0, atol=1e-5)
    neural = NeuralSDE.from_tables([table])
    (fan,) = neural.fan([table], [np.array([3.0])], key=KEY, paths=4000)
    np.testing.assert_allclose(fan.quantiles[:, 0, 1], norm.ppf(LEVELS, 7.0, 1.0), atol=0.12)


def test_parameters_are_in_units_of_the_data():
    """Minutes for hours, and centimeters for meters."""
    (table,) = OU[:1]
    other = Series("t", ("x",), table.ts * 60.0, table.ys * 100.0)
    rate, mean, volatility = numbers(OrnsteinUhlenbeck.from_tables([table]))
    expected = [rate / 60, mean * 100, volatility * 100 / np.sqrt(60)]
    np.testing.assert_allclose(numbers(OrnsteinUhlenbeck.from_tables([other])), expected, rtol=1e-4)


def test_the_random_walk_has_the_volatility_of_maximum_likelihood():
    (table,) = OU[:1]
    expected = np.sqrt(np.mean(np.diff(table.ys[:, 0]) ** 2 / np.diff(table.ts)))
    np.testing.assert_allclose(numbers(RandomWalk.from_tables([table])), [expected], rtol=1e-5)


def test_a_neural_sde_starts_as_a_random_walk():
    model, walk = NeuralSDE.from_tables(OU), RandomWalk.from_tables(OU)
    for z in (jnp.array([-1.0]), jnp.array([2.0])):
        np.testing.assert_array_equal(model.drift(z), walk.drift(z))
        np.testing.assert_allclose(model.diffusion(z), walk.diffusion(z), rtol=1e-6)


@pytest.mark.parametrize("name", SDE_MODELS)
def test_a_saved_model_gives_the_same_forecast_bit_for_bit(name: str, tmp_path):
    model = with_random_weights(SDE_MODELS[name].from_tables([GROWING], key=KEY))
    save_model(model, tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert type(loaded) is type(model)
    ts = [GROWING.ts[-1] + np.array([0.5, 2.0])]
    once, twice = (m.fan([GROWING], ts, key=KEY, paths=50)[0].quantiles for m in (model, loaded))
    np.testing.assert_array_equal(once, twice)


@pytest.mark.parametrize("transform", ["none", "root", "log"])
def test_decoding_inverts_the_encoding_of_series(transform: str):
    tables = [GROWING, geometric(0.1, 0.3, 5, seed=2)]
    scaling = Scaling.of_series(tables, transform)
    pooled = np.concatenate([scaling.encode(t.ys) for t in tables])
    np.testing.assert_allclose(pooled.mean(), 0.0, atol=1e-9)
    np.testing.assert_allclose(pooled.std(), 1.0)
    np.testing.assert_allclose(scaling.decode(jnp.asarray(scaling.encode(GROWING.ys))), GROWING.ys, rtol=1e-5)
    slope = (scaling.encode(GROWING.ys * 1.0001) - scaling.encode(GROWING.ys)) / (GROWING.ys * 0.0001)
    if transform != "root":
        np.testing.assert_allclose(scaling.log_slope(GROWING.ys), np.log(slope), atol=1e-3)


def test_negative_square_roots_decode_to_zero():
    scaling = Scaling.of_series([load_sunspots()], "root")
    assert scaling.decode(jnp.array([[-10.0]]))[0, 0] == 0.0


def test_data_without_square_root_or_logarithm_are_rejected():
    table = Table("t", ("x",), np.arange(8.0), np.cos(np.arange(8.0))[:, None])
    with pytest.raises(DataError, match=r"'x' has values that are not positive.*root or none"):
        GeometricBrownianMotion.from_tables([table])
    with pytest.raises(DataError, match="'x' has negative values"):
        OrnsteinUhlenbeck.from_tables([table], "root")


def test_invalid_forecasts_are_rejected():
    model = RandomWalk.from_tables([GROWING])
    last = GROWING.ts[-1]
    for ts, message in (
        ([], "at least one time"),
        ([np.nan], "must be finite"),
        ([last - 1], "starts from the last"),
        ([1e9], "at most 100000"),
    ):
        with pytest.raises(DataError, match=message):
            model.fan([GROWING], [np.array(ts)], key=KEY)
    gappy = Series("t", ("x", "y"), np.arange(2.0), np.array([[1, NAN], [NAN, 2]]))
    two = eqx.tree_at(
        lambda m: m.log_volatility,
        NeuralSDE.blank(("x", "y"), Scaling(0.0, 1.0, False, (0.0,) * 2, (1.0,) * 2), key=KEY),
        jnp.zeros(2),
    )
    with pytest.raises(DataError, match="needs a complete row"):
        two.fan([gappy], [np.array([3.0])], key=KEY)
