"""The experiment on what the seminorm saves."""

import pytest

from experiments import seminorm


def test_shares_are_those_of_the_norm_of_parts():
    assert seminorm.saved([[[10, 20, 15]], [[10, 10, 12]]]) == pytest.approx([0.25, -0.2])


@pytest.mark.slow
def test_a_quick_run_leaves_table_numbers_and_picture(tmp_path):
    seminorm.run(tmp_path, quick=True)
    page = (tmp_path / "seminorm.md").read_text(encoding="utf-8")
    assert all(name in page for name in (*seminorm.TASKS, *seminorm.NORMS))
    assert (tmp_path / "seminorm.png").stat().st_size > 10_000
