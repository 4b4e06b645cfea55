"""Counts in sentences."""

import pytest

from nde.data.plural import pluralize


@pytest.mark.parametrize(
    ("noun", "plural"),
    [
        ("row", "rows"),
        ("series", "series"),
        ("class", "classes"),
        ("batch", "batches"),
        ("quantity", "quantities"),
        ("day", "days"),
        ("training step", "training steps"),
    ],
)
def test_one_is_singular_and_all_other_counts_are_plural(noun: str, plural: str):
    assert pluralize(1, noun) == f"1 {noun}"
    assert [pluralize(count, noun) for count in (0, 2, 21)] == [f"{count} {plural}" for count in (0, 2, 21)]
