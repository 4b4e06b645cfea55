"""Panels from files: what is read, what is fixed and reported, and what is refused."""

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nde
from nde.data import DataError, ReadOptions, load_japanese_vowels, read_indexed, read_panel, read_series

GOOD = (
    "who,day,pulse,pressure,note,ill,age\n"
    "b,2,71,120,,yes,50\n"
    "a,0,80,,,no,31\n"
    "b,5.5,,118,late,yes,50\n"
    "a,1,82,110,,no,31\n"
)


def written(folder: Path, text: str) -> Path:
    path = folder / "visits.csv"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str = GOOD, **options):
    return read_panel(written(folder, text), **{"series": "who", "time": "day", "target": "ill", **options})


def test_words_for_missing_values_are_names_in_columns_of_text(tmp_path: Path):
    text = "who,day,x,ill\nNA,0,1,NA\nNA,1,2,\nnan,0,3,yes\ninf,0,4,nan\n,0,5,no\n"
    with pytest.raises(DataError, match="'who' is empty in row 5"):
        read(tmp_path, text)
    found = read(tmp_path, text.replace("\n,0", "\n-,0"))
    assert found.panel.ids == ("NA", "nan", "inf", "-")
    np.testing.assert_array_equal(found.panel.targets, ["NA", "yes", "nan", "no"])
    labels = read(tmp_path, text.replace("\n,0", "\n-,0"), target=None, labels=["ill"], channels=["x"]).labels
    assert labels["ill"].tolist() == ["NA", "yes", "nan", "no"]


@pytest.mark.parametrize("name", ["nan", "inf", "-inf"])
def test_ids_of_which_one_is_no_integer(name: str, tmp_path: Path):
    assert read(tmp_path, f"who,day,x,ill\n1,0,1,a\n{name},0,2,b\n").panel.ids == ("1", name)


def test_words_for_missing_values_are_missing_in_columns_of_numbers(tmp_path: Path):
    found = read(tmp_path, "who,day,x,ill,age\na,0,1,1.5,7\nb,0,2,NA,8\nc,0,3,2,nan\n")
    assert found.panel.ids == ("a", "c")
    np.testing.assert_array_equal(found.panel.targets, [1.5, 2.0])
    assert "1 series with no 'ill' left out: 'b'." in found.notes
    with pytest.raises(DataError, match="no finite 'age'"):
        read(tmp_path, "who,day,x,ill,age\na,0,1,1.5,7\nc,0,3,2,NA\n", static=["age"])


def test_missing_cells_of_parquet_files_are_empty(tmp_path: Path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"who": [1.0, 2.0, 3.0], "day": 0, "x": [1.0, 2.0, 3.0], "ill": ["NA", None, "yes"]})
    frame.to_parquet(tmp_path / "visits.parquet")
    found = read_panel(tmp_path / "visits.parquet", "who", "day", target="ill")
    assert found.panel.ids == (1, 3)
    np.testing.assert_array_equal(found.panel.targets, ["NA", "yes"])
    frame.loc[1, "who"] = None
    frame.to_parquet(tmp_path / "visits.parquet")
    with pytest.raises(DataError, match="'who' is empty in row 2"):
        read_panel(tmp_path / "visits.parquet", "who", "day")


def test_the_panel_of_a_file_is_that_of_its_data_frame(tmp_path: Path):
    found = read(tmp_path, static=["age"])
    frame = pd.read_csv(tmp_path / "visits.csv").drop(columns="note")
    expected = nde.TimeSeries.from_frame(frame, "who", "day", static=["age"], target="ill")
    names = (("b", "a"), ("pulse", "pressure"))
    assert (found.panel.ids, found.panel.channels) == (expected.ids, expected.channels) == names
    for name in ("ts", "ys", "lengths", "static", "targets"):
        np.testing.assert_array_equal(getattr(found.panel, name), getattr(expected, name))
    assert found.notes == ("Column of text left out: 'note'.",)


