"""Runs of many series that are interrupted, or fail; by stand-ins for the estimators."""

import errno
import json
import tempfile
import warnings
from pathlib import Path

import pytest

from nde.cli import run_folder
from nde.cli.panels import task
from nde.cli.panels.classification import ClassificationTask
from nde.cli.report import Report, render
from nde.core.results import SolveError
from tests.cli import doubles, made
from tests.cli.test_fit import nde

COLUMNS = ("--series", "who", "--time", "t", "--channels", "x,y", "--target", "kind", "--steps", "8")


@pytest.fixture(autouse=True)
def waves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The series, in an otherwise empty folder that is the current one, and a stand-in for the estimators."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(task, "make_estimator", doubles.estimator)
    monkeypatch.setattr(task, "load_estimator", doubles.load)
    return made.written(tmp_path)


def files(folder: str) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


def metrics(folder: str) -> dict[str, object]:
    return {**json.loads(Path(folder, "metrics.json").read_text()), "seconds": None}


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    return line


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def fail_solve(*_: object) -> None:
    raise SolveError("at t = 3 the step size is too small")


@pytest.mark.parametrize("when", ["training", "evaluation", "writing"])
def test_a_resumed_run_has_the_metrics_of_an_unbroken_one(
    when: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    where = {
        "training": (doubles.NearestMean, "fit"),
        "evaluation": (ClassificationTask, "evaluate"),
        "writing": (run_folder, "render"),
    }
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--out", "whole") == 0
    with monkeypatch.context() as patch:
        patch.setattr(*where[when], interrupt)
        assert nde(patch, "fit", "waves.csv", *COLUMNS, "--out", "run") == 130
    assert one_line(capsys) == "nde: Stopped; resume with `nde fit --resume run`.\n"
    assert files("run") == ["job.json"]
    assert nde(monkeypatch, "fit", "--resume", "run") == 0
    assert metrics("run") == metrics("whole")
    assert files("run") == files("whole")


def test_an_interrupt_before_there_is_a_folder_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr("nde.cli.panels.config.PanelConfig.write", interrupt)
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--out", "a/run") == 130
    assert one_line(capsys) == "nde: Stopped; nothing was written.\n"
    assert files(".") == ["waves.csv"]


def test_a_full_disk_is_one_line_and_the_training_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    elsewhere = tmp_path / "temporary"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))

    def render_elsewhere(report: Report, folder: Path) -> str:
        if not folder.is_relative_to(elsewhere):
            raise OSError(errno.ENOSPC, "No space left on device")
        return render(report, folder)

    with monkeypatch.context() as patch:
        patch.setattr(run_folder, "render", render_elsewhere)
        assert nde(patch, "fit", "waves.csv", *COLUMNS, "--out", "run") == 2
    (kept,) = elsewhere.iterdir()
    assert one_line(capsys) == (
        f"nde: run cannot be written: No space left on device. It was written to {kept} instead. Or free some "
        "space, and resume with `nde fit --resume run`.\n"
    )
    assert files("run") == ["job.json"]
    assert nde(monkeypatch, "predict", str(kept), "waves.csv", "--out", "kept.csv") == 0
    assert nde(monkeypatch, "fit", "--resume", "run") == 0
    assert nde(monkeypatch, "predict", "run", "waves.csv", "--out", "resumed.csv") == 0
    assert Path("kept.csv").read_text() == Path("resumed.csv").read_text()


def test_a_disk_that_is_full_at_the_beginning_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for where in ("nde.cli.panels.config.PanelConfig.write", "tests.cli.doubles.NearestMean.fit"):
        with monkeypatch.context() as patch:
            patch.setattr(where, fail)
            assert nde(patch, "fit", "waves.csv", *COLUMNS, "--out", "run") == 2
        assert one_line(capsys) == "nde: run cannot be written: No space left on device.\n"
        assert files(".") == ["waves.csv"]


def test_a_solve_that_fails_in_the_evaluation_is_one_line_and_the_training_is_kept(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with monkeypatch.context() as patch:
        patch.setattr(doubles.NearestMean, "predict_proba", fail_solve)
        assert nde(patch, "fit", "waves.csv", *COLUMNS, "--out", "run") == 2
    line = one_line(capsys)
    assert "The evaluation of the trained model failed: the solution of the model is not finite" in line
    assert line.endswith("The trained weights are kept in run/checkpoints.\n")
    assert nde(monkeypatch, "fit", "--resume", "run") == 0


def test_a_solve_that_fails_in_training_is_one_line_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(doubles.NearestMean, "fit", fail_solve)
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--out", "run") == 2
    assert "Training failed: the solution of the model is not finite or needs too many steps. Try" in one_line(capsys)
    assert files(".") == ["waves.csv"]


@pytest.mark.filterwarnings("always")
def test_a_warning_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    real = doubles.NearestMean.fit

    def warn(*arguments: object) -> object:
        warnings.warn("A checkpoint could not be written.", RuntimeWarning, stacklevel=1)
        return real(*arguments)

    monkeypatch.setattr(doubles.NearestMean, "fit", warn)
    assert nde(monkeypatch, "fit", "waves.csv", *COLUMNS, "--out", "run") == 0
    assert one_line(capsys) == "nde: A checkpoint could not be written.\n"
