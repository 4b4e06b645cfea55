"""Files as people have them: what is read, and what is said about it."""

import bz2
import datetime
import gzip
import io
import lzma
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nde.data import DataError, ReadOptions, read_indexed

PLAIN = "t,x\n0,1.5\n1,2\n2,-3\n"


def read(folder: Path, content: str | bytes, columns: tuple[str, ...] = ("x",), name: str = "data.csv", **options):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_indexed(path, "t", columns, options=ReadOptions(**options))


SAME = {
    "semicolons and decimal commas": ("t;x\n0;1,5\n1;2\n2;-3\n", ("';' between columns", "',' as the decimal")),
    "tabs": (PLAIN.replace(",", "\t"), ("tabs between columns",)),
    "pipes": (PLAIN.replace(",", "|"), ("'|' between columns",)),
    "spaces": ("t    x\n 0  1.5\n 1  2\n 2 -3\n", ("spaces between columns",)),
    "spaces and decimal commas": ("t x\n0 1,5\n1 2\n2 -3,0\n", ("spaces between columns", "',' as the decimal")),
    "quotes": ('"t","x"\n"0","1.5"\n"1","2"\n"2","-3"\n', ()),
    "a line for Excel": ("sep=;\n" + PLAIN.replace(",", ";"), ()),
    "CRLF": (PLAIN.replace("\n", "\r\n"), ()),
    "CR": (PLAIN.replace("\n", "\r"), ()),
    "UTF-8 with a mark": (b"\xef\xbb\xbf" + PLAIN.encode(), ()),
    "UTF-16": (PLAIN.encode("utf-16"), ("Read as UTF-16.",)),
    "UTF-16 without a mark": (PLAIN.encode("utf-16-be"), ("Read as UTF-16-BE.",)),
    "comments": ("# station 5\n#,a,b,c\n" + PLAIN.replace("\n1,", "\n# bad\n1,"), ("3 comment lines (#) skipped.",)),
    "a header in a comment": ("# t x\n0 1.5\n1 2\n2 -3\n", ("The header is the last comment line",)),
    "titles": ("Station 5\n\nof 2024; checked\n" + PLAIN, ("2 lines above the header skipped: 'Station 5', 'of",)),
    "titles as wide as the table": ("Station 5,\n,\n" + PLAIN, ("above the header skipped: 'Station 5'",)),
    "text below": (PLAIN + "Source: the station\n", ("Text below the rows skipped: 'Source: the station'.",)),
    "text below, in a row": (
        PLAIN + ',\n"Source: the station, 2024",\n',
        ("1 row without an entry", "Text below the rows"),
    ),
    "units": (PLAIN.replace("\n", "\ns,mV\n", 1), ("taken for units and skipped: t in 's', x in 'mV'.",)),
    "units above limits": (PLAIN.replace("\n", "\n,mV\n", 1).replace("1.5", "<1.5"), ("x in 'mV'", "1 value lies")),
    "two rows of units": (PLAIN.replace("\n", "\ntime,voltage\n[s],[mV]\n", 1), ("x in 'voltage'", "x in '[mV]'")),
    "empty lines": ("\n" + PLAIN.replace("\n", "\n\n") + ",\n,\n", ("2 rows without an entry skipped.",)),
    "separators at the ends": (PLAIN.replace("\n", ",,\n"), ()),
    "separators at the ends of rows": (PLAIN.replace("\n", ",\n").replace("x,", "x"), ()),
    "row numbers of R": ('"t" "x"\n"1" 0 1.5\n"2" 1 2\n"3" 2 -3\n', ("Row numbers without a name",)),
    "thousands": ('t,x,y\n0,1.5,"1,234.5"\n1,2,"12,000"\n2,-3,7\n', ()),
    "another minus": (PLAIN.replace("-", "\u2212"), ()),
    "spaces that do not break": (PLAIN.replace(",", ",\u00a0"), ()),
    "exponents": ("t,x\n0,15E-1\n1,+0.2e+1\n2,-3.0D+00\n", ()),
}


@pytest.mark.parametrize(("content", "notes"), SAME.values(), ids=SAME)
def test_the_same_table_in_many_forms(content: str | bytes, notes: tuple[str, ...], tmp_path: Path):
    found = read(tmp_path, content)
    np.testing.assert_array_equal(found.index, [0, 1, 2])
    np.testing.assert_array_equal(found["x"], [1.5, 2, -3])
    said = " ".join(found.attrs["notes"])
    assert all(note in said for note in notes)
    assert bool(notes) == bool(said)


