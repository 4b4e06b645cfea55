"""The experiment on gradients of fixed points."""

import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from experiments import implicit_gradients as experiment


def test_differences_are_those_of_a_problem_that_is_solved_by_hand():
    """The loss by NumPy's plain iteration, shifted in one weight."""
    with jax.enable_x64(True):
        weights, xs = experiment.problem(3, 2)
        found = experiment.differences(weights, xs)
        flat, restore = ravel_pytree(weights)

    def loss(flat):
        w = {name: np.asarray(value) for name, value in restore(flat).items()}
        z = np.zeros((2, 3))
        for _ in range(600):
            z = np.tanh(z @ w["W"].T + np.asarray(xs) @ w["U"].T + w["b"])
        return np.mean((z - np.cos(np.arange(3.0))) ** 2)

    with jax.enable_x64(True):
        for i in (0, 5, len(flat) - 1):
            shift = np.zeros(len(flat))
            shift[i] = 1e-5
            slope = (loss(flat + shift) - loss(flat - shift)) / 2e-5
            np.testing.assert_allclose(found[i], slope, rtol=1e-5, atol=1e-9)


@pytest.mark.slow
def test_a_quick_run_leaves_table_numbers_and_picture(tmp_path):
    experiment.run(tmp_path, quick=True)
    page = (tmp_path / "implicit_gradients.md").read_text(encoding="utf-8")
    assert all(name in page for name in experiment.ways(1e-4))
    assert (tmp_path / "implicit_gradients.png").stat().st_size > 10_000
