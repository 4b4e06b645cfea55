"""The experiment on digits."""

import jax
import pytest

from experiments import digits


def test_both_models_have_about_as_many_parameters():
    counts = [digits.parameters(make(jax.random.key(0))) for make in digits.MODELS.values()]
    assert counts == [64 * 67 + 67 + 67 * 67 + 67 * 10 + 10, 64 * 128 + 128 + 128 * 10 + 10]
    assert abs(counts[0] / counts[1] - 1) < 0.01


@pytest.mark.slow
def test_a_quick_run_leaves_table_numbers_and_picture(tmp_path):
    digits.run(tmp_path, quick=True)
    page = (tmp_path / "digits.md").read_text(encoding="utf-8")
    assert all(name in page for name in ("DEQ", "MLP", "Picard", "Anderson"))
    assert (tmp_path / "digits.png").stat().st_size > 10_000
