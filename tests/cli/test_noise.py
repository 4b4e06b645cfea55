"""The main job for equations with noise: what a run leaves behind, and that bad input leaves nothing."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nde.cli.tables.sde import suitable_models
from nde.cli.tables.simulated import TRUTH, simulated_series
from nde.data import Fan, Series
from nde.models import load_model
from nde.train import coverage
from tests.cli.test_fit import nde

COLUMNS = ("--time", "t", "--state", "x", "--series", "who")


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four simulated series, all positive, in an otherwise empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    lines = ["who,t,x"]
    for name, table in list(simulated_series().items())[:4]:
        lines += [f"{name},{t:.6f},{x:.6f}" for t, (x,) in zip(table.ts, table.ys, strict=True)]
    path = tmp_path / "record.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


ALL = ("sde-ou", "sde-geometric", "sde-neural")
RUNS = [pytest.param("sde-ou", ("sde-ou",), id="one"), pytest.param("sde", ALL, id="all", marks=pytest.mark.slow)]


@pytest.mark.parametrize(("model", "names"), RUNS)
def test_a_run(
    record: Path,
    model: str,
    names: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    arguments = ("--model", model, "--holdout", "4", "--out", "deep/run", "--steps", "60")
    assert nde(monkeypatch, "fit", str(record), *COLUMNS, *arguments) == 0
    folder = record.parent / "deep" / "run"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    models = {f"models/{name}/{file}" for name in names for file in ("config.json", "model.eqx")}
    assert files == {"metrics.json", "report.html", "predictions.csv", "fan.png", *models}
    assert {path.name for path in folder.parent.iterdir()} == {"run"}

    metrics = json.loads((folder / "metrics.json").read_text())
    told = metrics["models"]["sde-ou"]
    assert set(metrics["models"]) == set(names)
    assert told["log_density_held_out"] > metrics["baselines"]["random-walk"]["log_density_held_out"]
    for name, truth in TRUTH.items():
        each = told["parameters"][name]
        assert abs(each["value"] - truth) < 3 * each["standard_error"]

    rows = [line.split(",") for line in (folder / "predictions.csv").read_text().splitlines()]
    place = {name: i for i, name in enumerate(rows[0])}
    held = [row for row in rows[1:] if row[place["held out"]] == "1"]
    assert (len(rows) - 1, len(held)) == (160, 16)
    low, high, x = ([float(r[place[c]]) for r in held] for c in ("x 5% (sde-ou)", "x 95% (sde-ou)", "x"))
    inside = np.mean([a <= b <= c for a, b, c in zip(low, x, high, strict=True)])
    assert inside == pytest.approx(told["coverage"]["fan, held out"]["90%"])

    html = (folder / "report.html").read_text()
    assert re.findall(r'(?:src|href)="(?!data:)', html) == []
    (inside,) = (base64.b64decode(data) for data in re.findall(r'src="data:image/png;base64,([^"]+)"', html))
    assert inside == (folder / "fan.png").read_bytes()
    said = capsys.readouterr().out
    assert "random-walk" in said
    assert re.search(r"standard .*\n.* error", said)

    assert nde(monkeypatch, "predict", "deep/run", "--model", "sde-ou", "--times", "90,70") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "series,t,x 5%,x 25%,x 50%,x 75%,x 95%"
    assert len(lines) == 1 + 2 * 4
    rate, mean, volatility = (told["parameters"][name]["value"] for name in TRUTH)
    bands = np.array([[float(v) for v in line.split(",")[2:]] for line in lines[1:]])
    wanted = mean + np.array([-1.645, -0.674, 0, 0.674, 1.645]) * volatility / np.sqrt(2 * rate)
    np.testing.assert_allclose(bands, np.tile(wanted, (8, 1)), atol=0.15)
    assert load_model(folder / "models" / "sde-ou").equation() == told["equation"]


@pytest.mark.parametrize(
    ("transform", "shift", "names"), [("none", 0, ALL), ("root", 0, ALL[::2]), ("none", 9, ALL[::2])]
)
def test_all_models_that_suit_the_data(transform: str, shift: float, names: tuple[str, ...]):
    """Geometric motion is for positive data, and does not compare with models of roots."""
    tables = {name: Series("t", ("x",), each.ts, each.ys - shift) for name, each in simulated_series().items()}
    assert tuple(suitable_models(list(tables.values()), ["sde"], transform)) == names


def test_one_series_without_a_name(record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Its columns have names with commas, quotes and line breaks, which become spaces."""
    day, state = "day, AD", 'x "north" of here, or so'
    frame = pd.read_csv(record).iloc[:40].rename(columns={"t": day, "x": state})
    frame[[day, state]].rename(columns={state: 'x "north"\nof here, or so'}).to_csv(record, index=False)
    arguments = ("--time", day, "--state", '"x ""north""\nof here, or so"', "--model", "sde-geometric", "--out", "run")
    assert nde(monkeypatch, "fit", str(record), *arguments) == 0
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert (metrics["best"], metrics["rows_held_out"]) == ("sde-geometric", 0)
    found = pd.read_csv("run/predictions.csv")
    quantiles = [f"{state} {level}%" for level in (5, 25, 50, 75, 95)]
    assert list(found) == [day, "held out", state, *(f"{name} (sde-geometric)" for name in quantiles)]
    np.testing.assert_allclose(found[[day, state]], frame[[day, state]], rtol=1e-8)
    assert nde(monkeypatch, "predict", "run", "--times", "60", "--out", "more.csv") == 0
    assert list(pd.read_csv("more.csv")) == [day, *quantiles]
    capsys.readouterr()
    assert nde(monkeypatch, "predict", "run", "--times", "1") == 2
    assert "starts from the last measurement" in capsys.readouterr().err


