"""Tables without times: columns, words, rows that are left out, and errors."""

from pathlib import Path

import numpy as np
import pytest

from nde.data import DataError, read_rows
from nde.data.panel import columns_of_rows

TABLE = """id;petal;color;same;note;mix;kind
1;4,2;red;1;a;1;rose
2;3,1;;1;b;x;rose
3;;blue;1;c;2;viola
4;1,5;red;1;d;y;viola
5;1,5;red;1;e;y;
6;;;1;f;z;rose
"""


def written(folder: Path, text: str = TABLE) -> Path:
    path = folder / "flowers.csv"
    path.write_text(text)
    return path


def test_numbers_and_words_become_channels_and_the_rest_is_left_out_in_words(tmp_path):
    read = read_rows(written(tmp_path), target="kind")
    panel = read.panel
    assert panel.channels == ("petal", "color=blue", "color=red")
    expected = [[4.2, 0, 1], [3.1, np.nan, np.nan], [np.nan, 1, 0], [1.5, 0, 1]]
    np.testing.assert_array_equal(panel.ys, expected)
    assert panel.ids == (1, 2, 3, 4)
    np.testing.assert_array_equal(panel.targets, ["rose", "rose", "viola", "viola"])
    assert (panel.lengths == 1).all()
    assert (panel.ts == 0).all()
    assert read.categories == {"color": ("blue", "red")}
    notes = " ".join(read.notes)
    for words in (
        "only counts the rows left out: 'id'",
        "of a single value left out: 'same'",
        "of many different words left out: 'note'",
        "of numbers and text left out: 'mix'",
        "1 row without any value left out",
        "1 row without 'kind' left out",
        "'petal' is empty in 1 row",
        "'color' is empty in 1 row",
    ):
        assert words in notes


def test_another_file_is_read_by_the_words_of_the_first(tmp_path):
    first = read_rows(written(tmp_path), target="kind")
    columns = columns_of_rows(first.panel.channels, first.categories)
    assert columns == ["petal", "color"]
    text = "color;petal\nred;1,0\ngreen;2,0\n"
    again = read_rows(written(tmp_path, text), columns, categories=first.categories)
    assert again.panel.channels == first.panel.channels
    np.testing.assert_array_equal(again.panel.ys, [[1, 0, 1], [2, 0, 0]])
    assert "'green' did not occur in training" in " ".join(again.notes)
    assert again.panel.targets is None


def test_rows_that_repeat_another_are_reported(tmp_path):
    read = read_rows(written(tmp_path, "a,b,y\n1,2,0\n3,4,1\n1,2,1\n"), target="y")
    assert "1 row repeats the values of another" in read.notes[-1]


@pytest.mark.parametrize(
    ("text", "columns", "message"),
    [
        ("a,y\n", None, "a header and no rows"),
        ("a,y\n1,0\n", ["b"], "has no column 'b'"),
        ("a,y\n1,0\n1,1\n", None, r"no column to predict from besides y\. Column of a single value"),
        ("a,y\n1,0\ninf,1\n", None, "'a' is infinite in row 2"),
        ("a,y\n1,0\nhigh,1\n", ["a"], "'a' has the text 'high'"),
        ("a,b,y\n1,2,\n2,1,\n", None, "No row is left"),
        ("a,y\n" + "".join(f"w{i},1\n" for i in range(60)), ["a"], "60 different words for 60 rows"),
    ],
)
def test_bad_tables_are_refused(tmp_path, text, columns, message):
    with pytest.raises(DataError, match=message):
        read_rows(written(tmp_path, text), columns, target="y")
