"""Plain flows stay above their bound, augmented ones do not."""

import json

import numpy as np
import pytest

from experiments import augmented


def test_the_bound_on_the_line_is_that_of_constants():
    x = np.linspace(-1.0, 1.0, 11)[:, None]
    np.testing.assert_allclose(augmented.least(augmented.TASKS[0], x, -x), x.var(), rtol=1e-6)


def test_the_bound_of_spheres_leaves_one_side_of_the_shell_with_the_ball():
    """A quarter at 1, a half at -1, a quarter at 1: the best monotone fit has -1/3 on three quarters."""
    x, wanted = np.arange(8.0)[:, None], np.array([1.0, 1, -1, -1, -1, -1, 1, 1])[:, None]
    expected = (2 * (4 / 3) ** 2 + 4 * (2 / 3) ** 2) / 8
    np.testing.assert_allclose(augmented.least(augmented.TASKS[1], x, wanted), expected, rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("task", augmented.TASKS[:2], ids=lambda task: task.name)
def test_augmentation_is_what_it_takes(task, monkeypatch):
    monkeypatch.setattr(augmented, "SEEDS", 1)
    plain, larger = (augmented.trained(task, size, steps=200) for size in (0, 1))
    assert plain.bound is not None
    assert plain.errors.min() > 0.999 * plain.bound
    assert plain.errors.max() < 1.2 * plain.bound
    assert larger.errors.max() < 0.1 * plain.bound
    if task.reads:
        assert plain.accuracy.max() < 0.8
        assert larger.accuracy.min() > 0.95


@pytest.mark.slow
def test_a_quick_run_leaves_table_numbers_and_picture(tmp_path):
    augmented.run(tmp_path, quick=True)
    assert (tmp_path / "augmented.md").read_text(encoding="utf-8").count("spheres in") == 4
    assert len(json.loads((tmp_path / "augmented.json").read_text(encoding="utf-8"))) == 6
    assert (tmp_path / "augmented.png").stat().st_size > 10_000