def test_compressed_and_parquet_files_are_read_in_the_same_way(tmp_path: Path):
    plain = read(tmp_path, channels=["pulse"])
    packed, parquet = tmp_path / "visits.csv.gz", tmp_path / "visits.parquet"
    packed.write_bytes(gzip.compress(GOOD.encode()))
    pd.read_csv(tmp_path / "visits.csv").to_parquet(parquet)
    for path in (packed, parquet):
        found = read_panel(path, "who", "day", ["pulse"], target="ill")
        np.testing.assert_array_equal(found.panel.ys, plain.panel.ys)
        assert found.panel.targets.tolist() == plain.panel.targets.tolist() == ["yes", "no"]


def test_names_and_labels_are_whole_numbers_if_all_are(tmp_path: Path):
    text = "who,day,x,ill\n3,0,1,1.0\n3,1,2,1.0\n5,0,1,0\n"
    found = read(tmp_path, text)
    assert found.panel.ids == (3, 5)
    assert found.panel.targets.tolist() == [1, 0]
    assert found.panel.targets.dtype == np.int64
    named = read(tmp_path, text.replace("\n5,", "\n05,").replace("1.0", "0.5"))
    assert named.panel.ids == ("3", "05")
    assert named.panel.targets.tolist() == [0.5, 0.0]
    assert read(tmp_path, text.replace("1.0", "01")).panel.targets.tolist() == ["01", "0"]


def test_dates_count_from_the_start_of_their_series(tmp_path: Path):
    text = "who,day,x\na,2024-01-01,1\na,2024-01-02 12:00,2\nb,2024-03-01T00:00+02:00,3\nb,2024-03-01,4\n"
    found = read(tmp_path, text, target=None)
    np.testing.assert_allclose(found.panel.ts, [0, 1.5, 0, 2 / 24])
    assert found.panel.clock.restore([0.0], 1)[0] == np.datetime64("2024-02-29T22:00")


def test_a_file_without_a_column_of_series_is_one_series(tmp_path: Path):
    found = read(tmp_path, "day,x,level\n2,,7\n0,1,7\n1,2,\n", series=None, target=None)
    assert (found.panel.ids, found.panel.channels) == (("visits",), ("x", "level"))
    np.testing.assert_array_equal(found.panel[0].ys, [[1, 7], [2, np.nan], [np.nan, 7]])
    assert "Times go back in 1 series: 'visits'; the rows were sorted by time." in found.notes


def test_one_number_in_two_spellings_is_one_series(tmp_path: Path):
    """A spreadsheet that had an empty cell writes `1.0` for `1`; `01` and `1.5` are other series."""
    rows = "who,day,x\n1,0,1\n1.0,1,2\n2.00,0,3\n2,2,4\n01,0,5\n1.5,0,6\n-3.0,0,7\nA,0,1\n"
    found = read(tmp_path, rows, target=None)
    assert found.panel.ids == ("1", "2", "01", "1.5", "-3.0", "A")
    np.testing.assert_array_equal(found.panel[0].ys[:, 0], [1, 2])
    assert "Column 'who': series of one number were taken as one: '1.0' for '1', '2.00' for '2'." in found.notes
    several = written(tmp_path, "who,day,x\n1,0,1\n1.0,1,2\n2.0,0,3\n2,2,4\n2,3,5\n")
    assert list(read_series(several, "day", ["x"], "who")) == ["1", "2"]


def test_labels_of_series(tmp_path: Path):
    text = "who,day,x,part\na,0,1,\na,1,2,train\nb,0,1,\n"
    found = read(tmp_path, text, target=None, labels=["part"])
    assert found.labels["part"].tolist() == ["train", None]
    assert found.panel.channels == ("x",)


FIXED = {
    "back in time": (
        "a,1,1,no\na,0,2,no\nb,0,3,yes\n",
        [("a", [0, 1], [2, 1]), ("b", [0], [3])],
        "Times go back in 1 series: 'a'; the rows were sorted",
    ),
    "rows twice": (
        "a,0,1,no\na,1,2,no\na,0,1,no\na,0,1,no\n",
        [("a", [0, 1], [1, 2])],
        "2 rows that repeated another were dropped",
    ),
    "no observation": (
        "a,0,1,no\na,1,2,no\nb,0,,yes\n",
        [("a", [0, 1], [1, 2])],
        "1 series with no observation left out",
    ),
    "one observation": (
        "a,0,1,no\nb,0,1,no\nb,1,2,no\n",
        [("a", [0], [1]), ("b", [0, 1], [1, 2])],
        "single observation",
    ),
    "no target": ("a,0,1,no\na,1,2,no\nb,0,3,\n", [("a", [0, 1], [1, 2])], "1 series with no 'ill' left out: 'b'"),
    "a constant": ("a,0,7,no\na,1,7,no\n", [("a", [0, 1], [7, 7])], "Channel 'x' is constant (7)"),
    "target in some rows": ("a,0,1,\na,1,2,no\n", [("a", [0, 1], [1, 2])], ""),
}


