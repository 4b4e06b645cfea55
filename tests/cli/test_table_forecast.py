"""`nde fit` without a model forecasts a table, and says which method won."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nde.estimators.forecasting import forecaster
from nde.estimators.forecasting.methods import PLAIN, Mean
from nde.estimators.forecasting.structural import Structural
from tests.cli.test_fit import nde

FIT = ("fit", "sales.csv", "--time", "month", "--state", '"sales, EUR",visits')
FORECAST = 'month,"sales, EUR","sales, EUR_lower_50"'


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file of 48 months, and only the methods that need no fit."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(forecaster, "METHODS", {method.name: method for method in PLAIN})
    months = [f"{2020 + place // 12}-{place % 12 + 1:02d}-01" for place in range(48)]
    season = 100 + 20 * np.sin(2 * np.pi * np.arange(48) / 12)
    with Path("sales.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["month", "sales, EUR", "visits"])
        rows.writerows(zip(months, [*season[:5], "", *season[6:]], range(48), strict=True))


def read(path: str) -> list[dict[str, str]]:
    with Path(path).open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_table_is_forecast_with_its_dates(monkeypatch, capsys):
    assert nde(monkeypatch, *FIT, "--horizon", "6", "--holdout", "4", "--out", "run") == 0
    out = capsys.readouterr().out
    assert "sales, EUR: the seasonal naive forecast is better than every model here" in " ".join(out.split())
    assert "4 rows held out" in out
    rows = read("run/predictions.csv")
    assert [row["month"] for row in rows] == [f"2024-{month:02d}-01" for month in range(1, 7)]
    np.testing.assert_allclose(
        [float(row["sales, EUR"]) for row in rows], 100 + 20 * np.sin(2 * np.pi * np.arange(6) / 12), atol=1e-6
    )
    np.testing.assert_allclose([float(row["visits"]) for row in rows], range(48, 54), rtol=1e-6)
    assert all(float(row["visits_lower_95"]) <= float(row["visits"]) <= float(row["visits_upper_95"]) for row in rows)
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["methods"] == {"sales, EUR": {"seasonal naive": 1}, "visits": {"drift": 1}}
    assert metrics["season"]["sales, EUR"] == 12
    assert metrics["held_out"]["visits"]["rmse"] == pytest.approx(0, abs=1e-6)
    report = Path("run/report.html").read_text()
    assert "nde predict run --horizon 6" in report
    assert "<h3>visits</h3>" in report
    assert "better than every model here" in report


def test_rows_held_out_are_forecast_at_their_times(monkeypatch, capsys):
    lines = Path("sales.csv").read_text().splitlines()
    Path("sales.csv").write_text("\n".join([*lines[:40], lines[42], lines[45], lines[48]]))
    assert nde(monkeypatch, *FIT, "--holdout", "3", "--season", "12", "--out", "run") == 0
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["held_out"]["sales, EUR"]["rmse"] == pytest.approx(0, abs=1e-6)
    assert metrics["held_out"]["visits"]["rmse"] == pytest.approx(0, abs=1e-6)


def test_a_run_forecasts_again(monkeypatch, capsys):
    assert nde(monkeypatch, *FIT, "--horizon", "6", "--out", "run") == 0
    assert nde(monkeypatch, "predict", "run", "--out", "same.csv") == 0
    assert Path("same.csv").read_text() == Path("run/predictions.csv").read_text()
    assert nde(monkeypatch, "predict", "run", "--horizon", "20", "--out", "next.csv") == 0
    rows = read("next.csv")
    assert len(rows) == 20
    assert rows[:6] == read("same.csv")
    assert rows[-1]["month"] == "2025-08-01"
    capsys.readouterr()
    for arguments, message in (
        (("--times", "2025"), "takes --horizon, a number of rows; got --times"),
        (("--model", "hybrid"), "takes --horizon, a number of rows; got --model"),
        (("sales.csv",), "takes --horizon, a number of rows; got the file sales.csv"),
    ):
        assert nde(monkeypatch, "predict", "run", *arguments) == 2
        assert message in " ".join(capsys.readouterr().err.split())
    metrics = json.loads(Path("run/metrics.json").read_text())
    del metrics["methods"]
    Path("run/metrics.json").write_text(json.dumps(metrics))
    assert nde(monkeypatch, "predict", "run") == 2
    assert "metrics.json is damaged" in capsys.readouterr().err


def test_columns_that_are_known_in_advance(monkeypatch, capsys):
    """The price of some rows more than sales have; later prices come in a file of their own."""
    monkeypatch.setattr(forecaster, "METHODS", {"linear SDE": Structural(), "mean": Mean()})
    price = np.random.default_rng(0).uniform(1, 3, 40)
    sales = 50 - 8 * price
    dates = [f"{day:%Y-%m-%d}" for day in pd.date_range("2024-01-01", periods=40)]

    def write(path: str, first: int, last: int, sold: int) -> None:
        rows = (f"{dates[i]},{sales[i] if i < sold else ''},{price[i]}" for i in range(first, last))
        Path(path).write_text("\n".join(["day,sales,price", *rows]) + "\n")

    write("priced.csv", 0, 35, 32)
    fit = ("fit", "priced.csv", "--time", "day", "--state", "sales", "--known", "price", "--season", "none")
    assert nde(monkeypatch, *fit, "--holdout", "3", "--out", "run") == 0
    rows = read("run/predictions.csv")
    assert [row["day"] for row in rows] == dates[32:35]
    np.testing.assert_allclose([float(row["sales"]) for row in rows], sales[32:35], atol=0.5)
    assert json.loads(Path("run/metrics.json").read_text())["held_out"]["sales"]["rmse"] < 0.5
    write("later.csv", 32, 40, 0)
    assert nde(monkeypatch, "predict", "run", "later.csv", "--out", "later-sales.csv") == 0
    rows = read("later-sales.csv")
    assert [row["day"] for row in rows] == dates[32:]
    np.testing.assert_allclose([float(row["sales"]) for row in rows], sales[32:], atol=0.5)
    capsys.readouterr()
    write("early.csv", 20, 40, 0)
    assert nde(monkeypatch, "predict", "run", "early.csv") == 2
    assert "must come after the last of the run" in " ".join(capsys.readouterr().err.split())
    write("complete.csv", 0, 32, 32)
    assert nde(monkeypatch, "fit", "complete.csv", *fit[2:], "--out", "other") == 2
    assert "price must be known for the rows to forecast" in " ".join(capsys.readouterr().err.split())


def test_only_the_last_rows_are_learned_from(monkeypatch, capsys):
    """The mean of the last rows, or of those before the rows held out; a run forecasts again from the same rows."""
    monkeypatch.setattr(forecaster, "METHODS", {"mean": Mean()})
    values = np.random.default_rng(0).normal(size=30)
    Path("data.csv").write_text("\n".join(["t,x", *(f"{t},{value}" for t, value in enumerate(values))]))
    fit = ("fit", "data.csv", "--time", "t", "--state", "x", "--season", "none", "--horizon", "2")
    assert nde(monkeypatch, *fit, "--window", "12", "--holdout", "4", "--out", "run") == 0
    found = [float(row["x"]) for row in read("run/predictions.csv")]
    np.testing.assert_allclose(found, values[18:].mean(), rtol=1e-6)
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert (metrics["window"], metrics["rows_fitted"]) == (12, 12)
    errors = values[26:] - values[14:26].mean()
    assert metrics["held_out"]["x"]["rmse"] == pytest.approx(np.sqrt(np.mean(errors**2)), rel=1e-6)
    assert "The forecast learns from the last 12." in Path("run/report.html").read_text()
    assert nde(monkeypatch, "predict", "run", "--out", "same.csv") == 0
    assert read("same.csv") == read("run/predictions.csv")
    capsys.readouterr()
    for more, message in (
        (("--window", "4"), "--window must be at least 5 rows; got 4"),
        (("--window", "9", "--model", "neural-trajectory"), "--window is for a forecast of one table, without --model"),
        (("--width", "9"), "Got --width, which is only for many series"),
    ):
        assert nde(monkeypatch, *fit[:6], *more) == 2
        assert message in " ".join(capsys.readouterr().err.split())


@pytest.fixture
def priced(monkeypatch) -> pd.DatetimeIndex:
    """A run with a known price, of German dates without an offset, in Berlin; and its dates and those after."""
    dates = pd.date_range("2024-02-26", periods=40)
    rows = [f"{day:%d/%m/%Y};{7 + place % 3},5;{place % 3}" for place, day in enumerate(dates[:34])]
    Path("priced.csv").write_text("\n".join(["day;sales;price", *rows, f"{dates[34]:%d/%m/%Y};;1,5"]))
    fit = ("fit", "priced.csv", "--time", "day", "--state", "sales", "--known", "price", "--season", "none")
    assert nde(monkeypatch, *fit, "--timezone", "Europe/Berlin", "--out", "run") == 0
    return dates


def test_a_later_file_is_read_as_that_of_the_run(monkeypatch, priced):
    """03/04 may be of March or April, and has no offset."""
    rows = [f"{day:%d/%m/%Y};{place % 3},5" for place, day in enumerate(priced[34:])]
    Path("later.csv").write_text("\n".join(["day;price", *rows]))
    assert nde(monkeypatch, "predict", "run", "later.csv", "--out", "later-sales.csv") == 0
    found = [row["day"] for row in read("later-sales.csv")]
    assert found == [f"{day:%Y-%m-%d} 00:00:00+0{1 if day.day == 31 else 2}:00" for day in priced[34:]]


def test_later_times_of_another_kind_are_refused(monkeypatch, capsys, priced):
    Path("later.csv").write_text("day,price\n100,1\n101,1\n")
    assert nde(monkeypatch, "predict", "run", "later.csv") == 2
    assert "The rows to forecast have numbers as times" in " ".join(capsys.readouterr().err.split())


def test_numbers_are_times_too(monkeypatch):
    lines = Path("sales.csv").read_text().splitlines()
    numbered = [lines[0], *(f"{2000 + place}{line[10:]}" for place, line in enumerate(lines[1:]))]
    Path("sales.csv").write_text("\n".join(numbered) + "\n")
    assert nde(monkeypatch, *FIT, "--season", "none", "--horizon", "2", "--out", "run") == 0
    assert [row["month"] for row in read("run/predictions.csv")] == ["2048", "2049"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--holdout", "47"), "choose between 0 and 43"),
        (("--season", "1"), "--season must be a number of rows of at least 2, auto or none; got 1"),
        (("--season", "year"), "auto or none; got year"),
        (("--steps", "5"), "--steps cannot be combined with a forecast"),
        (("--transform", "log"), "--transform cannot be combined with a forecast"),
        (("--model", "lotka-volterra", "--horizon", "3"), "--horizon is for a forecast of one table"),
        (("--model", "sde", "--season", "12"), "--season is for a forecast of one table"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, message, monkeypatch, capsys):
    assert nde(monkeypatch, *FIT, *arguments, "--out", "run") == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("2021-03-01", "2019-03-01", "'month' goes back from 2021-02-01 in row 15"),
        ("2021-03-01", "2021-02-01", "'month' repeats the time 2021-02-01 in row 15"),
        ("2021-03-01", "March", "has the text 'March' in row 15"),
    ],
)
def test_times_that_do_not_increase_are_refused(old, new, message, monkeypatch, capsys):
    Path("sales.csv").write_text(Path("sales.csv").read_text().replace(old, new))
    assert nde(monkeypatch, *FIT, "--out", "run") == 2
    assert message in " ".join(capsys.readouterr().err.split())
