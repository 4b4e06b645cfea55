"""New series like those of a file, by a stand-in for the estimator."""

import base64
import csv
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from nde import SolveError, TimeSeries
from nde.cli.panels import task
from nde.cli.panels.generation_result import observed_like
from nde.cli.panels.random_walk import random_walks
from nde.cli.panels.windows import cut_in_time
from nde.data import DataError
from tests.cli import doubles, made
from tests.cli.test_fit import nde

COLUMNS = ("--series", "who", "--time", "t", "--channels", "x,y", "--task", "generate")
PICTURES = {"generated.png", "generated1.png", "learning.png"}


@pytest.fixture(autouse=True)
def waves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The series, in an otherwise empty folder that is the current one, and a stand-in for the estimator."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(task, "make_estimator", doubles.again)
    monkeypatch.setattr(task, "load_estimator", doubles.load_again)
    return made.written(tmp_path, made.lines(48))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run; its test part is too small to compare with, so that the series that train are."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(task, "make_estimator", doubles.again)
        made.written(folder, made.lines(48))
        assert nde(patch, "fit", "waves.csv", *COLUMNS, "--split", "part", "--out", "run") == 0
    return folder / "run"


@pytest.fixture
def run(finished: Path, waves: Path) -> Path:
    """The same in the current folder."""
    return shutil.copytree(finished, waves.parent / "run").relative_to(waves.parent)


def rows_of(path: Path | str) -> list[dict[str, str]]:
    with Path(path).open() as file:
        return list(csv.DictReader(file))


def test_a_run_compares_generated_series_with_real_ones(run: Path):
    files = {str(path.relative_to(run)) for path in run.rglob("*") if path.is_file()}
    assert files == {"job.json", "metrics.json", "report.html", "samples.csv", "model/model.npz", *PICTURES}
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["task"] == "generate"
    assert {name: each["series"] for name, each in metrics["sizes"].items()} == {"train": 36, "test": 12}
    scores = {score["name"]: score for score in metrics["test"]["scores"]}
    # Series that all have one shape are told apart from others.
    assert scores["real against generated, accuracy"]["low"] > 0.6
    assert "random walk" in metrics["baselines"]


def test_the_report_needs_no_other_file(run: Path):
    html = (run / "report.html").read_text()
    assert re.findall(r'(?:src|href)="(?!data:)', html) == []
    inside = [base64.b64decode(data) for data in re.findall(r'src="data:image/png;base64,([^"]+)"', html)]
    assert {*inside} == {(run / picture).read_bytes() for picture in PICTURES}


def test_generated_series_are_observed_as_real_ones(run: Path):
    real, found = rows_of("waves.csv"), rows_of(run / "samples.csv")
    first = [row for row in real if row["who"] == real[0]["who"]]
    own = [row for row in found if row["who"] == found[0]["who"]]
    assert [row["y"] == "" for row in own] == [row["y"] == "" for row in first]
    np.testing.assert_allclose(
        [float(row["t"]) for row in own], [float(row["t"]) - float(first[0]["t"]) for row in first], atol=1e-6
    )


def test_samples(run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert nde(monkeypatch, "sample", f"{run}", "--n", "7", "--times", "0,0.5,2", "--out", "some.csv") == 0
    found = rows_of("some.csv")
    assert list(found[0]) == ["who", "t", "x", "y"]
    assert [row["t"] for row in found] == ["0", "0.5", "2"] * 7
    assert len({row["who"] for row in found}) == 7
    capsys.readouterr()
    assert nde(monkeypatch, "sample", f"{run}", "--n", "7", "--times", "0,0.5,2") == 0
    assert capsys.readouterr().out == Path("some.csv").read_text()
    assert nde(monkeypatch, "sample", f"{run}", "--n", "7", "--seed", "1", "--times", "0,0.5,2") == 0
    assert capsys.readouterr().out != Path("some.csv").read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sample", "run", "--times", "0,x"), "expected numbers separated by commas"),
        (("sample", "run", "--times", "1,0"), "must be at least two increasing times"),
        (("sample", "run", "--seed", "4294967296"), "--seed must be between 0 and 4294967295; got 4294967296"),
        (("sample", "nowhere"), "no run of many series in nowhere"),
        (("sample", "run", "--out", "waves.csv"), "exists already"),
        (("predict", "run", "waves.csv"), "use `nde sample run --n 100`"),
    ],
)
@pytest.mark.usefixtures("run")
def test_wrong_questions_are_refused_in_words(arguments, words, monkeypatch, capsys):
    assert nde(monkeypatch, *arguments) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("failure", [SolveError("Too many steps."), None])
