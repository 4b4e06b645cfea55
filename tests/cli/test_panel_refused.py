"""Many series: bad input gets one line and leaves nothing; what is odd is said."""

import re
from pathlib import Path

import numpy as np
import pytest

from nde.cli.panels.config import PanelConfig
from nde.cli.panels.split import split_at_random
from nde.cli.panels.target import are_classes
from nde.cli.panels.task import PanelData
from nde.cli.run import prepare_panel
from nde.data import DataError
from tests.cli import made
from tests.cli.test_fit import nde

COLUMNS = ("--series", "who", "--time", "t", "--target", "kind")
ROWS = made.lines()


def where(old: str, new: str, count: int = 1) -> list[str]:
    """The rows with something else in the first of them that match."""
    return re.sub(old, new, "\n".join(ROWS), count=count, flags=re.MULTILINE).split("\n")


REFUSED = {
    "no file": (None, ("nothing.csv", *COLUMNS), "There is no file nothing.csv"),
    "no FILE": (None, COLUMNS, "FILE is missing"),
    "no series": (None, ("waves.csv", *COLUMNS[2:]), "or --impute, to fill the gaps of one table"),
    "no time": (None, ("waves.csv", *COLUMNS[:2], *COLUMNS[4:]), "--time is missing"),
    "task, no target": (None, ("waves.csv", *COLUMNS[:4], "--task", "classes"), "--task needs --target"),
    "static, no target": (None, ("waves.csv", *COLUMNS[:4], "--static", "age"), "--static needs --target"),
    "model of targets": (
        None,
        ("waves.csv", *COLUMNS[:4], "--model", "gru-d"),
        "There is no model 'gru-d' of many series without a --target; there are forecast, latent-ode,",
    ),
    "both purposes": (None, ("waves.csv", *COLUMNS, "--impute"), "Got both --impute and --target kind"),
    "nothing to forecast": (
        [f"s{place},1,2,3,slow,1,train,3" for place in range(6)],
        ("waves.csv", *COLUMNS[:4], "--channels", "x,y"),
        "for the test, of at most 1 row; at least one must have observations in the first two thirds",
    ),
    "nothing to hide": (
        [f"s{place},{t},2,3,slow,1,train,3" for place in range(3) for t in range(4)],
        ("waves.csv", *COLUMNS[:4], "--channels", "x,y", "--impute"),
        "must have five observations of a channel",
    ),
    "no column": (None, ("waves.csv", *COLUMNS[:5], "kinds"), "no column 'kinds'. Did you mean 'kind'"),
    "no channel": (None, ("waves.csv", *COLUMNS, "--channels", "x,z"), "no column 'z'"),
    "no such model": (
        None,
        ("waves.csv", *COLUMNS, "--model", "sde"),
        "There is no model 'sde' of many series with",
    ),
    "no such task": (
        None,
        ("waves.csv", *COLUMNS, "--task", "labels"),
        "--task must be classes, numbers or generate; got labels",
    ),
    "numbers of text": (None, ("waves.csv", *COLUMNS, "--task", "numbers"), "'kind' has the text 'fast'"),
    "drop too much": (
        None,
        ("waves.csv", *COLUMNS, "--drop", "1.5"),
        "--drop must be at least 0 and less than 1; got 1.5",
    ),
    "negative seed": (None, ("waves.csv", *COLUMNS, "--seed", "-1"), "--seed must be between 0 and 4294967295; got -1"),
    "huge seed": (
        None,
        ("waves.csv", *COLUMNS, "--seed", "99999999999999999999"),
        "--seed must be between 0 and 4294967295; got 99999999999999999999",
    ),
    "folder exists": (None, ("waves.csv", *COLUMNS, "--out", "there"), "there exists already"),
    "both kinds": (None, ("waves.csv", *COLUMNS, "--state", "x"), "Got --target, which is only for many series"),
    "holdout": (None, ("waves.csv", *COLUMNS, "--holdout", "3"), "Got --holdout, which is only for one table"),
    "one part": (
        where("test", "train", 0),
        ("waves.csv", *COLUMNS, "--split", "part"),
        "'part' must have series for 'train' and for 'test'; got only 'train'",
    ),
    "another part": (
        where("test", "exam"),
        ("waves.csv", *COLUMNS, "--split", "part"),
        "Column 'part' changes in series",
    ),
    "other parts": (
        where("test", "exam", 0),
        ("waves.csv", *COLUMNS, "--split", "part"),
        "says 'exam' for series 's3'",
    ),
    "no part": (where("test", "", 0), ("waves.csv", *COLUMNS, "--split", "part"), "is empty for series 's3'"),
    "one class": (where("slow", "fast", 0), ("waves.csv", *COLUMNS), "'kind' is 'fast' for all 24 series"),
    "target changes": (where("slow", "fast"), ("waves.csv", *COLUMNS), "Column 'kind' changes in series"),
    "infinite": (where(",[0-9.]+,", ",inf,"), ("waves.csv", *COLUMNS), "'t' is infinite in row 1"),
    "infinite channel": (
        where(r"^(s0,[0-9.]+),[0-9.]+", r"\1,-inf"),
        ("waves.csv", *COLUMNS),
        "Column 'x' is infinite in row 1, of series 's0'",
    ),
    "text": (where(r"^(s0,[0-9.]+),[0-9.]+", r"\1,high"), ("waves.csv", *COLUMNS), "'x' has the text 'high' in row 1"),
    "contradiction": (
        [*ROWS, re.sub(r"^(s0,[0-9.]+),[0-9.]+", r"\1,9", ROWS[0])],
        ("waves.csv", *COLUMNS),
        "several rows",
    ),
    "no rows": ([], ("waves.csv", *COLUMNS), "waves.csv has a header and no rows"),
    "no observation": (
        where(r"^(s\d+,[0-9.]+),.*?,.*?,", r"\1,,,", 0),
        ("waves.csv", *COLUMNS, "--channels", "x,y"),
        "No series is left",
    ),
    "few series": (
        [row for row in ROWS if row[:3] in ("s0,", "s1,")],
        ("waves.csv", *COLUMNS),
        "Got 2 series; at least 5",
    ),
    "no Parquet": (None, ("bad.parquet", *COLUMNS), "bad.parquet cannot be read as Parquet"),
    "nothing in it": (None, ("empty.csv", *COLUMNS), "empty.csv is empty"),
    "text as feature": (
        where(",train,", ",7,", 0),
        ("waves.csv", *COLUMNS, "--static", "part"),
        "Column 'part' has the text 'test'; static features must be numbers, or words in all series",
    ),
    "too many words": (
        where(",(train|test),(\\d+)$", r",\1,w\2", 0),
        ("waves.csv", *COLUMNS, "--static", "age"),
        "Column 'age' has 24 different words for 24 series",
    ),
    "sep": (None, ("waves.csv", *COLUMNS, "--sep", "ab"), "The separator (--sep) must be one character"),
    "time zone": (None, ("waves.csv", *COLUMNS, "--timezone", "Moon"), "There is no time zone 'Moon'"),
}


