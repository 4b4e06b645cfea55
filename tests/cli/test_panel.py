"""Many series: what a run leaves behind, how it predicts, and how it goes on; by a stand-in for the estimators."""

import base64
import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, brier_score_loss, log_loss, recall_score, roc_auc_score

from nde.cli.panels import task
from tests.cli import doubles, made
from tests.cli.test_fit import nde

COLUMNS = ("--series", "who", "--time", "t", "--channels", "x,y")
PICTURES = {"result.png", "learning.png", "readings.png"}


@pytest.fixture(autouse=True)
def waves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The series, in an otherwise empty folder that is the current one, and a stand-in for the estimators."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(task, "make_estimator", doubles.estimator)
    monkeypatch.setattr(task, "load_estimator", doubles.load)
    return made.written(tmp_path)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_run_of_classes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    arguments = (*COLUMNS, "--target", "kind", "--split", "part", "--out", "deep/run")
    assert nde(monkeypatch, "fit", "waves.csv", *arguments) == 0
    folder = Path("deep/run")
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    pictures = PICTURES | {"calibration.png"}
    assert files == {"job.json", "metrics.json", "report.html", "predictions.csv", "model/model.npz", *pictures}
    shown = " ".join(capsys.readouterr().out.split())
    assert "linear model, test" in shown
    assert "The nearest mean is the only method." in shown
    assert re.search(r"series of the test part correctly \(95% interval \d+% to \d+%\)", shown)

    metrics = json.loads((folder / "metrics.json").read_text())
    found = rows_of(folder / "predictions.csv")
    assert {name: each["series"] for name, each in metrics["sizes"].items()} == {"train": 18, "test": len(found)}
    truth, said = ([row[name] for row in found] for name in ("truth", "prediction"))
    chances = np.array([[float(row[f"probability {name}"]) for name in metrics["classes"]] for row in found])
    assert metrics["test"]["accuracy"] == np.mean(np.array(truth) == np.array(said))
    assert metrics["test"]["log_loss"] == pytest.approx(log_loss(truth, chances), rel=1e-6)
    assert metrics["test"]["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(truth, said))
    fast = np.array(truth) == "fast"
    assert metrics["test"]["brier"] == pytest.approx(brier_score_loss(fast, chances[:, 0]), rel=1e-6)
    assert metrics["test"]["auc"] == pytest.approx(roc_auc_score(fast, chances[:, 0]))
    assert metrics["methods"]["shares"] == {"nearest mean": 1.0}
    assert list(metrics["test"]["recall"].values()) == pytest.approx(recall_score(truth, said, average=None).tolist())

    html = (folder / "report.html").read_text()
    assert re.findall(r'(?:src|href)="(?!data:)', html) == []
    inside = [base64.b64decode(data) for data in re.findall(r'src="data:image/png;base64,([^"]+)"', html)]
    assert {*inside} == {(folder / picture).read_bytes() for picture in pictures}

    assert nde(monkeypatch, "predict", "deep/run", "waves.csv", "--out", "said.csv") == 0
    every = {row["series"]: row for row in rows_of(Path("said.csv"))}
    assert len(every) == 24
    for row in found:
        assert every[row["series"]] == {name: value for name, value in row.items() if name != "truth"}


def test_a_run_of_numbers(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--target", "speed", "--static", "age", "--out", "run") == 0
    metrics = json.loads(Path("run/metrics.json").read_text())
    found = rows_of(Path("run/predictions.csv"))
    truth, said = (np.array([float(row[name]) for row in found]) for name in ("truth", "prediction"))
    assert metrics["task"] == "numbers"
    assert metrics["test"]["rmse"] == pytest.approx(np.sqrt(np.mean((truth - said) ** 2)), rel=1e-6)
    assert metrics["test"]["r2"] == pytest.approx(1 - np.mean((truth - said) ** 2) / truth.var(), rel=1e-6)
    assert metrics["sizes"]["test"]["series"] == 5
    capsys.readouterr()
    assert nde(monkeypatch, "predict", "run", "waves.csv") == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == "series,prediction"
    assert "Root mean squared error of 24 series whose 'speed' is known" in printed.err


def test_whole_numbers_are_classes_unless_asked(monkeypatch: pytest.MonkeyPatch):
    rows = [re.sub(r"(slow|fast)", lambda kind: str(int(kind[0] == "fast")), line) for line in made.lines()]
    made.written(Path(), rows)
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--target", "kind", "--out", "classes") == 0
    metrics = json.loads(Path("classes/metrics.json").read_text())
    assert (metrics["task"], metrics["classes"]) == ("classes", [0, 1])
    assert "2 different whole numbers, taken as classes" in metrics["data"]["remarks"][0]
    asked = (*COLUMNS, "--target", "kind", "--task", "numbers", "--out", "numbers")
    assert nde(monkeypatch, "fit", "waves.csv", *asked) == 0
    assert json.loads(Path("numbers/metrics.json").read_text())["task"] == "numbers"


def test_dropping_takes_a_share_of_each_series(monkeypatch: pytest.MonkeyPatch):
    lengths = np.unique([line.split(",")[0] for line in made.lines()], return_counts=True)[1]
    arguments = (*COLUMNS, "--target", "kind", "--drop", "0.3", "--steps", "7", "--seed", "3", "--out", "run")
    assert nde(monkeypatch, "fit", "waves.csv", *arguments) == 0
    metrics = json.loads(Path("run/metrics.json").read_text())
    left = sum(each["rows"] for each in metrics["sizes"].values())
    assert left == sum(length - int(0.3 * length) for length in lengths)
    assert metrics["settings"]["steps_made"] == 7
    assert any("30% of the observations" in remark for remark in metrics["data"]["remarks"])


def test_a_stopped_run_goes_on(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def interrupted(*_):
        raise KeyboardInterrupt

    arguments = (*COLUMNS, "--target", "kind", "--drop", "0.2", "--steps", "8")
    assert nde(monkeypatch, "fit", "waves.csv", *arguments, "--out", "whole") == 0
    with monkeypatch.context() as patch:
        patch.setattr(doubles.NearestMean, "fit", interrupted)
        assert nde(patch, "fit", "waves.csv", *arguments, "--out", "run") == 130
    assert capsys.readouterr().err == "nde: Stopped; resume with `nde fit --resume run`.\n"
    assert [path.name for path in Path("run").iterdir()] == ["job.json"]
    assert nde(monkeypatch, "predict", "run", "waves.csv") == 2
    assert "The run run is not finished; resume it with `nde fit --resume run`" in capsys.readouterr().err
    for more, message in (
        (("--drop", "0.4"), "--drop cannot change when a run is resumed; this run has 0.2"),
        (("--target", "speed"), "--target cannot change"),
        (("--state", "x"), "Got --state, which cannot be combined with --resume"),
        (("--out", "other"), "Got --out, which cannot be combined with --resume"),
    ):
        assert nde(monkeypatch, "fit", "--resume", "run", *more) == 2
        assert message in capsys.readouterr().err
    assert nde(monkeypatch, "fit", "waves.csv", "--resume", "run", "--drop", "0.2") == 0
    assert Path("run/predictions.csv").read_text() == Path("whole/predictions.csv").read_text()
    capsys.readouterr()
    for folder, message in (("run", "is finished"), ("nowhere", "There is no run on many series to resume in nowhere")):
        assert nde(monkeypatch, "fit", "--resume", folder) == 2
        assert message in capsys.readouterr().err


def test_a_run_does_not_go_on_with_other_data(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(doubles.NearestMean, "fit", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--target", "kind", "--out", "run") == 130
    made.written(Path(), made.lines(seed=1))
    capsys.readouterr()
    assert nde(monkeypatch, "fit", "--resume", "run") == 2
    assert "has changed since the run run began" in capsys.readouterr().err
    Path("run/job.json").write_text("{}")
    assert nde(monkeypatch, "fit", "--resume", "run") == 2
    assert "job.json is damaged" in capsys.readouterr().err


def test_a_class_called_na(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    made.written(Path(), [line.replace("slow", "NA") for line in made.lines()])
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--target", "kind", "--out", "run") == 0
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["classes"] == ["NA", "fast"]
    assert sum(size["series"] for size in metrics["sizes"].values()) == 24
    capsys.readouterr()
    assert nde(monkeypatch, "predict", "run", "waves.csv", "--out", "other.csv") == 0
    assert "of 24 series whose 'kind' is known were predicted correctly" in capsys.readouterr().err


def test_what_is_odd_when_predicting_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--target", "kind", "--out", "run") == 0
    rows = [line.split(",") for line in made.lines()]
    other = [f"{y},{kind.replace('fast', 'swift')},{x},{who},{t}" for who, t, x, y, kind, *_ in rows]
    made.written(Path(), other, "y,kind,x,who,t")
    capsys.readouterr()
    assert nde(monkeypatch, "predict", "run", "waves.csv", "--out", "other.csv") == 0
    said = capsys.readouterr().err
    assert "The model never saw 'swift' as 'kind'" in said
    assert re.search(r"of \d+ series whose 'kind' is known were predicted correctly", said)
    made.written(Path())
    assert nde(monkeypatch, "predict", "run", "waves.csv", "--out", "same.csv") == 0
    assert Path("other.csv").read_text() == Path("same.csv").read_text()
    capsys.readouterr()
    dated = [f"{line.split(',')[0]},2024-01-01 00:0{i % 6},1,2" for i, line in enumerate(made.lines())]
    for rows, head, more, message in (
        (["a,0,1"], "who,t,x", (), "waves.csv has no column 'y'. Available: who, t, x."),
        ([line for line in dated[:6] if line.startswith("s0")], "who,t,x,y", (), "must contain numbers"),
        (None, made.HEAD, ("--times", "1"), "--times is only for a run on one table"),
        (None, made.HEAD, ("--out", "same.csv"), "same.csv exists already"),
    ):
        made.written(Path(), rows, head)
        assert nde(monkeypatch, "predict", "run", "waves.csv", *more) == 2
        said = capsys.readouterr()
        assert message in said.err
        assert said.out == ""
    assert nde(monkeypatch, "predict", "run") == 2
    assert "This run predicts for a file" in capsys.readouterr().err