@pytest.mark.parametrize("name", ["data.csv.gz", "data.csv.bz2", "data.csv.xz", "data.zip", "no-name-for-it"])
def test_compressed_files(name: str, tmp_path: Path):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("data.csv", PLAIN)
    packers = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, "": gzip.compress}
    packed = archive.getvalue() if name.endswith("zip") else packers[Path(name).suffix](PLAIN.encode())
    np.testing.assert_array_equal(read(tmp_path, packed, name=name)["x"], [1.5, 2, -3])
    with pytest.raises(DataError, match="cannot be read"):
        read(tmp_path, packed[: len(packed) // 2], name=name)


def test_a_zip_file_of_several_files_is_refused(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "data.zip", "w") as file:
        file.writestr("a.csv", PLAIN)
        file.writestr("b.csv", PLAIN)
    with pytest.raises(DataError, match="a zip file of 2 files; expected one"):
        read_indexed(tmp_path / "data.zip", "t", ["x"])


def test_latin_letters_in_names(tmp_path: Path):
    content = "t;Größe\n0;1\n".encode("latin-1")
    found = read(tmp_path, content, ("Größe",))
    assert "not UTF-8; it was read as cp1252" in found.attrs["notes"][0]
    assert read(tmp_path, content, ("Größe",), encoding="latin-1").attrs["notes"] == ("Read with ';' between columns.",)
    with pytest.raises(DataError, match="cannot be read as utf-8"):
        read(tmp_path, content, encoding="utf-8")


NUMBERS = {
    "thousands and a decimal comma": ("t;x\n0;1.234,5\n1;2.345\n", {}, [1234.5, 2345]),
    "a decimal comma elsewhere": ("t;x;y\n0;1,234;0,5\n1;2,345;1,5\n", {}, [1.234, 2.345]),
    "a decimal point elsewhere": ('t,x,y\n0,"1,234",0.5\n1,"2,345",1.5\n', {}, [1234, 2345]),
    "several commas": ("t;x\n0;1,234,567\n1;2,345\n", {}, [1234567, 2345]),
    "a comma that is given": ("t;x\n0;1,234\n1;2,345\n", {"decimal": ","}, [1.234, 2.345]),
    "a point that is given": ("t;x\n0;1,234\n1;2,345\n", {"decimal": "."}, [1234, 2345]),
    "a leading zero": ("t;x\n0;0,125\n1;0,250\n", {}, [0.125, 0.25]),
    "thin spaces": ("t;x\n0;1\u202f234,5\n1;2\u00a0000\n", {}, [1234.5, 2000]),
    "apostrophes": ("t;x\n0;1'234.5\n1;2'000\n", {}, [1234.5, 2000]),
    "a separator that is given": ("t;x,5\n0;1\n1;2\n", {"sep": ";"}, [1, 2]),
}


@pytest.mark.parametrize(("content", "options", "values"), NUMBERS.values(), ids=NUMBERS)
def test_numbers_of_many_countries(content: str, options: dict, values: list, tmp_path: Path):
    columns = ("x,5",) if "x,5" in content else ("x",)
    np.testing.assert_array_equal(read(tmp_path, content, columns, **options).to_numpy()[:, 0], values)


def test_a_comma_that_may_be_either_is_a_question(tmp_path: Path):
    with pytest.raises(DataError, match=r"the text '1,234' in row 1; the comma may be .* with --decimal"):
        read(tmp_path, "t;x\n0;1,234\n1;2,345\n")


def test_row_numbers_are_not_halves_of_decimal_commas(tmp_path: Path):
    with pytest.raises(DataError, match="numbers may have decimal commas"):
        read(tmp_path, "t,x\n1,1,5\n2,2,5\n3,3,25\n")
    np.testing.assert_array_equal(read(tmp_path, '"t","x"\n"1",0,5\n"2",1,2\n')["x"], [5, 2])
    np.testing.assert_array_equal(read(tmp_path, "t,x\n1,0,1.5\n2,1,2.5\n")["x"], [1.5, 2.5])


@pytest.mark.parametrize(
    ("cells", "doubtful"),
    [
        ("987 1.034 1.120 2.001", True),
        ("987 1.034 1.120 2.5", False),
        ("1987 1.034 1.120 2.001", False),
        ("0.987 1.034 1.120 2.001", False),
        ("1.987 1.034 1.120 2.001", False),
        ("- -987 1.034 -1.120 2.001", False),
        ("-987 1.034 -1.120 2.001", True),
    ],
)
def test_points_that_may_stand_between_thousands_are_remarked(cells: str, doubtful: bool, tmp_path: Path):
    text = "t;x\n" + "".join(f"{row};{cell}\n" for row, cell in enumerate(cells.split()))
    assert ("If the point stands between thousands" in " ".join(read(tmp_path, text).attrs["notes"])) == doubtful
    if doubtful:
        assert 1034 in read(tmp_path, text, decimal=",")["x"].tolist()


def test_letters_of_units_that_look_alike_are_one(tmp_path: Path):
    np.testing.assert_array_equal(read(tmp_path, "t,x\n1,7 \u00b5g\n2,8 \u03bcg\n")["x"], [7, 8])


def test_names_that_occur_twice(tmp_path: Path):
    found = read(tmp_path, "t,x,x\n0,1,5\n1,2,6\n", ("x", "x.1"))
    np.testing.assert_array_equal(found, [[1, 5], [2, 6]])
    assert "Several columns are called 'x'; one of them is 'x.1' here." in found.attrs["notes"]


def test_series_whose_names_begin_with_a_hash_are_no_comments(tmp_path: Path):
    found = read(tmp_path, "who,t,x\n#1,0,1\n#2,1,2\n")
    assert found["x"].tolist() == [1, 2]


def test_rows_that_were_cut(tmp_path: Path):
    found = read(tmp_path, PLAIN + "3")
    np.testing.assert_array_equal(found["x"], [1.5, 2, -3, np.nan])
    assert "1 row with fewer cells than the header" in found.attrs["notes"][0]


REFUSED = {
    "no header": ("0,1\n1,2\n2,3\n", {}, "The file seems to have no header"),
    "NUL characters": ("t,x\n0,\0\n", {}, "has NUL characters"),
    "old Excel": (b"\xd0\xcf\x11\xe0rest", {}, "the format of Excel before 2007; save it as .xlsx"),
    "cells beyond the header": ("t,x\n0,1\n1,2,3\n", {}, "row 2 has 3 cells, more cells than its header (2)"),
    "the wrong separator": (PLAIN, {"sep": ";"}, "has no column 't'"),
    "the wrong encoding": (PLAIN, {"encoding": "utf-16"}, "cannot be read as utf-16"),
    "only comments": ("# a\n", {}, "has no column 't'"),
    "one column": ("t\n0\n", {}, "has no column 'x'"),
    "only a header": ("t,x\n", {}, "a header and no rows"),
    "spaces only": (" \n \n", {}, "is empty"),
}


@pytest.mark.parametrize(("content", "options", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(content: str | bytes, options: dict, message: str, tmp_path: Path):
    with pytest.raises(DataError) as raised:
        read(tmp_path, content, **options)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


OPTIONS = {
    "sep": ("ab", "one character between columns"),
    "decimal": (";", "must be . or ,"),
    "encoding": ("utf-99", "There is no encoding 'utf-99'"),
    "date_format": ("%Q", "must be one of dmy, mdy, ymd or number"),
    "timezone": ("Mars/Base", "There is no time zone 'Mars/Base'"),
    "duplicates": ("median", "mean, first or last; got 'median'"),
}


@pytest.mark.parametrize(("name", "value", "message"), [(n, *rest) for n, rest in OPTIONS.items()], ids=OPTIONS)
def test_options_that_make_no_sense(name: str, value: str, message: str):
    with pytest.raises(DataError) as raised:
        ReadOptions(**{name: value})
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_more_options_that_make_no_sense():
    for wrong in ({"encoding": "hex"}, {"timezone": "Europe"}, {"date_format": "soon"}, {"sep": ",", "decimal": ","}):
        with pytest.raises(DataError):
            ReadOptions(**wrong)
    assert ReadOptions(sep="tab").sep == "\t"
    assert ReadOptions(sep=";").or_else(ReadOptions(sep="|", decimal=",")) == ReadOptions(sep=";", decimal=",")


def book(folder: Path, *sheets: list[list[object]]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for place, rows in enumerate(sheets):
        sheet = workbook.create_sheet(f"sheet {place}")
        for row in rows:
            sheet.append(row)
    workbook.save(folder / "data.xlsx")
    return folder / "data.xlsx"


def test_spreadsheets(tmp_path: Path):
    days = [datetime.datetime(2024, 1, day) for day in (1, 2, 3)]
    rows = [["Station 5"], [], ["t", "x", "note"], [None, "mV", None]]
    path = book(tmp_path, [*rows, [days[0], 1.5, "a"], [days[1], None], [days[2], 0.1]], [["other"]])
    found = read_indexed(path, "t", ["x"])
    assert found.index.tolist() == days
    np.testing.assert_array_equal(found["x"], [1.5, np.nan, 0.1])
    said = " ".join(found.attrs["notes"])
    for note in ("2 sheets; the first was read: 'sheet 0'", "'Station 5'", "x in 'mV'"):
        assert note in said
    path.rename(tmp_path / "data.csv")
    assert read_indexed(tmp_path / "data.csv", "t", ["x"]).equals(found)


def test_spreadsheets_that_cannot_be_read(tmp_path: Path):
    path = book(tmp_path, [[]])
    with pytest.raises(DataError, match="an empty first sheet"):
        read_indexed(path, "t", ["x"])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("xl/workbook.xml", "no such thing")
    path.write_bytes(archive.getvalue())
    with pytest.raises(DataError, match="cannot be read as a spreadsheet"):
        read_indexed(path, "t", ["x"])
