"""Tables from files: what is read, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from nde.data import DataError, read_csv

GOOD = "t,x,y\n0,1,2\n1,2,3\n2.5,,4\n3,4,nan\n4,5,6\n5,6,7\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "data.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_numbers_and_gaps(tmp_path: Path):
    table = read_csv(written(tmp_path, GOOD), time="t", states=["y", "x"])
    assert (table.time_name, table.names) == ("t", ("y", "x"))
    np.testing.assert_array_equal(table.ts, [0, 1, 2.5, 3, 4, 5])
    np.testing.assert_array_equal(table.ys[:, 0], [2, 3, 4, np.nan, 6, 7])
    np.testing.assert_array_equal(table.ys[:, 1], [1, 2, np.nan, 4, 5, 6])


def test_spaces_around_names_and_numbers_do_not_matter(tmp_path: Path):
    text = " t , x \n" + "".join(f" {i} , {i * i} \n" for i in range(6))
    np.testing.assert_array_equal(
        read_csv(written(tmp_path, text), time="t", states=["x"]).ys[:, 0], np.arange(6.0) ** 2
    )


REFUSED = {
    "no column": (GOOD, "t", ["z"], "no column 'z'"),
    "nearest column": (GOOD.replace("x", "prey", 1), "t", ["pray"], "Did you mean 'prey'"),
    "a name cut at its comma": (
        GOOD.replace("x", '"x, north"', 1),
        "t",
        ["x"],
        """Available: t, "x, north".* double quotes: '"x, north"'""",
    ),
    "no time column": (GOOD, "year", ["x"], "no column 'year'"),
    "twice": (GOOD, "t", ["x", "x"], "'x' is named twice"),
    "time as state": (GOOD, "t", ["t"], "'t' is named twice"),
    "no states": (GOOD, "t", [], "no state columns"),
    "text": (GOOD.replace("4,5,6", "4,five,6"), "t", ["x"], "text 'five' in row 5"),
    "text in time": (GOOD.replace("2.5", "noon"), "t", ["x"], "text 'noon' in row 3; expected numbers in all rows"),
    "date among numbers": (GOOD.replace("2.5", "2020-01-01"), "t", ["x"], "text '2020-01-01' in row 3"),
    "no time": (GOOD.replace("2.5", ""), "t", ["x"], "is empty in row 3"),
    "repeated": (GOOD.replace("2.5", "1"), "t", ["x"], "repeats the time 1 in row 3"),
    "unsorted": (GOOD.replace("2.5", "0.5"), "t", ["x"], "goes back from 1 in row 3"),
    "empty column": ("t,x\n" + "".join(f"{i},\n" for i in range(6)), "t", ["x"], "'x' is empty in all 6 rows"),
    "infinite": (GOOD.replace("4,5,6", "4,inf,6"), "t", ["x"], "'x' is infinite in row 5"),
    "few rows": ("t,x\n0,1\n1,2\n", "t", ["x"], "Got 2 rows; at least 5"),
    "empty file": ("", "t", ["x"], "is empty"),
    "only a header": ("t,x\n", "t", ["x"], "Got 0 rows"),
    "ragged": ("t,x\n0,1\n1,2,3,4\n", "t", ["x"], "cannot be read as CSV"),
}


@pytest.mark.parametrize(("text", "time", "states", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(tmp_path: Path, text: str, time: str, states: list[str], message: str):
    with pytest.raises(DataError, match=message) as caught:
        read_csv(written(tmp_path, text), time, states)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path):
    with pytest.raises(DataError, match="There is no file"):
        read_csv(tmp_path / "nothing.csv", "t", ["x"])


def test_a_folder(tmp_path: Path):
    with pytest.raises(DataError, match="is a folder"):
        read_csv(tmp_path, "t", ["x"])


def test_bytes_that_are_no_text(tmp_path: Path):
    path = tmp_path / "data.csv"
    path.write_bytes(b"t,x\n0,\xff\xfe\x00\n")
    with pytest.raises(DataError, match="cannot be read as CSV"):
        read_csv(path, "t", ["x"])
