"""The experiment on other ways back."""

import jax
import pytest

from experiments import adjoints


@pytest.mark.slow
def test_steps_taken_back_are_exact_and_the_adjoint_equation_is_not():
    with jax.enable_x64(True):
        errors = {name: adjoints.error(way, 8) for name, way in adjoints.WAYS.items()}
    exact = errors.pop("ReversibleHeun, taken back")
    assert exact < 1e-14
    assert min(errors.values()) > 1e-6


@pytest.mark.slow
def test_a_quick_run_leaves_table_numbers_and_picture(tmp_path):
    adjoints.run(tmp_path, quick=True)
    page = (tmp_path / "adjoints.md").read_text(encoding="utf-8")
    assert all(name in page for name in adjoints.WAYS)
    assert (tmp_path / "adjoints.png").stat().st_size > 10_000
