"""Forecasts and filled gaps of many series by default: methods are compared, and the report says who won."""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nde.cli.panels.comparison import verdict
from nde.estimators import PanelForecaster, PanelImputer
from nde.estimators.panels.filling import LINE
from nde.estimators.panels.plain import PLAIN_METHODS
from tests.cli.test_fit import nde

COLUMNS = ("sales.csv", "--series", "shop", "--time", "month")


@pytest.fixture(autouse=True)
def sales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Monthly sales of six shops with a season, in the current folder; only methods that need no training."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(PanelForecaster, "known_methods", tuple(PLAIN_METHODS))
    monkeypatch.setattr(PanelImputer, "known_methods", (LINE,))
    random, months = np.random.default_rng(0), pd.date_range("2020-01-01", periods=48, freq="MS")
    wave = 10 * np.sin(2 * np.pi * np.arange(48) / 12)
    frames = [
        pd.DataFrame({"shop": f"s{k}", "month": months, "sold": 50 + wave + random.normal(size=48)}) for k in range(6)
    ]
    frame = pd.concat(frames)
    frame.loc[frame.index % 7 == 3, "sold"] = np.nan
    frame.to_csv("sales.csv", index=False)
    return frame


def test_the_plain_method_that_wins_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert nde(monkeypatch, "fit", *COLUMNS, "--out", "run") == 0
    words = " ".join(capsys.readouterr().out.split())
    report = " ".join(Path("run/report.html").read_text().split())
    for text in (words, report):
        assert "sold: the seasonal naive forecast is better than every model here" in text
    assert not Path("run/learning.png").exists()
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["test"]["rmse"] == pytest.approx(metrics["baselines"]["seasonal naive"]["rmse"])
    assert metrics["test"]["rmse"] < 0.5 * metrics["baselines"]["mean"]["rmse"]
    assert 0.5 < metrics["test"]["coverage"] <= 1

    assert nde(monkeypatch, "predict", "run", "--horizon", "2", "--out", "next.csv") == 0
    with Path("next.csv").open() as file:
        rows = list(csv.DictReader(file))
    ends = [f"sold_{side}_{level}" for level in (50, 80, 95) for side in ("lower", "upper")]
    assert list(rows[0]) == ["shop", "month", "sold", *ends]
    assert [row["month"] for row in rows] == ["2024-01-01", "2024-02-01"] * 6
    assert all(float(row["sold_lower_80"]) < float(row["sold"]) < float(row["sold_upper_80"]) for row in rows)


def test_a_run_whose_file_has_changed_asks_for_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sales: pd.DataFrame
):
    assert nde(monkeypatch, "fit", *COLUMNS, "--out", "run") == 0
    sales.iloc[:-1].to_csv("sales.csv", index=False)
    capsys.readouterr()
    assert nde(monkeypatch, "predict", "run", "--horizon", "2") == 2
    assert "is missing or has changed since the run run; name a file" in capsys.readouterr().err
    assert nde(monkeypatch, "predict", "run", "sales.csv", "--horizon", "2", "--out", "next.csv") == 0


def test_steps_are_for_models_that_are_trained(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert nde(monkeypatch, "fit", *COLUMNS, "--steps", "5", "--out", "run") == 2
    assert "--steps is the number of training steps of --model latent-ode" in capsys.readouterr().err
    assert not Path("run").exists()


def test_gaps_are_filled(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], sales: pd.DataFrame):
    assert nde(monkeypatch, "fit", *COLUMNS, "--impute", "--out", "run") == 0
    assert "sold: linear interpolation is better than every model here." in " ".join(capsys.readouterr().out.split())
    assert nde(monkeypatch, "predict", "run", "sales.csv", "--out", "filled.csv") == 0
    filled, known = pd.read_csv("filled.csv"), sales["sold"].notna().to_numpy()
    np.testing.assert_allclose(filled["sold"][known], sales["sold"][known])
    assert filled["sold"].notna().all()


def test_a_model_is_compared_with_the_best_plain_method():
    baselines = {"mean": {"scaled_rmse": 1.0}, "drift": {"scaled_rmse": 0.5}}
    lost = verdict("latent-ode", {"scaled_rmse": 0.8}, baselines)
    assert "the drift forecast is better than every model here: RMSE 0.5 standard deviations, against 0.8" in lost
    same = verdict("latent-ode", {"scaled_rmse": 0.5}, baselines)
    assert same == "On the test, the RMSE of latent-ode is that of the best plain method, drift (0.5)."
    won = verdict("latent-ode", {"scaled_rmse": 0.4}, baselines)
    assert won == "On the test, the RMSE of latent-ode is 20% below that of the best plain method, drift."