BAD = {
    "no series column": (("fit", "record.csv", *COLUMNS[:-1], "whom", "--model", "sde"), "Did you mean 'who'"),
    "without noise": (("fit", "record.csv", *COLUMNS), "--series cannot be combined with a forecast of one table"),
    "series not told apart": (("fit", "record.csv", *COLUMNS[:4], "--model", "sde"), "goes back from"),
    "no such transformation": (
        ("fit", "record.csv", *COLUMNS, "--model", "sde", "--transform", "cube"),
        "--transform must be one of none, root, log",
    ),
    "no such model": (("fit", "record.csv", *COLUMNS, "--model", "sde-magic"), "There is no model 'sde-magic'"),
    "roots of a geometric motion": (
        ("fit", "record.csv", *COLUMNS, "--model", "sde-geometric", "--transform", "root"),
        "takes logarithms, not roots",
    ),
    "too much held out": (
        ("fit", "record.csv", *COLUMNS, "--model", "sde", "--holdout", "39"),
        "Series 'series 1': Got 39 rows to hold out of 40",
    ),
    "folder exists": (("fit", "record.csv", *COLUMNS, "--model", "sde", "--out", "there"), "there exists already"),
    "no such demo": (("demo", "--model", "hybrid"), "There is no demo of the model 'hybrid'"),
    "demo into a folder that exists": (("demo", "--model", "sde", "--out", "there"), "there exists already"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD)
@pytest.mark.usefixtures("record")
def test_bad_input_gets_one_line_and_leaves_nothing(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    (tmp_path / "there").mkdir()
    assert nde(monkeypatch, *arguments) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["record.csv", "there"]


def test_the_simulated_series_follow_their_law():
    """The exact law of the truth covers them as it says."""
    rate, mean, volatility = TRUTH.values()
    tables = list(simulated_series().values())
    fans = []
    for table in tables:
        kept = np.exp(-rate * np.diff(table.ts))
        center = mean + (table.ys[:-1, 0] - mean) * kept
        spread = volatility * np.sqrt((1 - kept**2) / (2 * rate))
        bands = np.array([-1.645, -0.674, 0, 0.674, 1.645])[:, None] * spread + center
        quantiles = np.concatenate([np.full((5, 1), np.nan), bands], axis=1)[..., None]
        fans.append(Fan(table.ts, quantiles, np.zeros((0, len(table.ts), 1))))
    assert coverage(tables, fans)["90%"] == pytest.approx(0.9, abs=0.03)
    assert coverage(tables, fans)["50%"] == pytest.approx(0.5, abs=0.05)


@pytest.mark.slow
def test_the_demo_recovers_the_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert nde(monkeypatch, "demo", "--model", "sde") == 0
    metrics = json.loads(Path("runs/sde/simulated/metrics.json").read_text())
    distances = [each["distance"] for each in metrics["models"]["sde-ou"]["parameters"].values()]
    assert len(distances) == 3
    assert max(map(abs, distances)) < 2
    sun = json.loads(Path("runs/sde/sunspots/metrics.json").read_text())
    walk = sun["baselines"]["random-walk"]["log_density_held_out"]
    assert min(each["log_density_held_out"] for each in sun["models"].values()) > walk