@pytest.mark.parametrize(("rows", "series", "note"), FIXED.values(), ids=FIXED)
def test_what_is_fixed_is_reported(rows: str, series: list, note: str, tmp_path: Path):
    found = read(tmp_path, "who,day,x,ill\n" + rows)
    assert [(each.id, each.ts.tolist(), each.ys[:, 0].tolist()) for each in found.panel] == series
    assert note in " ".join(found.notes)


def test_rows_with_the_same_time_and_agreeing_values_are_merged(tmp_path: Path):
    found = read(tmp_path, "who,day,x,y\na,1,3,\na,0,1,\na,0,,2\na,0,1,\n", target=None)
    np.testing.assert_array_equal(found.panel.ys, [[1, 2], [3, np.nan]])
    assert "were merged, for 1 time" in " ".join(found.notes)


def test_columns_that_are_not_channels_are_left_out_and_reported(tmp_path: Path):
    found = read(tmp_path, ",who,day,x,e,t\n0,a,0,1,,u\n1,a,1,2,,v\n", target=None)
    assert found.panel.channels == ("x",)
    assert len(found.notes) == 3


def test_a_named_channel_that_is_never_observed_stays(tmp_path: Path):
    found = read(tmp_path, "who,day,x,e\na,0,1,\na,1,2,nan\n", target=None, channels=["e", "x"])
    assert found.panel.channels == ("e", "x")
    assert "Channel 'e' was never observed." in found.notes


def test_columns_that_are_constant_within_every_series_are_no_channels(tmp_path: Path):
    found = read(tmp_path, GOOD.replace("note", "flag").replace("late", ""))
    assert found.panel.channels == ("pulse", "pressure")
    (note,) = (note for note in found.notes if "constant within every series" in note)
    assert "left out: 'age'. To use it, name it with --static, or all measurements with --channels." in note
    assert read(tmp_path, channels=["pulse", "age"]).panel.channels == ("pulse", "age")


CHANNELS = {
    "one row of each series": "a,0,1,5\nb,0,2,6\n",
    "the same in all series": "a,0,1,5\na,1,2,5\nb,0,2,5\nb,1,3,5\n",
    "one series": "a,0,1,5\na,1,2,5\n",
    "a change in one series": "a,0,1,5\na,1,2,5\nb,0,2,6\nb,1,3,7\n",
}


@pytest.mark.parametrize("rows", CHANNELS.values(), ids=CHANNELS)
def test_columns_that_are_not_known_to_be_constant_are_channels(rows: str, tmp_path: Path):
    assert read(tmp_path, "who,day,x,y\n" + rows, target=None).panel.channels == ("x", "y")


def test_a_column_that_is_constant_stays_if_there_is_no_other(tmp_path: Path):
    assert read(tmp_path, "who,day,x\na,0,1\na,1,1\nb,0,2\nb,1,2\n", target=None).panel.channels == ("x",)


WORDS = "who,day,x,sex,dose\na,0,1,f,1 mg\na,1,2,f,1 mg\nb,0,1, M,2 mg\nb,1,3,m,2 mg\nc,0,5,m,3 mg\n"


def test_static_words_become_features(tmp_path: Path):
    found = read(tmp_path, WORDS, target=None, static=["sex", "dose"])
    assert found.panel.static_names == ("sex=f", "sex=m", "dose")
    np.testing.assert_array_equal(found.panel.static, [[1, 0, 1], [0, 1, 2], [0, 1, 3]])
    assert found.categories == {"sex": ("f", "m")}
    said = " ".join(found.notes)
    assert "Column 'sex' has words: it became the features 'sex=f', 'sex=m', each 0 or 1." in said
    assert "'M', 'm' were taken as one, 'm'" in said
    assert "Column 'dose': the unit mg was left out" in said


