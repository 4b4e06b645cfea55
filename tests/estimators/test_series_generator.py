"""The generator of series: inputs, samples, errors, and that it learns."""

import numpy as np
import pytest
from sklearn.base import clone

import nde
from nde.data import DataError
from nde.estimators import SeriesGenerator, load_estimator
from nde.models.registry import GENERATORS

TINY = {"hidden_size": 4, "width": 4, "max_iter": 2, "batch_size": 8, "random_state": 0}


def walks(series: int, seed: int = 0, rows: int = 6) -> nde.TimeSeries:
    """Random walks from 50 on, two channels, with irregular times and gaps."""
    random = np.random.default_rng(seed)
    ts = np.cumsum(random.uniform(0.5, 1.5, (series, rows)), axis=1)
    ys = 50 + 3 * random.normal(size=(series, rows, 2)).cumsum(axis=1)
    ys[random.random(ys.shape) < 0.2] = np.nan
    ys[:, 0] = 50.0
    return nde.TimeSeries.from_arrays(ys, ts, channels=["x", "y"])


LATENT, *OTHERS = GENERATORS


@pytest.fixture(scope="module", params=[LATENT, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def fitted(request):
    return SeriesGenerator(model=request.param, **TINY).fit(walks(12))


def test_samples_have_the_channels_and_times_of_the_data(fitted):
    panel, found = walks(12), fitted.sample(5, random_state=1)
    assert (len(found), found.channels) == (5, ("x", "y"))
    assert found.observed.all()
    own = {tuple(np.round(series.ts - series.ts[0], 9)) for series in panel}
    assert all(tuple(np.round(series.ts, 9)) in own for series in found)
    np.testing.assert_array_equal(found.ys, fitted.sample(5, random_state=1).ys)
    assert not np.array_equal(found.ys, fitted.sample(5, random_state=2).ys)


def test_a_series_depends_only_on_its_own_times(fitted):
    alone = fitted.sample(1, times=[0.0, 1.0, 2.5], random_state=3)
    others = fitted.sample(3, times=[[0.0, 1.0, 2.5], [0.0, 4.0], [0.0]], random_state=3)
    np.testing.assert_array_equal(others.lengths, [3, 2, 1])
    longer = fitted.sample(3, times=[[0.0, 1.0, 2.5], [0.0, 1.0, 2.0, 3.0], [0.0]], random_state=3)
    np.testing.assert_allclose(others[0].ys, longer[0].ys, rtol=1e-5)
    assert alone.ys.shape == others[0].ys.shape


def test_a_saved_estimator_samples_the_same(fitted, tmp_path):
    fitted.save(tmp_path / "kept")
    again = load_estimator(tmp_path / "kept")
    np.testing.assert_allclose(again.sample(3, random_state=5).ys, fitted.sample(3, random_state=5).ys, rtol=1e-6)


def test_the_score_is_a_distance_from_zero(fitted):
    assert fitted.score(walks(12, seed=1)) <= 0


def test_misuse_raises_clear_errors(fitted):
    with pytest.raises(DataError, match="n_samples=3 series; got times for 2 series"):
        fitted.sample(3, times=[[0.0, 1.0], [0.0, 2.0]])
    with pytest.raises(DataError, match="must be finite and increase"):
        fitted.sample(1, times=[0.0, 0.0])
    with pytest.raises(ValueError, match="n_samples must be at least 1; got 0"):
        fitted.sample(0)
    with pytest.raises(ValueError, match="latent-sde, sde-gan, signature-mmd"):
        clone(fitted).set_params(model="gan").fit(walks(12))
    with pytest.raises(DataError, match="at least 10 are needed"):
        clone(fitted).fit(walks(4))


@pytest.mark.slow
@pytest.mark.parametrize("model", list(GENERATORS))
def test_it_learns_the_mean_and_the_spread_over_time(model):
    """An Ornstein-Uhlenbeck process around 5, of which mean and deviation are known."""
    random, steps = np.random.default_rng(0), 20
    ys = np.empty((500, steps))
    ys[:, 0] = random.normal(2.0, 0.5, 500)
    for t in range(1, steps):
        ys[:, t] = 5 + 0.8 * (ys[:, t - 1] - 5) + 0.4 * random.normal(size=500)
    found = SeriesGenerator(model=model, random_state=0).fit(ys).sample(500, random_state=0)
    made = found.ys.reshape(500, steps)
    np.testing.assert_allclose(made.mean(axis=0), ys.mean(axis=0), atol=0.3)
    np.testing.assert_allclose(made.std(axis=0), ys.std(axis=0), atol=0.25)
