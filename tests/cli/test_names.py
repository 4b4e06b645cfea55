"""Names with commas, quotes and line breaks, from a file of series through a run to its predictions, for every task.

Those of tables are in `test_fit.py` and `test_noise.py`.
"""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nde.cli.panels import task
from nde.cli.panels.config import PanelConfig
from nde.cli.panels.generation_result import GenerationResult
from nde.cli.run import prepare_panel
from tests.cli import doubles
from tests.cli.test_fit import nde

TIME, SERIES, TARGET = "year, AD", 'the "who", or what', 'kind "of", thing'
CHANNELS = ["x, north", 'y "south"']
QUOTED = '"x, north","y\n""south"""'
IDS = [f'series "{i}",\nof all' for i in range(24)]
CLASSES = ['slow, "very"', "fast\nand far"]
SPEED = "speed, km/h"


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Series with gaps, in `panel.csv` of an otherwise empty folder that is the current one.

    In the file the names of columns have line breaks, which count as spaces.
    """
    monkeypatch.chdir(tmp_path)
    random, rows = np.random.default_rng(0), []
    for place, name in enumerate(IDS):
        for t in range(8):
            y = np.nan if random.random() < 0.2 else random.normal()
            rows.append([name, float(t), random.normal(), y, CLASSES[place % 2], 0.5 + place])
    frame = pd.DataFrame(rows, columns=[SERIES, TIME, *CHANNELS, TARGET, SPEED])
    frame.rename(columns=lambda name: name.replace(" ", "\n")).to_csv("panel.csv", index=False)
    return frame


FIT = ("fit", "panel.csv", "--series", SERIES, "--time", TIME, "--channels", QUOTED, "--out", "run")


def test_classes(panel: pd.DataFrame, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(task, "make_estimator", doubles.estimator)
    monkeypatch.setattr(task, "load_estimator", doubles.load)
    assert nde(monkeypatch, *FIT, "--target", TARGET) == 0
    heads = [f"probability {name}" for name in sorted(CLASSES)]
    found = pd.read_csv("run/predictions.csv")
    assert list(found) == ["series", "truth", "prediction", *heads]
    kinds = dict(zip(panel[SERIES], panel[TARGET], strict=True))
    assert found["truth"].tolist() == [kinds[name] for name in found["series"]]
    assert nde(monkeypatch, "predict", "run", "panel.csv", "--out", "more.csv") == 0
    more = pd.read_csv("more.csv")
    assert list(more) == ["series", "prediction", *heads]
    assert more["series"].tolist() == IDS
    assert set(more["prediction"]) <= set(CLASSES)
    np.testing.assert_allclose(more[heads].sum(axis=1), 1, rtol=1e-6)


def test_numbers(panel: pd.DataFrame, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(task, "make_estimator", doubles.estimator)
    monkeypatch.setattr(task, "load_estimator", doubles.load)
    assert nde(monkeypatch, *FIT, "--target", SPEED) == 0
    found = pd.read_csv("run/predictions.csv")
    speeds = dict(zip(panel[SERIES], panel[SPEED], strict=True))
    assert found["truth"].tolist() == [speeds[name] for name in found["series"]]
    assert nde(monkeypatch, "predict", "run", "panel.csv", "--out", "more.csv") == 0
    assert pd.read_csv("more.csv")["series"].tolist() == IDS


@pytest.mark.parametrize(("options", "times"), [((), ("--times", "8,9")), (("--impute",), ())])
def test_trajectories(panel: pd.DataFrame, options: tuple, times: tuple, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(task, "make_estimator", doubles.simple)
    monkeypatch.setattr(task, "load_estimator", doubles.load_simple)
    assert nde(monkeypatch, *FIT, *options) == 0
    found = pd.read_csv("run/predictions.csv")
    assert list(found) == [SERIES, TIME, *CHANNELS, *(f"truth {name}" for name in CHANNELS)]
    given = panel.set_index([SERIES, TIME])
    for _, row in found.iterrows():
        truth = row[f"truth {CHANNELS[0]}"]
        assert np.isnan(truth) or truth == pytest.approx(given.loc[(row[SERIES], row[TIME]), CHANNELS[0]], rel=1e-12)
    assert nde(monkeypatch, "predict", "run", "panel.csv", *times, "--out", "more.csv") == 0
    more = pd.read_csv("more.csv")
    assert list(more) == [SERIES, TIME, *CHANNELS]
    assert list(dict.fromkeys(more[SERIES])) == IDS
    assert not more.isna().any().any()


@pytest.mark.usefixtures("panel")
def test_generated_series(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(task, "make_estimator", doubles.again)
    monkeypatch.setattr(task, "load_estimator", lambda _: estimator)
    options = {"channels": tuple(CHANNELS), "task": "generate"}
    found, config, data = prepare_panel(PanelConfig("panel.csv", SERIES, TIME, **options))
    fitted = found.fit(config, data, None)
    estimator = fitted.estimator
    # Without the comparison with real series, which takes long.
    name, text = GenerationResult(found, config, data, fitted, {}, {}, estimator.sample(2), {}).predictions()
    assert name == "samples.csv"
    assert list(pd.read_csv(io.StringIO(text))) == [SERIES, TIME, *CHANNELS]
    metrics = {"task": "generate", "data": {"series": SERIES, "time": TIME}}
    more = pd.read_csv(io.StringIO(found.sample(Path("run"), metrics, 3, None, 0)))
    assert list(more) == [SERIES, TIME, *CHANNELS]
    assert len(more) == 3 * 8
