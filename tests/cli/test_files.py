"""CSV text, and names on the command line."""

import io
from pathlib import Path

import pandas as pd
import pytest

from nde.cli.files import check_new, column_names, csv_text, write_new_file
from nde.data import DataError

NAMES = ["year, AD", 'the "old" one', "two\nlines", "a\r\nb", "carriage\rreturn", "plain", " x", "ü;\t"]


def test_names_and_cells_come_back_from_a_file(tmp_path: Path):
    rows = [[f"{name}{place}" for name in NAMES] for place in range(3)]
    write_new_file(tmp_path / "table.csv", csv_text(NAMES, rows))
    found = pd.read_csv(tmp_path / "table.csv")
    assert list(found.columns) == NAMES
    assert found.to_numpy().tolist() == rows


def test_plain_cells_are_not_quoted_and_empty_ones_are_gaps():
    text = csv_text(["t", "x"], [["0", "1.5"], ["1", ""]])
    assert text == "t,x\n0,1.5\n1,\n"
    assert pd.read_csv(io.StringIO(text)).x.isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("option", "names"),
    [
        (None, []),
        ("hare,lynx", ["hare", "lynx"]),
        (" hare , lynx,, ", ["hare", "lynx"]),
        ('"x, north",y', ["x, north", "y"]),
        ('y, "the ""old"" one"', ["y", 'the "old" one']),
        ('5" pipe,y', ['5" pipe', "y"]),
        ('"two\nlines",y', ["two lines", "y"]),
    ],
)
def test_names_of_columns(option: str | None, names: list[str]):
    assert column_names(option) == names


def test_the_folders_above_a_file_are_made(tmp_path: Path):
    write_new_file(tmp_path / "deep" / "down" / "table.csv", "one\n")
    assert (tmp_path / "deep" / "down" / "table.csv").read_text() == "one\n"


def test_a_path_that_cannot_be_made_is_refused_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="file is a file"):
        check_new(tmp_path / "file" / "new" / "table.csv")
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    with pytest.raises(DataError, match="is not writable"):
        check_new(tmp_path / "new" / "table.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_is_not_written_twice(tmp_path: Path):
    write_new_file(tmp_path / "table.csv", "one\n")
    with pytest.raises(DataError, match="exists already"):
        write_new_file(tmp_path / "table.csv", "two\n")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["one\n"]
