"""Many series without a target: forecasts and filled gaps, by a stand-in for the estimators."""

import base64
import csv
import json
import re
from pathlib import Path

import jax
import numpy as np
import pytest

import nde as library
from nde.cli.panels import task
from nde.cli.panels.holdout import hide_observations, hold_out_future, hold_out_last_rows, hold_out_observations
from nde.cli.panels.trajectory_scores import baseline_scores, last_value, linear_interpolation, trajectory_scores
from tests.cli import doubles, made
from tests.cli.test_fit import nde

COLUMNS = ("--series", "who", "--time", "t", "--channels", "x,y")
PICTURES = {"result.png", "learning.png"}


@pytest.fixture(autouse=True)
def waves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The series, in an otherwise empty folder that is the current one, and a stand-in for the estimators."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(task, "make_estimator", doubles.simple)
    monkeypatch.setattr(task, "load_estimator", doubles.load_simple)
    return made.written(tmp_path)


def rows_of(path: Path | str) -> list[dict[str, str]]:
    with Path(path).open() as file:
        return list(csv.DictReader(file))


def number(text: str) -> float:
    return float(text) if text else np.nan


def errors(rows: list[dict[str, str]], channel: str) -> np.ndarray:
    every = np.array([number(row[channel]) - number(row[f"truth {channel}"]) for row in rows])
    return every[~np.isnan(every)]


def rows_in_file(name: str) -> dict[tuple[str, float], dict[str, str]]:
    return {(row["who"], float(row["t"])): row for row in rows_of(name)}


def check_scores(metrics: dict, rows: list[dict[str, str]]) -> None:
    """What metrics say is what the predictions say."""
    of_each = {channel: errors(rows, channel) for channel in ("x", "y")}
    for channel, each in of_each.items():
        assert metrics["test"]["channels"][channel] == pytest.approx(np.sqrt(np.mean(each**2)), rel=1e-5)
    every = np.concatenate([*of_each.values()])
    assert metrics["test"]["rmse"] == pytest.approx(np.sqrt(np.mean(every**2)), rel=1e-5)
    assert metrics["test"]["values"] == len(every)


def check_report(folder: str) -> None:
    html = Path(folder, "report.html").read_text()
    assert re.findall(r'(?:src|href)="(?!data:)', html) == []
    inside = [base64.b64decode(data) for data in re.findall(r'src="data:image/png;base64,([^"]+)"', html)]
    assert {*inside} == {Path(folder, picture).read_bytes() for picture in PICTURES}


