"""Quantiles of counts are as near to those of the numbers as is promised."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nde._ensemble.moments import Frame
from nde._ensemble.sketch import Bins

PROBABILITIES = np.asarray([0.0, 0.001, 0.05, 0.25, 0.5, 0.75, 0.95, 0.999, 1.0])
PATHS = 20_000
RANDOM = np.random.default_rng(3)
LAWS = {
    "normal": 1e3 + RANDOM.normal(size=PATHS),
    "lognormal": np.exp(2 * RANDOM.normal(size=PATHS)),
    "Cauchy": RANDOM.standard_cauchy(PATHS),
    "two peaks far apart": RANDOM.normal(size=PATHS) + 1000 * (RANDOM.random(PATHS) < 0.05),
    "integers": RANDOM.poisson(2, PATHS),
    "one value": np.full(PATHS, 3.0),
    "zero": np.zeros(PATHS),
    "mostly one value": np.where(RANDOM.random(PATHS) < 0.002, 5.0, 0.0),
    "tiny": 1e-20 * RANDOM.normal(size=PATHS),
}


add = jax.jit(Bins.add, static_argnums=0)


def sketched(values: np.ndarray, counted: np.ndarray, accuracy: float) -> tuple[np.ndarray, Frame]:
    """Quantiles of the rows that count, the last half of the rows added to the counts of the first."""
    rows = np.asarray(values, np.float32)[:, None]
    frame = Frame.of(rows[counted][:256])
    deviations = frame.deviations(jnp.asarray(rows))
    bins = Bins.within(accuracy)
    counts = jnp.zeros((1, bins.number), jnp.int32)
    for half in np.split(np.arange(len(rows)), 2):
        counts = add(bins, counts, deviations[half], jnp.asarray(counted[half]))
    known = np.asarray(deviations, float)[counted]
    found = bins.quantiles(np.asarray(counts)[0], PROBABILITIES, known.min(), known.max())
    return float(frame.centre[0]) + float(frame.scale[0]) * found, frame


@pytest.mark.parametrize("accuracy", [0.005, 0.1])
@pytest.mark.parametrize("law", LAWS)
def test_quantiles_are_within_the_promised_accuracy(law: str, accuracy: float) -> None:
    values, counted = LAWS[law], np.arange(PATHS) % 7 != 0
    found, frame = sketched(values, counted, accuracy)
    known = np.asarray(values, np.float32).astype(float)[counted]
    low, high = (np.quantile(known, PROBABILITIES, method=side) for side in ("lower", "higher"))
    distance = np.maximum(abs(low - frame.centre[0]), abs(high - frame.centre[0]))
    allowed = (accuracy + 1e-5) * np.hypot(frame.scale[0], distance) + 1e-6 * abs(known).max()
    assert np.all(abs(found - np.quantile(known, PROBABILITIES)) <= allowed)
    np.testing.assert_allclose(found[[0, -1]], [known.min(), known.max()], rtol=1e-5, atol=1e-6 * frame.scale[0])


def test_quantiles_of_a_density_are_much_closer() -> None:
    values = np.asarray(RANDOM.normal(size=100_000), np.float32)
    found, _ = sketched(values, np.ones(100_000, bool), 0.005)
    inner = slice(2, -2)
    np.testing.assert_allclose(found[inner], np.quantile(values, PROBABILITIES)[inner], atol=4e-4)


def test_numbers_beyond_the_last_bin_are_counted() -> None:
    values = np.where(np.arange(PATHS) % 10 == 3, 1e9 * (1 + np.arange(PATHS)), RANDOM.normal(size=PATHS))
    values[::30] *= -1
    found, _ = sketched(values, np.ones(PATHS, bool), 0.005)
    assert np.all(np.diff(found) >= 0)
    np.testing.assert_allclose(found[4], np.quantile(values, 0.5), atol=0.02)
