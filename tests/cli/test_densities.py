"""`nde sample` of a saved density, with and without a hypersolver."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nde import models
from nde.cli import app, densities
from nde.estimators import FlowDensity


def nde(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of a command."""
    monkeypatch.setattr(sys, "argv", ["nde", *arguments])
    with pytest.raises(SystemExit) as ended:
        app.main()
    return int(ended.value.code or 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    points = np.random.default_rng(0).normal([3.0, -1.0], [2.0, 0.5], (200, 2))
    density = FlowDensity(width=8, depth=1, max_iter=50, random_state=0, progress=False)
    density.fit(pd.DataFrame(points, columns=["a", "b"])).save(tmp_path_factory.mktemp("runs") / "density")
    return tmp_path_factory.getbasetemp() / "runs0" / "density"


def test_samples_by_a_hypersolver_are_near_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def quickly(*args: Any, **options: Any) -> Any:
        return models.fit_hypersolver(*args, residual_steps=100, trajectory_steps=0, progress=False, **options)

    monkeypatch.setattr(densities, "fit_hypersolver", quickly)
    ask = ("sample", f"{folder}", "--n", "50", "--seed", "3")
    assert nde(monkeypatch, *ask) == 0
    plain = pd.read_csv(io.StringIO(capsys.readouterr().out))
    assert nde(monkeypatch, *ask, "--hypersolver", "2") == 0
    shown = capsys.readouterr()
    assert "Fitting a hypersolver of 2 steps" in shown.err
    fast = pd.read_csv(io.StringIO(shown.out))
    assert list(fast.columns) == ["a", "b"]
    assert 0 < np.abs(fast - plain).to_numpy().max() < 0.02
    assert nde(monkeypatch, *ask, "--hypersolver", "2") == 0
    again = capsys.readouterr()
    assert (again.out, again.err) == (shown.out, "")


def test_misuse(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    assert nde(monkeypatch, "sample", f"{folder}", "--times", "0,1") == 2
    assert "--times is for series" in capsys.readouterr().err
    assert nde(monkeypatch, "sample", f"{tmp_path}", "--hypersolver", "2") == 2
    assert "--hypersolver is for densities" in capsys.readouterr().err
    points = np.random.default_rng(0).normal(size=(50, 2))
    conditional = FlowDensity(width=4, depth=1, max_iter=2, progress=False).fit(points, condition=points[:, :1])
    conditional.save(tmp_path / "conditional")
    assert nde(monkeypatch, "sample", f"{tmp_path / 'conditional'}") == 2
    assert "is conditional" in capsys.readouterr().err