def test_samples_that_fail_are_one_line(failure, run: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    def sample(self, n_samples, times=None, *, random_state=None):
        if failure is not None:
            raise failure
        return TimeSeries.from_arrays([np.array([[1.0], [np.nan]])], [np.array([0.0, 1.0])])

    monkeypatch.setattr(doubles.Again, "sample", sample)
    assert nde(monkeypatch, "sample", f"{run}", "--times", "0,1000000") == 2
    said = capsys.readouterr()
    assert "not finite" in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_times_of_samples_keep_their_digits(run: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    assert nde(monkeypatch, "sample", f"{run}", "--n", "1", "--times", "0,1600000000.25") == 0
    assert [line.split(",")[1] for line in capsys.readouterr().out.splitlines()] == ["t", "0", "1600000000.25"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--target", "kind"), "--task generate and --target kind"),
        (("--impute",), "--task generate and --impute"),
        (("--model", "neural-cde"), "There is no model 'neural-cde'"),
        (("--static", "age"), "leave --static out"),
        (("--window", "3"), "--window must be at least 4 rows; got 3"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_written(arguments, words, monkeypatch, capsys):
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, *arguments, "--out", "run") == 2
    assert words in capsys.readouterr().err
    assert not Path("run").exists()


def test_a_single_long_series_is_cut_into_pieces(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    random = np.random.default_rng(0)
    lines = [f"0,{t},{x:.4f}" for t, x in enumerate(random.normal(size=600).cumsum())]
    made.written(Path(), lines, "who,t,x")
    columns = ("--series", "who", "--time", "t", "--task", "generate", "--window", "10")
    assert nde(monkeypatch, "fit", "waves.csv", *columns, "--out", "run") == 0
    assert "real against generated" in capsys.readouterr().out
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["sizes"]["test"] == {"series": 12, "rows": 120}
    # 480 rows, pieces of 10 that begin every other row.
    assert metrics["sizes"]["train"]["series"] == 236
    assert any("cut into pieces of 10 rows" in remark for remark in metrics["data"]["remarks"])


def test_pieces_of_the_test_come_after_those_that_train():
    parts, _ = cut_in_time(TimeSeries.from_arrays([np.arange(200.0)]), 10)
    assert parts.train.ys.max() < parts.test.ys.min()
    assert {parts.train.ys.min(), parts.test.ys.max()} == {0.0, 199.0}


def test_too_short_a_series_is_refused():
    with pytest.raises(DataError, match="too few to cut into pieces of 64 rows"):
        cut_in_time(TimeSeries.from_arrays([np.arange(100.0)]), 64)


def test_a_walk_takes_the_steps_of_the_data():
    random = np.random.default_rng(1)
    times = np.cumsum(random.uniform(0.1, 2.0, 2000))
    motion = np.concatenate([[0.0], np.cumsum(random.normal(size=1999) * 3 * np.sqrt(np.diff(times)))])
    walks = random_walks(TimeSeries.from_arrays([motion], [times]), [np.array([0.0, 4.0])] * 2000, seed=0)
    change = np.diff(walks.ys.reshape(2000, 2), axis=1)
    assert np.std(change) == pytest.approx(6.0, rel=0.06)
    assert (walks.ys[::2] == 0).all()


def test_gaps_are_taken_over_one_by_one():
    made_up = TimeSeries.from_arrays(np.ones((2, 3)))
    other = TimeSeries.from_arrays([[1.0, np.nan, 2.0], [np.nan, 0.0, 0.0]])
    np.testing.assert_array_equal(observed_like(made_up, other).observed, other.observed)
