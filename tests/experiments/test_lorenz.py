"""The tests that samples of the prior are put to tell laws apart, and only those that differ."""

import jax
import numpy as np
import pytest
from scipy.stats import kstest

from experiments import lorenz


def test_energies_are_those_of_their_definition_and_level_is_kept():
    random = np.random.default_rng(0)
    found = [lorenz.energy_test(*random.normal(size=(2, 20, 3)), seed=seed) for seed in range(60)]
    assert kstest(found, "uniform").pvalue > 0.01


def test_shifted_and_widened_series_are_told_apart():
    random = np.random.default_rng(1)
    real, same = random.normal(size=(2, lorenz.STATED, lorenz.ROWS, 3))
    found = lorenz.compared(same, real, lorenz.STATED)
    assert min(found["ks"], found["energy"]) > lorenz.LEVEL
    for other in (same + np.array([0.0, 0.4, 0.0]), 1.5 * same):
        found = lorenz.compared(other, real, lorenz.STATED)
        assert min(found["ks"], found["energy"]) < lorenz.LEVEL


@pytest.mark.slow
def test_the_attractor_is_that_of_its_equation_for_small_noise():
    """The mean of the first coordinate is zero by symmetry; the third stays between the wings."""
    paths = lorenz.attractor(jax.random.key(0), 500)
    assert paths.shape == (500, lorenz.ROWS, 3)
    assert abs(paths[:, 50:, 0].mean()) < 1.5
    assert 20 < paths[:, 50:, 2].mean() < 27


@pytest.mark.slow
def test_a_quick_run_leaves_table_numbers_and_picture(tmp_path, monkeypatch):
    monkeypatch.setattr(lorenz, "TRAIN", 50)
    monkeypatch.setattr(lorenz, "HELD_OUT", 2 * lorenz.LARGER)
    lorenz.run(tmp_path, quick=True)
    assert "were not timed beside" in (tmp_path / "lorenz.md").read_text(encoding="utf-8")
    assert (tmp_path / "lorenz.json").exists()
    assert (tmp_path / "lorenz.png").stat().st_size > 10_000
