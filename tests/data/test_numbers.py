"""Cells of files as numbers: exact, with missing values, and the same for tables and panels."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nde.data import read_csv, read_panel
from nde.data.numbers import parse_numbers


def test_numbers_are_those_that_were_written():
    numbers = np.random.default_rng(0).normal(size=2000) * 10.0 ** np.random.default_rng(1).integers(-200, 200, 2000)
    for texts in ([repr(float(each)) for each in numbers], [f" {each!r} " for each in numbers.tolist()]):
        found = parse_numbers(pd.Series(texts, dtype=str))
        np.testing.assert_array_equal(found.values, numbers)
        assert not found.wrong.any()


@pytest.mark.parametrize("others", [[], ["low"]], ids=["numbers", "text"])
def test_cells_with_and_without_text_among_them(others: list[str]):
    cells = ["1", " 2.5 ", "", "NA", "n/a", "None", " - ", "nan", "007", "-1e3", "inf", *others]
    found = parse_numbers(pd.Series(cells, dtype=str))
    nan = np.nan
    np.testing.assert_array_equal(
        found.values, [1, 2.5, nan, nan, nan, nan, nan, nan, 7, -1000, np.inf, *[nan] * len(others)]
    )
    assert found.wrong.tolist() == [False] * 11 + [True] * len(others)


@pytest.mark.parametrize("cell", ["1_000", "1,5", "0x10", "1 2", "True", "2024-01-31"])
def test_cells_that_are_not_numbers(cell: str):
    assert parse_numbers(pd.Series(["1", cell, ""], dtype=str)).wrong.tolist() == [False, True, False]


def test_columns_of_numbers_keep_their_values():
    found = parse_numbers(pd.Series([1, None, 3], dtype="Int64"))
    np.testing.assert_array_equal(found.values, [1, np.nan, 3])
    assert not found.wrong.any()


def test_tables_and_panels_have_the_same_numbers(tmp_path: Path):
    cells = ["0.1", "1e-300", "123456789.123456789", "-", " 7 ", "2.2250738585072011e-308"]
    path = tmp_path / "data.csv"
    path.write_text("who,t,x\n" + "".join(f"a,{row},{cell}\n" for row, cell in enumerate(cells)), encoding="utf-8")
    table, panel = read_csv(path, "t", ["x"]), read_panel(path, "who", "t", ["x"]).panel
    np.testing.assert_array_equal(table.ys, panel.ys)
    np.testing.assert_array_equal(table.ys[:3, 0], [0.1, 1e-300, 123456789.123456789])