def test_a_forecast(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--split", "part", "--out", "run") == 0
    files = {str(path.relative_to("run")) for path in Path("run").rglob("*") if path.is_file()}
    assert files == {"job.json", "metrics.json", "report.html", "predictions.csv", "model/kind.txt", *PICTURES}
    assert "last value, test" in capsys.readouterr().out
    metrics, found = json.loads(Path("run/metrics.json").read_text()), rows_of("run/predictions.csv")
    assert metrics["task"] == "forecast"
    assert {name: each["series"] for name, each in metrics["sizes"].items()} == {"train": 18, "test": 6}
    check_scores(metrics, found)
    check_report("run")

    given = rows_in_file("waves.csv")
    for row in found:
        own = [t for who, t in given if who == row["who"]]
        assert float(row["t"]) > min(own) + (max(own) - min(own)) * 2 / 3
        assert number(row["truth x"]) == number(given[row["who"], float(row["t"])]["x"])
    assert {row["who"] for row in found} == {who for who, _ in given if given[who, _]["part"] == "test"}


def test_times_and_steps_behind_each_series(monkeypatch: pytest.MonkeyPatch):
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--out", "run") == 0
    assert nde(monkeypatch, "predict", "run", "waves.csv", "--times", "5,6.5", "--out", "at.csv") == 0
    given, at = rows_in_file("waves.csv"), rows_of("at.csv")
    assert list(at[0]) == ["who", "t", "x", "y"]
    assert [row["t"] for row in at] == ["5", "6.5"] * 24
    for row in at:
        own = [each for (who, _), each in given.items() if who == row["who"]]
        assert float(row["x"]) == pytest.approx(float(own[-1]["x"]))
        assert float(row["y"]) == pytest.approx(([float(each["y"]) for each in own if each["y"]] or [0.0])[-1])
    assert nde(monkeypatch, "predict", "run", "waves.csv", "--horizon", "3", "--out", "steps.csv") == 0
    for place, row in enumerate(rows_of("steps.csv")):
        own = [t for who, t in given if who == row["who"]]
        expected = own[-1] + (place % 3 + 1) * np.median(np.diff(own))
        assert float(row["t"]) == pytest.approx(expected)


NO_SENSE = (
    ((), "got neither --times nor --horizon"),
    (("--times", "5", "--horizon", "2"), "got both --times and --horizon"),
    (("--times", "1,9"), "must be after the end of every series; got 1, and series 's0' ends at"),
    (("--times", "5,soon"), "has the text 'soon'"),
    (("--times", "2024-01-01"), "the times of the data are numbers"),
    (("--times", ","), "--times is empty"),
    (("--model", "latent-ode", "--times", "5"), "--model is only for a run on one table"),
)


def test_times_that_make_no_sense(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--steps", "1", "--out", "run") == 0
    capsys.readouterr()
    for more, message in NO_SENSE:
        assert nde(monkeypatch, "predict", "run", "waves.csv", *more, "--out", "said.csv") == 2
        said = capsys.readouterr()
        assert message in said.err
        assert (said.err.count("\n"), said.out, Path("said.csv").exists()) == (1, "", False)


@pytest.mark.parametrize(
    "error",
    [library.SolveError("Too many steps."), jax.errors.JaxRuntimeError("SolveError: Too many steps.")],
)
def test_a_failed_solve_is_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--out", "run") == 0
    capsys.readouterr()
    monkeypatch.setattr(doubles.LastValue, "predict", failing(error))
    assert nde(monkeypatch, "predict", "run", "waves.csv", "--horizon", "3") == 2
    said = capsys.readouterr()
    assert said.err.startswith("nde: Predictions at these times failed: the solution of the model is not finite")
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_other_errors_are_not_taken_for_failed_solves(monkeypatch: pytest.MonkeyPatch):
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--out", "run") == 0
    monkeypatch.setattr(doubles.LastValue, "predict", failing(jax.errors.JaxRuntimeError("out of memory")))
    with pytest.raises(jax.errors.JaxRuntimeError, match="out of memory"):
        nde(monkeypatch, "predict", "run", "waves.csv", "--horizon", "3")


def test_a_forecast_that_is_not_finite_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--out", "run") == 0
    capsys.readouterr()
    monkeypatch.setattr(
        doubles.LastValue, "predict", lambda _, panel, times: np.where(times > 6, np.nan, 1.0)[..., None] * np.ones(2)
    )
    assert nde(monkeypatch, "predict", "run", "waves.csv", "--times", "5,6,7") == 2
    said = capsys.readouterr()
    assert "The prediction at time 7 is not finite" in said.err
    assert said.out == ""


def failing(error: Exception):
    def fail(*_):
        raise error

    return fail


def test_a_single_series_with_dates(monkeypatch: pytest.MonkeyPatch):
    days = np.datetime64("2024-02-01") + np.arange(20)
    made.written(Path(), [f"a,{day},{place}" for place, day in enumerate(days)], "who,t,x")
    assert nde(monkeypatch, "fit", "waves.csv", "--series", "who", "--time", "t", "--out", "run") == 0
    found = rows_of("run/predictions.csv")
    assert [row["t"] for row in found] == [str(day) for day in days[16:]]
    assert [row["truth x"] for row in found] == ["16", "17", "18", "19"]
    assert {row["x"] for row in found} == {"15"}
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["sizes"] == {"train": {"series": 1, "rows": 16}, "test": {"series": 1, "rows": 20}}
    assert metrics["test"]["rmse"] == pytest.approx(np.sqrt(np.mean(np.arange(1, 5) ** 2)))
    remark = "There is only 1 series, too few to hold some out. The last fifth of its rows is held out for testing."
    assert remark in metrics["data"]["remarks"]
    times = "2024-02-21,2024-03-01 12:00:00"
    assert nde(monkeypatch, "predict", "run", "waves.csv", "--times", times, "--out", "at.csv") == 0
    assert [row["t"] for row in rows_of("at.csv")] == times.split(",")
    assert nde(monkeypatch, "predict", "run", "waves.csv", "--horizon", "10", "--out", "ten.csv") == 0
    assert rows_of("ten.csv")[-1]["t"] == "2024-03-01"


def test_only_the_last_rows_are_forecast_from(monkeypatch: pytest.MonkeyPatch):
    rows = [f"{who},{t},{10 * t}" for who in "ab" for t in range(20)]
    made.written(Path(), rows, "who,t,x")
    fit = ("fit", "waves.csv", "--series", "who", "--time", "t", "--window", "10", "--out", "run")
    assert nde(monkeypatch, *fit) == 0
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["sizes"] == {"train": {"series": 2, "rows": 16}, "test": {"series": 2, "rows": 20}}
    assert "Only the last 10 rows of each series are used." in metrics["data"]["remarks"]
    seen = []
    monkeypatch.setattr(doubles.LastValue, "predict", lambda _, panel, times: seen.append(panel) or times[..., None])
    assert nde(monkeypatch, "predict", "run", "--horizon", "1", "--out", "next.csv") == 0
    assert [list(series.ts) for series in seen[0]] == [list(range(10, 20))] * 2
    assert [row["t"] for row in rows_of("next.csv")] == ["20", "20"]


def test_gaps(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    arguments = (*COLUMNS, "--impute", "--split", "part")
    assert nde(monkeypatch, "fit", "waves.csv", *arguments, "--out", "run") == 0
    metrics, found = json.loads(Path("run/metrics.json").read_text()), rows_of("run/predictions.csv")
    assert metrics["task"] == "impute"
    assert metrics["baselines"]["linear interpolation"]["rmse"] == pytest.approx(metrics["test"]["rmse"], rel=1e-6)
    check_scores(metrics, found)
    check_report("run")
    given = rows_in_file("waves.csv")
    for row in found:
        true = given[row["who"], float(row["t"])]
        assert {row["truth x"], row["truth y"]} != {""}
        assert all(number(row[f"truth {name}"]) == number(true[name]) for name in "xy" if row[f"truth {name}"])

    assert nde(monkeypatch, "predict", "run", "waves.csv", "--out", "filled.csv") == 0
    filled = rows_in_file("filled.csv")
    assert filled.keys() == given.keys()
    for key, row in given.items():
        assert filled[key]["y"] if row["y"] == "" else float(filled[key]["y"]) == float(row["y"])
        assert float(filled[key]["x"]) == float(row["x"])
    capsys.readouterr()
    assert nde(monkeypatch, "predict", "run", "waves.csv", "--horizon", "2") == 2
    assert "this run is one that fills gaps" in capsys.readouterr().err


def test_gaps_of_one_table(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Dates and values without a column of series: no output has one."""
    days = np.datetime64("2024-02-01") + np.arange(20)
    rows = [f"{day},{'' if place % 6 == 5 else place},{7 + place % 2}" for place, day in enumerate(days)]
    made.written(Path(), rows, "date,value,level")
    fit = ("fit", "waves.csv", "--time", "date", "--impute")
    assert nde(monkeypatch, *fit, "--out", "run") == 0
    metrics, found = json.loads(Path("run/metrics.json").read_text()), rows_of("run/predictions.csv")
    assert (metrics["data"]["series"], metrics["data"]["channels"]) == (None, ["value", "level"])
    assert metrics["sizes"] == {"train": {"series": 1, "rows": 20}, "test": {"series": 1, "rows": 20}}
    assert list(found[0]) == ["date", "value", "level", "truth value", "truth level"]
    given = {row["date"]: row for row in rows_of("waves.csv")}
    hidden = [row for row in found if row["truth value"]]
    assert hidden
    assert all(row["truth value"] == given[row["date"]]["value"] for row in hidden)
    check_report("run")
    assert nde(monkeypatch, "predict", "run", "--out", "filled.csv") == 0
    filled = rows_of("filled.csv")
    assert [list(row.values()) for row in filled] == [
        [str(day), str(place), str(7 + place % 2)] for place, day in enumerate(days)
    ]
    assert nde(monkeypatch, *fit, "--channels", "value", "--out", "one") == 0
    assert nde(monkeypatch, "predict", "one", "waves.csv", "--out", "one.csv") == 0
    assert [row["value"] for row in rows_of("one.csv")] == [row["value"] for row in filled]
    capsys.readouterr()
    assert nde(monkeypatch, *fit, "--state", "value") == 2
    assert "with --channels" in " ".join(capsys.readouterr().err.split())


def test_a_stopped_forecast_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def interrupted(*_):
        raise KeyboardInterrupt

    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--drop", "0.2", "--out", "whole") == 0
    with monkeypatch.context() as patch:
        patch.setattr(doubles.Simple, "fit", interrupted)
        assert nde(patch, "fit", "waves.csv", *COLUMNS, "--drop", "0.2", "--out", "run") == 130
    capsys.readouterr()
    assert nde(monkeypatch, "fit", "--resume", "run", "--impute") == 2
    assert "--impute cannot change when a run is resumed" in capsys.readouterr().err
    assert nde(monkeypatch, "fit", "--resume", "run") == 0
    assert Path("run/predictions.csv").read_text() == Path("whole/predictions.csv").read_text()


def test_series_for_validation_are_left_out_and_said(monkeypatch: pytest.MonkeyPatch):
    made.written(Path(), [line.replace("train,32", "validation,32") for line in made.lines()])
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--split", "part", "--out", "run") == 0
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert {name: each["series"] for name, each in metrics["sizes"].items()} == {"train": 17, "test": 6}
    assert any("1 series for validation left out" in remark for remark in metrics["data"]["remarks"])


def panel() -> library.TimeSeries:
    """A series of ten rows, one of two, one of one, and one with nothing after the cut."""
    late = np.where(np.arange(6.0) < 3, 1.0, np.nan)
    return library.TimeSeries.from_arrays([np.arange(10.0), np.arange(2.0), np.ones(1), late])


def test_what_comes_after_two_thirds_of_the_time():
    held = hold_out_future(panel())
    assert held is not None
    assert held.inputs.ids == (0, 1)
    assert [list(series.ts) for series in held.inputs] == [list(range(7)), [0]]
    assert [list(each) for each in held.times] == [[7, 8, 9], [1]]
    assert [list(each[:, 0]) for each in held.truth] == [[7, 8, 9], [1]]


def test_the_last_fifth_of_the_rows():
    held = hold_out_last_rows(panel())
    assert held is not None
    assert [list(each) for each in held.times] == [[8, 9], [1]]
    assert hold_out_last_rows(panel()[2:]) is None


def test_a_fifth_of_the_observations_is_hidden_and_nothing_else():
    ys = np.where(np.random.default_rng(0).random((4, 20, 2)) < 0.3, np.nan, 1.0)
    whole = library.TimeSeries.from_arrays(ys)
    held = hold_out_observations(whole, 3)
    assert held is not None
    for series, seen, truth in zip(whole, held.inputs, held.truth, strict=True):
        assert not (np.isfinite(seen.ys) & np.isfinite(truth)).any()
        np.testing.assert_array_equal(np.isfinite(seen.ys) | np.isfinite(truth), np.isfinite(series.ys))
        count = np.isfinite(series.ys).sum(axis=0)
        np.testing.assert_array_equal(np.isfinite(truth).sum(axis=0), np.floor(count * 0.2 + 1e-9))
    np.testing.assert_array_equal(hide_observations(whole, 3).ys, held.inputs.ys)
    assert (np.isfinite(hide_observations(whole, 4).ys) != np.isfinite(held.inputs.ys)).any()


def test_scores_in_units_and_in_deviations():
    train = library.TimeSeries.from_arrays([np.array([[0.0, 0.0], [2.0, 200.0]])])
    whole = library.TimeSeries.from_arrays([np.array([[0.0, 5.0], [1.0, np.nan], [9.0, np.nan], [4.0, 100.0]])])
    held = hold_out_future(whole)
    assert held is not None
    scores = trajectory_scores(held, [np.array([[5.0, 0.0]])], train)
    assert scores["channels"] == {"x0": 1.0, "x1": 100.0}
    assert scores["rmse"] == pytest.approx(np.sqrt((1 + 100**2) / 2))
    assert (scores["scaled_rmse"], scores["mae"], scores["values"]) == (1.0, 50.5, 2)
    found = baseline_scores(held, train, "last value", last_value)
    assert found["last value"]["channels"] == {"x0": 5.0, "x1": 95.0}
    assert found["mean"]["channels"] == {"x0": 3.0, "x1": 0.0}


def test_lines_between_what_was_seen():
    whole = library.TimeSeries.from_arrays([np.array([0.0, 1.0, 9.0, 3.0, 4.0])])
    held = hold_out_observations(whole, 0)
    assert held is not None
    hides = int(np.flatnonzero(np.isfinite(held.truth[0][:, 0]))[0])
    # A line from neighbor to neighbor; at an end the only neighbor.
    expected = [1.0, 4.5, 2.0, 6.5, 3.0][hides]
    found = baseline_scores(held, whole, "linear interpolation", linear_interpolation)
    assert found["linear interpolation"]["rmse"] == pytest.approx(abs(expected - whole.ys[hides, 0]))