def test_static_words_of_another_file(tmp_path: Path):
    text = WORDS.replace(",f,", ",x,").replace(",m,", ",M,")
    found = read(tmp_path, text, target=None, static=["sex"], categories={"sex": ["f", "m", "n"]})
    assert found.panel.static_names == ("sex=f", "sex=m", "sex=n")
    np.testing.assert_array_equal(found.panel.static, [[0, 0, 0], [0, 1, 0], [0, 1, 0]])
    assert any("'x' did not occur in training" in note for note in found.notes)


def test_static_words_that_are_missing_or_too_many_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match="no finite 'sex=m'"):
        read(tmp_path, WORDS.replace(",f,", ",,"), target=None, static=["sex"])
    rows = "".join(f"{name},0,1,w{name}\n" for name in range(30))
    with pytest.raises(DataError, match="'word' has 30 different words for 30 series"):
        read(tmp_path, "who,day,x,word\n" + rows, target=None, static=["word"])


def test_yes_or_no_is_one_static_feature(tmp_path: Path):
    found = read(
        tmp_path,
        WORDS.replace(",f,", ",yes,").replace(" M,", "no,").replace(",m,", ",no,"),
        static=["sex"],
        target=None,
    )
    np.testing.assert_array_equal(found.panel.static, [[1], [0], [0]])


def test_labels_that_differ_in_case_and_spaces_are_one(tmp_path: Path):
    text = "who,day,x,ill\na,0,1,Yes\na,1,2,yes \nb,0,1,no\nc,0,1,Yes\nd,0,1,?\n"
    found = read(tmp_path, text)
    assert found.panel.targets.tolist() == ["Yes", "no", "Yes"]
    assert "Column 'ill': 'Yes', 'yes' were taken as one, 'Yes'." in found.notes
    assert "1 series with no 'ill' left out: 'd'." in found.notes


MERGED = {"mean": [[1.5, 4], [3, 5]], "first": [[1, 4], [3, 5]], "last": [[2, 4], [3, 5]]}


@pytest.mark.parametrize(("how", "values"), MERGED.items(), ids=MERGED)
def test_rows_that_differ_are_merged_if_wanted(how: str, values: list, tmp_path: Path):
    text = "who,day,x,y\na,1,3,5\na,0,1,\na,0,2,4\nb,0,7,7\n"
    found = read(tmp_path, text, target=None, options=ReadOptions(duplicates=how))
    np.testing.assert_array_equal(found.panel[0].ys, values)
    assert f"different values were merged, for 1 time: the {how} was taken." in " ".join(found.notes)


def test_rows_of_a_table_are_merged_in_their_order(tmp_path: Path):
    path = written(tmp_path, "day,x\n0,1\n0,3\n1,\n1,5\n2,6\n")
    table = read_indexed(path, "day", ["x"], options=ReadOptions(duplicates="mean"))
    np.testing.assert_array_equal(table.index, [0, 1, 2])
    np.testing.assert_array_equal(table["x"], [2, 5, 6])
    path = written(tmp_path, "day,x\n1,1\n0,3\n0,3\n")
    with pytest.raises(DataError, match="goes back from 1 in row 2"):
        read_indexed(path, "day", ["x"], options=ReadOptions(duplicates="first"))


def test_booleans_are_channels(tmp_path: Path):
    found = read(tmp_path, "who,day,x,on\na,0,1,True\na,1,2,False\nb,0,1,True\nb,1,2,\n", target=None)
    assert found.panel.channels == ("x", "on")
    np.testing.assert_array_equal(found.panel.ys[:, 1], [1, 0, 1, np.nan])
    assert "Column 'on': 'true' was read as 1 and 'false' as 0." in found.notes


def test_the_order_of_dates_is_kept_for_other_files(tmp_path: Path):
    found = read(tmp_path, "who,day,x\na,30/03/2024,1\na,01/04/2024,2\n", target=None)
    assert found.options == ReadOptions(date_format="dmy")
    np.testing.assert_array_equal(found.panel.ts, [0, 2])
    later = "who,day,x\na,01/04/2024,1\na,02/05/2024,2\n"
    with pytest.raises(DataError, match="give --date-format"):
        read(tmp_path, later, target=None)
    np.testing.assert_array_equal(read(tmp_path, later, target=None, options=found.options).panel.ts, [0, 31])


