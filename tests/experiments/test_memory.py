"""The experiment on memory."""

import jax
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from experiments import memory


@pytest.mark.slow
@pytest.mark.parametrize("name", memory.TASKS)
def test_all_ways_have_the_gradient_of_one_loss(name):
    task = memory.TASKS[name]
    weights, draw, _ = task.draw(0)
    batch = draw(np.random.default_rng(0))

    def slope(way):
        return np.asarray(ravel_pytree(jax.grad(lambda w: task.loss(w, batch, memory.WAYS[way], 16))(weights))[0])

    expected = slope(memory.BACKPROPAGATED)
    size = np.abs(expected).max()
    assert np.abs(slope(memory.CHECKPOINTED) - expected).max() < 1e-4 * size
    assert np.abs(slope(memory.TAKEN_BACK) - expected).max() < 1e-2 * size  # another method of the same order


@pytest.mark.slow
def test_a_quick_run_leaves_table_numbers_and_picture(tmp_path):
    memory.run(tmp_path, quick=True)
    page = (tmp_path / "memory.md").read_text(encoding="utf-8")
    assert all(name in page for name in (*memory.TASKS, *memory.WAYS))
    assert (tmp_path / "memory.png").stat().st_size > 10_000
