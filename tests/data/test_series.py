"""Many series from one file: how rows are assigned, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from nde.data import DataError, Fan, Table, load_sunspots, read_series

GOOD = "who,t,x\nb,0,1\na,0,2\nb,1,3\na,0.5,\nb,3,4\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "data.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rows_of_a_series_need_not_be_adjacent(tmp_path: Path):
    found = read_series(written(tmp_path, GOOD), time="t", states=["x"], series="who")
    assert list(found) == ["b", "a"]
    np.testing.assert_array_equal(found["b"].ts, [0, 1, 3])
    np.testing.assert_array_equal(found["b"].ys, [[1], [3], [4]])
    np.testing.assert_array_equal(found["a"].ys, [[2], [np.nan]])


def test_words_for_missing_values_name_series(tmp_path: Path):
    found = read_series(written(tmp_path, GOOD.replace("a,", "NA,")), time="t", states=["x"], series="who")
    assert list(found) == ["b", "NA"]


REFUSED = {
    "no series column": (GOOD, "whom", "Did you mean 'who'"),
    "series as time": (GOOD, "t", "'t' is named twice"),
    "row without a series": (GOOD.replace("b,1", ",1"), "who", "'who' is empty in row 3"),
    "back in time": (GOOD.replace("b,3", "b,0.5"), "who", "Series 'b': .*goes back from 1 in row 3"),
    "one row": (GOOD + "c,0,1\n", "who", "Series 'c': Got 1 row; at least 2"),
    "few rows": ("who,t,x\na,0,1\na,1,2\n", "who", "Got 2 rows in all series; at least 5"),
    "empty": ("who,t,x\n" + "".join(f"a,{i},\n" for i in range(6)), "who", "'x' is empty in all rows"),
}


@pytest.mark.parametrize(("text", "series", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(tmp_path: Path, text: str, series: str, message: str):
    with pytest.raises(DataError, match=message) as caught:
        read_series(written(tmp_path, text), "t", ["x"], series)
    assert "\n" not in str(caught.value)


def test_a_series_is_split_into_series(tmp_path: Path):
    series = read_series(written(tmp_path, GOOD), time="t", states=["x"], series="who")["b"]
    fitted, holdout = series.split(1)
    assert (len(fitted.ts), len(holdout.ts)) == (2, 1)
    with pytest.raises(DataError, match="between 0 and 1, to leave"):
        series.split(2)


def test_the_sunspots_are_those_of_the_data_set():
    table = load_sunspots()
    assert (table.ts[0], table.ts[-1], len(table.ts)) == (1700, 2008, 309)
    assert table.ys[table.ts == 1957, 0] == 190.2
    assert table.ys.min() == 0


def test_a_fan_has_the_quantiles_of_its_paths():
    paths = np.arange(101.0)[:, None, None] * np.ones((1, 2, 1))
    fan = Fan.of(np.arange(2.0), paths)
    np.testing.assert_allclose(fan.quantiles[:, 0, 0], [5, 25, 50, 75, 95])
    np.testing.assert_allclose(fan.bands["90%"][1], [[95], [95]])
    assert isinstance(load_sunspots(), Table)
