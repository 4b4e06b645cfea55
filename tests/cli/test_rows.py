"""Tables without times: a run, its predictions, how it is resumed, and what is refused."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from nde.cli.panels import task
from nde.cli.rows.tasks import RowClassificationTask, RowRegressionTask
from nde.estimators import Equilibrium, ImplicitClassifier, ImplicitRegressor
from tests.cli import doubles
from tests.cli.test_fit import nde

HEAD = "number,width,color,kind,size,part"


class NearestMean(doubles.NearestMean):
    """The stand-in, with equilibria that take as many steps as there are rows."""

    def equilibrium(self, panel):
        shape = (1, len(panel))
        return Equilibrium(np.zeros((*shape, 2)), np.full(shape, len(panel)), np.zeros(shape), np.ones(shape, bool))

    def predict_proba(self, panel):
        return super().predict_proba(panel)


def load(folder):
    found = doubles.load(folder)
    found.__class__ = NearestMean
    return found


def lines() -> list[str]:
    """Rose and viola; their width tells them apart, their color does not; a row for each, without the header."""
    random, found = np.random.default_rng(0), []
    for place in range(40):
        width, kind = round(random.normal() + 6 * (place % 2), 4), ("rose", "viola")[place % 2]
        color, part = ("red", "blue", "")[place % 3], "test" if place % 4 > 1 else "train"
        found.append(f"{place + 1},{width},{color},{kind},{round(2 * width + 1, 4)},{part}")
    return found


@pytest.fixture(autouse=True)
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file, in an otherwise empty folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    Path("flowers.csv").write_text("\n".join([HEAD, *lines()]) + "\n")


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the estimators."""

    def estimator(task, config, folder, progress):
        return NearestMean(config.steps or 20, folder, progress, task.choice == "classes")

    monkeypatch.setattr(task, "make_estimator", estimator)
    monkeypatch.setattr(task, "load_estimator", load)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


COLUMNS = ("--target", "kind", "--channels", "width,color", "--split", "part")


@pytest.mark.usefixtures("stand_in")
def test_a_run_of_classes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    assert nde(monkeypatch, "fit", "flowers.csv", *COLUMNS, "--out", "run") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "20 rows to train, 20 rows to test; 3 features" in shown
    assert "of 20 rows of the test part correctly" in shown
    assert "'color' is empty in 13 rows" in shown
    files = {path.name for path in Path("run").rglob("*") if path.is_file()}
    pictures = {"result.png", "learning.png", "importance.png", "calibration.png"}
    assert files == {"job.json", "metrics.json", "report.html", "predictions.csv", "model.npz", *pictures}
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["task"] == "row-classes"
    assert metrics["sizes"] == {"train": {"rows": 20}, "test": {"rows": 20}}
    assert metrics["data"]["channels"] == ["width", "color=blue", "color=red"]
    assert metrics["equilibria"]["test"] == {"median_steps": 20, "most_steps": 20, "converged": 1}
    assert set(metrics["importance"]) == {"width", "color"}
    assert metrics["importance"]["width"] > 0.5 > abs(metrics["importance"]["color"])
    html = Path("run/report.html").read_text()
    assert "Columns that matter" in html
    assert "read_rows(" in html
    assert "Predictions while reading" not in html

    found = rows_of(Path("run/predictions.csv"))
    assert [row["row"] for row in found] == [f"{place + 1}" for place in range(40) if place % 4 > 1]
    assert nde(monkeypatch, "predict", "run", "flowers.csv", "--out", "said.csv") == 0
    assert "of 40 rows whose 'kind' is known were predicted correctly" in capsys.readouterr().err
    every = {row["row"]: row for row in rows_of(Path("said.csv"))}
    assert len(every) == 40
    for row in found:
        assert every[row["row"]] == {name: value for name, value in row.items() if name != "truth"}
    Path("new.csv").write_text("color,width\ngreen,0.5\nred,7\n")
    assert nde(monkeypatch, "predict", "run", "new.csv") == 0
    printed = capsys.readouterr()
    assert [line.split(",")[:2] for line in printed.out.splitlines()[1:]] == [["1", "rose"], ["2", "viola"]]
    assert "'green' did not occur in training" in printed.err