REFUSED = {
    "empty": ("", {}, "is empty"),
    "header only": ("who,day,x,ill\n", {}, "has a header and no rows"),
    "long rows": ("who,day\n1,2,3\n", {}, "more cells than its header"),
    "no series column": (GOOD, {"series": "whom"}, "no column 'whom'. Did you mean 'who'"),
    "no channel": (GOOD, {"channels": ["puls"]}, "no column 'puls'. Did you mean 'pulse'"),
    "twice": (GOOD, {"channels": ["day"]}, "'day' is named twice"),
    "none": (GOOD, {"channels": []}, "Got no channels"),
    "only text": ("who,day,ill,x\na,0,no,low\n", {}, "no column of measurements"),
    "text": (GOOD.replace(",82,", ",fast,"), {}, "Column 'pulse' has the text 'fast' in row 4"),
    "infinite": (GOOD.replace(",82,", ",inf,"), {}, "Column 'pulse' is infinite in row 4, of series 'a'"),
    "infinite target": (GOOD.replace("yes", "inf").replace("no,", "2,"), {}, "Column 'ill' is infinite"),
    "no name": (GOOD.replace("a,1", ",1"), {}, "Column 'who' is empty in row 4"),
    "no time": (GOOD.replace("a,1", "a,"), {}, "Time column 'day' is empty in row 4"),
    "infinite time": (GOOD.replace("a,1", "a,inf"), {}, "Time column 'day' is infinite in row 4"),
    "no date": (GOOD.replace("a,1", "a,noon"), {}, "Time column 'day' has the text 'noon' in row 4"),
    "no date among dates": (
        "who,day,x,ill\na,2024-01-01,1,no\na,May,1,no\n",
        {},
        "Time column 'day' has the text 'May' in row 2",
    ),
    "contradiction": (
        GOOD + "a,1,83,110,,no,31\n",
        {},
        "several rows with time 1, and different values 82 and 83 in column 'pulse'",
    ),
    "target changes": (
        GOOD.replace("no,31\nb", "yes,31\nb"),
        {},
        "Column 'ill' changes in series 'a', from 'yes' to 'no'",
    ),
    "text as feature": (GOOD.replace("31", "old"), {"static": ["age"]}, "Column 'age' has the text 'old'"),
    "no feature": (GOOD.replace("31", ""), {"static": ["age"]}, "no finite 'age'"),
    "nothing left": ("who,day,x,ill\na,0,1,\nb,0,,yes\n", {}, "No series is left to use. 1 series with no obs"),
}


