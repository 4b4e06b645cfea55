"""Series of any length and with many channels: what the network reads, and that it predicts."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import nde
from nde.data import DataError
from nde.estimators import NeuralCDEClassifier, load_estimator
from nde.estimators.architecture import Architecture
from nde.models import NeuralCDE, NeuralRDE

SMALL = {"n_estimators": 1, "hidden_size": 4, "width": 4, "max_iter": 2, "random_state": 0, "progress": False}


def test_the_network_suits_rows_and_channels():
    assert Architecture.choose("neural-cde", 1000, 32) == Architecture("neural-cde")
    assert Architecture.choose("neural-cde", 100, 200) == Architecture("neural-cde", rank=16)
    assert Architecture.choose("neural-cde", 5000, 5) == Architecture("neural-rde", window=40)
    assert Architecture.choose("neural-rde", 100, 200) == Architecture("neural-rde", window=8, rank=8)
    assert Architecture.choose("gru-d", 5000, 200) == Architecture("gru-d")
    assert Architecture.choose("neural-cde", 5000, 5).notes("neural-cde") == [
        "Series have more than 1,000 rows: the network reads the log-signatures of windows of 40 rows (a neural RDE)."
    ]
    with pytest.raises(DataError, match="no model 'gru'"):
        Architecture.choose("gru", 1, 1)


@pytest.mark.parametrize("rows", [(12, 4500), (1100, 5000)])
def test_long_series_are_learned_and_predicted(rows: tuple[int, int]):
    """More rows than the solver's usual limit of steps, after training on short and on long series."""
    known, new = (np.sin(np.linspace(0, 9, count) * np.arange(1, 7)[:, None]) for count in rows)
    classifier = NeuralCDEClassifier(plain_methods=False, **SMALL).fit(known, np.arange(6) % 2)
    chances = classifier.predict_proba(new)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-6)
    assert np.ptp(chances[:, 0]) > 0
    assert any("log-signatures of windows" in note for note in classifier.notes_) == (rows[0] > 1000)


def test_many_channels_are_combined(tmp_path):
    values = np.random.default_rng(0).normal(size=(8, 5, 40))
    classifier = NeuralCDEClassifier(**SMALL).fit(values, np.arange(8) % 2)
    assert classifier.model_.models.vector_field.control_size == 32
    assert any("16 linear combinations" in note for note in classifier.notes_)
    classifier.save(tmp_path)
    np.testing.assert_array_equal(load_estimator(tmp_path).predict_proba(values), classifier.predict_proba(values))


@pytest.mark.parametrize("kind", [NeuralCDE, NeuralRDE])
def test_combinations_that_are_the_channels_change_nothing(kind: type):
    ts = jnp.linspace(0.0, 1.0, 9)
    ys = jnp.stack([ts, jnp.cos(3 * ts), jnp.sin(5 * ts)], axis=1)
    plain, combined = (kind(3, 4, 2, rank=rank, key=jax.random.key(0)) for rank in (None, 3))
    combined = eqx.tree_at(lambda model: model.projection.weight, combined, jnp.eye(3))
    np.testing.assert_allclose(combined(ts, ys), plain(ts, ys), rtol=1e-5)
    with pytest.raises(ValueError, match="rank must be between 1 and the number of channels, 3; got 4"):
        kind(3, 4, 2, rank=4, key=jax.random.key(0))


@pytest.mark.slow
def test_weights_of_series_and_classes_count():
    random = np.random.default_rng(0)
    panel = nde.TimeSeries.from_arrays(random.normal(size=(30, 4, 1)))
    targets = np.arange(30) % 3 == 0
    settings = {**SMALL, "max_iter": 1}
    plain, balanced, one_class = (
        NeuralCDEClassifier(**settings, class_weight=weight) for weight in (None, "balanced", {False: 0.01, True: 1.0})
    )
    shares = [each.fit(panel, targets).predict_proba(panel)[:, 1].mean() for each in (plain, balanced, one_class)]
    assert shares[0] < shares[1] < shares[2]
    assert shares[2] > 0.8
    weighted = NeuralCDEClassifier(**settings).fit(panel, targets, sample_weight=np.where(targets, 1.0, 0.01))
    np.testing.assert_allclose(weighted.predict_proba(panel), one_class.predict_proba(panel), rtol=1e-6)
    with pytest.raises(DataError, match=r"sample_weight of shape \(2,\) for 30 series"):
        NeuralCDEClassifier(**settings).fit(panel, targets, sample_weight=[1.0, 2.0])
    with pytest.raises(DataError, match="not negative"):
        NeuralCDEClassifier(**settings).fit(panel, targets, sample_weight=-np.ones(30))
    with pytest.raises(DataError, match="not all weights may be zero"):
        NeuralCDEClassifier(**settings).fit(panel, targets, sample_weight=np.zeros(30))