@pytest.mark.usefixtures("stand_in")
def test_a_run_of_numbers(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    arguments = ("--target", "size", "--channels", "width", "--out", "run")
    assert nde(monkeypatch, "fit", "flowers.csv", *arguments) == 0
    assert "(RMSE) of the model on 8 rows" in " ".join(capsys.readouterr().out.split())
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["task"] == "row-numbers"
    assert metrics["importance"]["width"] > 0
    assert metrics["baselines"]["linear model"]["rmse"] < 0.1
    assert nde(monkeypatch, "predict", "run", "flowers.csv") == 0
    assert capsys.readouterr().out.splitlines()[0] == "row,prediction"


@pytest.mark.usefixtures("stand_in")
def test_a_stopped_run_is_resumed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    def interrupted(*_):
        raise KeyboardInterrupt

    assert nde(monkeypatch, "fit", "flowers.csv", *COLUMNS, "--out", "whole") == 0
    with monkeypatch.context() as patch:
        patch.setattr(NearestMean, "fit", interrupted)
        assert nde(patch, "fit", "flowers.csv", *COLUMNS, "--out", "run") == 130
    assert nde(monkeypatch, "fit", "--resume", "run", "--time", "number") == 2
    assert "--time cannot change" in capsys.readouterr().err
    assert nde(monkeypatch, "fit", "--resume", "run") == 0
    assert Path("run/predictions.csv").read_text() == Path("whole/predictions.csv").read_text()


REFUSED = {
    "no target": (("--model", "deq"), "--model deq needs --target"),
    "time alone": (("--target", "kind", "--time", "number"), "or --target without --time"),
    "series alone": (("--target", "kind", "--series", "number"), "--time is missing"),
    "a model of series": (
        ("--target", "kind", "--model", "gru-d"),
        "There is no model 'gru-d' of rows without times with a --target; there is only deq. "
        "The model gru-d is for --target with --series and --time.",
    ),
    "deq of series": (
        ("--target", "kind", "--model", "deq", "--series", "number", "--time", "width"),
        "The model deq is for --target without --series and --time",
    ),
    "static": (("--target", "kind", "--static", "color"), "--static is only for many series (--series, --time)"),
    "drop": (("--target", "kind", "--drop", "0.1"), "--drop is only for many series (--series, --time)"),
    "window": (("--target", "kind", "--window", "9"), "--window is only for many series (--series, --time)"),
    "impute": (("--target", "kind", "--impute"), "--impute is only for many series"),
    "width": (("--target", "kind", "--width", "9"), "--width 9 cannot be combined with --model deq, which has only"),
    "another task": (
        ("--target", "kind", "--task", "generate"),
        "--task must be classes or numbers for rows without times; got generate",
    ),
    "numbers of text": (("--target", "kind", "--task", "numbers"), "'kind' has the text 'rose'"),
    "no column": (("--target", "kinds"), "no column 'kinds'. Did you mean 'kind'"),
    "of one table": (("--target", "kind", "--horizon", "9"), "Got --horizon, which is only for one table"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused_in_one_line(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    arguments, message = REFUSED[case]
    assert nde(monkeypatch, "fit", "flowers.csv", *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert [path.name for path in Path().iterdir()] == ["flowers.csv"]


def test_the_tasks_make_their_estimators():
    classifier = RowClassificationTask().estimator("deq", max_iter=3, hidden_size=5)
    regressor = RowRegressionTask().estimator("deq", max_iter=3)
    assert isinstance(classifier, ImplicitClassifier)
    assert isinstance(regressor, ImplicitRegressor)
    assert (classifier.max_iter, classifier.hidden_size, regressor.max_iter) == (3, 5, 3)


@pytest.mark.slow
def test_a_run_with_the_estimator_itself(monkeypatch: pytest.MonkeyPatch):
    arguments = (*COLUMNS, "--steps", "60", "--hidden", "8", "--out", "run")
    assert nde(monkeypatch, "fit", "flowers.csv", *arguments) == 0
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert metrics["test"]["accuracy"] > 0.9
    assert metrics["equilibria"]["test"]["converged"] == 1
    assert metrics["settings"]["steps_made"] == 60
    assert nde(monkeypatch, "predict", "run", "flowers.csv", "--out", "said.csv") == 0
    found = {row["row"]: row["prediction"] for row in rows_of(Path("said.csv"))}
    for row in rows_of(Path("run/predictions.csv")):
        assert found[row["row"]] == row["prediction"]
