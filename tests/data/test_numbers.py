"""Cells of files as numbers: exact, with missing values, and the same for tables and panels."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nde.data import DataError, read_csv, read_panel
from nde.data.numbers import parse_numbers
from nde.data.panel.notes import notes_on_sentinels


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


MARKS = "? . * #N/A NaT 1.#QNAN 1.#IND -1.#IND - -- NA n/a NaN NULL none <NA> #DIV/0! .."


def test_marks_of_missing_values():
    found = parse_numbers(pd.Series(["1", *MARKS.split(), *MARKS.lower().split(), ""], dtype=object))
    assert np.isnan(found.values[1:]).all()
    assert not found.wrong.any()
    assert not found.notes


READ = {
    "limits": (["<0.01", "> 1000", "5", "?"], [0.01, 1000, 5, np.nan], "2 values lie beyond a limit"),
    "a limit": (["≤0.01", "5"], [0.01, 5], "1 value lies beyond a limit of measurement, such as '≤0.01'"),
    "a unit": (["12 mV", "-13.5mV", "NA"], [12, -13.5, np.nan], "the unit mV was left out ('12 mV' was read as 12)"),
    "a limit with a unit": (["<12 µg/l", "13 µg/l"], [12, 13], "the unit µg/l"),
    "a compound unit": (["12 kg/m2", "1e3 kg/m2"], [12, 1000], "the unit kg/m2"),
    "percent": (["45.0%", "50 %"], [45, 50], "the unit % was left out ('45.0%' was read as 45.0)"),
    "money": (["$5", "$ 7.50"], [5, 7.5], "the unit $"),
    "degrees": (["12°C", "13 °C"], [12, 13], "the unit °C"),
    "true": (["True", "FALSE", ""], [1, 0, np.nan], "'true' was read as 1 and 'false' as 0"),
    "yes": (["yes", "No"], [1, 0], "'yes' was read as 1 and 'no' as 0"),
    "letters": (["t", "F"], [1, 0], "'t' was read as 1"),
}


@pytest.mark.parametrize(("cells", "values", "note"), READ.values(), ids=READ)
def test_numbers_with_something_beside_them(cells: list[str], values: list[float], note: str):
    found = parse_numbers(pd.Series(cells, dtype=object))
    np.testing.assert_array_equal(found.values, values)
    assert note in " ".join(found.notes)


NOT_READ = {
    "different units": (["12 mV", "13 V"], "its units differ ('mV' and 'V')"),
    "a unit in some rows": (["12 mV", "13"], "its units differ ('mV' and none)"),
    "percent in some rows": (["45%", "13"], "its units differ ('%' and none)"),
    "words": (["yes", "perhaps"], ""),
    "one letter": (["f", "f"], ""),
    "names with numbers": (["a1", "b2"], ""),
    "dates": (["1 January 2000", "2 January 2000"], ""),
    "clocks": (["00:01:48", "00:02"], ""),
}


@pytest.mark.parametrize(("cells", "reason"), NOT_READ.values(), ids=NOT_READ)
def test_text_that_is_no_number(cells: list[str], reason: str):
    found = parse_numbers(pd.Series(cells, dtype=object))
    assert found.wrong.any()
    assert (found.reason.startswith(reason)) if reason else not found.reason


def test_columns_of_words_and_units_are_read_or_refused(tmp_path: Path):
    path = tmp_path / "data.csv"
    path.write_text(
        "t,x,ok,y\n" + "".join(f"{row},{row} mV,{row > 2},{row} m\n" for row in range(6)) + "6,7 mV,no,8 s\n"
    )
    with pytest.raises(DataError, match="'y' has the text '0 m' in row 1; its units differ"):
        read_csv(path, "t", ["y"])
    with pytest.raises(DataError, match="'ok' has the text 'False' in row 1"):
        read_csv(path, "t", ["ok"])
    table = read_csv(path, "t", ["x"])
    np.testing.assert_array_equal(table.ys[:, 0], [*range(6), 7])
    assert table.notes == ("Column 'x': the unit mV was left out ('0 mV' was read as 0).",)


SENTINELS = {
    "far below": ([3.5, -9999, 4.1, -9999, 5], "is -9999 in 2 rows"),
    "far above": ([3.5, 999, 4.1], "is 999 in 1 row"),
    "two kinds": ([3.5, -999, -9999, 4.1], "is -999 in 1 row"),
    "among the data": ([900, 950, 999, 1040], ""),
    "none": ([3.5, 4.1], ""),
    "nothing else": ([-9999, -9999], ""),
}


@pytest.mark.parametrize(("values", "note"), SENTINELS.values(), ids=SENTINELS)
def test_numbers_that_may_stand_for_missing_values_are_remarked(values: list[float], note: str):
    (found,) = notes_on_sentinels("x", np.array(values, float)) or ("",)
    assert note in found
    assert bool(note) == bool(found)
