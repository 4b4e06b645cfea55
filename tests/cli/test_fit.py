"""The main job: what a run leaves behind, and that bad input leaves nothing."""

import base64
import errno
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nde.cli import app, run_folder
from nde.cli.report import Report, render
from nde.cli.tables.ode import ODETask
from nde.core.results import SolveError
from nde.data import load_lynx_hare
from nde.models import LotkaVolterra, load_model

COLUMNS = ("--time", "year", "--state", "hare,lynx")


def nde(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of a command."""
    monkeypatch.setattr(sys, "argv", ["nde", *arguments])
    try:
        app.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lynx and hare record with a gap, in an otherwise empty folder that is the current one."""
    table = load_lynx_hare()
    monkeypatch.chdir(tmp_path)
    rows = [f"{t:.0f},{x},{y}" for t, (x, y) in zip(table.ts, table.ys, strict=True)]
    rows[4] = "1904,,59.4"
    path = tmp_path / "record.csv"
    path.write_text("\n".join(["year,hare,lynx", *rows]) + "\n")
    return path


def test_a_run(record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    arguments = ("--model", "lotka-volterra", "--holdout", "5", "--out", "deep/run", "--steps", "200")
    assert nde(monkeypatch, "fit", str(record), *COLUMNS, *arguments) == 0
    folder = record.parent / "deep" / "run"
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    model = {"models/lotka-volterra/config.json", "models/lotka-volterra/model.eqx"}
    pictures = {"forecast.png", "phase.png", "training.png"}
    assert files == {"metrics.json", "report.html", "predictions.csv", *pictures, *model}
    assert {path.name for path in folder.parent.iterdir()} == {"run"}

    metrics = json.loads((folder / "metrics.json").read_text())
    found = load_model(folder / "models" / "lotka-volterra")
    held = load_lynx_hare().split(5)[1]
    by_hand = np.sqrt(np.mean((found.forecast(held.ts) - held.ys) ** 2, axis=0))
    told = metrics["models"]["lotka-volterra"]["rmse_held_out"]
    np.testing.assert_allclose([told["hare"], told["lynx"]], by_hand, rtol=1e-6)
    assert metrics["baselines"]["persistence"]["rmse_held_out"]["lynx"] == pytest.approx(
        np.sqrt(np.mean((held.ys[:, 1] - 51.1) ** 2))
    )

    html = (folder / "report.html").read_text()
    assert re.findall(r'(?:src|href)="(?!data:)', html) == []
    inside = [base64.b64decode(data) for data in re.findall(r'src="data:image/png;base64,([^"]+)"', html)]
    assert {*inside} == {(folder / picture).read_bytes() for picture in pictures}
    assert "persistence" in capsys.readouterr().out

    assert nde(monkeypatch, "predict", "deep/run", "--times", "1915,1900,1921.5") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "year,hare,lynx"
    ts = np.array([1915.0, 1900.0, 1921.5])
    printed = np.array([[float(x) for x in line.split(",")] for line in lines[1:]])
    np.testing.assert_allclose(printed, np.column_stack([ts, found.forecast(ts)]), rtol=1e-7)

    assert nde(monkeypatch, "predict", "deep/run", "--times", "1915,1900,1921.5", "--out", "said.csv") == 0
    assert Path("said.csv").read_text().splitlines() == lines


BAD = {
    "no file": (("fit", "nothing.csv", *COLUMNS), "There is no file nothing.csv"),
    "no column": (("fit", "record.csv", "--time", "year", "--state", "hare,linx"), "Did you mean 'lynx'"),
    "no such model": (("fit", "record.csv", *COLUMNS, "--model", "magic"), "There is no model 'magic' of one table"),
    "a model of many series": (
        ("fit", "record.csv", *COLUMNS, "--model", "sde-gan"),
        "The model sde-gan is for --task generate.",
    ),
    "too much held out": (("fit", "record.csv", *COLUMNS, "--holdout", "20"), "Got 20 rows to hold out"),
    "folder exists": (("fit", "record.csv", *COLUMNS, "--out", "there"), "there exists already"),
    "folder in a file": (("fit", "record.csv", *COLUMNS, "--out", "record.csv/run"), "record.csv is a file"),
    "not two columns": (
        ("fit", "record.csv", "--time", "year", "--state", "hare", "--model", "hybrid"),
        "is for two states",
    ),
    "no state": (("fit", "record.csv", "--time", "year"), "--state"),
    "not a number": (("fit", "record.csv", *COLUMNS, "--holdout", "many"), "--holdout"),
    "huge seed": (("fit", "record.csv", *COLUMNS, "--seed", "4294967296"), "between 0 and 4294967295; got 4294967296"),
    "negative seed": (("fit", "record.csv", *COLUMNS, "--seed", "-1"), "between 0 and 4294967295; got -1"),
    "huge seed of the demo": (("demo", "--seed", "4294967296"), "between 0 and 4294967295; got 4294967296"),
    "no such command": (("fot",), "fot"),
    "demo into a folder that exists": (("demo", "--out", "there"), "there exists already"),
    "predict without a run": (("predict", "there", "--times", "1"), "There is no run in there"),
    "predict series without a run": (("predict", "there", "record.csv"), "There is no run in there"),
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


TEXTS = {
    "text": ("1905", "1905,many,1\n", "text 'many' in row 6"),
    "repeated": ("1905", "1904,1,1\n", "repeats the time 1904 in row 6"),
    "unsorted": ("1905", "1901,1,1\n", "goes back from 1904 in row 6"),
}


@pytest.mark.parametrize(("year", "line", "message"), TEXTS.values(), ids=TEXTS)
def test_bad_tables_get_one_line(
    record: Path,
    year: str,
    line: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    record.write_text(re.sub(rf"^{year}.*\n", line, record.read_text(), flags=re.MULTILINE))
    assert nde(monkeypatch, "fit", str(record), *COLUMNS) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert said.err.count("\n") == 1
    assert [path.name for path in record.parent.iterdir()] == ["record.csv"]


ONE_STEP = (*COLUMNS, "--model", "lotka-volterra", "--steps", "1", "--out", "a/b/run")


def test_a_run_that_is_interrupted_while_it_writes_leaves_nothing(
    record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(run_folder, "render", interrupt)
    assert nde(monkeypatch, "fit", str(record), *ONE_STEP) == 130
    assert capsys.readouterr().err == "nde: Stopped; nothing was written.\n"
    assert [path.name for path in record.parent.iterdir()] == ["record.csv"]


@pytest.mark.parametrize("other", [True, False], ids=["space elsewhere", "no space anywhere"])
def test_a_full_disk_is_one_line_and_the_fit_is_not_lost(
    record: Path, other: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    elsewhere = record.parent / "temporary"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))

    def render_with_space(report: Report, folder: Path) -> str:
        if not other or not folder.is_relative_to(elsewhere):
            raise OSError(errno.ENOSPC, "No space left on device")
        return render(report, folder)

    monkeypatch.setattr(run_folder, "render", render_with_space)
    assert nde(monkeypatch, "fit", str(record), *ONE_STEP) == 2
    line = capsys.readouterr().err
    assert line.startswith("nde: a/b/run cannot be written: No space left on device. It ")
    assert line.count("\n") == 1
    assert sorted(path.name for path in record.parent.iterdir()) == ["record.csv", "temporary"]
    if other:
        (kept,) = elsewhere.iterdir()
        assert f"It was written to {kept} instead." in line
        assert nde(monkeypatch, "predict", str(kept), "--times", "1921") == 0
        assert "1921," in capsys.readouterr().out
    else:
        assert "set TMPDIR to one with space" in line


def test_a_solve_that_fails_in_the_evaluation_is_one_line(
    record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def fail(*_):
        raise SolveError("too many steps")

    monkeypatch.setattr(ODETask, "evaluate", fail)
    assert nde(monkeypatch, "fit", str(record), *ONE_STEP) == 2
    line = capsys.readouterr().err
    assert "The fit failed: the solution of the model is not finite or needs too many steps. Try other --steps" in line
    assert line.count("\n") == 1
    assert [path.name for path in record.parent.iterdir()] == ["record.csv"]


def test_predict_refuses_what_it_cannot_do(
    record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    arguments = ("--model", "lotka-volterra", "--steps", "1", "--out", "run")
    assert nde(monkeypatch, "fit", str(record), *COLUMNS, *arguments) == 0
    capsys.readouterr()
    for more, message in (
        (("--times", "noon"), "got 'noon'"),
        (("--times", ""), "at least one time"),
        (("--times", "1800"), "got the earlier time 1800"),
        (("--times", "1921", "--model", "hybrid"), "has no model 'hybrid'"),
        (("--times", "1921", "--out", "record.csv"), "record.csv exists already"),
        (("--times", "1921", "--out", "record.csv/file.csv"), "record.csv is a file"),
    ):
        assert nde(monkeypatch, "predict", "run", *more) == 2
        said = capsys.readouterr()
        assert message in said.err
        assert said.out == ""


FIT = ("--model", "lotka-volterra", "--steps", "1", "--out", "run")


def test_large_times_keep_their_digits(
    record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    frame = pd.read_csv(record)
    frame["year"] = 1_600_000_000.125 + np.arange(len(frame))
    frame.to_csv(record, index=False)
    assert nde(monkeypatch, "fit", str(record), *COLUMNS, *FIT, "--seed", "4294967295") == 0
    np.testing.assert_array_equal(pd.read_csv("run/predictions.csv")[["year", "hare"]], frame[["year", "hare"]])
    assert "--times 1600000020.125,1600000021.125" in Path("run/report.html").read_text()
    capsys.readouterr()
    assert nde(monkeypatch, "predict", "run", "--times", "1600000003,1600000003.000123") == 0
    times = [line.split(",")[0] for line in capsys.readouterr().out.splitlines()]
    assert times == ["year", "1600000003", "1600000003.000123"]
    assert nde(monkeypatch, "predict", "run", "--times", "1600000000") == 2
    assert "starts at 1600000000.125" in capsys.readouterr().err


def test_a_forecast_that_is_not_finite_is_refused(
    record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert nde(monkeypatch, "fit", str(record), *COLUMNS, *FIT) == 0
    capsys.readouterr()
    monkeypatch.setattr(LotkaVolterra, "forecast", lambda _, ts: np.where(ts > 1950, np.inf, 1.0)[:, None] * np.ones(2))
    assert nde(monkeypatch, "predict", "run", "--times", "1950,1951,1952") == 2
    said = capsys.readouterr()
    assert "The prediction at time 1951 is not finite" in said.err
    assert said.out == ""


@pytest.mark.slow
def test_the_demo_beats_the_baselines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert nde(monkeypatch, "demo") == 0
    assert nde(monkeypatch, "demo", "--steps", "1") == 0
    metrics = json.loads(Path("runs/lynx-hare/metrics.json").read_text())
    worst = max(model["rmse_held_out"]["all"] for model in metrics["models"].values())
    assert worst < min(each["rmse_held_out"]["all"] for each in metrics["baselines"].values())
    assert Path("runs/lynx-hare-2/report.html").exists()


YEAR, HARE, LYNX = "year, AD", 'hare, "Lepus"', "lynx of Canada"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run by an earlier name of a model, of columns with commas, quotes and line breaks (which become spaces)."""
    folder = tmp_path_factory.mktemp("finished")
    table = load_lynx_hare()
    frame = pd.DataFrame({YEAR: table.ts, HARE: table.ys[:, 0], LYNX: table.ys[:, 1]})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        frame.rename(columns={LYNX: "lynx\nof Canada"}).to_csv("record.csv", index=False)
        columns = ("--time", YEAR, "--state", '"hare, ""Lepus""","lynx\nof Canada"')
        assert nde(patch, "fit", "record.csv", *columns, "--model", "neural-ode", "--steps", "1", "--out", "run") == 0
    return folder / "run"


def test_names_come_back_from_csv_files(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    found, table = pd.read_csv(finished / "predictions.csv"), load_lynx_hare()
    assert list(found) == [YEAR, HARE, LYNX, f"{HARE} (neural-trajectory)", f"{LYNX} (neural-trajectory)"]
    np.testing.assert_allclose(found[[YEAR, HARE, LYNX]], np.column_stack([table.ts, table.ys]), rtol=1e-8)
    assert nde(monkeypatch, "predict", f"{finished}", "--times", "1920,1921.5", "--out", f"{tmp_path}/more.csv") == 0
    more = pd.read_csv(tmp_path / "more.csv")
    assert list(more) == [YEAR, HARE, LYNX]
    assert more[YEAR].tolist() == [1920, 1921.5]


def test_an_earlier_name_of_a_model(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    metrics = json.loads((finished / "metrics.json").read_text())
    assert (metrics["best"], [*metrics["models"]]) == ("neural-trajectory", ["neural-trajectory"])
    assert nde(monkeypatch, "predict", f"{finished}", "--times", "1921", "--model", "neural-ode") == 0
    printed = capsys.readouterr().out

    # A run as it was written before the model was renamed.
    old = shutil.copytree(finished, tmp_path / "old")
    (old / "models" / "neural-trajectory").rename(old / "models" / "neural-ode")
    for path in (old / "metrics.json", old / "models" / "neural-ode" / "config.json"):
        path.write_text(path.read_text().replace("neural-trajectory", "neural-ode"))
    for more in ((), ("--model", "neural-ode"), ("--model", "neural-trajectory")):
        assert nde(monkeypatch, "predict", f"{old}", "--times", "1921", *more) == 0
        assert capsys.readouterr().out == printed


def test_a_name_that_is_no_more_is_said(
    record: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert nde(monkeypatch, "fit", str(record), *COLUMNS, "--model", "neural-ode", "--holdout", "20") == 2
    assert capsys.readouterr().err.startswith("nde: The model neural-ode is called neural-trajectory now.\nnde: Got 20")