@pytest.mark.parametrize(("text", "options", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(text: str, options: dict, message: str, tmp_path: Path):
    with pytest.raises(DataError) as raised:
        read(tmp_path, text, **options)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["visits.parquet", "visits.csv.gz"])
@pytest.mark.parametrize(
    "content", [b"no such thing", b"", gzip.compress(GOOD.encode())[:30]], ids=["text", "empty", "cut"]
)
def test_files_that_cannot_be_read(name: str, content: bytes, tmp_path: Path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name} (cannot be read|is empty)"):
        read_panel(tmp_path / name, "who", "day")


def long(labels: list[str], head: str = "who,day,ill,x") -> str:
    rows = [f"{who},{day},{label},{who + day / 2}" for who, label in enumerate(labels) for day in range(3)]
    return "\n".join([head, *rows])


@pytest.mark.parametrize("labels", [["+", "-"], ["*", "**", "***"], ["-", "++"], ["+", "-", "+/-"], ["none", "mild"]])
def test_signs_among_signs_and_words_among_words_are_labels(labels: list[str], tmp_path: Path):
    labels = labels * 2
    assert read(tmp_path, long(labels)).panel.targets.tolist() == labels
    found = read(tmp_path, long(labels), target=None, static=["ill"])
    assert found.categories["ill"] == tuple(sorted(set(labels)))
    assert found.panel.static.sum(axis=1).tolist() == [1.0] * len(labels)


def test_signs_among_words_are_gaps(tmp_path: Path):
    assert read(tmp_path, long(["yes", "-", "no"])).panel.targets.tolist() == ["yes", "no"]


QUANTITIES = {
    "units": (["12 mV", "13 mV", "15.5mV"], [12.0, 13.0, 15.5], "the unit mV was left out"),
    "percent": (["45%", "60%", "NA", "7%"], [45, 60, 7], "the unit % was left out"),
    "limits": (["<5", "6", "7", "8"], [5, 6, 7, 8], "beyond a limit of measurement"),
    "ranges": (["<50", "50-60", ">60"], ["<50", "50-60", ">60"], ""),
    "two limits": (["<5", "≥5"], ["<5", "≥5"], ""),
    "two doses": (["5 mg", "10 mg"], ["5 mg", "10 mg"], ""),
    "several units": (["6 h", "12 h", "1 d"], ["6 h", "12 h", "1 d"], ""),
    "padded": (["01 h", "02 h", "03 h"], ["01 h", "02 h", "03 h"], ""),
}


@pytest.mark.parametrize(("labels", "targets", "note"), QUANTITIES.values(), ids=QUANTITIES)
def test_targets_with_units(labels: list[str], targets: list, note: str, tmp_path: Path):
    found = read(tmp_path, long(labels))
    assert found.panel.targets.tolist() == targets
    assert note in " ".join(found.notes)


def test_numbers_that_may_mean_missing_are_remarked_in_all_columns(tmp_path: Path):
    text = long(["30", "40", "-9999", "50"])
    assert "Column 'ill' is -9999 in 1 series" in " ".join(read(tmp_path, text).notes)
    assert "Column 'ill' is -9999 in 1 series" in " ".join(read(tmp_path, text, target=None, static=["ill"]).notes)


@pytest.mark.parametrize("start", [0, 1])
def test_row_numbers_are_no_channel(start: int, tmp_path: Path):
    head, *rows = long(["no", "yes"] * 3).splitlines()
    text = "\n".join([f"rownames,{head}", *(f"{place},{row}" for place, row in enumerate(rows, start=start))])
    found = read(tmp_path, text)
    assert found.panel.channels == ("x",)
    assert "Column of row numbers left out: 'rownames'." in found.notes
    assert read(tmp_path, text, channels=["rownames", "x"]).panel.channels == ("rownames", "x")


@pytest.mark.parametrize("name", ["Flow (l/min)", "Flow\n(l/min)", "Flow\u00a0(l/min)", "Flow  (l/min) "])
@pytest.mark.parametrize("asked", ["Flow (l/min)", "Flow\n(l/min)"])
def test_names_are_found_whatever_their_spaces(name: str, asked: str, tmp_path: Path):
    path = written(tmp_path, long(["a", "b"], f'who,day,ill,"{name}"'))
    assert read_panel(path, "who", "day", [asked], target="ill").panel.channels == ("Flow (l/min)",)
    path = written(tmp_path, f'day,"{name}"\n1,2\n2,3\n')
    assert read_indexed(path, "day", [asked])[asked].tolist() == [2.0, 3.0]


def test_accents_are_one_letter_however_they_are_written(tmp_path: Path):
    path = written(tmp_path, "t,De\u0301bit\n1,2\n2,3\n")
    assert read_indexed(path, "t", ["D\u00e9bit"])["D\u00e9bit"].tolist() == [2.0, 3.0]
    with pytest.raises(DataError, match="Did you mean 't'"):
        read_indexed(path, "T", ["D\u00e9bit"])


def test_japanese_vowels():
    """The counts that the repository states for its parts."""
    train, test = load_japanese_vowels()
    assert np.bincount(train.targets).tolist() == [0, *[30] * 9]
    assert np.bincount(test.targets).tolist() == [0, 31, 35, 88, 44, 29, 24, 40, 50, 29]
    assert (train.channels, int(train.lengths.min()), int(test.lengths.max())) == (
        tuple(f"lpc{i}" for i in range(1, 13)),
        7,
        29,
    )
    np.testing.assert_array_equal(train[0].ys[0, :2], [1.86094, -0.207383])
