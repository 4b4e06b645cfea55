"""Table fits recover the truth, ignore missing values, and are reproducible."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from nde.data import Table, load_lynx_hare
from nde.models import LotkaVolterra, NeuralTrajectory
from nde.train import fit_table
from nde.train._fit_table import _Data, loss
from tests.models.made import RATES, lotka_volterra_table

KEY = jax.random.key(0)


def test_true_rates_are_recovered():
    table = lotka_volterra_table()
    found = fit_table(LotkaVolterra.from_table(table, key=KEY), table, steps=1500).model
    np.testing.assert_allclose([found.parameters()[name][0] for name in "abcd"], RATES, rtol=0.01)
    np.testing.assert_allclose(found.forecast(table.ts[:1])[0], [30.0, 5.0], rtol=0.01)


def test_true_rates_are_recovered_with_missing_values():
    table = lotka_volterra_table(rows=41)
    ys = table.ys.copy()
    ys[1::3, 0] = np.nan
    ys[::4, 1] = np.nan
    table = dataclasses.replace(table, ys=ys)
    found = fit_table(LotkaVolterra.from_table(table, key=KEY), table, steps=1500).model
    np.testing.assert_allclose([found.parameters()[name][0] for name in "abcd"], RATES, rtol=0.02)


def test_missing_values_do_not_count():
    """The loss is the mean square over the observed values, computed by hand; its gradient is finite."""
    table = load_lynx_hare()
    ys = table.ys.copy()
    ys[3, 0] = ys[5:7, 1] = np.nan
    model = LotkaVolterra.from_table(table, key=KEY)
    gappy = Table(table.time_name, table.names, table.ts, ys)
    data = _Data.of(gappy, model.scaling)
    rows = jnp.asarray(len(ys))
    zs = np.asarray(model.trajectory(data.times))
    by_hand = np.nanmean((zs - model.scaling.encode(ys)) ** 2)
    np.testing.assert_allclose(loss(model, data, rows), by_hand, rtol=1e-4)
    gradient = jax.grad(lambda rates: loss(dataclasses.replace(model, log_rates=rates), data, rows))(model.log_rates)
    assert np.isfinite(gradient).all()


def test_rows_beyond_the_horizon_do_not_count():
    table = load_lynx_hare()
    model = LotkaVolterra.from_table(table, key=KEY)
    near, far = (_Data.of(t, model.scaling) for t in (table, dataclasses.replace(table, ys=_double_from(table.ys, 10))))
    assert loss(model, near, jnp.asarray(10)) == loss(model, far, jnp.asarray(10))
    assert loss(model, near, jnp.asarray(11)) != loss(model, far, jnp.asarray(11))


def _double_from(ys: np.ndarray, row: int) -> np.ndarray:
    ys = ys.copy()
    ys[row:] *= 2
    return ys


def test_the_same_arguments_give_the_same_model():
    table = load_lynx_hare()
    once, twice = (fit_table(NeuralTrajectory.from_table(table, key=KEY), table, steps=100) for _ in range(2))
    np.testing.assert_array_equal(once.losses, twice.losses)
    np.testing.assert_array_equal(once.model.forecast(table.ts), twice.model.forecast(table.ts))


def test_the_returned_model_has_the_best_loss():
    table = load_lynx_hare()
    found = fit_table(NeuralTrajectory.from_table(table, key=KEY), table, steps=150)
    data = _Data.of(table, found.model.scaling)
    np.testing.assert_allclose(loss(found.model, data, jnp.asarray(len(table.ts))), found.best_loss, rtol=1e-4)
    assert found.best_loss == found.losses[89:].min()


def test_progress_is_reported():
    table = load_lynx_hare()
    calls = []
    fit_table(LotkaVolterra.from_table(table, key=KEY), table, steps=120, progress=lambda *now: calls.append(now))
    assert [done for done, _, _ in calls] == [50, 100, 120]
    assert {total for _, total, _ in calls} == {120}