@pytest.mark.parametrize(("rows", "arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_input_gets_one_line_and_leaves_nothing(
    rows: list[str] | None,
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "empty.csv").touch()
    (tmp_path / "bad.parquet").write_bytes(b"PAR1, but no more")
    made.written(tmp_path, rows)
    before = sorted(tmp_path.rglob("*"))
    assert nde(monkeypatch, "fit", *arguments) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert sorted(tmp_path.rglob("*")) == before


def prepared(folder: Path, rows: list[str], **options) -> PanelData:
    columns = {"series": "who", "time": "t", "target": "kind"}
    return prepare_panel(PanelConfig(**{"file": f"{made.written(folder, rows)}", **columns, **options}))[2]


SAID = {
    "one series of a class": (
        where(r"^(s0,.*)(slow|fast)", r"\1odd", 0),
        {},
        "Class 'odd' has a single series to train on",
    ),
    "a class that is not tested": (
        where(r"^(s[01],.*)(slow|fast)", r"\1odd", 0),
        {"split": "part"},
        "Class 'odd' has no series in the test part",
    ),
    "a class that is not learned": (
        where(r"^(s3,.*)(slow|fast)", r"\1odd", 0),
        {"split": "part"},
        "Class 'odd' has no series to train on",
    ),
    "a constant channel": (where(r"^(s\d+,[0-9.]+),[0-9.]+", r"\1,7", 0), {}, "Channel 'x' is constant (7)"),
    "rows twice": ([*ROWS, ROWS[0]], {}, "1 row that repeated another"),
    "back in time": ([*ROWS[1:], ROWS[0]], {}, "Times go back in 1 series: 's0'"),
    "one observation": ([*ROWS, "new,0,1,2,slow,1,train,3"], {}, "1 series of a single observation: 'new'"),
    "none": (
        [*ROWS, "new,0,,,slow,1,train,3"],
        {"channels": ("x", "y")},
        "1 series with no observation left out: 'new'",
    ),
    "no target": ([*ROWS, "new,0,1,2,,1,train,3"], {}, "1 series with no 'kind' left out: 'new'"),
}


@pytest.mark.parametrize(("rows", "options", "message"), SAID.values(), ids=SAID)
def test_what_is_odd_is_said(rows: list[str], options: dict, message: str, tmp_path: Path):
    found = prepared(tmp_path, rows, **options)
    assert any(message in remark for remark in found.remarks)


def test_a_random_test_part_is_a_fifth_of_each_class(tmp_path: Path):
    one, same = (prepared(tmp_path, made.lines(60), seed=seed).split for seed in (0, 0))
    other = prepared(tmp_path, made.lines(60), seed=1).split
    assert one.test.ids == same.test.ids != other.test.ids
    assert sorted((*one.train.ids, *one.test.ids)) == sorted(f"s{i}" for i in range(60))
    for kind in ("slow", "fast"):
        tested, trained = ((part.targets == kind).sum() for part in (one.test, one.train))
        assert tested == round(0.2 * (tested + trained))


def test_single_series_of_each_class_cannot_be_split():
    import nde as library

    panel = library.TimeSeries.from_arrays(np.zeros((6, 3, 1)), targets=np.arange(6))
    with pytest.raises(DataError, match="Each class has a single series"):
        split_at_random(panel, True, 0)


@pytest.mark.parametrize(
    ("targets", "task"),
    [
        (["a", "b", "a"], "classes"),
        ([0, 1, 1], "classes"),
        ([1, 2, 3] * 3, "classes"),
        ([1, 2, 3] * 2, "numbers"),
        (list(range(21)) * 10, "numbers"),
        (list(range(20)) * 3, "classes"),
        ([0.5, 1.5, 0.5], "numbers"),
    ],
)
def test_the_target_tells_the_task(targets: list, task: str):
    assert are_classes(np.array(targets)) == (task == "classes")
